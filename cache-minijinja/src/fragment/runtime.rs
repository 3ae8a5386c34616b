//! Looking up and storing, for both forms of the tags.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use cache_core::{Begin, Cache};
use minijinja::value::Object;
use minijinja::{State, Value};

use super::open::{self, Rendering, Ticket};
use super::reads;
use super::request::{Place, Request, Tag};
use super::text;
use crate::error::{Error, ErrorKind};

/// What a stored text weighs beside its bytes.
const OVERHEAD: usize = 96;

/// Distinct names that events may show; more fragments than that share one.
const NAMES: usize = 1 << 16;

#[derive(Debug)]
pub(crate) struct Runtime {
    pub(super) cache: Cache,
    pub(super) version: Box<str>,
    pub(super) timeout: Option<Duration>,
    pub(super) names: RwLock<HashMap<Box<str>, &'static str>>,
}

/// What a template holds between the beginning and the end of a block.
#[derive(Debug)]
pub(super) enum Held {
    Hit(Value),
    Miss(Ticket),
}

impl Object for Held {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match (key, &**self) {
            ("miss", held) => Some(Value::from(matches!(held, Held::Miss(_)))),
            ("body", Held::Hit(body)) => Some(body.clone()),
            _ => None,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Held::Miss(ticket) = self {
            open::abandon(*ticket);
        }
    }
}

impl Runtime {
    pub(super) fn begin(&self, state: &mut State<'_, '_>, request: Request<'_>) -> Result<Held, Error> {
        let key = request.key(&self.version, state.auto_escape())?;
        Rendering::of(state);
        let begun = self
            .cache
            .entry(key)
            .name(self.name(state, &request.place))
            .ttl(request.timeout.or(self.timeout))
            .codec(text::CODEC)
            .as_of(reads::since(self))
            .depends_on(|| request.dependencies())
            .begin::<Value>();
        let guard = match begun {
            Begin::Hit(body) => return Ok(Held::Hit(body)),
            Begin::Fill(guard) => Some(guard),
            _ => None,
        };
        let ticket = open::push(guard, &self.cache, request.tag == Tag::CachedAs);
        Rendering::of(state).opened(ticket);
        Ok(Held::Miss(ticket))
    }

    /// Ends a block with its text.
    pub(super) fn put(state: &mut State<'_, '_>, held: &Held, body: &Value) -> Result<(), Error> {
        let Held::Miss(ticket) = held else {
            return Ok(());
        };
        Rendering::of(state).closed(*ticket);
        let Some(mut open) = open::close(*ticket) else {
            return Ok(());
        };
        if let Some(failure) = open.failed_query() {
            return Err(Error::new(
                ErrorKind::Query,
                format!("a query inside of this cached block failed, so it is not stored: {failure}"),
            ));
        }
        if let Some(guard) = open.guard() {
            let weight = body.as_str().map_or(0, str::len) + OVERHEAD;
            guard.store(body, weight as u64);
        }
        Ok(())
    }

    fn name(&self, state: &State<'_, '_>, place: &Place<'_>) -> &'static str {
        let text = match place {
            Place::Location(location) => location,
            Place::Name(name) => name.as_str(),
        };
        let known = self.names.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = known.get(text) {
            return name;
        }
        let full = known.len() >= NAMES;
        drop(known);
        if full {
            return "fragment";
        }
        let name = match place {
            Place::Location(location) => {
                let line = location.split_once('@').map_or("?", |(_, line)| line);
                format!("{}:{line}", state.name())
            }
            Place::Name(name) => name.clone(),
        };
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        names.entry(text.into()).or_insert_with(|| name.leak())
    }
}
