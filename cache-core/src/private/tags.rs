//! Free tags as dependencies.

use std::borrow::Cow;
use std::sync::Arc;

use crate::dependency::Dependencies;

/// What `tags = ..` takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a tag nor a list of tags",
    label = "a text, or a list of texts, was expected",
    note = "write `tags = \"front-page\"`, or `tags = [\"front-page\", format!(\"shop-{{shop}}\")]`"
)]
pub trait Tags {
    /// Hands each tag over.
    fn each(&self, tag: &mut dyn FnMut(&str));
}

/// The dependencies on tags.
pub fn tags<T: Tags + ?Sized>(tags: &T) -> Dependencies {
    let mut all = Vec::new();
    tags.each(&mut |tag| all.push(Dependencies::tag(tag)));
    all.into_iter().collect()
}

macro_rules! texts {
    ($($text:ty),*) => {$(
        impl Tags for $text {
            fn each(&self, tag: &mut dyn FnMut(&str)) {
                tag(self);
            }
        }
    )*};
}

texts!(str, String, Cow<'_, str>, Box<str>, Arc<str>);

impl<T: Tags + ?Sized> Tags for &T {
    fn each(&self, tag: &mut dyn FnMut(&str)) {
        (**self).each(tag);
    }
}

impl<T: Tags> Tags for [T] {
    fn each(&self, tag: &mut dyn FnMut(&str)) {
        self.iter().for_each(|tags| tags.each(tag));
    }
}

impl<T: Tags, const N: usize> Tags for [T; N] {
    fn each(&self, tag: &mut dyn FnMut(&str)) {
        self[..].each(tag);
    }
}

impl<T: Tags> Tags for Vec<T> {
    fn each(&self, tag: &mut dyn FnMut(&str)) {
        self[..].each(tag);
    }
}

impl<T: Tags> Tags for Option<T> {
    fn each(&self, tag: &mut dyn FnMut(&str)) {
        if let Some(tags) = self {
            tags.each(tag);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_lists_of_them_are_tags() {
        let all = Dependencies::tag("a") | Dependencies::tag("b");
        assert_eq!(tags(&["a", "b"]), all);
        assert_eq!(tags(&vec![String::from("b"), String::from("a")]), all);
        assert_eq!(tags(&Some(&["a", "b", "a"][..])), all);
        assert_eq!(tags("a"), Dependencies::tag("a"));
        assert_eq!(tags(&None::<String>), Dependencies::none());
    }
}
