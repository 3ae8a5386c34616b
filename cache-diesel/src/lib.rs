//! Caching for Diesel that invalidates itself.
#![deny(missing_docs)]

mod ask;
mod backend;
#[cfg(feature = "postgres_backend")]
mod binary;
mod cached;
mod connection;
mod cursor;
#[cfg(feature = "sqlite")]
mod debugged;
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
