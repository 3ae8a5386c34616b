//! `.cached(&cache)`: one query, cached.

use std::sync::Arc;
use std::time::Duration;

use cache_core::{Cache, CacheKey, Key, KeyWriter};
use cache_sql::adapter::{Lookup, Options};
use sqlx::Error;

use crate::backend::Backend;
use crate::query::QueryAs;
use crate::source::{At, Source};

/// A query with its caching options; made by [`QueryAs::cached`].
///
/// The key is the text with its binds, the type of the result, and `extra`. What the result depends on is found in the
/// text, on a miss only. Decoded values are kept: a hit decodes nothing, and changing a returned value does not
/// change the kept one. Locking reads, and queries that depend on the time or on chance, are run every time, and so is
/// what does more than read.
#[derive(Debug)]
#[must_use = "end it with `fetch_all`, `fetch_one` or `fetch_optional`"]
pub struct Cached<'c, DB: Backend, T> {
    query: QueryAs<DB, T>,
    cache: &'c Cache,
    options: Options,
}

impl<'c, DB: Backend, T> Cached<'c, DB, T> {
    pub(crate) fn new(query: QueryAs<DB, T>, cache: &'c Cache) -> Self {
        Cached { query, cache, options: Options::new() }
    }

    /// Keeps the result no longer than this.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.options = self.options.ttl(ttl);
        self
    }

    /// Something else that the result depends on, as a part of the key; may be given several times.
    pub fn extra(mut self, extra: impl CacheKey) -> Self {
        self.options = self.options.extra(extra);
        self
    }

    /// Free tags: [`Cache::invalidate_tag`] of one of them drops the result.
    pub fn tags<N: Into<String>>(mut self, tags: impl IntoIterator<Item = N>) -> Self {
        self.options = self.options.tags(tags);
        self
    }

    /// A name for events and traces; not a part of the key.
    pub fn name(mut self, name: &'static str) -> Self {
        self.options = self.options.name(name);
        self
    }

    fn key<R: 'static>(&self, amount: &'static str) -> Key {
        let QueryAs { bound, kind, .. } = &self.query;
        let mut key = KeyWriter::new();
        key.part(*kind).part(amount).part(bound.text.sql.as_str()).bytes(bound.key()).bytes(self.options.key_part());
        Key::of::<R>("sqlx").with(&key.finish())
    }
}

impl<DB: Backend, T: Clone + Send + Sync + 'static> Cached<'_, DB, T> {
    /// All rows.
    ///
    /// # Errors
    ///
    /// What SQLx answers on a miss; errors are not cached.
    pub async fn fetch_all<'a, S: Source<'a, Database = DB>>(self, db: S) -> Result<Vec<T>, Error> {
        self.fetch_all_shared(db).await.map(Arc::unwrap_or_clone)
    }

    /// All rows, shared with the cache instead of cloned out of it.
    ///
    /// # Errors
    ///
    /// As [`Cached::fetch_all`].
    pub async fn fetch_all_shared<'a, S: Source<'a, Database = DB>>(self, db: S) -> Result<Arc<Vec<T>>, Error> {
        let key = self.key::<Arc<Vec<T>>>("all");
        self.run(db, key, true, |rows| size_of_val(&***rows) as u64, Arc::new).await
    }

    /// The first row; that there is none is cached, too.
    ///
    /// # Errors
    ///
    /// As [`Cached::fetch_all`].
    pub async fn fetch_optional<'a, S: Source<'a, Database = DB>>(self, db: S) -> Result<Option<T>, Error> {
        let key = self.key::<Option<T>>("one");
        self.run(db, key, false, |_| size_of::<Option<T>>() as u64, |rows| rows.into_iter().next()).await
    }

    /// The first row, or [`Error::RowNotFound`]; that there is none is cached, too.
    ///
    /// # Errors
    ///
    /// As [`Cached::fetch_all`], and when there is no row.
    pub async fn fetch_one<'a, S: Source<'a, Database = DB>>(self, db: S) -> Result<T, Error> {
        self.fetch_optional(db).await?.ok_or(Error::RowNotFound)
    }

    async fn run<'a, S, R>(
        self,
        db: S,
        key: Key,
        all: bool,
        weigh: fn(&R) -> u64,
        gather: fn(Vec<T>) -> R,
    ) -> Result<R, Error>
    where
        S: Source<'a, Database = DB>,
        R: Clone + Send + Sync + 'static,
    {
        let Cached { query: QueryAs { bound, decode, .. }, cache, options } = self;
        let seat = db.seat();
        let database = seat.session.database().clone();
        let at = At::of(&seat);
        let (text, parcel) = bound.split();
        let work = || async {
            let rows = seat.look(parcel.sent(&text), text.binds::<DB>(), all).await?;
            rows.iter().map(decode).collect::<Result<_, _>>().map(gather)
        };
        // Two callers who write must not share one execution.
        if !starts_as_read(text.sql.as_str()) && !database.only_reads(text.sql.as_str()) {
            return work().await;
        }
        let dependencies = || database.dependencies(text.sql.as_str(), &text.binds::<DB>());
        Lookup::new(cache, &options, key).run_async(&at, weigh, dependencies, work).await
    }
}

/// Whether a text starts with `SELECT`, as nearly all do that only read.
fn starts_as_read(sql: &str) -> bool {
    sql.trim_ascii_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"))
}
