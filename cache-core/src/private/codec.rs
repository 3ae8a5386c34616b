//! How a result becomes bytes, found by method resolution: [`Codec::serde`] where the kept type allows it, else not at
//! all; asked with `(&&stored).codec()`.

use std::any::Any;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::weight::Stored;
use crate::codec::Codec;

/// Chosen first.
pub trait ViaSerde {
    /// The codec of the type.
    fn codec(&self) -> Option<Codec>;
}

impl<T: Serialize + DeserializeOwned + Any + Send + Sync> ViaSerde for &Stored<T> {
    fn codec(&self) -> Option<Codec> {
        Some(Codec::serde::<T>())
    }
}

/// Chosen last.
pub trait Without {
    /// No codec.
    fn codec(&self) -> Option<Codec>;
}

impl<T> Without for Stored<T> {
    fn codec(&self) -> Option<Codec> {
        None
    }
}

#[cfg(test)]
#[allow(clippy::needless_borrow)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Both;

    #[derive(serde::Serialize)]
    struct WrittenOnly;

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Borrows {
        _name: &'static str,
    }

    fn generic<T: Clone>() -> Option<Codec> {
        (&&Stored::<T>::new()).codec()
    }

    #[test]
    fn only_what_can_be_read_back_has_a_codec() {
        assert!(
            (&&Stored::<Vec<Option<Both>>>::new()).codec().is_some_and(|codec| codec.is_for::<Vec<Option<Both>>>())
        );
        assert!((&&Stored::<Cow<'static, str>>::new()).codec().is_some());
        assert!((&&Stored::<WrittenOnly>::new()).codec().is_none());
        assert!((&&Stored::<Borrows>::new()).codec().is_none());
        assert!(generic::<String>().is_none());
    }

    #[cfg(feature = "shared")]
    #[test]
    fn what_is_counted_has_a_codec() {
        assert!((&&Stored::<std::sync::Arc<Vec<Both>>>::new()).codec().is_some());
    }
}
