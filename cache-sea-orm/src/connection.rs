//! The wrapped connection: it lets every statement through and sees what each one changes.

use std::fmt;
use std::sync::Arc;

use cache_core::{Cache, CacheId, Change, ReadPoint};
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::sea_query::Values;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use crate::analysis;
use crate::announcement::{Announcement, Recording};
use crate::detached::Detached;
use crate::returned::Told;
use crate::shared::Shared;
use crate::transaction::Open;

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
    pub(crate) shared: Arc<Shared>,
    /// A second handle to the same pool, for statements that outlive their caller. Transactions have none.
    pub(crate) share: Option<fn(&C) -> C>,
    pub(crate) open: Option<Open>,
}

/// A transaction begun on a [`CachedConnection`].
pub type CachedTransaction = CachedConnection<sea_orm::DatabaseTransaction>;

impl<C: Clone> CachedConnection<C> {
    /// Wraps a connection or pool, so that its writes invalidate results in `cache`.
    ///
    /// `C` must be `Clone` because a transaction is not: one that was begun on an unwrapped connection
    /// would announce its changes before they are committed. Begin it on the wrapper instead.
    pub fn new(connection: C, cache: &Cache) -> Self {
        CachedConnection {
            inner: connection,
            shared: Arc::new(Shared::new(cache.clone())),
            share: Some(C::clone),
            open: None,
        }
    }
}

impl<C: Clone> Clone for CachedConnection<C> {
    fn clone(&self) -> Self {
        CachedConnection {
            inner: self.inner.clone(),
            shared: Arc::clone(&self.shared),
            share: self.share,
            open: self.open.clone(),
        }
    }
}

impl<C> CachedConnection<C> {
    /// The cache that this connection's writes invalidate.
    pub fn cache(&self) -> &Cache {
        &self.shared.cache
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
        self.shared.schema.forget();
    }

    /// How many invalidations have failed since this connection was wrapped; each was logged as an error.
    ///
    /// The result of a write is never lost to a failed invalidation.
    pub fn failed_invalidations(&self) -> u64 {
        self.shared.failed_invalidations()
    }

    /// Whether uncommitted changes may be visible to reads through this handle.
    pub fn is_dirty(&self) -> bool {
        self.shared.in_typed_transaction() || self.open.as_ref().is_some_and(Open::is_dirty)
    }

    /// A read is about to run. What is being computed around it must not be stored when the read may see
    /// uncommitted rows, or rows of a snapshot that is older than the computation.
    pub(crate) fn read(&self) {
        match &self.open {
            Some(open) if !self.is_dirty() => cache_core::context::read_as_of(&self.shared.cache, open.read_point()),
            _ => self.guarded_read(),
        }
    }

    /// A read whose result is checked against the transaction's read point.
    pub(crate) fn guarded_read(&self) {
        cache_core::context::read_for(&self.shared.cache);
        if self.is_dirty() {
            cache_core::context::taint("read through a transaction with uncommitted changes");
        }
    }
}

