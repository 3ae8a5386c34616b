//! `.cached(&cache)`: one query, cached.

use std::sync::Arc;
use std::time::Duration;

use cache_core::{Cache, CacheKey, Codec, Operation};
use cache_sql::adapter::Options;
use sea_orm::{DbErr, PaginatorTrait, SelectExt, SelectorTrait};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ask::{Ask, no_statement};
use crate::capture::{Capture, capture};
use crate::codecs::Codecs;
use crate::paginate::CachedPaginator;
use crate::rows::CachedRows;
use crate::selectable::{Fetch, Selectable, SelectableOne};
use crate::source::Source;

/// Adds `.cached(&cache)` and `.auto(&cache)` to SeaORM's queries.
pub trait CachedQuery: Sized {
    /// The same query, answered from the cache while nothing that it depends on has changed.
    ///
    /// Building it does no I/O; end it with [`all`](Cached::all), [`one`](Cached::one),
    /// [`count`](Cached::count), [`exists`](Cached::exists) or [`paginate`](Cached::paginate).
    fn cached(self, cache: &Cache) -> Cached<'_, Self>;

    /// The same query, answered from the cache where the [profiles](cache_core::Profiles) of all its tables allow what it
    /// asks, and for as long as they say; else by the database.
    ///
    /// The operation is told by the end of the query and by its conditions: [`count`](Cached::count) and
    /// [`exists`](Cached::exists) are themselves, rows by their whole primary key are `get`, a select of aggregates only is `aggregate`, and
    /// all else is `fetch`.
    fn auto(self, cache: &Cache) -> Cached<'_, Self>;
}

impl<Q: Selectable> CachedQuery for Q {
    fn cached(self, cache: &Cache) -> Cached<'_, Self> {
        Cached::by_hand(self, cache, Q::codecs())
    }

    fn auto(self, cache: &Cache) -> Cached<'_, Self> {
        Cached::automatic(self, cache, Q::codecs())
    }
}

/// A query with its caching options; made by `.cached(&cache)` or `.auto(&cache)`.
///
/// The key is the SQL text with its binds, the type of the result, and `extra`. What the result depends on
/// is found in the SQL, on a miss only. Rows are kept as decoded models: a hit decodes nothing, and changing
/// a returned model does not change the kept one. Locking reads, and queries that depend on the time or on
/// chance, are run every time.
///
/// In a store that processes share, models, numbers and [`exists`](Cached::exists) are kept as bytes. Other rows, such as partial models,
/// tuples and pairs of models, stay in the memory of this process, as fresh as what is shared, unless [`encoded`](Cached::encoded) is said.
#[derive(Clone, Debug)]
#[must_use = "end it with `all`, `one`, `count`, `exists` or `paginate`"]
pub struct Cached<'c, Q> {
    pub(crate) query: Q,
    pub(crate) cache: &'c Cache,
    pub(crate) options: Options,
    pub(crate) codecs: Codecs,
}

impl<'c, Q> Cached<'c, Q> {
    pub(crate) fn by_hand(query: Q, cache: &'c Cache, codecs: Codecs) -> Self {
        Cached { query, cache, options: Options::new(), codecs }
    }

    pub(crate) fn automatic(query: Q, cache: &'c Cache, codecs: Codecs) -> Self {
        Cached { query, cache, options: Options::new().auto(), codecs }
    }

    pub(crate) fn asking<P>(self, query: P) -> Cached<'c, P> {
        Cached { query, cache: self.cache, options: self.options, codecs: self.codecs }
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
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
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
}

impl<Q: Selectable> Cached<'_, Q>
where
    Q::Row: Serialize + DeserializeOwned,
{
    /// Keeps rows in a shared store by way of serde. What serde leaves out of them comes back as its default.
    pub fn encoded(mut self) -> Self {
        self.codecs = Codecs::of_serde::<Q::Row>();
        self
    }
}

impl<'c, Q: Selectable> Cached<'c, Q> {
    /// All rows.
    ///
    /// # Errors
    ///
    /// What SeaORM answers on a miss; errors are not cached.
    pub async fn all<D: Source>(self, db: &D) -> Result<Vec<Q::Row>, DbErr> {
        self.all_shared(db).await.map(|rows| Vec::clone(&rows))
    }

