//! The wrapped connection.

use std::fmt;

use cache_core::{Cache, CacheId, ReadPoint};
use cache_sql::Bind;
use cache_sql::adapter::{Announcement, Database, Outcome, SchemaRequest, Session};
use diesel::connection::{CacheSize, Instrumentation};
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::{ConnectionError, ConnectionResult, QueryResult};
use diesel::sql_query;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, SimpleAsyncConnection, TransactionManager,
};
use futures::StreamExt;

use super::stream::CachedStream;
use super::watched::{CachedExecute, CachedLoad};
use crate::backend::{CachedBackend, failure, text, violates};

/// A connection of `diesel-async` whose writes invalidate cached results.
///
/// It does what [`CachedConnection`](crate::CachedConnection) does, with these differences:
///
/// - The schema is read when a connection is wrapped, when a transaction begins, after batches, and before cached queries. A plain
///   statement between a definition and the next of those drops more than it has to.
/// - The rows that a write returns are taken to their end before the first of them is handed out.
/// - The changes of a write whose future was dropped are applied at once, and again with the next answer on the connection
///   and when it is closed: the database may carry the write out meanwhile.
pub struct CachedAsyncConnection<C> {
    inner: C,
    session: Session,
    /// The next statement is that of a cached query.
    looks_up: bool,
}

impl<C> CachedAsyncConnection<C>
where
    C: AsyncConnection,
    C::Backend: CachedBackend,
{
    /// Wraps the only connection to a database, so that its writes invalidate results in `cache`.
    pub async fn new(connection: C, cache: &Cache) -> Self {
        Self::with_database(connection, &Database::new(C::Backend::DIALECT, cache)).await
    }

    /// Wraps one of several connections to a database, which share what is known about it.
    ///
    /// # Panics
    ///
    /// When the database was made for another dialect.
    pub async fn with_database(mut connection: C, database: &Database) -> Self {
        assert_eq!(database.dialect(), C::Backend::DIALECT, "the database speaks another dialect than its connection");
        let status = C::TransactionManager::transaction_manager_status_mut(&mut connection);
        let idle = matches!(status.transaction_depth(), Ok(None));
        let session = if idle { Session::connection(database) } else { Session::connection_in_transaction(database) };
        let mut wrapped = CachedAsyncConnection { inner: connection, session, looks_up: false };
        wrapped.read_schema().await;
        wrapped
    }
}

impl<C> CachedAsyncConnection<C> {
    /// What all connections to the same database share.
    pub fn database(&self) -> &Database {
        self.session.database()
    }

    /// The connection inside; what is written through it is not seen.
    pub fn inner_mut(&mut self) -> &mut C {
        &mut self.inner
    }

    /// Gives the connection back.
    pub fn into_inner(self) -> C {
        self.inner
    }

    /// Whether uncommitted changes may be visible to reads through this connection.
    pub fn is_dirty(&self) -> bool {
        self.session.bypass()
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    pub(super) fn looks_up(&mut self, looks_up: bool) {
        self.looks_up = looks_up;
    }
}

impl<C> CachedAsyncConnection<C>
where
    C: AsyncConnectionCore,
    C::Backend: CachedBackend,
{
    /// Reads the schema where it is not known, as after a definition that was not made by a batch.
    pub async fn read_schema(&mut self) {
        self.answer(self.session.wants_schema_to_begin()).await;
    }

    pub(super) async fn prepare(&mut self, sql: &str) {
        self.answer(self.session.wants_schema(sql)).await;
    }

    pub(super) async fn answer(&mut self, request: Option<SchemaRequest>) {
        if let Some(request) = request {
            let rows = self.texts(request.sql()).await;
            request.answer(rows);
        }
    }

    async fn texts(&mut self, sql: &str) -> QueryResult<Vec<Vec<String>>> {
        let mut rows = Box::pin(self.inner.load(sql_query(sql)).await?);
        let mut texts = Vec::new();
        while let Some(row) = rows.next().await {
            texts.push(C::Backend::texts(&row?)?);
        }
        Ok(texts)
    }

    /// Ends the transaction whose COMMIT was refused: `diesel-async` takes one that failed for ended.
    async fn roll_back(&mut self) {
        if self.session.in_transaction() {
            let announcement = self.session.announce("ROLLBACK", Vec::new);
            let result = self.inner.batch_execute("ROLLBACK").await;
            // That it was refused says more than an error here.
            let _ = announcement.over(Outcome::of(&result, violates), None).await;
        }
    }

    fn announce(&mut self, sql: &str, binds: impl FnOnce() -> Vec<Bind>) -> Announcement {
        if std::mem::take(&mut self.looks_up) {
            self.session.announce_lookup(sql)
        } else {
            self.session.announce(sql, binds)
        }
    }
}

impl<C> SimpleAsyncConnection for CachedAsyncConnection<C>
where
    C: AsyncConnectionCore,
    C::Backend: CachedBackend,
{
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.prepare(query).await;
        let mut announcement = self.announce(query, Vec::new);
        if let Err(refused) = announcement.permission().await {
            drop(announcement);
            self.roll_back().await;
            return Err(failure(refused));
        }
        let result = self.inner.batch_execute(query).await;
        let applied = announcement.over(Outcome::of(&result, violates), None).await;
        if !self.session.in_transaction() {
            self.read_schema().await;
        }
        result?;
        applied.map_err(failure)
    }
}

