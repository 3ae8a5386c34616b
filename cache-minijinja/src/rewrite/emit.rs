//! The text that stands in for the tags.

use std::ops::Range;

use crate::lexer::Markers;

use super::tag::Tag;
use super::{BEGIN, HELD, PUT};

/// A stretch of the source and what replaces it.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) span: Range<usize>,
    pub(super) text: String,
}

/// Writes the replacements with the delimiters of one syntax.
#[derive(Debug)]
pub(super) struct Emit<'s> {
    pub(super) source: &'s str,
    pub(super) markers: &'s Markers,
}

impl Emit<'_> {
    /// The opening tag: a scope that holds the lookup, a branch for the miss, a capture for the body.
    pub(super) fn opening(&self, tag: Tag<'_>, arguments: Range<usize>, word: &str, location: &str) -> String {
        let (start, end) = (&self.markers.block_start, &self.markers.block_end);
        let source = self.source;
        let Some((name, last)) = tag.inner.first().zip(tag.inner.last()) else {
            return String::new();
        };
        let mut text = self.head(tag);
        text += &format!("with {HELD} = {BEGIN}(\"{word}\", \"{location}\"");
        if arguments.is_empty() {
            text += ")";
            text += blanks(&source[name.span.end..last.span.end]).as_str();
        } else {
            text += ", ";
            text += &blanks(&source[name.span.end..arguments.start]);
            text += &source[arguments.clone()];
            text += ")";
            text += &blanks(&source[arguments.end..last.span.end]);
        }
        text += &format!(" {end}{start} if {HELD}.miss {end}{start} filter {PUT}({HELD})");
        text += &self.tail(tag);
        text
    }

    /// The closing tag: the end of the capture, the branch for the hit, the end of the scope.
    pub(super) fn closing(&self, tag: Tag<'_>) -> String {
        let (start, end) = (&self.markers.block_start, &self.markers.block_end);
        let (print, done) = (&self.markers.variable_start, &self.markers.variable_end);
        let mut text = self.head(tag);
        text += &format!("endfilter {end}{start} else {end}{print} {HELD}.body {done}");
        text += &format!("{start} endif {end}{start} endwith");
        text += &self.tail(tag);
        text
    }

    /// Everything before the tag's first word: the author's marker, sign and line breaks.
    fn head(&self, tag: Tag<'_>) -> String {
        let name = tag.inner.first().map_or(tag.at(), |name| name.span.start);
        let blanks = &self.source[tag.start.span.end..name];
        if tag.is_line() {
            format!("{}+ {blanks}", self.markers.block_start)
        } else {
            format!("{}{blanks} ", &self.source[tag.start.span.clone()])
        }
    }

    /// Everything behind the tag's last word.
    ///
    /// The line break that ends a line statement moves into the tag, and the sign keeps the next one.
    fn tail(&self, tag: Tag<'_>) -> String {
        let Some(end) = tag.end else {
            return String::new();
        };
        let last = tag.inner.last().map_or(tag.at(), |last| last.span.end);
        let blanks = &self.source[last..end.span.start];
        let close = &self.source[end.span.clone()];
        if tag.is_line() { format!("{blanks}{close} +{}", self.markers.block_end) } else { format!("{blanks} {close}") }
    }
}

/// The whitespace of a stretch that also holds parentheses which are dropped.
fn blanks(text: &str) -> String {
    text.chars().filter(|c| c.is_whitespace()).collect()
}
