//! Whitespace, line ends and the two tags that are read before lexing.

use super::token::Whitespace;

pub(super) fn is_newline(c: char) -> bool {
    c == '\r' || c == '\n'
}

/// Whether a line ends here (or the text does), and the bytes that the engine takes for it.
pub(super) fn newline(rest: &str) -> (bool, usize) {
    let mut len = 0;
    for sign in *b"\n\r" {
        len += usize::from(rest.as_bytes().get(len) == Some(&sign));
    }
    (len > 0 || rest.is_empty(), len)
}

/// Drops the blanks of a line that has nothing else before the tag.
pub(super) fn lstrip(lead: &str) -> &str {
    let kept = lead.trim_end_matches(|c: char| c.is_whitespace() && !is_newline(c));
    if kept.is_empty() || kept.ends_with('\n') { kept } else { lead }
}

/// Whether only blanks stand between the last line break (or the start) and the end of `before`.
pub(super) fn blank_to_line_start(before: &str) -> bool {
    before.chars().rev().take_while(|&c| !is_newline(c)).all(char::is_whitespace)
}

/// Recognises `raw` and `endraw` directly behind a block's start marker.
///
/// Returns the length up to the end of the tag and the sign before its end marker.
pub(super) fn basic_tag(text: &str, name: &str, block_end: &str, leading_sign: bool) -> Option<(usize, Whitespace)> {
    let mut rest = text;
    if leading_sign {
        rest = rest.strip_prefix(['-', '+']).unwrap_or(rest);
    }
    rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
    rest = rest.strip_prefix(name)?;
    rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
    let whitespace = Whitespace::of(rest.as_bytes().first().copied());
    rest = rest[whitespace.len()..].strip_prefix(block_end)?;
    Some((text.len() - rest.len(), whitespace))
}
