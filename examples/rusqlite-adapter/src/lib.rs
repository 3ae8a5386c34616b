//! A small adapter: [rusqlite] with results that are cached until a row they depend on changes.
//!
//! The guide `docs/guide/adapter.md` walks through it. It is whole, in that it passes the suite that every adapter passes.
//!
//! ```
//! use cache_core::Cache;
//! use cache_sql::{Dialect, adapter::Database};
//! use rusqlite_adapter::CachedConnection;
//!
//! # fn main() -> rusqlite::Result<()> {
//! let database = Database::new(Dialect::Sqlite, &Cache::in_memory());
//! let connection = CachedConnection::new(rusqlite::Connection::open_in_memory()?, &database);
//! connection.execute("CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT)", &[])?;
//!
//! let titles = || connection.cached("SELECT title FROM article WHERE id = ?", &[7.into()]).all::<String>();
//! assert_eq!(titles()?, [""; 0]);
//! connection.execute("INSERT INTO article VALUES (7, 'News')", &[])?;
//! assert_eq!(titles()?, ["News"]);
//! # Ok(())
//! # }
//! ```

#![deny(missing_docs)]

mod connection;
mod query;
mod transaction;
mod value;

pub use connection::CachedConnection;
pub use query::{Cached, FromRow};
