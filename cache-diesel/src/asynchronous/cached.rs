//! `.cached(&cache)`: one query, cached.

use std::sync::Arc;

use cache_core::Cache;
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

/// The ways to end a [`Cached`] query on a connection of `diesel-async`; see [`RunCached`](crate::RunCached).
pub trait RunCachedAsync<Conn>: Sized + Send {
    /// The query inside.
    type Query: Send;

    #[doc(hidden)]
    fn apart(self) -> (Self::Query, Cache, Options);

    /// All rows.
    ///
    /// # Errors
    ///
    /// What Diesel answers on a miss.
    fn load<'query, U>(self, conn: &mut Conn) -> impl Future<Output = QueryResult<Vec<U>>> + Send
    where
        Conn: AsyncSource,
        Self::Query: AsQuery,
        Sent<Self::Query>:
            methods::LoadQuery<'query, Conn, U> + QueryFragment<<Conn as AsyncConnectionCore>::Backend> + Send + 'query,
        U: Clone + Send + Sync + 'static,
    {
        let rows = self.load_shared(conn);
        async move { rows.await.map(|rows| Vec::clone(&rows)) }
    }

    /// All rows, shared with the cache instead of cloned out of it.
    ///
    /// # Errors
    ///
    /// As [`RunCachedAsync::load`].
    fn load_shared<'query, U>(self, conn: &mut Conn) -> impl Future<Output = QueryResult<Arc<Vec<U>>>> + Send
    where
        Conn: AsyncSource,
        Self::Query: AsQuery,
        Sent<Self::Query>:
            methods::LoadQuery<'query, Conn, U> + QueryFragment<<Conn as AsyncConnectionCore>::Backend> + Send + 'query,
        U: Clone + Send + Sync + 'static,
    {
        let (query, cache, options) = self.apart();
        let query = query.as_query();
        async move { all(query, &cache, &options, conn).await }
    }

    /// The first row of the result.
    ///
    /// # Errors
    ///
    /// [`NotFound`](diesel::result::Error::NotFound) when there is none, which is cached, too; else as [`RunCachedAsync::load`].
    fn get_result<'query, U>(self, conn: &mut Conn) -> impl Future<Output = QueryResult<U>> + Send
    where
        Conn: AsyncSource,
        Self::Query: AsQuery,
        Sent<Self::Query>:
            methods::LoadQuery<'query, Conn, U> + QueryFragment<<Conn as AsyncConnectionCore>::Backend> + Send + 'query,
        U: Clone + Send + Sync + 'static,
    {
        let (query, cache, options) = self.apart();
        let query = query.as_query();
        async move { one(query, &cache, &options, Asked::One, conn).await }
    }

    /// The first row; the query is asked for one row only.
    ///
    /// # Errors
    ///
    /// As [`RunCachedAsync::get_result`].
    fn first<'query, U>(self, conn: &mut Conn) -> impl Future<Output = QueryResult<U>> + Send
    where
        Conn: AsyncSource,
        Self::Query: LimitDsl,
        Limit<Self::Query>: AsQuery,
        Sent<Limit<Self::Query>>:
            methods::LoadQuery<'query, Conn, U> + QueryFragment<<Conn as AsyncConnectionCore>::Backend> + Send + 'query,
        U: Clone + Send + Sync + 'static,
    {
        let (query, cache, options) = self.apart();
        let query = query.limit(1).as_query();
        async move { one(query, &cache, &options, Asked::One, conn).await }
    }

    /// The number of rows.
    ///
    /// # Errors
    ///
    /// As [`RunCachedAsync::load`].
    fn count<'query>(self, conn: &mut Conn) -> impl Future<Output = QueryResult<i64>> + Send
    where
        Conn: AsyncSource,
        Self::Query: SelectDsl<count_star>,
        Select<Self::Query, count_star>: AsQuery,
        Sent<Select<Self::Query, count_star>>: methods::LoadQuery<'query, Conn, i64>
            + QueryFragment<<Conn as AsyncConnectionCore>::Backend>
            + Send
            + 'query,
    {
        let (query, cache, options) = self.apart();
        let query = query.select(diesel::dsl::count_star()).as_query();
        async move { one(query, &cache, &options, Asked::Count, conn).await }
    }
}

impl<Q: Send, Conn> RunCachedAsync<Conn> for Cached<'_, Q> {
    type Query = Q;

    fn apart(self) -> (Q, Cache, Options) {
        (self.query, self.cache.clone(), self.options)
    }
}
