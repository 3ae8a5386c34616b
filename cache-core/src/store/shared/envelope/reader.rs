//! Numbers and lengths in bytes that may be anything.

use super::Malformed;

const ENDS: Malformed = Malformed("it ends too early");

/// Bytes from which parts are taken at the front.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(ENDS)?;
        self.rest = rest;
        Ok(*array)
    }

    pub(super) fn number(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    /// A varint in its shortest form.
    pub(super) fn length(&mut self) -> Result<usize, Malformed> {
        let mut length = 0u64;
        for shift in (0..35).step_by(7) {
            let [byte] = self.array()?;
            length |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let is_shortest = byte != 0 || shift == 0;
                return match usize::try_from(length) {
                    Ok(length) if is_shortest => Ok(length),
                    _ => Err(Malformed("a length is not in its shortest form")),
                };
            }
        }
        Err(Malformed("a length is too large"))
    }

    /// How many things follow that take this many bytes at least, one at least.
    pub(super) fn count(&mut self, bytes_each: usize) -> Result<usize, Malformed> {
        match self.length()? {
            0 => Err(Malformed("a count is zero")),
            count if count > self.rest.len() / bytes_each => Err(Malformed("a count is larger than what follows")),
            count => Ok(count),
        }
    }

    /// Bytes behind their length.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.length()?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(ENDS)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn finish(self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed("something follows it")) }
    }
}

pub(super) fn put_length(bytes: &mut Vec<u8>, length: usize) {
    let mut rest = length;
    while rest >= 0x80 {
        bytes.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

pub(super) fn put_bytes(bytes: &mut Vec<u8>, part: &[u8]) {
    put_length(bytes, part.len());
    bytes.extend_from_slice(part);
}
