//! Caching for Diesel that invalidates itself.
//!
//! Wrap the connection once. Its writes are seen and drop exactly the results that the changed rows may have been in;
//! queries are cached by `.cached(&cache)`, functions by `#[cached_as(query)]`.
//!
//! ```
//! use cache_core::{Cache, cached_as};
//! use cache_diesel::prelude::*;
//! use cache_diesel::sqlite::prelude::*;
//! use diesel::prelude::*;
//!
//! diesel::table! {
//!     article { id -> Integer, category_id -> Integer, title -> Text, }
//! }
//!
//! #[derive(Clone, Queryable, Selectable)]
//! #[diesel(table_name = article)]
//! struct Article {
//!     id: i32,
//!     title: String,
//! }
//!
//! #[cached_as(article::table.filter(article::category_id.eq(category)), extra = count)]
//! fn titles(conn: &mut CachedConnection<SqliteConnection>, category: i32, count: i64) -> QueryResult<String> {
//!     let query = article::table.filter(article::category_id.eq(category)).select(article::title).limit(count);
//!     Ok(query.load::<String>(conn)?.join(", "))
//! }
//!
//! let cache = Cache::global();
//! let mut conn = CachedConnection::new(SqliteConnection::establish(":memory:")?, cache);
//! diesel::sql_query("CREATE TABLE article (id INTEGER PRIMARY KEY, category_id INTEGER, title TEXT)").execute(&mut conn)?;
//!
//! let rust = || article::table.filter(article::category_id.eq(3)).select(Article::as_select()).cached(cache);
//! assert_eq!(rust().load(&mut conn)?.len(), 0); // asks the database
//! assert_eq!(rust().load(&mut conn)?.len(), 0); // a hit
//! assert_eq!(titles(&mut conn, 3, 10)?, "");
//!
//! let news = (article::category_id.eq(3), article::title.eq("News"));
//! diesel::insert_into(article::table).values(news).execute(&mut conn)?;
//! assert_eq!(rust().load(&mut conn)?.len(), 1); // asks again, because this row belongs to it
//! assert_eq!(titles(&mut conn, 3, 10)?, "News");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! The wrapper reads the schema of the database before the first write and the first cached query, so that cascades,
//! triggers, views and collations are known.
//!
//! # Several connections
//!
//! They share one [`Database`]: make the pool of a [`CachedManager`], or wrap each by
//! [`CachedConnection::with_database`].
//!
//! # What is different from the bare connection
//!
//! - `SqliteConnection`: several rows inserted by one statement cannot be asked back by `returning`; that is kept to
//!   Diesel's own connection. Insert them one by one, or without it.
//! - `PgConnection`: `COPY .. TO` and notifications go through [`CachedConnection::inner_mut`].
//!
//! # Features
//!
//! | feature | default | what it brings | cost |
//! |---|---|---|---|
//! | `sqlite` | | `SqliteConnection` | libsqlite3 |
//! | `postgres` | | `PgConnection` | libpq |
//! | `postgres_backend` | | queries for PostgreSQL as querysets | none |
//! | `mysql` | | `MysqlConnection` | libmysqlclient or libmariadb |
//! | `mysql_backend` | | queries for MySQL and MariaDB as querysets | none |
//! | `r2d2` | | pools | r2d2 |
//! | `async` | | `diesel-async`: [`asynchronous`] | diesel-async |
//!
//! Diesel is used with its feature for third-party backends, so the version is held to `~2.3`.

#![deny(missing_docs)]

mod ask;
#[cfg(feature = "async")]
pub mod asynchronous;
mod backend;
#[cfg(feature = "postgres_backend")]
mod binary;
mod cached;
mod connection;
mod cursor;
#[cfg(feature = "sqlite")]
mod debugged;
mod kept;
#[cfg(feature = "mysql_backend")]
pub mod mysql;
#[cfg(feature = "r2d2")]
mod pool;
#[cfg(feature = "postgres_backend")]
pub mod postgres;
mod queryset;
mod source;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use backend::CachedBackend;
pub use cached::{Cached, CachedQuery, RunCached, Sent};
pub use connection::{CachedConnection, Inner};
pub use cursor::CachedCursor;
pub use kept::{Encoded, InProcess, Keeps};
#[cfg(feature = "r2d2")]
pub use pool::CachedManager;
pub use source::Source;

pub use cache_sql::adapter::Database;

/// What one usually wants to have in scope.
///
/// The traits are there for their methods: `.cached(&cache)`, and what ends it.
pub mod prelude {
    pub use crate::cached::{CachedQuery as _, RunCached as _};
    pub use crate::connection::CachedConnection;
    #[cfg(feature = "r2d2")]
    pub use crate::pool::CachedManager;
    pub use crate::source::Source;
}