impl<C> AsyncConnectionCore for CachedAsyncConnection<C>
where
    C: AsyncConnectionCore,
    C::Backend: CachedBackend,
    for<'c, 'q> C::Row<'c, 'q>: Send,
{
    type ExecuteFuture<'conn, 'query> = CachedExecute<C::ExecuteFuture<'conn, 'query>>;
    type LoadFuture<'conn, 'query> = CachedLoad<'conn, 'query, C>;
    type Stream<'conn, 'query> = CachedStream<'conn, 'query, C>;
    type Row<'conn, 'query> = C::Row<'conn, 'query>;
    type Backend = C::Backend;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        let query = source.as_query();
        match text::<C::Backend, _>(&query) {
            Ok(sql) => {
                let announcement = self.announce(&sql, || binds::<C::Backend, _>(&query));
                CachedLoad::new(self.inner.load(query), announcement)
            }
            Err(error) => CachedLoad::failed(error),
        }
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        match text::<C::Backend, _>(&source) {
            Ok(sql) => {
                let announcement = self.announce(&sql, || binds::<C::Backend, _>(&source));
                CachedExecute::new(self.inner.execute_returning_count(source), announcement)
            }
            Err(error) => CachedExecute::failed(error),
        }
    }
}

/// Those of a query that cannot be bound may be anything: the statement will fail by itself.
fn binds<DB: CachedBackend, T: QueryFragment<DB>>(source: &T) -> Vec<Bind> {
    DB::binds(source).map(|binds| binds.values).unwrap_or_default()
}

impl<C> AsyncConnection for CachedAsyncConnection<C>
where
    C: AsyncConnection,
    C::Backend: CachedBackend,
    C::TransactionManager: TransactionManager<C, TransactionStateData = AnsiTransactionManager>,
    for<'c, 'q> C::Row<'c, 'q>: Send,
{
    type TransactionManager = AnsiTransactionManager;

    /// Fails: an address does not say which cache the connection invalidates.
    async fn establish(_: &str) -> ConnectionResult<Self> {
        Err(ConnectionError::BadConnection(
            "an address does not say which cache is invalidated: establish the inner connection and wrap it by \
             `CachedAsyncConnection::new`"
                .to_owned(),
        ))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        self.inner.transaction_state()
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.inner.instrumentation()
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.inner.set_instrumentation(instrumentation);
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.inner.set_prepared_statement_cache_size(size);
    }
}

impl<C> cache_core::Connection for CachedAsyncConnection<C> {
    fn bypass(&self) -> bool {
        self.session.bypass()
    }

    fn read_point(&self) -> Option<ReadPoint> {
        self.session.read_point()
    }

    fn cache_id(&self) -> Option<CacheId> {
        Some(self.session.cache_id())
    }
}

impl<C> fmt::Debug for CachedAsyncConnection<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedAsyncConnection").field("session", &self.session).finish_non_exhaustive()
    }
}
