//! Tags as groups of tokens.

use std::ops::Range;

use crate::lexer::{Kind, Token};

/// One tag of a template.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag<'t> {
    pub(super) start: &'t Token,
    /// The tokens between the markers.
    pub(super) inner: &'t [Token],
    /// `None` when the source ends first.
    pub(super) end: Option<&'t Token>,
}

impl<'t> Tag<'t> {
    pub(super) fn is_line(&self) -> bool {
        self.start.kind == Kind::LineStart
    }

    pub(super) fn is_variable(&self) -> bool {
        self.start.kind == Kind::VariableStart
    }

    /// The position that messages speak of.
    pub(super) fn at(&self) -> usize {
        self.start.span.end
    }

    /// The word that says which statement this is.
    pub(super) fn name(&self) -> Option<&'t Token> {
        self.inner.first().filter(|token| token.kind == Kind::Ident)
    }
}

/// Groups the tokens of a template.
pub(super) fn tags(tokens: &[Token]) -> impl Iterator<Item = Tag<'_>> {
    let mut rest = tokens;
    std::iter::from_fn(move || {
        let start = rest
            .iter()
            .position(|token| matches!(token.kind, Kind::BlockStart | Kind::LineStart | Kind::VariableStart))?;
        let body = &rest[start + 1..];
        let end = body.iter().position(|token| matches!(token.kind, Kind::BlockEnd | Kind::VariableEnd));
        let tag =
            Tag { start: &rest[start], inner: &body[..end.unwrap_or(body.len())], end: end.map(|end| &body[end]) };
        rest = end.map_or(&[], |end| &body[end + 1..]);
        Some(tag)
    })
}

/// The arguments of an opening tag: the bytes to hand to the begin function.
///
/// Parentheses round all of them are dropped, so that `cached_as(a, b)` reads as `cached_as a, b`.
/// `None` when the brackets do not match: such text must not be spliced into a call.
pub(super) fn arguments(source: &str, tokens: &[Token]) -> Option<Range<usize>> {
    let mut open: Vec<(usize, u8)> = Vec::new();
    let mut whole = false;
    for (at, token) in tokens.iter().enumerate() {
        let sign = source.as_bytes()[token.span.start];
        match token.kind {
            Kind::Open => open.push((at, sign)),
            Kind::Close => {
                let (from, opening) = open.pop()?;
                if !matches!((opening, sign), (b'(', b')') | (b'[', b']') | (b'{', b'}')) {
                    return None;
                }
                whole = opening == b'(' && from == 0 && at + 1 == tokens.len();
            }
            _ => {}
        }
    }
    if !open.is_empty() {
        return None;
    }
    match tokens {
        [] => Some(0..0),
        [first, .., last] if whole => Some(first.span.end..last.span.start),
        [first, ..] => Some(first.span.start..tokens[tokens.len() - 1].span.end),
    }
}
