//! The wrapped connection: it lets every statement through and sees what each one changes.

use std::fmt;

use cache_core::{Cache, CacheId, ReadPoint};
use cache_sql::Bind;
use cache_sql::adapter::{Announcement, Database, Outcome, SchemaRequest, Session};
use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, DefaultLoadingMode, Instrumentation,
    LoadConnection, MultiConnectionHelper, SimpleConnection, TransactionDepthChange, TransactionManager,
    TransactionManagerStatus, WithMetadataLookup,
};
use diesel::expression::QueryMetadata;
use diesel::migration::{CREATE_MIGRATIONS_TABLE, MigrationConnection};
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::result::{ConnectionError, ConnectionResult, Error, QueryResult};
use diesel::sql_types::TypeMetadata;
use diesel::{RunQueryDsl, sql_query};

use crate::backend::{CachedBackend, failure, text, violates};
use crate::cursor::CachedCursor;

/// A connection that can be wrapped: diesel's own ones, and what a pool of them hands out.
pub trait Inner:
    LoadConnection<
        Backend: CachedBackend,
        TransactionManager: TransactionManager<Self, TransactionStateData = AnsiTransactionManager>,
    >
{
}

impl<C> Inner for C
where
    C: LoadConnection,
    C::Backend: CachedBackend,
    C::TransactionManager: TransactionManager<C, TransactionStateData = AnsiTransactionManager>,
{
}

/// A Diesel connection whose writes invalidate cached results.
///
/// Use it wherever Diesel takes a connection.
///
/// - Outside a transaction the changes of a statement are applied as soon as it is over, before its caller gets the
///   answer; also when it failed. A statement whose rows are iterated is over when the iteration ends.
/// - Inside a transaction they are applied after the outermost commit, and dropped by a rollback. An error from COMMIT
///   leaves the outcome open, so the changes are applied.
/// - A transaction that has written bypasses the cache and never fills it. So does one from
///   [`begin_test_transaction`](Connection::begin_test_transaction), which never ends.
///
/// A cache whose store is shared by processes adds two errors, both [`Error::QueryBuilderError`] with a [`cache_core::Error`] inside. One of
/// the kind [`Undelivered`](cache_core::ErrorKind::Undelivered): the write is committed, but could not be told to the store; do not repeat
/// it. And, in [`Mode::Strict`](cache_core::Mode::Strict), one of the kind [`Refused`](cache_core::ErrorKind::Refused): the write could not
/// be told to the store before, and was not made. A transaction is rolled back then; one that was begun as text is left open, and is rolled
/// back as text.
///
/// Writes that do not go through a wrapper are not seen. All connections to one database should share one
/// [`Database`]: see [`CachedConnection::with_database`].
///
/// ```
/// use cache_core::Cache;
/// use cache_diesel::CachedConnection;
/// use diesel::prelude::*;
///
/// let cache = Cache::in_memory();
/// let mut conn = CachedConnection::new(SqliteConnection::establish(":memory:")?, &cache);
/// diesel::sql_query("CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT NOT NULL)").execute(&mut conn)?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct CachedConnection<C> {
    inner: C,
    session: Session,
    /// The next statement is that of a cached query.
    looks_up: bool,
    /// The statement whose rows are being read.
    reading: Option<Announcement>,
}

impl<C: Inner> CachedConnection<C> {
    /// Wraps the only connection to a database, so that its writes invalidate results in `cache`.
    pub fn new(connection: C, cache: &Cache) -> Self {
        Self::with_database(connection, &Database::new(C::Backend::DIALECT, cache))
    }

    /// Wraps one of several connections to a database.
    ///
    /// What they share is the schema: a definition made through one of them is noticed by all.
    ///
    /// # Panics
    ///
    /// When the database was made for another dialect.
    pub fn with_database(mut connection: C, database: &Database) -> Self {
        assert_eq!(database.dialect(), C::Backend::DIALECT, "the database speaks another dialect than its connection");
        let idle = matches!(
            C::TransactionManager::transaction_manager_status_mut(&mut connection).transaction_depth(),
            Ok(None)
        );
        let session = if idle { Session::connection(database) } else { Session::connection_in_transaction(database) };
        CachedConnection { inner: connection, session, looks_up: false, reading: None }
    }
}

