//! Numbers that stand for types.

use std::any::TypeId;
use std::hash::{Hash, Hasher};

use siphasher::sip::SipHasher24;

/// A number for a type that is the same in every process of one build of one program.
///
/// It comes from the type's full name, so two builds or two crates may use one number for
/// different layouts, and a compiler may change all of them: put a version beside it in a shared
/// key. Lifetimes do not count.
///
/// ```
/// use cache_core::type_fingerprint;
///
/// assert_ne!(type_fingerprint::<Vec<u8>>(), type_fingerprint::<Vec<u16>>());
/// ```
pub fn type_fingerprint<T: ?Sized>() -> u64 {
    let mut hasher = SipHasher24::new();
    hasher.write(std::any::type_name::<T>().as_bytes());
    hasher.finish()
}

/// A number for a type inside this process.
///
/// Quicker than [`type_fingerprint`] and apart for types of the same name; different types share
/// one with the odds of a 64-bit hash, so check the type itself where it matters.
pub fn type_token<T: ?Sized + 'static>() -> u64 {
    let mut hasher = Token(0);
    TypeId::of::<T>().hash(&mut hasher);
    hasher.finish()
}

/// A type's id is a hash already and only has to be folded.
struct Token(u64);

impl Hasher for Token {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = self.0.rotate_left(5).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ value;
    }

    fn write_u128(&mut self, value: u128) {
        self.write_u64(value as u64);
        self.write_u64((value >> 64) as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
