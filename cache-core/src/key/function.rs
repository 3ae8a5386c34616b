//! Which cached function a key is of.

use super::Key;
use super::writer::tag;

/// Length of the digest that the keys of a cached function begin with.
pub(crate) const SITE_BYTES: usize = 16;

const FUNCTION_BYTES: usize = 6;

/// What all keys of one cached function have in common, whatever its arguments and type parameters: the first bytes of the
/// digest that they begin with.
///
/// Two functions share it once in 2⁴⁸ pairs, and then all results of both go together; the digest as a whole tells them
/// apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FunctionId([u8; FUNCTION_BYTES]);

impl FunctionId {
    /// The function of a digest.
    pub(crate) fn of_digest(digest: &[u8; 32]) -> Self {
        let [a, b, c, d, e, f, ..] = *digest;
        FunctionId([a, b, c, d, e, f])
    }

    pub(crate) fn as_bytes(&self) -> &[u8; FUNCTION_BYTES] {
        &self.0
    }

    /// These bytes with the function in front.
    pub(crate) fn lead(self, mut bytes: [u8; SITE_BYTES]) -> [u8; SITE_BYTES] {
        bytes[..FUNCTION_BYTES].copy_from_slice(&self.0);
        bytes
    }
}

impl Key {
    /// The function that it is of, if it begins as keys of cached functions do.
    #[inline]
    pub(crate) fn function(&self) -> Option<FunctionId> {
        let (head, rest) = self.as_bytes().split_first_chunk::<2>()?;
        let (id, _) = rest.split_first_chunk::<FUNCTION_BYTES>()?;
        (*head == [tag::BYTES, SITE_BYTES as u8]).then_some(FunctionId(*id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyWriter;

    #[test]
    fn only_keys_that_begin_with_such_a_digest_have_a_function() {
        let mut writer = KeyWriter::new();
        let id = FunctionId::of_digest(&[7; 32]);
        writer.bytes(&id.lead([1; SITE_BYTES])).part("x");
        assert_eq!(writer.finish().function(), Some(id));
        for bytes in [&[7; 15][..], &[7; 17], &[]] {
            let mut writer = KeyWriter::new();
            writer.bytes(bytes);
            assert_eq!(writer.finish().function(), None);
        }
        assert_eq!(Key::new("a name of sixteen").function(), None);
    }
}
