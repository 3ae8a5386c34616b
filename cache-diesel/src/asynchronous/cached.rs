//! `.cached(&cache)`: one query, cached.

use std::sync::Arc;
use std::time::Duration;

use cache_core::{Cache, CacheKey, Codec, Operation};
use cache_sql::adapter::{Asked, Options, SchemaRequest, Session};
use diesel::dsl::{Limit, Select, count_star};
use diesel::query_builder::{AsQuery, QueryFragment};
use diesel::query_dsl::methods::{LimitDsl, SelectDsl};
use diesel::result::QueryResult;
use diesel_async::{AsyncConnectionCore, methods};

use super::ask::{all, one};
use super::connection::CachedAsyncConnection;
use crate::backend::CachedBackend;
use crate::cached::{Cached, Sent};
use crate::kept::{Encoded, InProcess, Keeps};

/// A connection of `diesel-async` that cached queries can be asked on.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not see the writes that would drop a cached result",
    label = "not a `CachedAsyncConnection`",
    note = "wrap the connection: `CachedAsyncConnection::new(connection, &cache).await`"
)]
pub trait AsyncSource: AsyncConnectionCore<Backend: CachedBackend> {
    #[doc(hidden)]
    fn session(&self) -> &Session;

    /// Whether the next statement is that of a cached query.
    #[doc(hidden)]
    fn looks_up(&mut self, looks_up: bool);

    /// Reads the schema where the statement needs it.
    #[doc(hidden)]
    fn prepare(&mut self, sql: &str) -> impl Future<Output = ()> + Send;

    /// Reads the schema where it is wished.
    #[doc(hidden)]
    fn answer(&mut self, request: Option<SchemaRequest>) -> impl Future<Output = ()> + Send;
}

impl<C> AsyncSource for CachedAsyncConnection<C>
where
    C: AsyncConnectionCore,
    C::Backend: CachedBackend,
    for<'c, 'q> C::Row<'c, 'q>: Send,
{
    fn session(&self) -> &Session {
        self.session()
    }

    fn looks_up(&mut self, looks_up: bool) {
        self.looks_up(looks_up);
    }

    async fn prepare(&mut self, sql: &str) {
        CachedAsyncConnection::prepare(self, sql).await;
    }

    async fn answer(&mut self, request: Option<SchemaRequest>) {
        CachedAsyncConnection::answer(self, request).await;
    }
}

/// Adds `.cached(&cache)` and `.auto(&cache)` to Diesel's queries, for connections of `diesel-async`.
pub trait CachedQueryAsync: AsQuery + Sized {
    /// The same query, answered from the cache while nothing that it depends on has changed; see
    /// [`CachedQuery::cached`](crate::CachedQuery::cached).
    fn cached(self, cache: &Cache) -> CachedAsync<'_, Self> {
        CachedAsync(crate::CachedQuery::cached(self, cache))
    }

    /// The same query, cached as far as the profiles of its tables allow; see
    /// [`CachedQuery::auto`](crate::CachedQuery::auto).
    fn auto(self, cache: &Cache) -> CachedAsync<'_, Self> {
        CachedAsync(crate::CachedQuery::auto(self, cache))
    }
}

impl<Q: AsQuery> CachedQueryAsync for Q {}

/// A query with its caching options; made by [`CachedQueryAsync::cached`] or [`CachedQueryAsync::auto`].
///
/// What [`Cached`] says of keys and dependencies holds here. Its ends are methods of its own, because those of a trait
/// would be mistaken for `diesel_async`'s, which has them for every type.
#[derive(Clone, Debug)]
#[must_use = "end it with `load`, `get_result`, `first` or `count`"]
pub struct CachedAsync<'c, Q, K = InProcess>(Cached<'c, Q, K>);

impl<'c, Q, K> CachedAsync<'c, Q, K> {
    /// Keeps the result in a store that processes share, too; see [`Cached::encoded`].
    pub fn encoded(self) -> CachedAsync<'c, Q, Encoded> {
        CachedAsync(self.0.encoded())
    }

    /// Keeps the result no longer than this, whatever a profile says.
    pub fn ttl(self, ttl: Duration) -> Self {
        CachedAsync(self.0.ttl(ttl))
    }

    /// Something else that the result depends on, as a part of the key; may be given several times.
    pub fn extra(self, extra: impl CacheKey) -> Self {
        CachedAsync(self.0.extra(extra))
    }

    /// Free tags: [`Cache::invalidate_tag`] of one of them drops the result.
    pub fn tags<T: Into<String>>(self, tags: impl IntoIterator<Item = T>) -> Self {
        CachedAsync(self.0.tags(tags))
    }

    /// Caches these operations only; others are asked of the database each time.
    pub fn ops(self, operations: impl IntoIterator<Item = Operation>) -> Self {
        CachedAsync(self.0.ops(operations))
    }

    /// Asks the database each time, for code that is handed a cached query.
    pub fn nocache(self) -> Self {
        CachedAsync(self.0.nocache())
    }

    /// A name for events and traces; not a part of the key.
    pub fn name(self, name: &'static str) -> Self {
        CachedAsync(self.0.name(name))
    }

    fn apart(self) -> (Q, Cache, Options) {
        (self.0.query, self.0.cache.clone(), self.0.options)
    }
}

