//! Two functions, and the type between them forgotten.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// The two functions of a [custom codec](crate::Codec::custom).
///
/// - `decode` gets the bytes that `encode` made, those of another release, or anything: what it cannot read is an
///   error, never a panic, and a length that it reads is not believed before the bytes are there.
/// - A value that cannot be made again from bytes, exactly as it was, is an error of `encode`; it is not stored then.
pub struct Coding<T, E> {
    /// Tells it from other codecs of the same type, and from an earlier form of itself: 0 to 127.
    pub id: u8,
    /// The bytes of a value.
    pub encode: fn(&T) -> Result<Vec<u8>, E>,
    /// The value of bytes.
    pub decode: fn(&[u8]) -> Result<T, E>,
}

impl<T, E> fmt::Debug for Coding<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coding").field("id", &self.id).field("of", &type_name::<T>()).finish_non_exhaustive()
    }
}

/// A [`Coding`] of any type.
pub(super) trait Erased: Send + Sync + UnwindSafe + RefUnwindSafe {
    fn value_type(&self) -> TypeId;

    fn type_name(&self) -> &'static str;

    fn encode(&self, value: &dyn Any) -> Result<Vec<u8>, String>;

    fn decode(&self, bytes: &[u8]) -> Result<Arc<dyn Any + Send + Sync>, String>;
}

impl<T: Any + Send + Sync, E: fmt::Display> Erased for Coding<T, E> {
    fn value_type(&self) -> TypeId {
        TypeId::of::<T>()
    }

    fn type_name(&self) -> &'static str {
        type_name::<T>()
    }

    fn encode(&self, value: &dyn Any) -> Result<Vec<u8>, String> {
        let Some(value) = value.downcast_ref::<T>() else {
            return Err(format!("the codec is for `{}`, and the value is of another type", type_name::<T>()));
        };
        (self.encode)(value).map_err(|error| format!("a `{}` cannot be encoded: {error}", type_name::<T>()))
    }

    fn decode(&self, bytes: &[u8]) -> Result<Arc<dyn Any + Send + Sync>, String> {
        match (self.decode)(bytes) {
            Ok(value) => Ok(Arc::new(value)),
            Err(error) => Err(format!("the bytes are no `{}`: {error}", type_name::<T>())),
        }
    }
}
