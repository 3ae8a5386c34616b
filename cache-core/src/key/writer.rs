//! The buffer that parts of a key are written to.

use smallvec::SmallVec;

use super::{CacheKey, Key};

pub(super) type Buffer = SmallVec<[u8; 64]>;

/// The first byte of each part. These numbers are part of shared keys: never change one.
pub(super) mod tag {
    pub(crate) const FALSE: u8 = 0x01;
    pub(crate) const TRUE: u8 = 0x02;
    pub(crate) const CHAR: u8 = 0x03;
    pub(crate) const FLOAT: u8 = 0x04;
    pub(crate) const TEXT: u8 = 0x05;
    pub(crate) const BYTES: u8 = 0x06;
    pub(crate) const NONE: u8 = 0x07;
    pub(crate) const SOME: u8 = 0x08;
    pub(crate) const OK: u8 = 0x09;
    pub(crate) const ERR: u8 = 0x0a;
    pub(crate) const TUPLE: u8 = 0x0b;
    pub(crate) const SEQUENCE: u8 = 0x0c;
    pub(crate) const SET: u8 = 0x0d;
    pub(crate) const MAP: u8 = 0x0e;
    pub(crate) const PHANTOM: u8 = 0x0f;
    pub(crate) const DURATION: u8 = 0x10;
    pub(crate) const SYSTEM_TIME: u8 = 0x11;
    pub(crate) const IPV4: u8 = 0x12;
    pub(crate) const IPV6: u8 = 0x13;
    pub(crate) const SOCKET_V4: u8 = 0x14;
    pub(crate) const SOCKET_V6: u8 = 0x15;
    pub(crate) const PATH: u8 = 0x16;
    pub(crate) const VALUE: u8 = 0x17;
    pub(crate) const JSON: u8 = 0x18;
    pub(crate) const KEY: u8 = 0x19;
    pub(crate) const TYPE: u8 = 0x1a;
    #[cfg(feature = "uuid")]
    pub(crate) const UUID: u8 = 0x1b;
    #[cfg(feature = "chrono")]
    pub(crate) const DATE: u8 = 0x1c;
    #[cfg(feature = "chrono")]
    pub(crate) const TIME: u8 = 0x1d;
    #[cfg(feature = "chrono")]
    pub(crate) const DATE_TIME: u8 = 0x1e;
    #[cfg(feature = "chrono")]
    pub(crate) const INSTANT: u8 = 0x1f;
    #[cfg(feature = "chrono")]
    pub(crate) const TIME_DELTA: u8 = 0x20;
    /// To these two the number of magnitude bytes is added, 0 to 16.
    pub(crate) const WHOLE: u8 = 0x40;
    pub(crate) const NEGATIVE: u8 = 0x60;
}

/// Collects the parts of a [`Key`].
///
/// Every part says what it is and where it ends, so that parts can follow one another directly.
///
/// ```
/// use cache_core::{Key, KeyWriter};
///
/// let mut writer = KeyWriter::new();
/// writer.part("report").part(&2024).part(&Some("EUR"));
/// assert_eq!(writer.finish(), Key::new("report").with(&2024).with(&Some("EUR")));
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeyWriter {
    bytes: Buffer,
}

impl KeyWriter {
    /// A writer without parts.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn resume(bytes: Buffer) -> Self {
        Self { bytes }
    }

    /// Appends one part.
    pub fn part(&mut self, part: &(impl CacheKey + ?Sized)) -> &mut Self {
        part.write_key(self);
        self
    }

    /// Appends bytes as one part: shorter and faster than a slice of `u8`, from which it differs.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.delimited(tag::BYTES, bytes);
        self
    }

    /// The key made of the parts so far.
    pub fn finish(self) -> Key {
        Key { bytes: self.bytes }
    }

    pub(super) fn tag(&mut self, tag: u8) {
        self.bytes.push(tag);
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A length in groups of seven bits, the lowest first, each but the last with its high bit set.
    pub(super) fn length(&mut self, length: usize) {
        let mut rest = length as u64;
        while rest >= 0x80 {
            self.bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }

    pub(super) fn delimited(&mut self, tag: u8, bytes: &[u8]) {
        self.tag(tag);
        self.length(bytes.len());
        self.raw(bytes);
    }

    /// A whole number by its value; `magnitude` counts from -1 downwards if it is negative.
    pub(super) fn whole(&mut self, negative: bool, magnitude: u128) {
        let length = (u128::BITS - magnitude.leading_zeros()).div_ceil(8) as u8;
        let tag = if negative { tag::NEGATIVE } else { tag::WHOLE };
        self.tag(tag + length);
        self.raw(&magnitude.to_le_bytes()[..usize::from(length)]);
    }

    /// Items without an order, sorted by their bytes.
    pub(super) fn unordered<I>(&mut self, tag: u8, items: impl Iterator<Item = I>, write: impl Fn(&mut KeyWriter, I)) {
        let mut scratch = KeyWriter::new();
        let mut ranges = Vec::new();
        for item in items {
            let start = scratch.bytes.len();
            write(&mut scratch, item);
            ranges.push(start..scratch.bytes.len());
        }
        ranges.sort_unstable_by(|a, b| scratch.bytes[a.clone()].cmp(&scratch.bytes[b.clone()]));
        self.tag(tag);
        self.length(ranges.len());
        for range in ranges {
            self.raw(&scratch.bytes[range]);
        }
    }
}
