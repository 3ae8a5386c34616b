//! How values become bytes for a shared store, and come back.

mod coding;
mod json;
mod message_pack;
#[cfg(feature = "shared")]
mod skim;
#[cfg(test)]
mod tests;
mod text;
mod whole;

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::coding::Coding;
use self::coding::Erased;

/// How the values of one type become bytes and come back, without that type as a parameter.
///
/// A store that processes share keeps bytes, so that a result is kept there only if its codec is known; in the memory of
/// a process it is kept as it is. The attributes find [`Codec::serde`] by themselves where a type allows it. What was
/// written with one codec is a miss for another.
///
/// Decoding takes bytes from anywhere: what is malformed, nested too deep or followed by more is an error, without panic,
/// and memory is asked for only as far as the bytes go.
///
/// ```
/// use cache_core::Codec;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Article { id: i32, title: String }
///
/// const ARTICLES: Codec = Codec::serde::<Vec<Article>>();
/// assert_ne!(ARTICLES.id(), Codec::json::<Vec<Article>>().id());
/// ```
#[derive(Clone, Copy)]
pub struct Codec {
    id: u8,
    coding: &'static dyn Erased,
}

/// Set in the numbers of codecs that this crate does not know.
const CUSTOM: u8 = 0x80;

impl Codec {
    /// MessagePack with named fields, by way of serde: small, fast, and readable after fields were added or reordered.
    ///
    /// What comes back is what serde makes of it: a field that is skipped has its default then. Values nested more than
    /// 128 deep are not written, for they could not be read; nor is a `Some` of nothing, for `Some(None)` and `Some(())`
    /// would come back as `None`.
    ///
    /// Needs the feature `shared`; without it no store asks.
    pub const fn serde<T>() -> Self
    where
        T: Serialize + DeserializeOwned + Any + Send + Sync,
    {
        Codec {
            id: 1,
            coding: &Coding::<T, String> { id: 1, encode: message_pack::encode, decode: message_pack::decode },
        }
    }

    /// JSON by way of serde, for entries that people or other programs read.
    ///
    /// The limits are those of [`Codec::serde`] and of JSON: a float that is not finite becomes `null`, and maps need
    /// keys that are text or numbers.
    pub const fn json<T>() -> Self
    where
        T: Serialize + DeserializeOwned + Any + Send + Sync,
    {
        Codec { id: 2, coding: &Coding::<T, String> { id: 2, encode: json::encode, decode: json::decode } }
    }

    /// The bytes of a `String` as they are.
    pub const fn text() -> Self {
        Codec { id: 3, coding: &Coding::<String, String> { id: 3, encode: text::encode, decode: text::decode } }
    }

    /// A codec of two functions.
    ///
    /// ```
    /// use cache_core::{Codec, Coding};
    ///
    /// fn from_bytes(bytes: &[u8]) -> Result<u32, &'static str> {
    ///     bytes.try_into().map(u32::from_le_bytes).map_err(|_| "a number has four bytes")
    /// }
    ///
    /// const NUMBER: Codec = Codec::custom(&Coding { id: 7, encode: |number: &u32| Ok(number.to_le_bytes().into()), decode: from_bytes });
    /// assert_ne!(NUMBER.id(), Codec::serde::<u32>().id());
    /// ```
    pub const fn custom<T, E>(coding: &'static Coding<T, E>) -> Self
    where
        T: Any + Send + Sync,
        E: fmt::Display + 'static,
    {
        Codec { id: coding.id | CUSTOM, coding }
    }

    /// The number that is written into entries; that of a custom codec is its own with the highest bit set.
    pub const fn id(&self) -> u8 {
        self.id
    }

    /// Whether it is for values of this type.
    pub(crate) fn is_for<T: Any>(&self) -> bool {
        self.coding.value_type() == TypeId::of::<T>()
    }

    /// The bytes of a value, or why there are none.
    pub(crate) fn encode(&self, value: &dyn Any) -> Result<Vec<u8>, String> {
        self.coding.encode(value)
    }

    /// The value of bytes, or why there is none.
    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<Arc<dyn Any + Send + Sync>, String> {
        self.coding.decode(bytes)
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").field("id", &self.id).field("of", &self.coding.type_name()).finish()
    }
}
