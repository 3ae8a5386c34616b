//! Replies as they came.

use std::ops::Range;
use std::sync::Arc;

use redis::{ServerError, Value};

use super::frame::{Frame, Malformed, length, length_of, line};

/// The replies to one request, one after the other.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    /// Whether one of them is an error.
    pub(super) erring: bool,
}

impl Answer {
    /// Takes so many of the first replies off.
    pub(super) fn split(&mut self, replies: usize) -> Result<Vec<Value>, Malformed> {
        let rest = self.bytes.split_off(length_of(replies, &self.bytes)?);
        let first = std::mem::replace(&mut self.bytes, rest);
        values(&first)
    }

    pub(super) fn values(&self) -> Result<Vec<Value>, Malformed> {
        values(&self.bytes)
    }
}

/// The values of whole replies.
pub(super) fn values(mut bytes: &[u8]) -> Result<Vec<Value>, Malformed> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        let end = Frame::default().end(bytes)?.ok_or(Malformed("a reply is not whole"))?;
        let (reply, rest) = bytes.split_at(end);
        values.push(value(reply)?);
        bytes = rest;
    }
    Ok(values)
}

/// The value of one whole reply.
pub(super) fn value(reply: &[u8]) -> Result<Value, Malformed> {
    redis::parse_redis_value(reply).map_err(|_| Malformed("a reply makes no sense"))
}

/// What was answered to one of the questions that were asked together, and from which incarnation.
///
/// The replies are those of a group: errors stand among them, but for those that say that the wrong node was asked.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) incarnation: u64,
    pub(crate) bytes: Arc<Vec<u8>>,
    /// Where in the bytes they are.
    pub(crate) place: Range<usize>,
}

/// One reply, or the head of one; what stands in the bytes is told by its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    Nil,
    Number(i64),
    Text(Range<usize>),
    /// So many parts follow.
    Array(usize),
    Error(ServerError),
    /// What no look-up asks for.
    Other,
}

/// The parts of replies, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Parts<'t> {
    bytes: &'t [u8],
    place: Range<usize>,
}

impl Told {
    pub(crate) fn parts(&self) -> Parts<'_> {
        Parts { bytes: &self.bytes, place: self.place.clone() }
    }
}

impl<'t> Parts<'t> {
    /// Part of the bytes that the parts stand in.
    pub(crate) fn text(&self, place: Range<usize>) -> &'t [u8] {
        self.bytes.get(place).unwrap_or_default()
    }
}

impl Iterator for Parts<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        let start = self.place.start;
        let (kind, rest) = self.bytes.get(self.place.clone())?.split_first()?;
        let line = line(rest).ok()??;
        let after = start + 1 + line.len() + 2;
        let mut end = after;
        let part = match kind {
            b'$' => match length(line).ok()? {
                None => Part::Nil,
                Some(length) => {
                    end = after + length + 2;
                    Part::Text(after..after + length)
                }
            },
            b'+' => Part::Text(start + 1..start + 1 + line.len()),
            b':' => Part::Number(str::from_utf8(line).ok()?.trim().parse().ok()?),
            b'_' => Part::Nil,
            b'*' => length(line).ok()?.map_or(Part::Nil, Part::Array),
            b'-' => match value(&self.bytes[start..after]) {
                Ok(Value::ServerError(error)) => Part::Error(error),
                _ => Part::Other,
            },
            _ => Part::Other,
        };
        self.place.start = end;
        Some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_by_their_places() {
        let bytes = b"+?$3\r\n12\n\r\n*2\r\n:-7\r\n_\r\n$-1\r\n-WRONGTYPE of a key\r\n%0\r\n".to_vec();
        let place = 2..bytes.len();
        let told = Told { incarnation: 1, bytes: Arc::new(bytes), place };
        let mut parts = told.parts();
        let Some(Part::Text(place)) = parts.next() else { panic!("{told:?}") };
        assert_eq!(parts.text(place), b"12\n");
        let heads: Vec<Part> = parts.by_ref().take(4).collect();
        assert_eq!(heads, [Part::Array(2), Part::Number(-7), Part::Nil, Part::Nil]);
        assert!(matches!(parts.next(), Some(Part::Error(error)) if error.code() == "WRONGTYPE"));
        assert_eq!(parts.next(), Some(Part::Other));
        assert_eq!(parts.next(), None);
    }

    #[test]
    fn replies_are_split_where_they_end() {
        let mut answer = Answer { bytes: b"*1\r\n+a\r\n:1\r\n$1\r\nx\r\n".to_vec(), erring: false };
        let first = answer.split(2).unwrap();
        assert_eq!(first, [Value::Array(vec![Value::SimpleString("a".into())]), Value::Int(1)]);
        assert_eq!(answer.values().unwrap(), [Value::BulkString(b"x".into())]);
        assert!(answer.split(2).is_err());
    }
}
