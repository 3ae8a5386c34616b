//! Where results are kept: in this process, or as bytes in a store that processes share.

use std::sync::Arc;

use cache_core::Codec;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Results stay in the memory of this process, as fresh as what is shared.
#[derive(Clone, Copy, Debug)]
pub struct InProcess;

/// Results are kept in a store that processes share, too, by way of serde; see [`Cached::encoded`](crate::Cached::encoded).
#[derive(Clone, Copy, Debug)]
pub struct Encoded;

/// How results with rows of type `U` are kept.
#[diagnostic::on_unimplemented(
    message = "`{U}` cannot be written as bytes and read back",
    note = "derive `serde::Serialize` and `serde::Deserialize`, or leave `.encoded()` out"
)]
pub trait Keeps<U>: sealed::Sealed {
    /// For all rows.
    #[doc(hidden)]
    fn all() -> Option<Codec> {
        None
    }

    /// For the first row, if there is one.
    #[doc(hidden)]
    fn one() -> Option<Codec> {
        None
    }
}

impl<U> Keeps<U> for InProcess {}

impl<U: Serialize + DeserializeOwned + Send + Sync + 'static> Keeps<U> for Encoded {
    fn all() -> Option<Codec> {
        Some(Codec::serde::<Arc<Vec<U>>>())
    }

    fn one() -> Option<Codec> {
        Some(Codec::serde::<Option<U>>())
    }
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for super::InProcess {}
    impl Sealed for super::Encoded {}
}
