//! What the lexer hands to the rewriter.

use std::ops::Range;

/// The class of a token; its text is the source at its span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text outside of any tag, already without what the whitespace rules strip.
    Data,
    VariableStart,
    VariableEnd,
    BlockStart,
    BlockEnd,
    /// A line statement opens, with the blanks before it; it is closed by a [`Kind::BlockEnd`].
    LineStart,
    Ident,
    Str,
    Number,
    /// Any operator that is no bracket.
    Operator,
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
}

/// One token and the bytes it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Range<usize>,
}

/// A start marker of the syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    Variable,
    Block,
    Comment,
    LineStatement,
    LineComment,
}

/// The `-` or `+` beside a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whitespace {
    Default,
    Preserve,
    Remove,
}

impl Whitespace {
    pub(crate) fn of(byte: Option<u8>) -> Whitespace {
        match byte {
            Some(b'-') => Whitespace::Remove,
            Some(b'+') => Whitespace::Preserve,
            _ => Whitespace::Default,
        }
    }

    pub(crate) fn len(self) -> usize {
        usize::from(self != Whitespace::Default)
    }
}
