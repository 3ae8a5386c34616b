//! Queries as querysets: what a result that is made of them depends on.

use cache_core::Dependencies;
use cache_sql::Analyser;
use diesel::query_builder::QueryFragment;

use crate::backend::{CachedBackend, text};

/// What a result that is made of `query` depends on.
#[cfg_attr(not(any(feature = "sqlite", feature = "postgres_backend", feature = "mysql_backend")), allow(dead_code))]
pub(crate) fn query<DB: CachedBackend, Q: QueryFragment<DB>>(query: &Q) -> Dependencies {
    let found = text::<DB, Q>(query).and_then(|sql| Ok((sql, DB::binds(query)?)));
    match found {
        Ok((sql, binds)) => Analyser::shared(DB::DIALECT).dependencies(&sql, &binds.values),
        Err(error) => Dependencies::uncacheable(format!("the query could not be rendered: {error}")),
    }
}
