//! What a tag asks for: its arguments, checked.

use std::time::Duration;

use cache_core::{Dependencies, Key, KeyWriter};
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Value};

use super::{extra, timeout};
use crate::error::{Error, ErrorKind};
use crate::queryset::QuerySet;

/// The two kinds of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// Until a change or the end of its time.
    CachedAs,
    /// Until the end of its time.
    Cached,
}

impl Tag {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Tag::CachedAs => "cached_as",
            Tag::Cached => "cached",
        }
    }
}

/// Where a fragment has its place.
#[derive(Clone, Debug)]
pub(super) enum Place<'a> {
    /// The number of a tag, made when its template was read.
    Location(&'a str),
    /// The name that the author gave it.
    Name(String),
}

/// A queryset argument.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rows<'a> {
    Query(&'a QuerySet),
    Table(&'a str),
}

/// A lookup, described by the arguments of a tag.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) tag: Tag,
    pub(super) place: Place<'a>,
    rows: Vec<Rows<'a>>,
    extra: Option<Value>,
    pub(super) timeout: Option<Duration>,
}

/// The keyword arguments of a tag.
#[derive(Debug, Default)]
pub(super) struct Options {
    extra: Option<Value>,
    pub(super) key: Option<String>,
    timeout: Option<Duration>,
    pub(super) caller: Option<Value>,
}

impl Tag {
    fn wrong(self, message: impl std::fmt::Display) -> Error {
        Error::new(ErrorKind::Argument, format!("`{}` {message}", self.word()))
    }

    /// Splits the arguments of a call into positional ones and options.
    pub(super) fn split(self, arguments: &[Value]) -> Result<(&[Value], Options), Error> {
        let Some((last, positional)) = arguments.split_last().filter(|(last, _)| last.is_kwargs()) else {
            return Ok((arguments, Options::default()));
        };
        let mut options = Options::default();
        let kwargs = Kwargs::try_from(last.clone())?;
        for name in kwargs.args() {
            let value: Value = kwargs.peek(name)?;
            match name {
                "extra" => options.extra = Some(value),
                "timeout" => options.timeout = timeout::timeout(&value)?,
                "key" => options.key = Some(self.name(&value)?),
                "caller" => options.caller = Some(value),
                other => {
                    return Err(self.wrong(format_args!("has no option `{other}`, only `timeout`, `extra` and `key`")));
                }
            }
        }
        Ok((positional, options))
    }

    pub(super) fn name(self, value: &Value) -> Result<String, Error> {
        match value.as_str() {
            Some(name) if !name.is_empty() => Ok(name.to_owned()),
            _ => Err(self.wrong(format_args!("needs text as its name, not {value:?}"))),
        }
    }

    fn rows<'a>(self, at: usize, value: &'a Value) -> Result<Rows<'a>, Error> {
        if let Some(queryset) = value.downcast_object_ref::<QuerySet>() {
            return Ok(Rows::Query(queryset));
        }
        match value.as_str() {
            Some(table) if !table.is_empty() => Ok(Rows::Table(table)),
            _ if value.is_undefined() => {
                Err(self.wrong(format_args!("got an undefined queryset as argument {}", at + 1)))
            }
            _ => Err(self.wrong(format_args!(
                "takes querysets and names of tables, but argument {} is of type {}",
                at + 1,
                value.kind()
            ))),
        }
    }
}

impl<'a> Request<'a> {
    pub(super) fn new(tag: Tag, place: Place<'a>, positional: &'a [Value], options: Options) -> Result<Self, Error> {
        match tag {
            Tag::CachedAs if positional.is_empty() => {
                return Err(
                    tag.wrong("needs a queryset or the name of a table; use `cached` for a block that only time ends")
                );
            }
            Tag::Cached if !positional.is_empty() => {
                return Err(tag.wrong(
                    "takes no querysets, only `timeout`, `extra` and `key`; use `cached_as` for a block that changes end",
                ));
            }
            _ => {}
        }
        let rows = positional.iter().enumerate().map(|(at, value)| tag.rows(at, value)).collect::<Result<_, _>>()?;
        Ok(Request { tag, place, rows, extra: options.extra, timeout: options.timeout })
    }

    /// The whole identity of the fragment.
    pub(super) fn key(&self, version: &str, escape: &AutoEscape) -> Result<Key, Error> {
        let mut key = KeyWriter::new();
        key.part("fragment").part(version).part(self.tag.word());
        match &self.place {
            Place::Location(location) => {
                // Without the line: text above the block may come and go.
                let hash = location.split_once('@').map_or(*location, |(hash, _)| hash);
                key.part("at").part(hash)
            }
            Place::Name(name) => key.part("named").part(name),
        };
        match escape {
            AutoEscape::None => key.part("plain"),
            AutoEscape::Html => key.part("html"),
            other => key.part("other").part(&format!("{other:?}")),
        };
        key.part(&self.rows.len());
        for rows in &self.rows {
            match rows {
                Rows::Query(queryset) => {
                    // Of its own, so that whatever an adapter writes ends where it ends.
                    let mut part = KeyWriter::new();
                    queryset.write_key(&mut part);
                    key.part("queryset").bytes(part.finish().as_bytes());
                }
                Rows::Table(table) => {
                    key.part("table").part(*table);
                }
            }
        }
        if let Some(value) = &self.extra {
            extra::write(&mut key, value)?;
        }
        Ok(key.finish())
    }

    /// What the fragment depends on, apart from what its body uses.
    pub(super) fn dependencies(&self) -> Dependencies {
        let mut dependencies = match &self.place {
            Place::Location(_) => Dependencies::none(),
            Place::Name(name) => Dependencies::tag(named(name)),
        };
        for rows in &self.rows {
            dependencies = dependencies.union(match rows {
                Rows::Query(queryset) => queryset.dependencies(),
                Rows::Table(table) => Dependencies::table(*table),
            });
        }
        dependencies
    }
}

/// The free tag that a named fragment carries.
pub(super) fn named(name: &str) -> String {
    format!("fragment:{name}")
}
