//! Caching for SQLx that invalidates itself.
//!
//! Wrap the pool once. Its writes are seen and drop exactly the results that the changed rows may have been in; queries are
//! cached by `.cached(&cache)`, or by `.auto(&cache)` where the profiles of their tables say so, functions by `#[cached_as(query)]`.
//!
//! ```
//! use cache_core::Cache;
//! use cache_sqlx::prelude::*;
//! use sqlx::SqlitePool;
//!
//! #[derive(Clone, sqlx::FromRow)]
//! struct Article {
//!     id: i64,
//!     title: String,
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let cache = Cache::in_memory();
//! let db = CachedPool::new(SqlitePool::connect("sqlite::memory:").await?, &cache);
//! let table = "CREATE TABLE article (id INTEGER PRIMARY KEY, category_id INTEGER, title TEXT)";
//! cache_sqlx::query(table).execute(&db).await?;
//!
//! let category = |id: i64| {
//!     let text = "SELECT id, title FROM article WHERE category_id = ?";
//!     cache_sqlx::query_as::<_, Article>(text).bind(id).cached(&cache)
//! };
//! assert_eq!(category(3).fetch_all(&db).await?.len(), 0); // asks the database
//! assert_eq!(category(3).fetch_all(&db).await?.len(), 0); // a hit
//!
//! let insert = "INSERT INTO article (category_id, title) VALUES (?, ?)";
//! cache_sqlx::query(insert).bind(3).bind("News").execute(&db).await?;
//! assert_eq!(category(3).fetch_all(&db).await?.len(), 1); // asks again, because this row belongs to it
//! # Ok::<_, sqlx::Error>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Plain queries
//!
//! The wrappers are executors of SQLx. `sqlx::query("..").execute(&db)`, the macros, and whatever takes an executor run
//! through them uncached, and their writes are seen. What such a query binds cannot be looked into, so its write may drop more
//! than it has to: [`query`] of this crate is exact.
//!
//! # Transactions
//!
//! ```
//! # use cache_core::Cache;
//! # use cache_sqlx::prelude::*;
//! # use sqlx::SqlitePool;
//! # async fn sell(db: &CachedPool<sqlx::Sqlite>) -> sqlx::Result<()> {
//! let mut tx = db.begin().await?;
//! cache_sqlx::query("UPDATE article SET stock = stock - 1 WHERE id = ?").bind(7).execute(&mut tx).await?;
//! let mut savepoint = tx.begin().await?;
//! cache_sqlx::query("INSERT INTO sale (article_id) VALUES (?)").bind(7).execute(&mut savepoint).await?;
//! savepoint.commit().await?;
//! tx.commit().await?; // now, and not before, what depends on them goes
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | what it brings |
//! |---|---|
//! | `sqlite`, `postgres`, `mysql` | the databases; at least one is needed |
//! | `chrono`, `time`, `uuid`, `json`, `decimal`, `bigdecimal` | these types as binds |
//!
//! The runtime and TLS are chosen by features of `sqlx` itself.

#![deny(missing_docs)]

mod backend;
mod bind;
mod bound;
mod cached;
mod connection;
mod executor;
mod pool;
mod query;
mod queryset;
mod seat;
mod source;
mod transaction;
mod wire;

pub use backend::Backend;
pub use bind::ToBind;
pub use cache_sql::adapter::Database;
pub use cache_sql::{Bind, Dialect};
pub use cached::Cached;
pub use connection::CachedConnection;
pub use pool::CachedPool;
pub use query::{Query, QueryAs, query, query_as, query_as_with, query_scalar, query_scalar_with, query_with};
pub use queryset::Queryset;
pub use source::Source;
pub use transaction::CachedTransaction;

/// What one usually wants to have in scope.
pub mod prelude {
    pub use crate::connection::CachedConnection;
    pub use crate::pool::CachedPool;
    pub use crate::queryset::Queryset as _;
    pub use crate::source::Source;
    pub use crate::transaction::CachedTransaction;
}