    /// All rows, shared with the cache instead of cloned out of it.
    ///
    /// # Errors
    ///
    /// As [`Cached::all`].
    pub async fn all_shared<D: Source>(self, db: &D) -> Result<Arc<Vec<Q::Row>>, DbErr> {
        let (statement, fetch) = self.query.prepare(db.backend()).ok_or_else(no_statement)?;
        let ask = Ask { cache: self.cache, options: &self.options, kind: "all", statement, codec: self.codecs.all };
        let work = |statement| async move { fetch.fetch(db, statement).await.map(Arc::new) };
        ask.run(db, weigh_rows::<Q>, Some(Arc::default), work).await
    }
}

impl<Q: Selectable> Cached<'_, Q> {
    /// All rows as a stream.
    ///
    /// SeaORM's own streams are not cached, because nobody knows how much will come. This one collects and keeps the
    /// rows before it gives the first one; it is a stream for code that wants one.
    ///
    /// # Errors
    ///
    /// As [`Cached::all`].
    pub async fn stream<D: Source>(self, db: &D) -> Result<CachedRows<Q::Row>, DbErr> {
        self.all_shared(db).await.map(CachedRows::new)
    }
}

impl<Q: SelectableOne> Cached<'_, Q> {
    /// The first row; that there is none is cached, too.
    ///
    /// # Errors
    ///
    /// As [`Cached::all`].
    pub async fn one<D: Source>(self, db: &D) -> Result<Option<Q::Row>, DbErr> {
        let statement = self.query.prepare_one(db.backend()).ok_or_else(no_statement)?;
        let ask = Ask { cache: self.cache, options: &self.options, kind: "one", statement, codec: self.codecs.one };
        let work =
            |statement| async move { db.row(statement).await?.map(Q::Selector::from_raw_query_result).transpose() };
        ask.run(db, weigh_row::<Q>, Some(|| None), work).await
    }

    /// The first row, or [`DbErr::RecordNotFound`].
    ///
    /// # Errors
    ///
    /// As [`Cached::all`], and when nothing matches.
    pub async fn require_one<D: Source>(self, db: &D) -> Result<Q::Row, DbErr> {
        let missing = || DbErr::RecordNotFound("None of the models match the query".to_owned());
        self.one(db).await?.ok_or_else(missing)
    }
}

impl<Q> Cached<'_, Q>
where
    Q: SelectExt + Send,
{
    /// Whether there is any row.
    ///
    /// # Errors
    ///
    /// As [`Cached::all`].
    pub async fn exists<D: Source>(self, db: &D) -> Result<bool, DbErr> {
        let query = self.query;
        let statement = capture(db.backend(), |capture| query.exists(capture)).ok_or_else(no_statement)?;
        let codec = Some(Codec::serde::<bool>());
        let ask = Ask { cache: self.cache, options: &self.options, kind: "exists", statement, codec };
        let work = |statement| async move { Ok(db.row(statement).await?.is_some()) };
        ask.run(db, |_| 1, Some(|| false), work).await
    }
}

impl<'c, Q> Cached<'c, Q>
where
    Q: PaginatorTrait<'static, Capture> + Send,
{
    /// The number of rows.
    ///
    /// # Errors
    ///
    /// As [`Cached::all`].
    pub async fn count<D: Source>(self, db: &D) -> Result<u64, DbErr> {
        let query = self.query;
        let statement = capture(db.backend(), |capture| query.count(capture)).ok_or_else(no_statement)?;
        let ask = Ask { cache: self.cache, options: &self.options, kind: "count", statement, codec: None };
        ask.number(db).await
    }

    /// Reads page by page; each page, and the number of rows, is cached by itself.
    ///
    /// # Panics
    ///
    /// When `page_size` is 0, as SeaORM does.
    pub fn paginate<'d, D: Source>(self, db: &'d D, page_size: u64) -> CachedPaginator<'d, 'c, D, Q::Selector> {
        CachedPaginator::new(self.query, self.cache, self.options, self.codecs.all, db, page_size)
    }
}

fn weigh_rows<Q: Selectable>(rows: &Arc<Vec<Q::Row>>) -> u64 {
    (size_of::<Vec<Q::Row>>() + rows.iter().map(Q::weigh).sum::<usize>()) as u64
}

fn weigh_row<Q: Selectable>(row: &Option<Q::Row>) -> u64 {
    row.as_ref().map_or(size_of::<Option<Q::Row>>(), Q::weigh) as u64
}
