//! Places that cached queries may read from.

use cache_core::Connection;
use cache_sql::adapter::Session;

use crate::backend::Backend;
use crate::connection::CachedConnection;
use crate::pool::CachedPool;
use crate::seat::{Line, Seat};
use crate::transaction::CachedTransaction;

/// A place that statements are sent to and whose writes are seen, so that results read from it may be cached.
///
/// Implemented by `&CachedPool`, `&mut CachedConnection` and `&mut CachedTransaction`. A plain pool is refused:
///
/// ```compile_fail
/// use cache_core::Cache;
/// use sqlx::SqlitePool;
///
/// async fn count(db: &SqlitePool, cache: &Cache) -> sqlx::Result<i64> {
///     cache_sqlx::query_scalar("SELECT count(*) FROM article").cached(cache).fetch_one(db).await
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` could hide writes from the cache",
    label = "not a `&CachedPool`, `&mut CachedConnection` or `&mut CachedTransaction`",
    note = "wrap the pool once with `CachedPool::new(pool, &cache)` and use that one everywhere",
    note = "begin transactions on the wrapped pool"
)]
pub trait Source<'a>: Send + Sized {
    /// The database of SQLx.
    type Database: Backend;

    #[doc(hidden)]
    fn seat(self) -> Seat<'a, Self::Database>;
}

impl<'a, DB: Backend> Source<'a> for &'a CachedPool<DB> {
    type Database = DB;

    fn seat(self) -> Seat<'a, DB> {
        Seat { session: self.session.clone(), line: Line::Pool(self.pool.clone()) }
    }
}

impl<'a, DB: Backend> Source<'a> for &'a mut CachedConnection<DB> {
    type Database = DB;

    fn seat(self) -> Seat<'a, DB> {
        Seat { session: self.session.clone(), line: Line::Wire(&mut self.wire) }
    }
}

impl<'a, DB: Backend> Source<'a> for &'a mut CachedTransaction<'_, DB> {
    type Database = DB;

    fn seat(self) -> Seat<'a, DB> {
        Seat { session: self.session.clone(), line: Line::Wire(self.hold.wire()) }
    }
}

/// A session as a connection that is read from.
#[derive(Debug)]
pub(crate) struct At(pub(crate) Session);

impl Connection for At {
    fn bypass(&self) -> bool {
        self.0.bypass()
    }

    fn read_point(&self) -> Option<cache_core::ReadPoint> {
        self.0.read_point()
    }

    fn cache_id(&self) -> Option<cache_core::CacheId> {
        Some(self.0.cache_id())
    }
}

macro_rules! connection {
    ($([$($generics:tt)*] $kind:ty),*) => {$(
        impl<$($generics)*> Connection for $kind {
            fn bypass(&self) -> bool {
                self.session.bypass()
            }

            fn read_point(&self) -> Option<cache_core::ReadPoint> {
                self.session.read_point()
            }

            fn cache_id(&self) -> Option<cache_core::CacheId> {
                Some(self.session.cache_id())
            }
        }
    )*};
}

connection!([DB: Backend] CachedPool<DB>, [DB: Backend] CachedConnection<DB>, [DB: Backend] CachedTransaction<'_, DB>);
