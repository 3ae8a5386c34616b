//! Which blocks are open, and what may not stand inside of a cached one.

use std::fmt;

use crate::lexer::{Kind, Token};

use super::tag::Tag;

/// A block that is open.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) word: &'static str,
    pub(super) at: usize,
    /// The place of its replacement, for the two cached tags.
    pub(super) edit: Option<usize>,
    /// Behind the `else` of a `for`.
    after_else: bool,
}

impl Open {
    pub(super) fn new(word: &'static str, at: usize, edit: Option<usize>) -> Self {
        Open { word, at, edit, after_else: false }
    }

    pub(super) fn is_cached(&self) -> bool {
        self.edit.is_some()
    }
}

/// What the rules say about a tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The engine will refuse the template here, and explains it better.
    Foreign,
    /// A rule of the cached tags is broken; the parts make the message.
    Broken(Vec<Part>),
}

/// A piece of a message: words, or the line of a position.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Line(usize),
}

/// Joins words and positions into a message.
pub(super) fn broken(parts: impl IntoIterator<Item = Part>) -> Fault {
    Fault::Broken(parts.into_iter().collect())
}

pub(super) fn text(words: impl fmt::Display) -> Part {
    Part::Text(words.to_string())
}

/// The blocks that are open at some point of a template.
#[derive(Debug, Default)]
pub(super) struct Nesting {
    pub(super) stack: Vec<Open>,
    /// The first `self` inside of a macro.
    pub(super) self_in_macro: Option<usize>,
}

const BLOCKS: [&str; 9] = ["for", "if", "with", "autoescape", "filter", "macro", "call", "block", "set"];

impl Nesting {
    pub(super) fn cached(&self) -> Option<&Open> {
        self.stack.iter().rev().find(|open| open.is_cached())
    }

    /// Follows a tag that is not one of ours.
    pub(super) fn follow(&mut self, source: &str, tag: Tag<'_>, word: &str) -> Result<(), Fault> {
        match word {
            "block" | "extends" => self.refuse_inheritance(word)?,
            "break" | "continue" => return self.check_jump(word),
            "else" | "elif" => return self.branch(word),
            _ => {}
        }
        if let Some(known) = BLOCKS.into_iter().find(|known| *known == word) {
            if word != "set" || captures(source, tag.inner) {
                self.stack.push(Open::new(known, tag.at(), None));
            }
            return Ok(());
        }
        match word.strip_prefix("end") {
            Some(closed) if BLOCKS.contains(&closed) => self.close(closed),
            _ => Ok(()),
        }
    }

    fn close(&mut self, closed: &str) -> Result<(), Fault> {
        match self.stack.last() {
            Some(top) if top.word == closed => {
                self.stack.pop();
                Ok(())
            }
            Some(top) if top.is_cached() => Err(broken([
                text(format_args!("`end{closed}` stands inside of the `{}` of line ", top.word)),
                Part::Line(top.at),
                text(format_args!(", which is still open: close it with `end{}` first", top.word)),
            ])),
            _ => Err(Fault::Foreign),
        }
    }

    /// An end tag that meets another block than its own.
    pub(super) fn crossing(&self, word: &str, cached: &Open) -> Fault {
        let blocking = self.stack.last().unwrap_or(cached);
        broken([
            text(format_args!("`end{word}` meets the `{}` of line ", blocking.word)),
            Part::Line(blocking.at),
            text(format_args!(", which is still open: close it with `end{}` first", blocking.word)),
        ])
    }

    fn branch(&mut self, word: &str) -> Result<(), Fault> {
        match self.stack.last_mut() {
            Some(top) if top.is_cached() => Err(broken([
                text(format_args!("`{word}` stands inside of the `{}` of line ", top.word)),
                Part::Line(top.at),
                text(format_args!(", which is still open: close it with `end{}` first", top.word)),
            ])),
            Some(top) => {
                top.after_else |= top.word == "for";
                Ok(())
            }
            None => Err(Fault::Foreign),
        }
    }

    fn refuse_inheritance(&self, word: &str) -> Result<(), Fault> {
        let Some(cached) = self.cached() else {
            return Ok(());
        };
        Err(broken([
            text(format_args!("`{word}` cannot stand inside of the `{}` of line ", cached.word)),
            Part::Line(cached.at),
            text(": templates that extend this one would share one stored text; cache inside of the block instead"),
        ]))
    }

    fn check_jump(&self, word: &str) -> Result<(), Fault> {
        for open in self.stack.iter().rev() {
            match open.word {
                "for" if !open.after_else => return Ok(()),
                "macro" | "call" | "block" => return Ok(()),
                _ if open.is_cached() => {
                    return Err(broken([
                        text(format_args!("`{word}` would leave the `{}` of line ", open.word)),
                        Part::Line(open.at),
                        text(": put the loop inside of it, or the decision outside"),
                    ]));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Checks the names of a tag.
    pub(super) fn check_names(&mut self, source: &str, tag: Tag<'_>) -> Result<(), Fault> {
        for (at, token) in tag.inner.iter().enumerate() {
            if token.kind != Kind::Ident {
                continue;
            }
            let name = &source[token.span.clone()];
            if name.starts_with(super::RESERVED) {
                return Err(broken([text(format_args!(
                    "`{name}` is reserved: choose a name that does not start with `{}`",
                    super::RESERVED
                ))]));
            }
            if name != "self" || !is_variable(source, tag.inner, at) {
                continue;
            }
            if let Some(cached) = self.cached() {
                return Err(broken([
                    text(format_args!("`self` cannot be used inside of the `{}` of line ", cached.word)),
                    Part::Line(cached.at),
                    text(
                        ": templates that extend this one would share one stored text; pass it in `extra` or cache inside of the block",
                    ),
                ]));
            }
            if self.stack.iter().any(|open| open.word == "macro") {
                self.self_in_macro.get_or_insert(token.span.start);
            }
        }
        Ok(())
    }
}

/// Whether the name at `at` is looked up, and is neither an attribute nor a keyword.
fn is_variable(source: &str, tokens: &[Token], at: usize) -> bool {
    let sign = |token: &Token| &source[token.span.clone()];
    let attribute = at > 0 && sign(&tokens[at - 1]) == ".";
    let keyword = at > 0 && tokens.get(at + 1).is_some_and(|next| sign(next) == "=");
    !attribute && !keyword
}

/// Whether a `set` captures a body: it has a filter or nothing where an assignment has its `=`.
fn captures(source: &str, tokens: &[Token]) -> bool {
    let mut depth = 0;
    for token in tokens {
        match (token.kind, &source[token.span.clone()]) {
            (Kind::Open, _) => depth += 1,
            (Kind::Close, _) => depth -= 1,
            (Kind::Operator, "=") if depth == 0 => return false,
            (Kind::Operator, "|") if depth == 0 => return true,
            _ => {}
        }
    }
    true
}
