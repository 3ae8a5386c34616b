//! The object behind a queryset value.

use std::fmt;
use std::sync::Arc;

use cache_core::{Dependencies, KeyWriter};
use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{State, Value};

use super::memo::Memo;
use super::{Failures, TemplateQuery, arguments};
use crate::error::Error;
use crate::fragment::open::{self, Rendering};
use crate::fragment::reads;

/// A queryset in a template.
#[derive(Debug)]
pub(crate) struct QuerySet {
    query: Arc<dyn TemplateQuery>,
    /// Only for what a template has made: it goes with the render.
    memo: Option<Memo>,
}

impl QuerySet {
    pub(super) fn root(query: Arc<dyn TemplateQuery>) -> Self {
        QuerySet { query, memo: None }
    }

    fn derived(query: Arc<dyn TemplateQuery>) -> Value {
        Value::from_object(QuerySet { query, memo: Some(Memo::default()) })
    }

    pub(crate) fn write_key(&self, key: &mut KeyWriter) {
        self.query.write_key(key);
    }

    pub(crate) fn dependencies(&self) -> Dependencies {
        self.query.dependencies()
    }

    /// Runs a query; the block that is being filled learns first what it will depend on.
    fn run<R>(&self, query: impl FnOnce(&dyn TemplateQuery) -> Result<R, Error>) -> Result<R, Error> {
        reads::reading();
        open::depend(|| self.query.dependencies());
        query(&*self.query).inspect_err(Failures::note)
    }

    fn rows(&self) -> Result<Arc<[Value]>, Error> {
        match &self.memo {
            Some(memo) => memo.rows(|| self.run(|query| query.fetch())),
            None => self.run(|query| query.fetch()).map(Arc::from),
        }
    }

    fn known(&self) -> Option<usize> {
        let rows = self.memo.as_ref()?.recall()?;
        Some(rows.len())
    }

    fn count(&self) -> Result<usize, Error> {
        match self.known() {
            Some(rows) => Ok(rows),
            None => self.run(|query| query.count()),
        }
    }

    fn exists(&self) -> Result<bool, Error> {
        match self.known() {
            Some(rows) => Ok(rows > 0),
            None => self.run(|query| query.exists()),
        }
    }

    fn method(&self, method: &str, args: &[Value]) -> Result<Option<Value>, Error> {
        let narrowed = match method {
            "filter" | "exclude" => {
                let owned = arguments::conditions(method, args)?;
                let conditions: Vec<(&str, Value)> =
                    owned.iter().map(|(field, value)| (field.as_str(), value.clone())).collect();
                match method {
                    "filter" => self.query.filter(&conditions)?,
                    _ => self.query.exclude(&conditions)?,
                }
            }
            "order_by" => self.query.order_by(&arguments::fields(method, args)?)?,
            "limit" => self.query.limit(arguments::rows(method, args)?)?,
            "all" => {
                arguments::none(method, args)?;
                Arc::clone(&self.query)
            }
            "count" => {
                arguments::none(method, args)?;
                return self.count().map(|rows| Some(Value::from(rows)));
            }
            "exists" => {
                arguments::none(method, args)?;
                return self.exists().map(|any| Some(Value::from(any)));
            }
            _ => return Ok(None),
        };
        Ok(Some(QuerySet::derived(narrowed)))
    }
}

impl Object for QuerySet {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.rows() {
            Ok(rows) => Enumerator::Iter(Box::new((0..rows.len()).map(move |at| rows[at].clone()))),
            Err(error) => {
                let invalid = Value::from(minijinja::Error::from(error));
                // Filtered, so that its length is unknown: nobody may count the error as a row.
                Enumerator::Iter(Box::new(std::iter::once(invalid).filter(|_| true)))
            }
        }
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        self.count().ok()
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.exists().unwrap_or(true)
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, minijinja::Error> {
        Rendering::of(state);
        self.method(method, args)?.ok_or_else(|| minijinja::Error::from(minijinja::ErrorKind::UnknownMethod))
    }

    /// Printing a queryset runs no query: it is a mistake, and should not cost one.
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<queryset>")
    }
}
