//! The outbox: changes that are written in the transaction that makes them, for writers that may die before they can tell the cache.
//!
//! Without it a writer that dies between its COMMIT and the invalidation leaves results as they were, until their time to live is over
//! ([`Mode::Strict`](cache_core::Mode::Strict) excepted). With it a row of the table `cache_outbox` is committed together with the changes. The writer
//! deletes it when the cache knows; rows that are older than two seconds have been left behind, and a sweeper, which any process may
//! be, applies and deletes them.
//!
//! Writers that cannot be wrapped, such as triggers and programs in other languages, insert rows themselves: into the column `changes` go the
//! name of a table, or, to be exact to the row, what [`changes`] reads. The other columns have defaults. How old results may be then is up to
//! the sweeper.
//!
//! ```
//! use cache_core::Change;
//! use cache_sql::outbox::{changes, document};
//!
//! assert_eq!(changes("article").as_slice(), [Change::table("article")]);
//! let rows = r#"[{"table": "article", "rows": [{"id": 7, "category_id": 3}, {"id": 7, "category_id": 4}]}]"#;
//! assert_eq!(changes(rows).as_slice().len(), 2);
//! assert_eq!(changes(&document(&changes(rows))), changes(rows));
//! ```

mod document;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

pub use document::{changes, document};

use cache_core::Changes;

use crate::Dialect;

/// How many rows one sweep takes at most.
pub const SWEPT: usize = 100;

/// The statements of the outbox of one database system.
///
/// Binds are text, in the order in which they are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outbox {
    dialect: Dialect,
}

impl Outbox {
    /// That of a dialect.
    pub fn new(dialect: Dialect) -> Self {
        Outbox { dialect }
    }

    /// Makes the table, where it is missing.
    pub fn create(self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => {
                "CREATE TABLE IF NOT EXISTS cache_outbox (\
                 id TEXT PRIMARY KEY NOT NULL DEFAULT (lower(hex(randomblob(16)))), \
                 created INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)), \
                 changes TEXT NOT NULL)"
            }
            Dialect::Postgres => {
                "CREATE TABLE IF NOT EXISTS cache_outbox (\
                 id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text, \
                 created TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(), \
                 changes TEXT NOT NULL)"
            }
            Dialect::MySql => {
                "CREATE TABLE IF NOT EXISTS cache_outbox (\
                 id VARCHAR(36) PRIMARY KEY DEFAULT (UUID()), \
                 created TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), \
                 changes LONGTEXT NOT NULL)"
            }
        }
    }

    /// Inserts a [`Note`]: binds are its id and its changes.
    pub fn insert(self) -> &'static str {
        match self.dialect {
            Dialect::Postgres => "INSERT INTO cache_outbox (id, changes) VALUES ($1, $2)",
            Dialect::Sqlite | Dialect::MySql => "INSERT INTO cache_outbox (id, changes) VALUES (?, ?)",
        }
    }

    /// Deletes a row: the bind is its id.
    pub fn delete(self) -> &'static str {
        match self.dialect {
            Dialect::Postgres => "DELETE FROM cache_outbox WHERE id = $1",
            Dialect::Sqlite | Dialect::MySql => "DELETE FROM cache_outbox WHERE id = ?",
        }
    }

    /// Selects the ids and changes of at most [`SWEPT`] rows that were left behind, the oldest first, and locks them where the
    /// database can; those that another sweeper has locked are passed over. PostgreSQL 9.5, MySQL 8.0 or MariaDB 10.6.
    pub fn due(self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => {
                "SELECT id, changes FROM cache_outbox \
                 WHERE created < CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) - 2000 \
                 ORDER BY created LIMIT 100"
            }
            Dialect::Postgres => {
                "SELECT id, changes FROM cache_outbox WHERE created < clock_timestamp() - interval '2 seconds' \
                 ORDER BY created LIMIT 100 FOR UPDATE SKIP LOCKED"
            }
            Dialect::MySql => {
                "SELECT id, changes FROM cache_outbox WHERE created < CURRENT_TIMESTAMP(3) - INTERVAL 2 SECOND \
                 ORDER BY created LIMIT 100 FOR UPDATE SKIP LOCKED"
            }
        }
    }
}

/// A row of the outbox that is about to be inserted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its name, which no other row has.
    pub id: Arc<str>,
    /// What it tells.
    pub changes: String,
}

impl Note {
    /// The note of these changes.
    pub fn of(changes: &Changes) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        // The process is told apart by where it keeps its count, and by its number.
        let place = (&raw const COUNT).addr() as u64 ^ u64::from(std::process::id()).rotate_left(40);
        Note { id: format!("{now:016x}{:016x}", place ^ count.rotate_left(20)).into(), changes: document(changes) }
    }
}
