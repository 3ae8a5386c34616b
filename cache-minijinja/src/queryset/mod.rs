//! Querysets as template values.

mod arguments;
mod failure;
mod memo;
mod object;
mod scalar;

use std::fmt;
use std::sync::Arc;

use cache_core::{Dependencies, KeyWriter};
use minijinja::Value;

use crate::error::Error;

pub(crate) use self::failure::Failures;
pub(crate) use self::object::QuerySet;
pub use self::scalar::scalar;

/// A set of rows that templates may narrow, count and loop over.
///
/// *Who implements it:* an ORM adapter or the application, once per kind of queryset. *Who calls it:* the value
/// that [`queryset`] makes, on the thread that renders.
///
/// * `write_key` and `dependencies` must not touch the database: they run on every lookup of a fragment.
/// * Equal keys promise equal rows as long as nothing changes: whatever narrows, orders or cuts the set belongs
///   into the key, and so does the kind of queryset.
/// * `dependencies` must cover every row whose change could alter the result, of every method.
/// * `filter`, `exclude` and `order_by` should accept an explicit list of fields: their names come from templates.
/// * `fetch`, `count` and `exists` run queries and are synchronous; an async ORM answers them with
///   `block_on` in templates that are rendered by `Fragments::render_blocking` (feature `tokio`).
///
/// ```
/// use std::sync::Arc;
/// use cache_core::{column, Dependencies, KeyWriter};
/// use cache_minijinja::{queryset, Error, TemplateQuery};
/// use minijinja::{context, Environment, Value};
///
/// #[derive(Debug, Clone)]
/// struct Articles { category: Option<i64> }
///
/// impl TemplateQuery for Articles {
///     fn filter(&self, conditions: &[(&str, Value)]) -> Result<Arc<dyn TemplateQuery>, Error> {
///         let mut narrowed = self.clone();
///         for (field, value) in conditions {
///             match *field {
///                 "category" => narrowed.category = value.as_i64(),
///                 other => return Err(Error::unknown_field(other, &["category"])),
///             }
///         }
///         Ok(Arc::new(narrowed))
///     }
///     fn write_key(&self, key: &mut KeyWriter) {
///         key.part("articles");
///         key.part(&self.category);
///     }
///     fn dependencies(&self) -> Dependencies {
///         match self.category {
///             Some(id) => Dependencies::on("article", column("category_id").eq(id)),
///             None => Dependencies::table("article"),
///         }
///     }
///     fn fetch(&self) -> Result<Vec<Value>, Error> {
///         Ok(vec![context! { title => "from the database" }])
///     }
/// }
///
/// let env = Environment::new();
/// let html = env.render_str(
///     "{% for a in articles.filter(category=3) %}{{ a.title }}{% endfor %}",
///     context! { articles => queryset(Articles { category: None }) },
/// )?;
/// assert_eq!(html, "from the database");
/// # Ok::<(), minijinja::Error>(())
/// ```
pub trait TemplateQuery: fmt::Debug + Send + Sync + 'static {
    /// The rows that satisfy all conditions.
    ///
    /// # Errors
    ///
    /// When a field is not offered or a value does not fit it.
    fn filter(&self, conditions: &[(&str, Value)]) -> Result<Arc<dyn TemplateQuery>, Error>;

    /// The rows that do not satisfy all of the conditions together.
    ///
    /// # Errors
    ///
    /// As [`filter`](TemplateQuery::filter); by default always.
    fn exclude(&self, conditions: &[(&str, Value)]) -> Result<Arc<dyn TemplateQuery>, Error> {
        let _ = conditions;
        Err(Error::unsupported("exclude"))
    }

    /// The same rows in another order; a field with a leading `-` descends.
    ///
    /// # Errors
    ///
    /// When a field is not offered; by default always.
    fn order_by(&self, fields: &[&str]) -> Result<Arc<dyn TemplateQuery>, Error> {
        let _ = fields;
        Err(Error::unsupported("order_by"))
    }

    /// At most that many of the rows.
    ///
    /// # Errors
    ///
    /// By default always.
    fn limit(&self, rows: u64) -> Result<Arc<dyn TemplateQuery>, Error> {
        let _ = rows;
        Err(Error::unsupported("limit"))
    }

    /// Writes what tells this queryset from every other. No query.
    fn write_key(&self, key: &mut KeyWriter);

    /// What the result depends on. No query.
    fn dependencies(&self) -> Dependencies;

    /// The rows, as values that a template can use.
    ///
    /// # Errors
    ///
    /// When the query fails.
    fn fetch(&self) -> Result<Vec<Value>, Error>;

    /// How many rows there are.
    ///
    /// # Errors
    ///
    /// When the query fails.
    fn count(&self) -> Result<usize, Error> {
        self.fetch().map(|rows| rows.len())
    }

    /// Whether there is any row.
    ///
    /// # Errors
    ///
    /// When the query fails.
    fn exists(&self) -> Result<bool, Error> {
        self.count().map(|rows| rows > 0)
    }
}

impl<Q: TemplateQuery + ?Sized> TemplateQuery for Arc<Q> {
    fn filter(&self, conditions: &[(&str, Value)]) -> Result<Arc<dyn TemplateQuery>, Error> {
        Q::filter(self, conditions)
    }

    fn exclude(&self, conditions: &[(&str, Value)]) -> Result<Arc<dyn TemplateQuery>, Error> {
        Q::exclude(self, conditions)
    }

    fn order_by(&self, fields: &[&str]) -> Result<Arc<dyn TemplateQuery>, Error> {
        Q::order_by(self, fields)
    }

    fn limit(&self, rows: u64) -> Result<Arc<dyn TemplateQuery>, Error> {
        Q::limit(self, rows)
    }

    fn write_key(&self, key: &mut KeyWriter) {
        Q::write_key(self, key);
    }

    fn dependencies(&self) -> Dependencies {
        Q::dependencies(self)
    }

    fn fetch(&self) -> Result<Vec<Value>, Error> {
        Q::fetch(self)
    }

    fn count(&self) -> Result<usize, Error> {
        Q::count(self)
    }

    fn exists(&self) -> Result<bool, Error> {
        Q::exists(self)
    }
}

/// Makes a queryset usable in templates.
///
/// The value has the methods `filter(field=value)`, `exclude(field=value)`, `order_by("a", "-b")`, `limit(10)`,
/// `all()`, `count()` and `exists()`; it can be looped over, counted with `|length`, tested with `if` and given to
/// `{% cached_as %}`. Nothing runs before the rows are needed. What a method returns keeps its rows, so that
/// `{% set recent = articles.limit(5) %}` runs one query however often it is used; the value itself does not,
/// and may therefore live as long as the environment.
///
/// A query that fails is an error of the template. Where the engine has no way to report it (`{% if articles %}`),
/// a cached block around it fails instead of being stored.
pub fn queryset(query: impl TemplateQuery) -> Value {
    Value::from_object(QuerySet::root(Arc::new(query)))
}
