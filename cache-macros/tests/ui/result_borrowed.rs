use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"), extra = (text,))]
fn top<'a>(text: &'a str) -> Option<std::borrow::Cow<'a, str>> {
    Some(text.into())
}

#[cached_as(cache_core::Dependencies::table("article"), extra = text)]
fn first(text: &str) -> &str {
    &text[..1]
}

fn main() {}
