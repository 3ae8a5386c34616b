//! Keys: one canonical encoding of whatever a result was made from, and digests of it.

mod cache_key;
mod digest;
mod fingerprint;
mod foreign;
mod function;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::hash::{Hash, Hasher};

use siphasher::sip::SipHasher24;

use writer::{Buffer, tag};

pub use cache_key::CacheKey;
pub use digest::{ConjunctionHasher, EntryDigest, Secret, conjunction_hash, entry_digest};
pub use fingerprint::{type_fingerprint, type_token};
pub(crate) use function::{FunctionId, SITE_BYTES};
pub use writer::KeyWriter;

/// The whole identity of a result: a name and whatever it was made from.
///
/// Two keys are equal if and only if they were built from the same parts in the same order; no two
/// different lists of parts give the same bytes. Keys of up to 64 bytes live without an allocation.
///
/// ```
/// use cache_core::Key;
///
/// let key = Key::new("top articles").with(&3).with("en");
/// assert_eq!(key, Key::new("top articles").with(&3_u64).with(&String::from("en")));
/// assert_ne!(key, Key::new("top articles").with("3en"));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    bytes: Buffer,
}

impl Key {
    /// A key that so far consists of a name.
    pub fn new(name: &str) -> Self {
        let mut key = KeyWriter::new();
        key.part(name);
        key.finish()
    }

    /// A key for a result of type `T`: the name and the [`type_fingerprint`] of the type.
    ///
    /// ```
    /// use cache_core::Key;
    ///
    /// assert_ne!(Key::of::<u32>("count"), Key::of::<String>("count"));
    /// ```
    pub fn of<T: ?Sized>(name: &str) -> Self {
        let mut key = KeyWriter::new();
        key.part(name);
        key.tag(tag::TYPE);
        key.raw(&type_fingerprint::<T>().to_le_bytes());
        key.finish()
    }

    /// This key with one more part at its end.
    #[must_use]
    pub fn with(self, part: &(impl CacheKey + ?Sized)) -> Self {
        let mut key = KeyWriter::resume(self.bytes);
        key.part(part);
        key.finish()
    }

    /// The canonical bytes, which are the same in every process and on every platform.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn digest(&self) -> u64 {
        let mut hasher = SipHasher24::new();
        hasher.write(&self.bytes);
        hasher.finish()
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Display for Key {
    /// Writes a 64-bit digest in hexadecimal: enough to find a key in a log, without its contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.digest())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self}, {} bytes)", self.bytes.len())
    }
}
