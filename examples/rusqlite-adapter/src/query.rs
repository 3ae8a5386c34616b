//! Queries that are answered from the cache.

use cache_core::{Key, KeyWriter};
use cache_sql::adapter::{Lookup, Options, Outcome};
use rusqlite::types::Value;
use rusqlite::{Result, Row, params_from_iter};

use crate::CachedConnection;
use crate::connection::failure;
use crate::value;

/// A type that is read from a row.
///
/// It is a part of the key: one query read as two types is two cached results. A closure in its place could not be.
pub trait FromRow: Clone + Send + Sync + Sized + 'static {
    /// Reads the columns.
    ///
    /// # Errors
    ///
    /// When a column has another type.
    fn from_row(row: &Row<'_>) -> Result<Self>;
}

impl FromRow for String {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        row.get(0)
    }
}

impl FromRow for i64 {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        row.get(0)
    }
}

/// A query with its caching options; made by [`CachedConnection::cached`].
#[derive(Clone, Debug)]
#[must_use = "end it with `all`"]
pub struct Cached<'a> {
    connection: &'a CachedConnection,
    sql: &'a str,
    binds: &'a [Value],
    options: Options,
}

impl CachedConnection {
    /// A query that is answered from the cache while nothing that it depends on has changed.
    pub fn cached<'a>(&'a self, sql: &'a str, binds: &'a [Value]) -> Cached<'a> {
        Cached { connection: self, sql, binds, options: Options::new() }
    }

    /// What a miss runs. The lookup has stamped the dependencies before.
    fn looked_up<T: FromRow>(&self, sql: &str, binds: &[Value]) -> Result<Vec<T>> {
        self.learn_schema(sql);
        let announcement = self.session.announce_lookup(sql);
        let result = self.inner.prepare(sql).and_then(|mut statement| {
            let rows = statement.query_map(params_from_iter(binds), T::from_row)?;
            rows.collect()
        });
        let told = announcement.over(Outcome::of(&result, |_| false), None).wait();
        result.and_then(|rows| told.map(|()| rows).map_err(failure))
    }
}

impl Cached<'_> {
    /// Caches it in another way than the cache does by default.
    pub fn with(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// All rows.
    ///
    /// # Errors
    ///
    /// What SQLite answers on a miss, and what [`FromRow`] does; errors are not cached.
    pub fn all<T: FromRow>(self) -> Result<Vec<T>> {
        let Cached { connection, sql, binds, options } = self;
        let database = connection.session.database();
        let mut key = KeyWriter::new();
        key.part("all").part(sql).bytes(&value::key(binds)).bytes(options.key_part());
        let key = Key::of::<Vec<T>>("rusqlite").with(&key.finish());
        Lookup::new(database.cache(), &options, key).run(
            connection,
            |rows: &Vec<T>| size_of_val(rows.as_slice()) as u64,
            || database.dependencies(sql, &value::binds(binds)),
            || connection.looked_up(sql, binds),
        )
    }
}
