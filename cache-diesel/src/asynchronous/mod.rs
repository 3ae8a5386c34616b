//! The connections of [`diesel_async`].
//!
//! ```no_run
//! use cache_core::Cache;
//! use cache_diesel::asynchronous::prelude::*;
//! use diesel::prelude::*;
//! use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
//!
//! diesel::table! {
//!     article { id -> Integer, category_id -> Integer, title -> Text, }
//! }
//!
//! # async fn run(url: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let cache = Cache::in_memory();
//! let mut conn = CachedAsyncConnection::new(AsyncPgConnection::establish(url).await?, &cache).await;
//! let titles = article::table.filter(article::category_id.eq(3)).select(article::title);
//! let titles: Vec<String> = titles.cached(&cache).load(&mut conn).await?;
//! diesel::delete(article::table.find(7)).execute(&mut conn).await?; // seen
//! # Ok(())
//! # }
//! ```
//!
//! [`CachedAsyncConnection`] wraps `AsyncPgConnection` and `AsyncMysqlConnection`. On SQLite put the blocking wrapper inside of
//! `diesel-async`'s: `SyncConnectionWrapper<CachedConnection<SqliteConnection>>`, and ask cached queries by its `spawn_blocking`.

mod ask;
mod cached;
mod connection;
mod stream;
mod watched;

pub use cached::{AsyncSource, CachedAsync, CachedQueryAsync};
pub use connection::CachedAsyncConnection;
pub use stream::CachedStream;
pub use watched::{CachedExecute, CachedLoad};

/// What one usually wants to have in scope with `diesel-async`.
pub mod prelude {
    pub use super::cached::{AsyncSource, CachedQueryAsync as _};
    pub use super::connection::CachedAsyncConnection;
}
