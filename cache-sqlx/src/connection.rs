//! One wrapped connection.

use cache_core::Cache;
use cache_sql::adapter::{Database, Session};
use sqlx::{Error, SqlSafeStr, SqlStr};

use crate::backend::Backend;
use crate::transaction::CachedTransaction;
use crate::wire::Wire;

/// One connection whose writes invalidate cached results: of a pool, by [`CachedPool::acquire`](crate::CachedPool::acquire),
/// or an own one.
///
/// `BEGIN`, `SAVEPOINT`, `COMMIT` and their kin as text are followed exactly. A mutable reference to it is an executor of
/// SQLx. Statements are carried to their end as on a [`CachedPool`](crate::CachedPool): while one whose caller has gone away
/// still runs, the next one waits.
///
/// One of a pool goes back to it when it is dropped, and is closed instead when a transaction that was begun by a statement is
/// still open, or after a statement like `SET search_path`.
///
/// ```
/// use cache_core::Cache;
/// use cache_sqlx::CachedConnection;
/// use sqlx::{Connection, Executor, Sqlite, SqliteConnection};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let cache = Cache::in_memory();
/// let mut db = CachedConnection::<Sqlite>::new(SqliteConnection::connect("sqlite::memory:").await?, &cache);
/// db.execute("CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT)").await?;
/// db.execute("BEGIN").await?;
/// db.execute("INSERT INTO article (title) VALUES ('News')").await?;
/// db.execute("COMMIT").await?; // here what has read `article` goes
/// # Ok::<_, sqlx::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CachedConnection<DB: Backend> {
    pub(crate) wire: Wire<DB>,
    pub(crate) session: Session,
}

impl<DB: Backend> Drop for CachedConnection<DB> {
    /// Whoever gets it next knows nothing of a transaction that was begun by text, or of a setting.
    fn drop(&mut self) {
        self.wire.leave(&self.session);
    }
}

impl<DB: Backend> CachedConnection<DB> {
    /// Wraps a connection, so that its writes invalidate results in `cache`.
    pub fn new(connection: DB::Connection, cache: &Cache) -> Self {
        Self::of(connection, &Database::new(DB::DIALECT, cache))
    }

    /// Wraps a connection to a database that other handles lead to as well.
    ///
    /// # Panics
    ///
    /// When `database` speaks another dialect.
    pub fn of(connection: DB::Connection, database: &Database) -> Self {
        assert_eq!(database.dialect(), DB::DIALECT, "the connection leads to a database of another dialect");
        Self::on(Wire::own(connection), database)
    }

    pub(crate) fn on(wire: Wire<DB>, database: &Database) -> Self {
        CachedConnection { wire, session: Session::connection(database) }
    }

    /// What all handles of this database share.
    pub fn database(&self) -> &Database {
        self.session.database()
    }

    /// The connection inside. What is written through it directly is not seen.
    ///
    /// # Errors
    ///
    /// When it was lost by a statement that panicked.
    pub async fn inner(&mut self) -> Result<&mut DB::Connection, Error> {
        self.wire.get().await
    }

    /// Begins a transaction, which is rolled back when it is dropped.
    ///
    /// # Errors
    ///
    /// What the database answers; also when a transaction was begun by a statement and is still open: SQLx does not know of
    /// it, and would end it together with its own.
    pub async fn begin(&mut self) -> Result<CachedTransaction<'_, DB>, Error> {
        self.begin_by(None).await
    }

    /// Begins a transaction by a statement of its own, such as `BEGIN IMMEDIATE`.
    ///
    /// # Errors
    ///
    /// As [`CachedConnection::begin`], and when the statement begins no transaction.
    pub async fn begin_with(&mut self, statement: impl SqlSafeStr) -> Result<CachedTransaction<'_, DB>, Error> {
        let statement = statement.into_sql_str();
        self.begin_by(Some(statement)).await
    }

    async fn begin_by(&mut self, statement: Option<SqlStr>) -> Result<CachedTransaction<'_, DB>, Error> {
        if self.session.in_transaction() {
            return Err(Error::Protocol("a transaction that was begun by a statement is open".into()));
        }
        CachedTransaction::begin_lent(&mut self.wire, &self.session, statement).await
    }
}