impl<C> CachedConnection<C> {
    /// What all connections to the same database share.
    pub fn database(&self) -> &Database {
        self.session.database()
    }

    /// The cache that this connection's writes invalidate.
    pub fn cache(&self) -> &Cache {
        self.session.database().cache()
    }

    /// The connection inside, for what is no statement: functions, collations, notifications.
    ///
    /// What is written through it is not seen, and a transaction that is begun or ended through it confuses this
    /// connection about its own.
    pub fn inner_mut(&mut self) -> &mut C {
        &mut self.inner
    }

    /// Gives the connection back.
    pub fn into_inner(self) -> C {
        self.inner
    }

    /// Reads the schema anew at the next statement that needs it.
    ///
    /// Definitions made through a wrapped connection are noticed. Call this after another process has changed
    /// tables, views or triggers.
    pub fn forget_schema(&self) {
        self.session.database().forget_schema();
    }

    /// Whether uncommitted changes may be visible to reads through this connection.
    pub fn is_dirty(&self) -> bool {
        self.session.bypass()
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn looks_up(&mut self, looks_up: bool) {
        self.looks_up = looks_up;
    }
}

impl<C: Inner> CachedConnection<C> {
    pub(crate) fn answer(&mut self, request: SchemaRequest) {
        let rows = LoadConnection::<DefaultLoadingMode>::load(&mut self.inner, sql_query(request.sql()));
        request.answer(rows.and_then(|rows| rows.map(|row| C::Backend::texts(&row?)).collect()));
    }

    /// Looks at a statement before it runs.
    fn announce(&mut self, sql: &str, binds: impl FnOnce() -> Vec<Bind>) -> Announcement {
        // Rows that were leaked before their end.
        self.reading = None;
        if let Some(request) = self.session.wants_schema(sql) {
            self.answer(request);
        }
        if std::mem::take(&mut self.looks_up) {
            self.session.announce_lookup(sql)
        } else {
            self.session.announce(sql, binds)
        }
    }

    /// Runs a statement that returns no rows.
    pub(crate) fn around<T, E: From<Error>>(
        &mut self,
        sql: &str,
        binds: impl FnOnce() -> Vec<Bind>,
        run: impl FnOnce(&mut C) -> (Outcome, Result<T, E>),
    ) -> Result<T, E> {
        let open = self.has_begun();
        let mut announcement = self.announce(sql, binds);
        announcement.permission().wait().map_err(failure)?;
        let (outcome, result) = run(&mut self.inner);
        let applied = announcement.over(outcome, None).wait();
        self.settle(open, outcome != Outcome::Done);
        let answer = result?;
        if let Err(error) = applied {
            if open && !self.session.in_transaction() {
                self.has_ended();
            }
            return Err(failure(error).into());
        }
        Ok(answer)
    }

    /// Diesel would take an error for one of COMMIT, and roll back what is committed.
    fn has_ended(&mut self) {
        let status = C::TransactionManager::transaction_manager_status_mut(&mut self.inner);
        if let TransactionManagerStatus::Valid(status) = status {
            while status.transaction_depth().is_some() {
                if status.change_transaction_depth(TransactionDepthChange::DecreaseDepth).is_err() {
                    break;
                }
            }
        }
    }

    /// Whether a transaction is open by what the inner connection counts; one that was begun as text is not counted.
    fn has_begun(&mut self) -> bool {
        matches!(
            C::TransactionManager::transaction_manager_status_mut(&mut self.inner).transaction_depth(),
            Ok(Some(_))
        )
    }

