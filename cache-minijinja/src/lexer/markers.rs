//! Finding the next start marker of a syntax.

use minijinja::syntax::SyntaxConfig;

use super::token::{Marker, Whitespace};

/// The delimiters of one syntax, ready for searching.
#[derive(Clone, Debug)]
pub(crate) struct Markers {
    /// Start markers, longest first.
    starts: Vec<(String, Marker)>,
    pub(crate) block_start: String,
    pub(crate) block_end: String,
    pub(crate) variable_start: String,
    pub(crate) variable_end: String,
    pub(crate) comment_end: String,
    pub(crate) line_statements: bool,
    pub(crate) trim_blocks: bool,
    pub(crate) lstrip_blocks: bool,
    pub(crate) keep_trailing_newline: bool,
}

/// A start marker that was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) at: usize,
    pub(crate) marker: Marker,
    /// Length of the marker and of the whitespace sign behind it.
    pub(crate) len: usize,
    pub(crate) whitespace: Whitespace,
}

impl Markers {
    pub(crate) fn of(syntax: &SyntaxConfig) -> Markers {
        let (block_start, block_end) = syntax.block_delimiters();
        let (variable_start, variable_end) = syntax.variable_delimiters();
        let (comment_start, comment_end) = syntax.comment_delimiters();
        let mut starts = vec![
            (variable_start.to_owned(), Marker::Variable),
            (block_start.to_owned(), Marker::Block),
            (comment_start.to_owned(), Marker::Comment),
        ];
        if let Some(prefix) = syntax.line_statement_prefix() {
            starts.push((prefix.to_owned(), Marker::LineStatement));
        }
        if let Some(prefix) = syntax.line_comment_prefix() {
            starts.push((prefix.to_owned(), Marker::LineComment));
        }
        starts.sort_by_key(|(start, _)| std::cmp::Reverse(start.len()));
        Markers {
            starts,
            block_start: block_start.to_owned(),
            block_end: block_end.to_owned(),
            variable_start: variable_start.to_owned(),
            variable_end: variable_end.to_owned(),
            comment_end: comment_end.to_owned(),
            line_statements: syntax.line_statement_prefix().is_some(),
            trim_blocks: syntax.trim_blocks(),
            lstrip_blocks: syntax.lstrip_blocks(),
            keep_trailing_newline: syntax.keep_trailing_newline(),
        }
    }

    /// The leftmost start marker at or after `from`, the longest one if several start there.
    pub(crate) fn find(&self, source: &str, from: usize) -> Option<Found> {
        let bytes = source.as_bytes();
        (from..bytes.len()).find_map(|at| {
            let (start, marker) = self.starts.iter().find(|(start, marker)| {
                bytes[at..].starts_with(start.as_bytes())
                    && (*marker != Marker::LineStatement || opens_line(&bytes[..at]))
            })?;
            let end = at + start.len();
            let whitespace = match marker {
                Marker::LineStatement => Whitespace::Default,
                _ => Whitespace::of(bytes.get(end).copied()),
            };
            Some(Found { at, marker: *marker, len: start.len() + whitespace.len(), whitespace })
        })
    }
}

/// Whether only spaces and tabs stand between the last line break and here.
fn opens_line(before: &[u8]) -> bool {
    let last = before.iter().rev().find(|&&byte| byte != b' ' && byte != b'\t');
    matches!(last, None | Some(b'\r' | b'\n'))
}
