//! A lexer that finds the same tags as the engine's own.
//!
//! The engine's lexer is private, so the rules are repeated here over the public syntax settings. Tokens carry
//! spans only. Identifiers outside of ASCII are accepted more freely than the engine does: it reads the
//! rewritten text afterwards and refuses them itself.

mod expression;
mod markers;
mod text;
mod token;

pub(crate) use self::markers::Markers;
pub(crate) use self::token::{Kind, Token, Whitespace};

use self::token::Marker;

/// The tokens of a source, and whether they reach its end.
#[derive(Debug)]
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<Token>,
    /// `false` when the engine will refuse the text behind the last token.
    pub(crate) complete: bool,
}

/// The source has text that cannot be a token.
#[derive(Debug, PartialEq, Eq)]
struct Unreadable;

/// Splits a template source into tokens.
#[cfg(test)]
pub(crate) fn lex(source: &str, syntax: &minijinja::syntax::SyntaxConfig) -> Lexed {
    lex_with(source, &Markers::of(syntax))
}

/// Splits a template source into tokens, with delimiters that were read before.
pub(crate) fn lex_with(source: &str, markers: &Markers) -> Lexed {
    let mut lexer = Lexer::new(source, markers);
    let complete = lexer.run().is_ok();
    Lexed { tokens: lexer.tokens, complete }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sentinel {
    Variable,
    Block,
    Line,
}

struct Lexer<'s> {
    source: &'s str,
    markers: &'s Markers,
    at: usize,
    depth: isize,
    strip_leading: bool,
    tokens: Vec<Token>,
}

impl<'s> Lexer<'s> {
    fn new(source: &'s str, markers: &'s Markers) -> Self {
        let mut source = source;
        if !markers.keep_trailing_newline {
            source = source.strip_suffix('\n').unwrap_or(source);
            source = source.strip_suffix('\r').unwrap_or(source);
        }
        Lexer { source, markers, at: 0, depth: 0, strip_leading: false, tokens: Vec::new() }
    }

    fn run(&mut self) -> Result<(), Unreadable> {
        while self.at < self.source.len() {
            self.root()?;
        }
        Ok(())
    }

    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn rest_bytes(&self) -> &'s [u8] {
        &self.source.as_bytes()[self.at..]
    }

    fn push(&mut self, kind: Kind, from: usize) {
        self.tokens.push(Token { kind, span: from..self.at });
    }

    /// Reads text up to the next tag, and the tag.
    fn root(&mut self) -> Result<(), Unreadable> {
        if std::mem::take(&mut self.strip_leading) {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
        }
        let from = self.at;
        let Some(found) = self.markers.find(self.source, from) else {
            self.at = self.source.len();
            self.data(from, self.at);
            return Ok(());
        };
        let lead = &self.source[from..found.at];
        let kept = match found.whitespace {
            Whitespace::Remove => lead.trim_end(),
            Whitespace::Default if self.strips_line(found.marker, found.at) => text::lstrip(lead),
            Whitespace::Default | Whitespace::Preserve => lead,
        };
        self.data(from, from + kept.len());
        self.at = found.at;
        self.tag(found.marker, found.len, from + kept.len())
    }

    fn data(&mut self, from: usize, to: usize) {
        if from < to {
            self.tokens.push(Token { kind: Kind::Data, span: from..to });
        }
    }

    fn strips_line(&self, marker: Marker, at: usize) -> bool {
        if self.markers.lstrip_blocks && marker != Marker::Variable {
            return text::blank_to_line_start(&self.source[..at]);
        }
        matches!(marker, Marker::LineStatement | Marker::LineComment)
    }

    fn tag(&mut self, marker: Marker, len: usize, stripped: usize) -> Result<(), Unreadable> {
        let from = self.at;
        match marker {
            Marker::Comment => self.comment(len),
            Marker::LineComment => {
                let body = &self.rest()[len..];
                let end = body.find(text::is_newline).unwrap_or(body.len());
                self.at += len + end;
                self.at += text::newline(self.rest()).1;
                Ok(())
            }
            Marker::Block => {
                if let Some((end, _)) = text::basic_tag(&self.rest()[len..], "raw", &self.markers.block_end, false) {
                    self.at += len + end;
                    return self.raw();
                }
                self.at += len;
                self.push(Kind::BlockStart, from);
                self.inside(Sentinel::Block)
            }
            Marker::Variable => {
                self.at += len;
                self.push(Kind::VariableStart, from);
                self.inside(Sentinel::Variable)
            }
            Marker::LineStatement => {
                self.at += len;
                self.push(Kind::LineStart, stripped);
                self.inside(Sentinel::Line)
            }
        }
    }

    fn comment(&mut self, len: usize) -> Result<(), Unreadable> {
        let body = &self.rest()[len..];
        let end = body.find(&self.markers.comment_end).ok_or(Unreadable)?;
        // The engine looks one byte before the end marker, be it inside of the comment or not.
        let sign = self.rest_bytes()[len + end.saturating_sub(1)];
        self.at += len + end + self.markers.comment_end.len();
        self.after_tag(Whitespace::of(Some(sign)));
        Ok(())
    }

    fn raw(&mut self) -> Result<(), Unreadable> {
        let from = self.at;
        let mut search = from;
        while let Some(block) = self.source[search..].find(&self.markers.block_start) {
            let inner = search + block + self.markers.block_start.len();
            search = inner;
            let Some((len, closing)) = text::basic_tag(&self.source[inner..], "endraw", &self.markers.block_end, true)
            else {
                continue;
            };
            let end = inner - self.markers.block_start.len();
            self.tokens.push(Token { kind: Kind::Data, span: from..end });
            self.at = inner + len;
            self.after_tag(closing);
            return Ok(());
        }
        Err(Unreadable)
    }

    fn after_tag(&mut self, whitespace: Whitespace) {
        match whitespace {
            Whitespace::Preserve => {}
            Whitespace::Default => self.trim_newline(),
            Whitespace::Remove => self.strip_leading = true,
        }
    }

    fn trim_newline(&mut self) {
        if self.markers.trim_blocks {
            if self.rest_bytes().first() == Some(&b'\r') {
                self.at += 1;
            }
            if self.rest_bytes().first() == Some(&b'\n') {
                self.at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;
