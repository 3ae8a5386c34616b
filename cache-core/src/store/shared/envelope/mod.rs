//! The bytes of an entry in a shared store.
//!
//! ```text
//! 0xC1  version  flags  codec  check:8  sum:16  created:8  expires:8  [idle:8]
//! length of footprint, footprint   length of payload, payload
//! ```
//!
//! Numbers are little-endian, lengths are varints in their shortest form, times are milliseconds. The check is a second
//! digest of the key, so that a collision of the entry's name is found out. The sum is what the footprint stood at when
//! the entry was made. Whatever else is found under the name of an entry is [`Malformed`], a miss.

mod footprint;
mod payload;
mod reader;
#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use self::footprint::{decode_footprint, encoded_footprint};
pub(crate) use self::payload::{Payload, compress};
use self::reader::{Reader, put_bytes, put_length};

/// Never the first byte of UTF-8 or MessagePack.
const MAGIC: u8 = 0xc1;
const VERSION: u8 = 1;

const COMPRESSED: u8 = 1;
const IDLE: u8 = 2;

/// An entry, its large parts borrowed from the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Envelope<'a> {
    /// [`Codec::id`](crate::Codec::id) of the codec that the payload was made with.
    pub(crate) codec: u8,
    /// [`EntryDigest::check`](crate::EntryDigest) of the key.
    pub(crate) check: u64,
    /// [`Standing::sum`](super::Standing::sum) when the entry was made.
    pub(crate) sum: [u8; 16],
    /// When it was made, in milliseconds since 1970.
    pub(crate) created: u64,
    /// When it ends, in milliseconds since 1970; [`u64::MAX`] for never.
    pub(crate) expires: u64,
    /// The longest time between two hits, in milliseconds.
    pub(crate) idle: Option<u64>,
    /// What [`encoded_footprint`] gave. Equal bytes are equal footprints; [`decode_footprint`] reads others.
    pub(crate) footprint: &'a [u8],
    pub(crate) payload: Payload<'a>,
}

/// Why bytes are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(super) &'static str);

impl<'a> Envelope<'a> {
    /// The bytes of an entry.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + self.footprint.len() + self.payload.as_bytes().len());
        let compressed = if self.payload.is_compressed() { COMPRESSED } else { 0 };
        let idle = if self.idle.is_some() { IDLE } else { 0 };
        bytes.extend([MAGIC, VERSION, compressed | idle, self.codec]);
        bytes.extend(self.check.to_le_bytes());
        bytes.extend(self.sum);
        bytes.extend(self.created.to_le_bytes());
        bytes.extend(self.expires.to_le_bytes());
        bytes.extend(self.idle.map(u64::to_le_bytes).iter().flatten());
        put_bytes(&mut bytes, self.footprint);
        match self.payload {
            Payload::Plain(payload) => put_bytes(&mut bytes, payload),
            Payload::Compressed { length, block } => {
                put_length(&mut bytes, length);
                put_bytes(&mut bytes, block);
            }
        }
        bytes
    }

    /// The entry of these bytes. It asks for no memory.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let [magic, version, flags, codec] = reader.array()?;
        if magic != MAGIC {
            return Err(Malformed("it is no entry"));
        }
        if version != VERSION {
            return Err(Malformed("it is of another version"));
        }
        if flags & !(COMPRESSED | IDLE) != 0 {
            return Err(Malformed("it has flags of another version"));
        }
        let envelope = Envelope {
            codec,
            check: reader.number()?,
            sum: reader.array()?,
            created: reader.number()?,
            expires: reader.number()?,
            idle: if flags & IDLE == 0 { None } else { Some(reader.number()?) },
            footprint: reader.bytes()?,
            payload: if flags & COMPRESSED == 0 {
                Payload::Plain(reader.bytes()?)
            } else {
                Payload::compressed(reader.length()?, reader.bytes()?)?
            },
        };
        reader.finish()?;
        Ok(envelope)
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
