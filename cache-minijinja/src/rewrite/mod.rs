//! Turns the two cached tags into statements that the engine knows.
//!
//! An opening tag becomes a scope, a branch and a capture on the same line; a closing tag ends them. Everything
//! else of the source stays, so that names, loops, blocks and lines of the body are what they were.

mod emit;
mod location;
mod nesting;
mod tag;

use std::borrow::Cow;
use std::ops::Range;

use minijinja::syntax::SyntaxConfig;

use crate::error::{Error, ErrorKind};
use crate::lexer::{Lexed, Markers, lex_with};

use self::emit::{Edit, Emit};
use self::location::Locations;
use self::nesting::{Fault, Nesting, Open, Part, broken, text};
use self::tag::Tag;

/// The function that looks a fragment up.
pub(crate) const BEGIN: &str = "__cached_begin";
/// The filter that stores a body.
pub(crate) const PUT: &str = "__cached_put";
/// The variable that holds the lookup's outcome.
const HELD: &str = "__cached";
/// No name of a template may start like this.
const RESERVED: &str = "__cached";

/// Rewrites a template source; one without cached tags is returned as it is.
pub(crate) fn rewrite<'s>(template: &str, source: &'s str, syntax: &SyntaxConfig) -> Result<Cow<'s, str>, Error> {
    if !source.contains("cached") {
        return Ok(Cow::Borrowed(source));
    }
    let markers = Markers::of(syntax);
    let lexed = lex_with(source, &markers);
    let edits = match Rewriter::new(template, source, &markers).run(&lexed) {
        Ok(edits) => edits,
        Err((at, parts)) => return Err(report(template, source, at, parts)),
    };
    if edits.is_empty() {
        return Ok(Cow::Borrowed(source));
    }
    let mut rewritten = String::with_capacity(source.len() + edits.len() * 160);
    let mut copied = 0;
    for edit in edits {
        rewritten += &source[copied..edit.span.start];
        rewritten += &edit.text;
        copied = edit.span.end;
    }
    rewritten += &source[copied..];
    Ok(Cow::Owned(rewritten))
}

fn report(template: &str, source: &str, at: usize, parts: Vec<Part>) -> Error {
    let mut message = String::new();
    for part in parts {
        match part {
            Part::Text(words) => message += &words,
            Part::Line(at) => message += &line(source, at).to_string(),
        }
    }
    Error::at(ErrorKind::Syntax, message, template, line(source, at))
}

fn line(source: &str, at: usize) -> usize {
    1 + source[..at].matches('\n').count()
}

struct Rewriter<'s> {
    template: &'s str,
    source: &'s str,
    emit: Emit<'s>,
    nesting: Nesting,
    locations: Locations,
    edits: Vec<Edit>,
    /// The opening tags that wait for their location.
    openings: Vec<(Tag<'s>, Range<usize>)>,
}

impl<'s> Rewriter<'s> {
    fn new(template: &'s str, source: &'s str, markers: &'s Markers) -> Self {
        Rewriter {
            template,
            source,
            emit: Emit { source, markers },
            nesting: Nesting::default(),
            locations: Locations::default(),
            edits: Vec::new(),
            openings: Vec::new(),
        }
    }

    /// Where the engine will stop reading anyway, the rest is left to it.
    fn run(mut self, lexed: &'s Lexed) -> Result<Vec<Edit>, (usize, Vec<Part>)> {
        for tag in tag::tags(&lexed.tokens) {
            match self.tag(tag, lexed) {
                Ok(()) => {}
                Err(Fault::Foreign) => return Ok(self.edits),
                Err(Fault::Broken(parts)) => return Err((tag.at(), parts)),
            }
        }
        if !lexed.complete {
            return Ok(self.edits);
        }
        if let Some(open) = self.nesting.cached() {
            let mut parts = vec![text(format_args!("`{0}` is never closed: `end{0}` is missing", open.word))];
            if let Some(inner) = self.nesting.stack.last().filter(|top| top.at != open.at) {
                parts.push(text(format_args!(", and so is `end{}` for line ", inner.word)));
                parts.push(Part::Line(inner.at));
            }
            return Err((open.at, parts));
        }
        match self.nesting.self_in_macro {
            Some(at) if !self.edits.is_empty() => Err((
                at,
                vec![text(
                    "`self` cannot be used by a macro of a template that has cached blocks: \
                     templates that extend this one could share one stored text; pass the text to the macro",
                )],
            )),
            _ => Ok(self.edits),
        }
    }

    fn tag(&mut self, tag: Tag<'s>, lexed: &Lexed) -> Result<(), Fault> {
        self.nesting.check_names(self.source, tag)?;
        if tag.is_variable() {
            return tag.end.map(|_| ()).ok_or(Fault::Foreign);
        }
        let Some(name) = tag.name() else {
            return Err(Fault::Foreign);
        };
        let Some(end) = tag.end else {
            let word = &self.source[name.span.clone()];
            let ours = ["cached", "cached_as", "endcached", "endcached_as"].contains(&word);
            return Err(match ours && lexed.complete {
                true => broken([text(format_args!("this `{word}` is not finished"))]),
                false => Fault::Foreign,
            });
        };
        let span = tag.start.span.start..end.span.end;
        match &self.source[name.span.clone()] {
            "cached" => self.open("cached", tag, span),
            "cached_as" => self.open("cached_as", tag, span),
            "endcached" => self.close("cached", tag, span),
            "endcached_as" => self.close("cached_as", tag, span),
            word => self.nesting.follow(self.source, tag, word),
        }
    }

    fn open(&mut self, word: &'static str, tag: Tag<'s>, span: Range<usize>) -> Result<(), Fault> {
        let arguments = tag::arguments(self.source, &tag.inner[1..])
            .ok_or_else(|| broken([text(format_args!("the brackets of this `{word}` do not match"))]))?;
        // Without a location, which needs the text of the whole block.
        let text = self.emit.opening(tag, arguments.clone(), word, "");
        self.nesting.stack.push(Open::new(word, tag.at(), Some(self.edits.len())));
        self.edits.push(Edit { span, text });
        self.openings.push((tag, arguments));
        Ok(())
    }

    fn close(&mut self, word: &'static str, tag: Tag<'s>, span: Range<usize>) -> Result<(), Fault> {
        let Some(cached) = self.nesting.cached() else {
            return Err(broken([text(format_args!("`end{word}` closes nothing: no `{word}` is open here"))]));
        };
        if tag.inner.len() > 1 {
            return Err(broken([text(format_args!("`end{word}` takes no arguments"))]));
        }
        let top = self.nesting.stack.last().filter(|top| top.word == word);
        let Some((at, edit)) = top.and_then(|top| Some((top.at, top.edit?))) else {
            return Err(self.nesting.crossing(word, cached));
        };
        self.nesting.stack.pop();
        let block = &self.source[self.edits[edit].span.start..span.end];
        let line = line(self.source, at);
        let location = match self.template {
            "" | "<string>" => String::new(),
            name => format!("{}@{line}", self.locations.next(name, block)),
        };
        if let Some((opening, arguments)) = self.openings.pop() {
            self.edits[edit].text = self.emit.opening(opening, arguments, word, &location);
        }
        let text = self.emit.closing(tag);
        self.edits.push(Edit { span, text });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
