//! The wrapped connection: it lets every statement through and sees what each one changes.

use std::any::Any;
use std::fmt;

use cache_core::{Cache, CacheId, Error, ErrorKind, ReadPoint};
use cache_sql::adapter::detached::Detached;
use cache_sql::adapter::{Announcement, Applying, Database, Outcome, SchemaRequest, Session};
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::sea_query::Values;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseConnectionType, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    TransactionSession, TransactionTrait,
};

use crate::analysis;
use crate::exact::{self, Begin, texts};
use crate::outbox::Board;
use crate::returned::Answer;

/// A SeaORM connection, pool or transaction whose writes invalidate cached results.
///
/// Use it wherever SeaORM takes a connection: it implements [`ConnectionTrait`],
/// [`TransactionTrait`](sea_orm::TransactionTrait) and [`StreamTrait`](sea_orm::StreamTrait).
///
/// - Outside a transaction the changes of a statement are applied as soon as it is over, before its caller
///   gets the answer; also when it failed, and when its caller has gone away. A write that was begun is
///   carried to its end in the background when its future is dropped.
/// - Inside a transaction they are applied after the outermost commit, and dropped by a rollback. An error
///   from COMMIT leaves the outcome open, so the changes are applied.
/// - A transaction that has written bypasses the cache and never fills it.
///
/// A cache whose store is shared by processes adds two errors, both [`DbErr::Custom`]. A write that is committed but could not be told
/// to the store, whose message begins with "the write is committed": do not repeat it. And, in [`Mode::Strict`](cache_core::Mode::Strict),
/// one that could not be told to the store before, and was not made: outside of a transaction the statement is not run, and a transaction
/// is rolled back.
///
/// Writes that do not go through the wrapper are not seen: keep the inner connection to yourself.
///
/// ```
/// use cache_core::Cache;
/// use cache_sea_orm::CachedConnection;
/// use sea_orm::{ConnectionTrait, Database};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let cache = Cache::in_memory();
/// let db = CachedConnection::new(Database::connect("sqlite::memory:").await?, &cache);
/// db.execute_unprepared("CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT)").await?;
/// # Ok::<_, sea_orm::DbErr>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct CachedConnection<C = DatabaseConnection> {
    pub(crate) inner: C,
    pub(crate) session: Session,
    /// A second handle to the same pool, for statements that outlive their caller. Transactions have none.
    pub(crate) share: Option<fn(&C) -> C>,
    /// Set where writes are asked for their rows.
    pub(crate) begin: Option<Begin<C>>,
    /// Set where writes leave notes in the outbox: for transactions, which have no second handle.
    pub(crate) board: Option<Board>,
}

/// A transaction begun on a [`CachedConnection`].
pub type CachedTransaction = CachedConnection<sea_orm::DatabaseTransaction>;

impl<C: Clone + ConnectionTrait + 'static> CachedConnection<C> {
    /// Wraps a connection or pool, so that its writes invalidate results in `cache`.
    ///
    /// `C` must be `Clone` because a transaction is not: one that was begun on an unwrapped connection
    /// would announce its changes before they are committed. Begin it on the wrapper instead.
    pub fn new(connection: C, cache: &Cache) -> Self {
        // SeaORM has no backend for a connection that leads nowhere; its statements are answered with errors.
        let nowhere = leads_nowhere(&connection);
        let backend = if nowhere { DbBackend::Sqlite } else { connection.get_database_backend() };
        analysis::seen(backend);
        let database = Database::new(analysis::dialect(backend), cache);
        let schemaless = nowhere || connection.is_mock_connection();
        let database = if schemaless { database.without_schema() } else { database };
        CachedConnection {
            inner: connection,
            session: Session::pool(&database),
            share: Some(C::clone),
            begin: None,
            board: None,
        }
    }
}

impl<C> CachedConnection<C>
where
    C: TransactionTrait + Sync,
    C::Transaction: ConnectionTrait + TransactionSession + Send + Sync + 'static,
{
    /// Has the database asked which rows a write has changed, where its text does not tell.
    ///
    /// A mass update then drops no more than the results its rows were in. It costs a few more statements a write, in a
    /// transaction around it; see [`Database::with_exact_rows`].
    #[must_use]
    pub fn with_exact_rows(mut self) -> Self {
        let _ = self.session.database().clone().with_exact_rows();
        self.begin = Some(exact::begin::<C>);
        self
    }
}