impl<Q: Send, K> CachedAsync<'_, Q, K> {
    /// All rows.
    ///
    /// # Errors
    ///
    /// What Diesel answers on a miss.
    pub fn load<'query, U, Conn>(self, conn: &mut Conn) -> impl Future<Output = QueryResult<Vec<U>>> + Send
    where
        Conn: AsyncSource,
        Q: AsQuery,
        Sent<Q>:
            methods::LoadQuery<'query, Conn, U> + QueryFragment<<Conn as AsyncConnectionCore>::Backend> + Send + 'query,
        U: Clone + Send + Sync + 'static,
        K: Keeps<U>,
    {
        let rows = self.load_shared(conn);
        async move { rows.await.map(|rows| Vec::clone(&rows)) }
    }

    /// All rows, shared with the cache instead of cloned out of it.
    ///
    /// # Errors
    ///
    /// As [`CachedAsync::load`].
    pub fn load_shared<'query, U, Conn>(self, conn: &mut Conn) -> impl Future<Output = QueryResult<Arc<Vec<U>>>> + Send
    where
        Conn: AsyncSource,
        Q: AsQuery,
        Sent<Q>:
            methods::LoadQuery<'query, Conn, U> + QueryFragment<<Conn as AsyncConnectionCore>::Backend> + Send + 'query,
        U: Clone + Send + Sync + 'static,
        K: Keeps<U>,
    {
        let (query, cache, options) = self.apart();
        let query = query.as_query();
        async move { all(query, &cache, &options, K::all(), conn).await }
    }

    /// The first row of the result.
    ///
    /// # Errors
    ///
    /// [`NotFound`](diesel::result::Error::NotFound) when there is none, which is cached, too; else as [`CachedAsync::load`].
    pub fn get_result<'query, U, Conn>(self, conn: &mut Conn) -> impl Future<Output = QueryResult<U>> + Send
    where
        Conn: AsyncSource,
        Q: AsQuery,
        Sent<Q>:
            methods::LoadQuery<'query, Conn, U> + QueryFragment<<Conn as AsyncConnectionCore>::Backend> + Send + 'query,
        U: Clone + Send + Sync + 'static,
        K: Keeps<U>,
    {
        let (query, cache, options) = self.apart();
        let query = query.as_query();
        async move { one(query, &cache, &options, Asked::One, K::one(), conn).await }
    }

    /// The first row; the query is asked for one row only.
    ///
    /// # Errors
    ///
    /// As [`CachedAsync::get_result`].
    pub fn first<'query, U, Conn>(self, conn: &mut Conn) -> impl Future<Output = QueryResult<U>> + Send
    where
        Conn: AsyncSource,
        Q: LimitDsl,
        Limit<Q>: AsQuery,
        Sent<Limit<Q>>:
            methods::LoadQuery<'query, Conn, U> + QueryFragment<<Conn as AsyncConnectionCore>::Backend> + Send + 'query,
        U: Clone + Send + Sync + 'static,
        K: Keeps<U>,
    {
        let (query, cache, options) = self.apart();
        let query = query.limit(1).as_query();
        async move { one(query, &cache, &options, Asked::One, K::one(), conn).await }
    }

    /// The number of rows.
    ///
    /// # Errors
    ///
    /// As [`CachedAsync::load`].
    pub fn count<'query, Conn>(self, conn: &mut Conn) -> impl Future<Output = QueryResult<i64>> + Send
    where
        Conn: AsyncSource,
        Q: SelectDsl<count_star>,
        Select<Q, count_star>: AsQuery,
        Sent<Select<Q, count_star>>: methods::LoadQuery<'query, Conn, i64>
            + QueryFragment<<Conn as AsyncConnectionCore>::Backend>
            + Send
            + 'query,
    {
        let (query, cache, options) = self.apart();
        let query = query.select(diesel::dsl::count_star()).as_query();
        let codec = Some(Codec::serde::<Option<i64>>());
        async move { one(query, &cache, &options, Asked::Count, codec, conn).await }
    }
}