    /// A connection that has a transaction closed by an error was told so by the database.
    fn settle(&mut self, open: bool, failed: bool) {
        if open && failed {
            let status = C::TransactionManager::transaction_manager_status_mut(&mut self.inner);
            if matches!(status.transaction_depth(), Ok(None)) {
                // The caller gets the error of the statement, and this one is logged.
                let _ = self.session.settled().wait();
            }
        }
    }
}

impl<C: Inner> SimpleConnection for CachedConnection<C> {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.around(query, Vec::new, |inner| {
            let result = inner.batch_execute(query);
            (Outcome::of(&result, violates), result)
        })
    }
}

impl<C> ConnectionSealed for CachedConnection<C> {}

impl<C: Inner> Connection for CachedConnection<C> {
    type Backend = C::Backend;
    type TransactionManager = AnsiTransactionManager;

    /// Fails: an address does not say which cache the connection invalidates.
    fn establish(_: &str) -> ConnectionResult<Self> {
        Err(ConnectionError::BadConnection(
            "an address does not say which cache is invalidated: establish the inner connection and wrap it by \
             `CachedConnection::new`, or make the pool of a `CachedManager`"
                .to_owned(),
        ))
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Self::Backend> + QueryId,
    {
        let sql = text::<C::Backend, T>(source)?;
        self.around(
            &sql,
            || binds::<C::Backend, T>(source),
            |inner| {
                let result = inner.execute_returning_count(source);
                (Outcome::of(&result, violates), result)
            },
        )
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

impl<C, B> LoadConnection<B> for CachedConnection<C>
where
    C: Inner + LoadConnection<B>,
{
    type Cursor<'conn, 'query>
        = CachedCursor<
        'conn,
        <C as LoadConnection<B>>::Cursor<'conn, 'query>,
        <C as LoadConnection<B>>::Row<'conn, 'query>,
        C::Backend,
    >
    where
        Self: 'conn;

    type Row<'conn, 'query>
        = <C as LoadConnection<B>>::Row<'conn, 'query>
    where
        Self: 'conn;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<Self::Backend> + QueryId + 'query,
        Self::Backend: QueryMetadata<T::SqlType>,
    {
        let sql = text::<C::Backend, T>(&source)?;
        let mut announcement = self.announce(&sql, || binds::<C::Backend, T>(&source));
        announcement.permission().wait().map_err(failure)?;
        match LoadConnection::<B>::load(&mut self.inner, source) {
            Ok(rows) => {
                self.reading = Some(announcement);
                Ok(CachedCursor::new(rows, &mut self.reading))
            }
            Err(error) => {
                let result = Err(error);
                let _ = announcement.over(Outcome::of(&result, violates), None).wait();
                result
            }
        }
    }
}

/// Those of a query that cannot be bound may be anything: the statement will fail by itself.
fn binds<DB: CachedBackend, T: QueryFragment<DB>>(source: &T) -> Vec<Bind> {
    DB::binds(source).map(|binds| binds.values).unwrap_or_default()
}

impl<C: Inner + WithMetadataLookup> WithMetadataLookup for CachedConnection<C> {
    fn metadata_lookup(&mut self) -> &mut <Self::Backend as TypeMetadata>::MetadataLookup {
        self.inner.metadata_lookup()
    }
}

impl<C: Inner + MultiConnectionHelper> MultiConnectionHelper for CachedConnection<C> {
    fn to_any<'a>(lookup: &mut <Self::Backend as TypeMetadata>::MetadataLookup) -> &mut (dyn std::any::Any + 'a) {
        C::to_any(lookup)
    }

    fn from_any(lookup: &mut dyn std::any::Any) -> Option<&mut <Self::Backend as TypeMetadata>::MetadataLookup> {
        C::from_any(lookup)
    }
}

impl<C: Inner + MigrationConnection> MigrationConnection for CachedConnection<C> {
    fn setup(&mut self) -> QueryResult<usize> {
        sql_query(CREATE_MIGRATIONS_TABLE).execute(self)
    }
}

impl<C> cache_core::Connection for CachedConnection<C> {
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

impl<C> fmt::Debug for CachedConnection<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedConnection").field("session", &self.session).finish_non_exhaustive()
    }
}