impl<C: Clone> Clone for CachedConnection<C> {
    fn clone(&self) -> Self {
        CachedConnection {
            inner: self.inner.clone(),
            session: self.session.clone(),
            share: self.share,
            begin: self.begin,
            board: self.board.clone(),
        }
    }
}

impl<C> CachedConnection<C> {
    /// The cache that this connection's writes invalidate.
    pub fn cache(&self) -> &Cache {
        self.session.database().cache()
    }

    /// The connection inside. What is written through it directly is not seen.
    pub fn inner(&self) -> &C {
        &self.inner
    }

    /// Reads the schema anew at the next write.
    ///
    /// Definitions made through this connection are noticed. Call this after another process, or another
    /// connection, has changed tables, views or triggers.
    pub fn forget_schema(&self) {
        self.session.database().forget_schema();
    }

    pub(crate) fn backend(&self) -> DbBackend {
        analysis::backend(self.session.database().dialect())
    }

    /// Whether uncommitted changes may be visible to reads through this handle.
    pub fn is_dirty(&self) -> bool {
        self.session.bypass()
    }
}

impl<C: ConnectionTrait> CachedConnection<C> {
    /// Looks at a statement before it runs.
    pub(crate) async fn announce(&self, sql: &str, values: Option<&Values>) -> Announcement {
        self.prepare(self.session.wants_schema(sql)).await;
        self.session.announce(sql, || analysis::binds(values, self.backend()))
    }

    /// Looks at the statement of a cached query before it runs.
    pub(crate) async fn announce_lookup(&self, sql: &str) -> Announcement {
        self.prepare(self.session.wants_schema(sql)).await;
        self.session.announce_lookup(sql)
    }

    /// A session for a transaction that is about to begin.
    pub(crate) async fn begins(&self) -> Session {
        self.prepare(self.session.wants_schema_to_begin()).await;
        self.session.begin()
    }

    pub(crate) async fn prepare(&self, request: Option<SchemaRequest>) {
        if let Some(request) = request {
            let rows = texts(&self.inner, request.sql()).await;
            request.answer(rows);
        }
    }

    pub(crate) async fn over<T>(&self, announcement: Announcement, result: Result<T, DbErr>) -> Result<T, DbErr>
    where
        Result<T, DbErr>: Answer,
    {
        let applying = over(announcement, &result, self.backend());
        acknowledged(result, applying).await
    }
}

fn leads_nowhere<C: 'static>(connection: &C) -> bool {
    let connection = (connection as &dyn Any).downcast_ref::<DatabaseConnection>();
    connection.is_some_and(|connection| matches!(connection.inner, DatabaseConnectionType::Disconnected))
}

/// What went wrong between the cache and its store, said as SeaORM says it.
pub(crate) fn failure(error: Error) -> DbErr {
    DbErr::Custom(error.to_string())
}

/// What an error of a write through a wrapped connection says of the cache's store, if it is of the store:
/// [`ErrorKind::Undelivered`] (the write is committed) or [`ErrorKind::Refused`] (it was not made).
///
/// ```
/// use cache_sea_orm::store_failure;
/// use sea_orm::DbErr;
///
/// assert_eq!(store_failure(&DbErr::RecordNotFound("article".to_owned())), None);
/// ```
pub fn store_failure(error: &DbErr) -> Option<ErrorKind> {
    match error {
        DbErr::Custom(text) => ErrorKind::of_write(text),
        _ => None,
    }
}

/// The answer of a write, as soon as the cache knows of it. An error of the database says more than one of the store.
pub(crate) async fn acknowledged<T>(result: Result<T, DbErr>, applying: Applying) -> Result<T, DbErr> {
    let applied = applying.await;
    let answer = result?;
    applied.map_err(failure)?;
    Ok(answer)
}

/// A statement was answered.
pub(crate) fn over<T>(announcement: Announcement, result: &Result<T, DbErr>, backend: DbBackend) -> Applying
where
    Result<T, DbErr>: Answer,
{
    let outcome = Outcome::of(result, |error| error.sql_err().is_some());
    let returned = if announcement.wants_rows() { result.returned(backend) } else { None };
    announcement.over(outcome, returned)
}

