//! The wrapped pool.

use cache_core::Cache;
use cache_sql::adapter::{Database, Session};
use sqlx::{Error, Pool, SqlSafeStr};

use crate::backend::Backend;
use crate::connection::CachedConnection;
use crate::transaction::CachedTransaction;
use crate::wire::Wire;

/// A pool of SQLx whose writes invalidate cached results.
///
/// A reference to it is an executor of SQLx, so that it goes wherever a pool went: `sqlx::query("..").execute(&db)`,
/// `sqlx::query!(..)`.
///
/// - Outside of a transaction the changes of a statement are applied as soon as it is over, before its caller gets the
///   answer; also when it failed, and when its caller has gone away: a write that was begun is carried to its end.
/// - Inside of a transaction they are applied after the outermost commit, and dropped by a rollback. An error from COMMIT
///   leaves the outcome open, so the changes are applied.
/// - A transaction that has written bypasses the cache and never fills it.
///
/// A cache whose store is shared by processes adds two errors, both [`Error::Protocol`]. A write that is committed but could not be told
/// to the store, whose message begins with "the write is committed": do not repeat it. And, in [`Mode::Strict`](cache_core::Mode::Strict),
/// one that could not be told to the store before, and was not made: outside of a transaction the statement is not run, and a transaction
/// is rolled back. One that was begun by a statement on a [`CachedConnection`](crate::CachedConnection) is left open, and is rolled back by
/// a statement.
///
/// Writes that do not go through the wrapper are not seen: keep the inner pool to yourself. A clone is the same pool.
///
/// ```
/// use cache_core::Cache;
/// use cache_sqlx::CachedPool;
/// use sqlx::SqlitePool;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let cache = Cache::in_memory();
/// let db = CachedPool::new(SqlitePool::connect("sqlite::memory:").await?, &cache);
/// sqlx::query("CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT)").execute(&db).await?;
/// # Ok::<_, sqlx::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CachedPool<DB: Backend> {
    pub(crate) pool: Pool<DB>,
    pub(crate) session: Session,
}

impl<DB: Backend> Clone for CachedPool<DB> {
    fn clone(&self) -> Self {
        CachedPool { pool: self.pool.clone(), session: self.session.clone() }
    }
}

impl<DB: Backend> CachedPool<DB> {
    /// Wraps a pool, so that its writes invalidate results in `cache`.
    pub fn new(pool: Pool<DB>, cache: &Cache) -> Self {
        Self::of(pool, &Database::new(DB::DIALECT, cache))
    }

    /// Wraps a pool that leads to a database which other handles lead to as well: what one of them learns of the schema,
    /// all know.
    ///
    /// # Panics
    ///
    /// When `database` speaks another dialect.
    pub fn of(pool: Pool<DB>, database: &Database) -> Self {
        assert_eq!(database.dialect(), DB::DIALECT, "the pool leads to a database of another dialect");
        CachedPool { pool, session: Session::pool(database) }
    }

    /// What all handles of this database share.
    pub fn database(&self) -> &Database {
        self.session.database()
    }

    /// The cache that writes invalidate.
    pub fn cache(&self) -> &Cache {
        self.database().cache()
    }

    /// The pool inside. What is written through it directly is not seen.
    pub fn inner(&self) -> &Pool<DB> {
        &self.pool
    }

    /// Reads the schema anew at the next write; see [`Database::forget_schema`].
    pub fn forget_schema(&self) {
        self.database().forget_schema();
    }

    /// One connection of the pool for several statements, which goes back when it is dropped.
    ///
    /// # Errors
    ///
    /// When none can be had.
    pub async fn acquire(&self) -> Result<CachedConnection<DB>, Error> {
        Ok(CachedConnection::on(Wire::pooled(self.pool.acquire().await?), self.database()))
    }

    /// Begins a transaction, which is rolled back when it is dropped.
    ///
    /// # Errors
    ///
    /// When no connection can be had, or the database answers with an error.
    pub async fn begin(&self) -> Result<CachedTransaction<'static, DB>, Error> {
        let wire = Wire::pooled(self.pool.acquire().await?);
        CachedTransaction::begin_own(wire, &self.session, None).await
    }

    /// Begins a transaction by a statement of its own, such as `BEGIN IMMEDIATE`.
    ///
    /// # Errors
    ///
    /// As [`CachedPool::begin`], and when the statement begins no transaction.
    pub async fn begin_with(&self, statement: impl SqlSafeStr) -> Result<CachedTransaction<'static, DB>, Error> {
        let statement = statement.into_sql_str();
        let wire = Wire::pooled(self.pool.acquire().await?);
        CachedTransaction::begin_own(wire, &self.session, Some(statement)).await
    }
}
