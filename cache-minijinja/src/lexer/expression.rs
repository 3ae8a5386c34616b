//! Tokens between the markers of a tag.

use super::text;
use super::token::{Kind, Whitespace};
use super::{Lexer, Sentinel, Unreadable};

impl Lexer<'_> {
    /// Reads up to the end of the tag, or to the end of the source.
    pub(super) fn inside(&mut self, sentinel: Sentinel) -> Result<(), Unreadable> {
        while self.at < self.source.len() {
            if self.line_end(sentinel) {
                return Ok(());
            }
            let blanks = self.rest_bytes().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            if blanks > 0 {
                self.at += blanks;
                continue;
            }
            if self.tag_end(sentinel) {
                return Ok(());
            }
            self.token()?;
        }
        if sentinel == Sentinel::Line {
            self.push(Kind::BlockEnd, self.at);
        }
        Ok(())
    }

    fn line_end(&mut self, sentinel: Sentinel) -> bool {
        if sentinel != Sentinel::Line || self.depth != 0 || !self.markers.line_statements {
            return false;
        }
        let rest = self.rest();
        let line = rest.trim_start_matches(|c: char| c.is_whitespace() && !text::is_newline(c));
        let (ends, len) = text::newline(line);
        if ends {
            let from = self.at;
            self.at += rest.len() - line.len() + len;
            self.push(Kind::BlockEnd, from);
        }
        ends
    }

    fn tag_end(&mut self, sentinel: Sentinel) -> bool {
        if self.depth != 0 {
            return false;
        }
        let (marker, kind) = match sentinel {
            Sentinel::Variable => (&self.markers.variable_end, Kind::VariableEnd),
            Sentinel::Block => (&self.markers.block_end, Kind::BlockEnd),
            Sentinel::Line => return false,
        };
        let bytes = self.rest_bytes();
        let sign = Whitespace::of(bytes.first().copied());
        let sign = match bytes.get(sign.len()..) {
            Some(rest) if sign.len() > 0 && rest.starts_with(marker.as_bytes()) => sign,
            _ if bytes.starts_with(marker.as_bytes()) => Whitespace::Default,
            _ => return false,
        };
        let from = self.at;
        self.at += sign.len() + marker.len();
        self.push(kind, from);
        match (sign, kind) {
            (Whitespace::Remove, _) => self.strip_leading = true,
            (Whitespace::Default, Kind::BlockEnd) => self.trim_newline(),
            _ => {}
        }
        true
    }

    fn token(&mut self) -> Result<(), Unreadable> {
        let bytes = self.rest_bytes();
        let (kind, len) = match bytes {
            [b'/', b'/', ..] | [b'*', b'*', ..] | [b'=' | b'!' | b'<' | b'>', b'=', ..] => (Kind::Operator, 2),
            [b'(' | b'[' | b'{', ..] => {
                self.depth += 1;
                (Kind::Open, 1)
            }
            [b')' | b']' | b'}', ..] => {
                self.depth -= 1;
                (Kind::Close, 1)
            }
            [b'\'' | b'"', ..] => (Kind::Str, string(bytes).ok_or(Unreadable)?),
            [b'0'..=b'9', ..] => {
                let after_dot = self.source.as_bytes()[..self.at].last() == Some(&b'.');
                (Kind::Number, number(self.rest(), after_dot).ok_or(Unreadable)?)
            }
            [b'+' | b'-' | b'*' | b'/' | b'%' | b'.' | b',' | b':' | b'~' | b'|' | b'=' | b'>' | b'<', ..] => {
                (Kind::Operator, 1)
            }
            _ => match identifier(self.rest()) {
                0 => return Err(Unreadable),
                len => (Kind::Ident, len),
            },
        };
        let from = self.at;
        self.at += len;
        self.push(kind, from);
        Ok(())
    }
}

fn identifier(text: &str) -> usize {
    let word = |(at, c): &(usize, char)| {
        *c == '_' || c.is_ascii_alphabetic() || (*at > 0 && c.is_ascii_digit()) || (!c.is_ascii() && !c.is_whitespace())
    };
    let end = text.char_indices().take_while(word).last();
    end.map_or(0, |(at, c)| at + c.len_utf8())
}

fn string(bytes: &[u8]) -> Option<usize> {
    let mut escaped = false;
    for (at, &byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            byte if byte == bytes[0] => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Radix,
    Integer,
    Fraction,
    Exponent,
    SignedExponent,
}

fn number(text: &str, after_dot: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let radix = match bytes.get(1).filter(|_| bytes[0] == b'0') {
        Some(b'b' | b'B') => 2,
        Some(b'o' | b'O') => 8,
        Some(b'x' | b'X') => 16,
        _ => 10,
    };
    let (start, mut part) = match radix {
        10 => (0, Part::Integer),
        _ => (2, Part::Radix),
    };
    let mut at = start;
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    while let Some(&byte) = bytes.get(at) {
        part = match (byte, part) {
            (b'.', Part::Integer) if !after_dot => {
                let exponent = matches!(bytes.get(at + 1), Some(b'e' | b'E'))
                    && matches!(bytes.get(at + 2), Some(b'+' | b'-' | b'0'..=b'9'));
                if !exponent && identifier(&text[at + 1..]) > 0 {
                    break;
                }
                Part::Fraction
            }
            (b'e' | b'E', Part::Integer | Part::Fraction) => Part::Exponent,
            (b'+' | b'-', Part::Exponent) => Part::SignedExponent,
            (b'0'..=b'9', Part::Exponent) => Part::SignedExponent,
            (b'0'..=b'9' | b'_', part) => part,
            (b'a'..=b'f' | b'A'..=b'F', Part::Radix) if radix == 16 => part,
            _ => break,
        };
        at += 1;
    }
    let digits = &text[start..at];
    if digits.ends_with('_') {
        return None;
    }
    let digits = digits.replace('_', "");
    let valid = match part {
        Part::Integer | Part::Radix => u128::from_str_radix(&digits, radix).is_ok(),
        _ => digits.parse::<f64>().is_ok(),
    };
    valid.then_some(at)
}
