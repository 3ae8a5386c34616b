//! Queries as querysets: what a result that is made of them depends on.

use cache_core::Dependencies;
use cache_sql::Analyser;

use crate::backend::Backend;
use crate::bound::Text;
use crate::query::{Query, QueryAs};

/// A query as a queryset: it stands for the rows that satisfy its conditions.
///
/// `#[cached_as(query)]` finds it by an ordinary method call. The query has to name its database, because nothing else says
/// it there.
///
/// ```
/// use cache_sqlx::prelude::*;
/// use sqlx::Sqlite;
///
/// let query = cache_sqlx::query_as::<Sqlite, (i64,)>("SELECT id FROM article WHERE category_id = ?").bind(3);
/// assert_eq!(query.dependencies().to_string(), "article: category_id = 3");
/// ```
pub trait Queryset {
    /// What a result that is made of this query depends on.
    fn dependencies(&self) -> Dependencies;
}

impl<DB: Backend> Queryset for Query<DB> {
    fn dependencies(&self) -> Dependencies {
        of::<DB>(&self.bound.text)
    }
}

impl<DB: Backend, T> Queryset for QueryAs<DB, T> {
    fn dependencies(&self) -> Dependencies {
        of::<DB>(&self.bound.text)
    }
}

fn of<DB: Backend>(text: &Text) -> Dependencies {
    Analyser::shared(DB::DIALECT).dependencies(text.sql.as_str(), &text.binds::<DB>())
}
