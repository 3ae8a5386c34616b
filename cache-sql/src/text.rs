//! SQL text as a queryset.

use std::borrow::Cow;

use cache_core::Dependencies;

use crate::{Analyser, Bind, Dialect};

/// A text of SQL with its binds, which stands for the rows that it reads.
///
/// A queryset of `#[cached_as]`, for functions that run the text through a library without an adapter of its own.
///
/// ```
/// use cache_core::cached_as;
/// use cache_sql::{Dialect, Text};
///
/// #[cached_as(Text::new(Dialect::Postgres, "SELECT title FROM article WHERE category_id = $1").bind(category))]
/// fn titles(category: i32) -> Vec<String> {
///     vec![format!("as the database tells of {category}")]
/// }
///
/// let text = Text::new(Dialect::Postgres, "SELECT title FROM article WHERE category_id = $1").bind(3);
/// assert_eq!(text.dependencies().to_string(), "article: category_id = 3");
/// titles(3);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Text {
    dialect: Dialect,
    sql: Cow<'static, str>,
    binds: Vec<Bind>,
}

impl Text {
    /// A text without binds. A placeholder that gets none may be anything.
    pub fn new(dialect: Dialect, sql: impl Into<Cow<'static, str>>) -> Self {
        Text { dialect, sql: sql.into(), binds: Vec::new() }
    }

    /// The value of the next placeholder, as the database counts them.
    pub fn bind(mut self, value: impl Into<Bind>) -> Self {
        self.binds.push(value.into());
        self
    }

    /// What its result depends on; not cacheable when it does more than read, or cannot be understood.
    pub fn dependencies(&self) -> Dependencies {
        Analyser::shared(self.dialect).dependencies(&self.sql, &self.binds)
    }
}
