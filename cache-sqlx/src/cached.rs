//! `.cached(&cache)` and `.auto(&cache)`: one query, cached.

use std::sync::Arc;
use std::time::Duration;

use cache_core::{Cache, CacheKey, Codec, Key, KeyWriter, Operation, ShallowWeight, WeighValue};
use cache_sql::adapter::{Asked, Lookup, Options};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Error;

use crate::backend::Backend;
use crate::query::QueryAs;
use crate::source::{At, Source};

/// A query with its caching options; made by [`QueryAs::cached`] or [`QueryAs::auto`].
///
/// The key is the text with its binds, the type of the result, and `extra`. What the result depends on is found in the
/// text, on a miss only. Decoded values are kept: a hit decodes nothing, and changing a returned value does not
/// change the kept one. Locking reads, and queries that depend on the time or on chance, are run every time, and so is
/// what does more than read.
///
/// With a store that processes share, results stay in the memory of this process, as fresh as what is shared, unless
/// [`encoded`](Cached::encoded) is said.
#[derive(Debug)]
#[must_use = "end it with `fetch_all`, `fetch_one` or `fetch_optional`"]
pub struct Cached<'c, DB: Backend, T, W = ShallowWeight> {
    query: QueryAs<DB, T>,
    cache: &'c Cache,
    options: Options,
    weigh: W,
    codecs: Codecs,
}

/// Those of all rows, and of the first one.
#[derive(Clone, Copy, Debug, Default)]
struct Codecs {
    all: Option<Codec>,
    one: Option<Codec>,
}

impl<'c, DB: Backend, T> Cached<'c, DB, T> {
    pub(crate) fn by_hand(query: QueryAs<DB, T>, cache: &'c Cache) -> Self {
        Cached { query, cache, options: Options::new(), weigh: ShallowWeight, codecs: Codecs::default() }
    }

    pub(crate) fn automatic(query: QueryAs<DB, T>, cache: &'c Cache) -> Self {
        Cached { query, cache, options: Options::new().auto(), weigh: ShallowWeight, codecs: Codecs::default() }
    }
}

impl<'c, DB: Backend, T, W> Cached<'c, DB, T, W> {
    /// Weighs each row by this function instead of by the size of its type: in bytes, with the row itself and what it owns.
    ///
    /// A cache is bounded in bytes, and nobody else knows what rows own. For a row that is [`cache_core::Weigh`] the
    /// function is that trait's own.
    ///
    /// ```
    /// # use cache_core::{Cache, Weigh};
    /// # use cache_sqlx::prelude::*;
    /// # use sqlx::SqlitePool;
    /// #[derive(Clone, sqlx::FromRow)]
    /// struct Article {
    ///     id: i64,
    ///     body: String,
    /// }
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let cache = Cache::in_memory();
    /// # let db = CachedPool::new(SqlitePool::connect("sqlite::memory:").await?, &cache);
    /// # cache_sqlx::query("CREATE TABLE article (id INTEGER PRIMARY KEY, body TEXT)").execute(&db).await?;
    /// let articles = cache_sqlx::query_as::<_, Article>("SELECT id, body FROM article").cached(&cache);
    /// articles.weigh(|row| (size_of::<Article>() + row.body.capacity()) as u64).fetch_all(&db).await?;
    ///
    /// let bodies = cache_sqlx::query_scalar::<_, String>("SELECT body FROM article").cached(&cache);
    /// bodies.weigh(Weigh::weigh).fetch_all(&db).await?;
    /// # Ok::<_, sqlx::Error>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn weigh<F: Fn(&T) -> u64>(self, weigh: F) -> Cached<'c, DB, T, F> {
        Cached { query: self.query, cache: self.cache, options: self.options, weigh, codecs: self.codecs }
    }

    /// Keeps the result in a store that processes share, too, by way of serde. What serde leaves out of it comes back as its default.
    pub fn encoded(mut self) -> Self
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        self.codecs = Codecs { all: Some(Codec::serde::<Arc<Vec<T>>>()), one: Some(Codec::serde::<Option<T>>()) };
        self
    }

    /// Keeps the result no longer than this, whatever a profile says.
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

    /// Caches these operations only; others are asked of the database each time.
    pub fn ops(mut self, operations: impl IntoIterator<Item = Operation>) -> Self {
        self.options = self.options.operations(operations);
        self
    }

    /// Asks the database each time, for code that is handed a cached query.
    ///
    /// What is being cached around it depends on what it reads all the same.
    pub fn nocache(mut self) -> Self {
        self.options = self.options.uncached();
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

impl<DB, T, W> Cached<'_, DB, T, W>
where
    DB: Backend,
    T: Clone + Send + Sync + 'static,
    W: WeighValue<T>,
{
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
        let codec = self.codecs.all;
        self.run(db, key, Asked::Rows, codec, weigh_rows, Arc::new).await
    }

    /// The first row; that there is none is cached, too.
    ///
    /// # Errors
    ///
    /// As [`Cached::fetch_all`].
    pub async fn fetch_optional<'a, S: Source<'a, Database = DB>>(self, db: S) -> Result<Option<T>, Error> {
        let key = self.key::<Option<T>>("one");
        let codec = self.codecs.one;
        self.run(db, key, Asked::One, codec, weigh_row, |rows| rows.into_iter().next()).await
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
        asked: Asked,
        codec: Option<Codec>,
        weigh: fn(&W, &R) -> u64,
        gather: fn(Vec<T>) -> R,
    ) -> Result<R, Error>
    where
        S: Source<'a, Database = DB>,
        R: Clone + Send + Sync + 'static,
    {
        let Cached { query: QueryAs { bound, decode, .. }, cache, options, weigh: one, .. } = self;
        let mut seat = db.seat();
        let database = seat.session.database().clone();
        let (text, parcel) = bound.split();
        let sql = text.sql.as_str();
        // Two callers who write must not share one execution.
        let writes = !starts_as_read(sql) && !database.only_reads(sql);
        if !writes {
            seat.learn(cache, &options).await;
        }
        let at = At::of(&seat);
        let admission = seat.session.admit(cache, &options, asked, sql);
        let work = || async {
            let rows = seat.look(parcel.sent(&text), text.binds::<DB>(), asked == Asked::Rows).await?;
            rows.iter().map(decode).collect::<Result<_, _>>().map(gather)
        };
        if writes {
            return work().await;
        }
        let dependencies = || database.dependencies(sql, &text.binds::<DB>());
        let lookup = Lookup::new(cache, &options, key).admitted(admission).codec(codec);
        lookup.run_async(&at, |result| weigh(&one, result), dependencies, work).await
    }
}

fn weigh_rows<T, W: WeighValue<T>>(one: &W, rows: &Arc<Vec<T>>) -> u64 {
    let spare = (rows.capacity() - rows.len()) * size_of::<T>();
    (size_of::<Vec<T>>() + spare) as u64 + rows.iter().map(|row| one.weigh_value(row)).sum::<u64>()
}

fn weigh_row<T, W: WeighValue<T>>(one: &W, row: &Option<T>) -> u64 {
    row.as_ref().map_or(size_of::<Option<T>>() as u64, |row| one.weigh_value(row))
}

/// Whether a text starts with `SELECT`, as nearly all do that only read.
fn starts_as_read(sql: &str) -> bool {
    sql.trim_ascii_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"))
}