impl<C: ConnectionTrait> CachedConnection<C> {
    /// Looks at a statement before it runs.
    pub(crate) async fn announce(&self, sql: &str, values: Option<&Values>) -> Announced {
        cache_core::observe::statement();
        let backend = self.inner.get_database_backend();
        if analysis::only_reads(backend, sql, values) {
            self.read();
            return Announced::Waits;
        }
        let private = self.open.as_ref().is_some_and(Open::has_defined);
        let (generation, analyser) = self.shared.schema.read(&self.inner, private).await;
        let effects = analysis::effects(backend, sql, values, analyser.as_deref());
        let changes = if effects.defines { vec![Change::everything()] } else { effects.changes };
        match &self.open {
            Some(open) if !open.has_escaped() && effects.steps.is_empty() => {
                open.wrote(!changes.is_empty(), effects.defines);
                if changes.is_empty() {
                    return Announced::Waits;
                }
                let told = analyser.and_then(|analyser| Told::new(analyser, backend, sql, values));
                let recording = Recording::new(open.clone(), changes, told);
                Announced::Recorded { recording, rolls_back: rolls_back(sql) }
            }
            open => {
                if let Some(open) = open {
                    open.wrote(true, effects.defines);
                    // Transaction words as text inside a transaction: from here on nobody can tell what is
                    // committed when.
                    open.record(vec![Change::everything()]);
                    open.escape();
                }
                let shared = Arc::clone(&self.shared);
                let changes = if open.is_some() { vec![Change::everything()] } else { changes };
                let steps = if open.is_some() { Vec::new() } else { effects.steps };
                let is_plain = open.is_none() && steps.is_empty() && !effects.defines;
                let told = analyser.filter(|_| is_plain);
                let told = told.and_then(|analyser| Told::new(analyser, backend, sql, values));
                Announced::Now(Announcement::new(shared, changes, steps, effects.defines, generation, told))
            }
        }
    }

    /// A write inside the transaction was answered. After most errors the database may have ended the whole
    /// transaction by itself, so that whatever follows is committed at once.
    pub(crate) fn answered<T>(&self, result: &Result<T, DbErr>, rolls_back: bool) {
        if let (Some(open), Err(error)) = (&self.open, result)
            && (rolls_back || error.sql_err().is_none())
        {
            open.escape();
        }
    }
}

/// What was made of a statement before it runs.
pub(crate) enum Announced {
    /// Nothing is to be done afterwards.
    Waits,
    /// Its changes wait for the commit.
    Recorded { recording: Recording, rolls_back: bool },
    /// Its changes are applied when it is over.
    Now(Announcement),
}

/// Whether a violated constraint ends the transaction, as after `INSERT OR ROLLBACK`.
fn rolls_back(sql: &str) -> bool {
    sql.to_ascii_uppercase().contains("ROLLBACK")
}

/// Runs `$call` on the inner connection and applies what the statement changed. A shared handle makes the
/// work independent of its caller.
macro_rules! carry {
    ($self:ident, $sql:expr, $values:expr, |$connection:ident| $call:expr) => {
        match $self.announce($sql, $values).await {
            Announced::Waits => {
                let $connection = &$self.inner;
                let result = $call.await;
                // A write through another handle to the same transaction may have gone first.
                $self.guarded_read();
                result
            }
            Announced::Recorded { recording, rolls_back } => {
                let $connection = &$self.inner;
                let result = $call.await;
                recording.over(&result);
                $self.answered(&result, rolls_back);
                result
            }
            Announced::Now(announcement) => match $self.share {
                Some(share) => {
                    let $connection = share(&$self.inner);
                    Detached::new(async move {
                        let result = $call.await;
                        announcement.over(&result);
                        result
                    })
                    .await
                }
                None => {
                    let $connection = &$self.inner;
                    let result = $call.await;
                    announcement.over(&result);
                    result
                }
            },
        }
    };
}
pub(crate) use carry;

#[async_trait]
impl<C: ConnectionTrait + Send + 'static> ConnectionTrait for CachedConnection<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        carry!(self, &stmt.sql, stmt.values.as_ref(), |inner| inner.execute_raw(stmt))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let text = sql.to_owned();
        carry!(self, sql, None, |inner| inner.execute_unprepared(&text))
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
        self.is_dirty()
    }

    fn read_point(&self) -> Option<ReadPoint> {
        self.open.as_ref().map(Open::read_point)
    }

    fn cache_id(&self) -> Option<CacheId> {
        Some(self.shared.cache.id())
    }
}

impl<C: fmt::Debug> fmt::Debug for CachedConnection<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedConnection")
            .field("inner", &self.inner)
            .field("in_transaction", &self.open.is_some())
            .field("dirty", &self.is_dirty())
            .finish_non_exhaustive()
    }
}
