//! Where replies end.

/// Finds the end of one value in bytes that arrive piece by piece; what it has passed it does not look at again.
#[derive(Debug)]
pub(super) struct Frame {
    /// How far it has come.
    at: usize,
    /// Values that are still to come: one, and those that arrays and their like consist of.
    left: usize,
}

/// Why bytes are no replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

/// No server sends longer strings or arrays.
const LONGEST: u64 = 1 << 40;

/// The longest line of a text, an error, or a number.
const LONGEST_LINE: usize = 64 << 10;

impl Default for Frame {
    fn default() -> Self {
        Frame { at: 0, left: 1 }
    }
}

impl Frame {
    /// The end of the value that the bytes begin with; `None` while it is not there. Each time the bytes are those of before,
    /// with more behind them.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        while self.left > 0 {
            let Some((&kind, rest)) = bytes.get(self.at..).and_then(<[u8]>::split_first) else { return Ok(None) };
            let Some(line) = line(rest)? else { return Ok(None) };
            let after = self.at + 1 + line.len() + 2;
            let (end, parts) = match kind {
                b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' => (after, 0),
                b'$' | b'=' | b'!' => (length(line)?.map_or(after, |length| after + length + 2), 0),
                b'*' | b'~' | b'>' => (after, length(line)?.unwrap_or(0)),
                b'%' => (after, 2 * length(line)?.unwrap_or(0)),
                // What it is about follows.
                b'|' => (after, 2 * length(line)?.unwrap_or(0) + 1),
                _ => return Err(Malformed("a reply of an unknown kind")),
            };
            if end > bytes.len() {
                return Ok(None);
            }
            if !bytes[..end].ends_with(b"\r\n") {
                return Err(Malformed("a string is longer than was said"));
            }
            self.at = end;
            self.left = (self.left - 1).checked_add(parts).ok_or(Malformed("a reply without end"))?;
        }
        Ok(Some(self.at))
    }
}

/// The length of so many values, all of which are there.
pub(super) fn length_of(values: usize, bytes: &[u8]) -> Result<usize, Malformed> {
    let mut length = 0;
    for _ in 0..values {
        let end = Frame::default().end(&bytes[length..])?;
        length += end.ok_or(Malformed("a reply is missing"))?;
    }
    Ok(length)
}

/// The line that the bytes begin with, without its end; `None` while that is not there.
pub(super) fn line(bytes: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    let looked_at = &bytes[..bytes.len().min(LONGEST_LINE)];
    match looked_at.iter().position(|byte| *byte == b'\n') {
        Some(end) => bytes[..end].strip_suffix(b"\r").map(Some).ok_or(Malformed("a line ends oddly")),
        None if bytes.len() >= LONGEST_LINE => Err(Malformed("a line without end")),
        None => Ok(None),
    }
}

/// A length; `None` for that of nothing.
pub(super) fn length(line: &[u8]) -> Result<Option<usize>, Malformed> {
    if line == b"-1" {
        return Ok(None);
    }
    let length = number(line).filter(|length| *length <= LONGEST).and_then(|length| usize::try_from(length).ok());
    length.map(Some).ok_or(Malformed("a length is none"))
}

/// Digits of which no number is too large.
const SAFE_DIGITS: usize = 19;

/// A number of digits alone.
pub(crate) fn number(line: &[u8]) -> Option<u64> {
    let (first, rest) = line.split_at(line.len().min(SAFE_DIGITS));
    let (mut number, mut odd) = (0u64, false);
    for byte in first {
        let digit = byte.wrapping_sub(b'0');
        odd |= digit > 9;
        number = number.wrapping_mul(10).wrapping_add(digit.into());
    }
    if first.is_empty() || odd {
        return None;
    }
    rest.iter().try_fold(number, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { number.checked_mul(10)?.checked_add(digit.into()) }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A value in the words of RESP 3, however deep.
    fn values() -> impl Strategy<Value = Vec<u8>> {
        let line = |kind: &'static str, text: &'static str| {
            text.prop_map(move |text: String| format!("{kind}{text}\r\n").into_bytes())
        };
        let string = proptest::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| {
            let mut value = format!("${}\r\n", bytes.len()).into_bytes();
            value.extend(bytes);
            value.extend(b"\r\n");
            value
        });
        let nothing = prop_oneof![Just(b"$-1\r\n".to_vec()), Just(b"*-1\r\n".to_vec()), Just(b"_\r\n".to_vec())];
        let leaf =
            prop_oneof![line("+", "[a-z ]{0,9}"), line("-", "[A-Z ]{0,9}"), line(":", "-?[0-9]{1,9}"), string, nothing];
        leaf.prop_recursive(4, 40, 6, |inner| {
            let pairs = (proptest::collection::vec((inner.clone(), inner.clone()), 0..3)).prop_map(|pairs| {
                let parts = pairs.iter().flat_map(|(key, value)| [&key[..], value]).collect::<Vec<_>>().concat();
                [format!("%{}\r\n", pairs.len()).into_bytes(), parts].concat()
            });
            let many = (prop_oneof![Just('*'), Just('~')], proptest::collection::vec(inner, 0..6))
                .prop_map(|(kind, parts)| [format!("{kind}{}\r\n", parts.len()).into_bytes(), parts.concat()].concat());
            prop_oneof![pairs, many]
        })
    }

    proptest! {
        #[test]
        fn the_end_is_found_however_the_bytes_arrive(values in proptest::collection::vec(values(), 1..4), step in 1usize..9) {
            let bytes = values.concat();
            prop_assert_eq!(length_of(values.len(), &bytes), Ok(bytes.len()));
            let mut frame = Frame::default();
            let first = values[0].len();
            for come in (0..first).step_by(step) {
                prop_assert_eq!(frame.end(&bytes[..come]), Ok(None));
            }
            prop_assert_eq!(frame.end(&bytes), Ok(Some(first)));
            prop_assert!(redis::parse_redis_value(&bytes[..first]).is_ok());
        }

        #[test]
        fn whatever_comes_it_does_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            for come in 0..bytes.len() {
                if let Ok(Some(end)) = Frame::default().end(&bytes[..come]) {
                    prop_assert!(end <= come);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_the_library_does(text in "[0-9]{0,22}|[0-9]{1,4}[+x-][0-9]{0,20}") {
            prop_assert_eq!(number(text.as_bytes()), text.parse().ok());
        }
    }

    #[test]
    fn nonsense_is_told() {
        for bytes in ["?what\r\n", "$x\r\n", "$3\r\nabcde\r\n", "+a\n", "*99999999999999999999\r\n", "$-2\r\n"] {
            assert!(Frame::default().end(bytes.as_bytes()).is_err(), "{bytes}");
        }
        assert!(Frame::default().end(&vec![b'+'; LONGEST_LINE + 1]).is_err());
    }
}