/// Runs `$call` on the inner connection and applies what the statement changed. A shared handle makes the
/// work independent of its caller.
macro_rules! carry {
    ($self:ident, $sql:expr, $values:expr, |$connection:ident| $call:expr) => {{
        let mut announcement = $self.announce($sql, $values).await;
        match ($self.share.filter(|_| announcement.is_immediate()), announcement.exact()) {
            (Some(share), exact) => {
                let pool = share(&$self.inner);
                let noted = announcement.is_noted();
                let around = $self.begin.filter(|_| exact.is_some() || noted).map(|begin| (begin, exact));
                let backend = $self.backend();
                let values = around.as_ref().and_then(|_| $values.cloned());
                Detached::new(async move {
                    let mut note = None;
                    let result = match around {
                        None => match announcement.permission().await {
                            Ok(()) => {
                                let $connection = &pool;
                                $call.await
                            }
                            Err(refused) => Err($crate::connection::failure(refused)),
                        },
                        Some((begin, mut exact)) => match begin(&pool).await {
                            Ok(transaction) => {
                                let before = match &mut exact {
                                    Some(exact) => transaction.before(exact, values.as_ref()).await,
                                    None => Ok(()),
                                };
                                let mut result = match before {
                                    Ok(()) => {
                                        let $connection = &transaction;
                                        $call.await
                                    }
                                    Err(error) => Err(error),
                                };
                                if result.is_ok()
                                    && let Some(exact) = &mut exact
                                    && let Err(error) =
                                        transaction.after(exact, $crate::returned::Answer::counted(&result)).await
                                {
                                    result = Err(error);
                                }
                                if let Some(exact) = &exact {
                                    announcement.tell(exact);
                                }
                                note = announcement.note().filter(|_| result.is_ok());
                                if let Some(note) = &note
                                    && let Err(error) = transaction.leave(note).await
                                {
                                    result = Err(error);
                                }
                                if result.is_ok()
                                    && let Err(refused) = announcement.permission().await
                                {
                                    result = Err($crate::connection::failure(refused));
                                }
                                let ended = transaction.end(result.is_ok()).await;
                                result.and_then(|answer| ended.map(|()| answer))
                            }
                            Err(error) => Err(error),
                        },
                    };
                    let applying = $crate::connection::over(announcement, &result, backend);
                    let answer = $crate::connection::acknowledged(result, applying).await;
                    if let (Some(note), Ok(_)) = (note, &answer) {
                        $crate::outbox::Board::new(pool).wipe(note);
                    }
                    answer
                })
                .await
            }
            (None, Some(mut exact)) => {
                let values = $values.cloned();
                let mut result = match $crate::exact::before(&$self.inner, &mut exact, values.as_ref()).await {
                    Ok(()) => {
                        let $connection = &$self.inner;
                        $call.await
                    }
                    Err(error) => Err(error),
                };
                if result.is_ok() {
                    match $crate::exact::after(&$self.inner, &mut exact, $crate::returned::Answer::counted(&result))
                        .await
                    {
                        Ok(()) => announcement.tell(&exact),
                        Err(error) => result = Err(error),
                    }
                }
                $self.over(announcement, result).await
            }
            (None, None) => {
                let result = match announcement.permission().await {
                    Ok(()) => {
                        let $connection = &$self.inner;
                        $call.await
                    }
                    Err(refused) => Err($crate::connection::failure(refused)),
                };
                $self.over(announcement, result).await
            }
        }
    }};
}
pub(crate) use carry;

#[async_trait]
impl<C: ConnectionTrait + Send + 'static> ConnectionTrait for CachedConnection<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.backend()
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        carry!(self, &stmt.sql, stmt.values.as_ref(), |inner| inner.execute_raw(stmt))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let text = sql.to_owned();
        carry!(self, sql, None::<&Values>, |inner| inner.execute_unprepared(&text))
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        carry!(self, &stmt.sql, stmt.values.as_ref(), |inner| inner.query_one_raw(stmt))
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        carry!(self, &stmt.sql, stmt.values.as_ref(), |inner| inner.query_all_raw(stmt))
    }

    fn support_returning(&self) -> bool {
        self.inner.support_returning()
    }

    fn is_mock_connection(&self) -> bool {
        self.inner.is_mock_connection()
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

impl<C: fmt::Debug> fmt::Debug for CachedConnection<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedConnection")
            .field("inner", &self.inner)
            .field("in_transaction", &self.session.in_transaction())
            .field("dirty", &self.is_dirty())
            .finish_non_exhaustive()
    }
}
