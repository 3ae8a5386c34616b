//! Pools of connections that share what is known about their database.

use std::fmt;

use cache_core::Cache;
use cache_sql::adapter::Database;
use diesel::r2d2::{ConnectionManager, Error, ManageConnection, R2D2Connection};
use diesel::result::QueryResult;

use crate::backend::CachedBackend;
use crate::connection::{CachedConnection, Inner};

/// A manager for pools of r2d2 that establishes connections of type `C` and wraps each of them.
///
/// What the pool hands out is used like any Diesel connection. A function that takes a [`CachedConnection`] takes
/// `&mut *connection`.
///
/// ```
/// use cache_core::Cache;
/// use cache_diesel::prelude::*;
/// use diesel::prelude::*;
/// use diesel::r2d2::Pool;
///
/// diesel::table! {
///     article { id -> Integer, }
/// }
///
/// let cache = Cache::in_memory();
/// let manager = CachedManager::<SqliteConnection>::new(":memory:", &cache);
/// let pool = Pool::builder().max_size(1).build(manager)?;
/// let mut conn = pool.get()?;
/// diesel::sql_query("CREATE TABLE article (id INTEGER PRIMARY KEY)").execute(&mut conn)?;
/// assert_eq!(article::table.cached(&cache).count(&mut conn)?, 0);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct CachedManager<C> {
    manager: ConnectionManager<C>,
    database: Database,
}

impl<C: Inner> CachedManager<C> {
    /// A manager of connections to the database at `url`, whose writes invalidate results in `cache`.
    pub fn new(url: impl Into<String>, cache: &Cache) -> Self {
        Self::with_database(url, &Database::new(C::Backend::DIALECT, cache))
    }

    /// A manager of more connections to a database that others are connected to as well.
    pub fn with_database(url: impl Into<String>, database: &Database) -> Self {
        CachedManager { manager: ConnectionManager::new(url), database: database.clone() }
    }
}

impl<C> CachedManager<C> {
    /// What the connections share.
    pub fn database(&self) -> &Database {
        &self.database
    }
}

impl<C> ManageConnection for CachedManager<C>
where
    C: Inner + R2D2Connection + Send + 'static,
{
    type Connection = CachedConnection<C>;
    type Error = Error;

    fn connect(&self) -> Result<Self::Connection, Error> {
        Ok(CachedConnection::with_database(self.manager.connect()?, &self.database))
    }

    fn is_valid(&self, conn: &mut Self::Connection) -> Result<(), Error> {
        conn.ping().map_err(Error::QueryError)
    }

    fn has_broken(&self, conn: &mut Self::Connection) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}

impl<C: Inner + R2D2Connection> R2D2Connection for CachedConnection<C> {
    fn ping(&mut self) -> QueryResult<()> {
        self.inner_mut().ping()
    }

    fn is_broken(&mut self) -> bool {
        self.inner_mut().is_broken()
    }
}

impl<C> fmt::Debug for CachedManager<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedManager").field("manager", &self.manager).field("database", &self.database).finish()
    }
}
