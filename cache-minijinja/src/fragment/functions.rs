//! The functions and the filter that the engine calls.

use std::sync::Arc;

use minijinja::value::Object;
use minijinja::{State, Value};

use super::request::{Place, Request, Tag};
use super::runtime::{Held, Runtime};
use crate::error::{Error, ErrorKind};

/// Begins a block of a rewritten template: word and location, then the author's arguments.
#[derive(Debug)]
pub(super) struct BeginBlock(pub(super) Arc<Runtime>);

impl Object for BeginBlock {
    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, arguments: &[Value]) -> Result<Value, minijinja::Error> {
        let held = self.begin(state, arguments)?;
        Ok(Value::from_object(held))
    }
}

impl BeginBlock {
    fn begin(&self, state: &mut State<'_, '_>, arguments: &[Value]) -> Result<Held, Error> {
        let [word, location, arguments @ ..] = arguments else {
            return Err(by_hand());
        };
        let tag = match word.as_str() {
            Some("cached_as") => Tag::CachedAs,
            Some("cached") => Tag::Cached,
            _ => return Err(by_hand()),
        };
        let (positional, mut options) = tag.split(arguments)?;
        if options.caller.is_some() {
            return Err(by_hand());
        }
        let place = match options.key.take() {
            Some(name) => Place::Name(name),
            None => match location.as_str() {
                Some("") => return Err(anonymous(tag)),
                Some(location) => Place::Location(location),
                None => return Err(by_hand()),
            },
        };
        self.0.begin(state, Request::new(tag, place, positional, options)?)
    }
}

fn anonymous(tag: Tag) -> Error {
    let word = tag.word();
    Error::new(
        ErrorKind::Argument,
        format!("`{word}` needs a `key` here: its template has no name, and equal blocks of others would be the same"),
    )
}

fn by_hand() -> Error {
    Error::new(ErrorKind::Argument, "this function belongs to the cached tags and cannot be called by hand")
}

/// Ends a block of a rewritten template.
pub(super) fn put(state: &mut State<'_, '_>, body: Value, held: Value) -> Result<Value, minijinja::Error> {
    match held.downcast_object_ref::<Held>() {
        Some(held) => Runtime::put(state, held, &body)?,
        None => return Err(by_hand().into()),
    }
    Ok(body)
}

/// `{% call cached_as(queryset, "name") %}` and `{% call cached("name") %}`.
#[derive(Debug)]
pub(super) struct CallBlock(pub(super) Arc<Runtime>, pub(super) Tag);

impl Object for CallBlock {
    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, arguments: &[Value]) -> Result<Value, minijinja::Error> {
        let CallBlock(runtime, tag) = &**self;
        let (positional, mut options) = tag.split(arguments)?;
        let Some(caller) = options.caller.take() else {
            let word = tag.word();
            return Err(Error::new(
                ErrorKind::Argument,
                format!("`{word}` has no body here: write `{{% call {word}(..) %}}`"),
            )
            .into());
        };
        let (name, positional) = match (options.key.take(), positional.split_last()) {
            (Some(name), _) => (name, positional),
            (None, Some((name, rest))) if name.as_str().is_some() => (tag.name(name)?, rest),
            _ => return Err(nameless(*tag).into()),
        };
        let request = Request::new(*tag, Place::Name(name), positional, options)?;
        let held = runtime.begin(state, request)?;
        if let Held::Hit(body) = &held {
            return Ok(body.clone());
        }
        let body = caller.call(state, &[])?;
        Runtime::put(state, &held, &body)?;
        Ok(body)
    }
}

fn nameless(tag: Tag) -> Error {
    let rows = match tag {
        Tag::CachedAs => "articles, ",
        Tag::Cached => "",
    };
    let word = tag.word();
    Error::new(
        ErrorKind::Argument,
        format!(
            "`{word}` needs a name here, which tells it from other blocks: `{{% call {word}({rows}\"sidebar\") %}}`"
        ),
    )
}
