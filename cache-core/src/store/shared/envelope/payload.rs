//! The value of an entry, as it is or compressed.

use std::borrow::Cow;

use super::Malformed;

/// Longest value that is decompressed, in bytes.
pub(super) const MAX_DECOMPRESSED: usize = 64 << 20;

/// Shorter values are not worth compressing, in bytes.
#[cfg(feature = "compression")]
const MIN_COMPRESSED: usize = 1 << 10;

/// A block of LZ4 grows by less than this when it is decompressed.
const MAX_RATIO: usize = 256;

/// The bytes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    Plain(&'a [u8]),
    /// A block of LZ4.
    Compressed {
        length: usize,
        block: &'a [u8],
    },
}

impl<'a> Payload<'a> {
    /// A value, and what [`compress`] made of it.
    pub(crate) fn new(value: &'a [u8], compressed: Option<&'a [u8]>) -> Self {
        match compressed {
            Some(block) => Payload::Compressed { length: value.len(), block },
            None => Payload::Plain(value),
        }
    }

    pub(super) fn compressed(length: usize, block: &'a [u8]) -> Result<Self, Malformed> {
        if !cfg!(feature = "compression") {
            return Err(Malformed("it is compressed, and the feature `compression` is off"));
        }
        if length > MAX_DECOMPRESSED || length / MAX_RATIO > block.len() {
            return Err(Malformed("its value would be too long"));
        }
        Ok(Payload::Compressed { length, block })
    }

    pub(super) fn is_compressed(&self) -> bool {
        matches!(self, Payload::Compressed { .. })
    }

    /// The bytes that are kept.
    pub(super) fn as_bytes(&self) -> &'a [u8] {
        match self {
            Payload::Plain(bytes) | Payload::Compressed { block: bytes, .. } => bytes,
        }
    }

    /// The bytes that a codec made.
    pub(crate) fn open(&self) -> Result<Cow<'a, [u8]>, Malformed> {
        match *self {
            Payload::Plain(bytes) => Ok(Cow::Borrowed(bytes)),
            Payload::Compressed { length, block } => decompress(length, block).map(Cow::Owned),
        }
    }
}

/// A value compressed, if that makes it shorter. For [`Payload::new`].
#[cfg(feature = "compression")]
pub(crate) fn compress(value: &[u8]) -> Option<Vec<u8>> {
    if !(MIN_COMPRESSED..=MAX_DECOMPRESSED).contains(&value.len()) {
        return None;
    }
    let block = lz4_flex::block::compress(value);
    (block.len() < value.len()).then_some(block)
}

/// Without the feature `compression` nothing is.
#[cfg(not(feature = "compression"))]
pub(crate) fn compress(_: &[u8]) -> Option<Vec<u8>> {
    None
}

#[cfg(feature = "compression")]
fn decompress(length: usize, block: &[u8]) -> Result<Vec<u8>, Malformed> {
    const BROKEN: Malformed = Malformed("its value cannot be decompressed");
    let value = lz4_flex::block::decompress(block, length).map_err(|_| BROKEN)?;
    if value.len() == length { Ok(value) } else { Err(BROKEN) }
}

#[cfg(not(feature = "compression"))]
fn decompress(_: usize, _: &[u8]) -> Result<Vec<u8>, Malformed> {
    Err(Malformed("it is compressed, and the feature `compression` is off"))
}
