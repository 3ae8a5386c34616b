//! Places that cached queries may read from.

use cache_core::{CacheId, Connection, ReadPoint};
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
pub(crate) struct At {
    session: Session,
    pinned: bool,
}

impl At {
    pub(crate) fn of<DB: Backend>(seat: &Seat<'_, DB>) -> Self {
        At { session: seat.session.clone(), pinned: matches!(seat.line, Line::Wire(_)) }
    }
}

impl Connection for At {
    fn bypass(&self) -> bool {
        self.session.bypass()
    }

    fn read_point(&self) -> Option<ReadPoint> {
        read_point(&self.session, self.pinned)
    }

    fn cache_id(&self) -> Option<CacheId> {
        Some(self.session.cache_id())
    }
}

/// Whoever holds a connection waits for no other caller, who may be waiting for this very connection: a read point says so,
/// and outside of a transaction the present moment is one.
fn read_point(session: &Session, pinned: bool) -> Option<ReadPoint> {
    session.read_point().or_else(|| pinned.then(|| session.database().cache().read_point()))
}

macro_rules! connection {
    ($([$($generics:tt)*] $kind:ty, pinned: $pinned:literal;)*) => {$(
        impl<$($generics)*> Connection for $kind {
            fn bypass(&self) -> bool {
                self.session.bypass()
            }

            fn read_point(&self) -> Option<ReadPoint> {
                read_point(&self.session, $pinned)
            }

            fn cache_id(&self) -> Option<CacheId> {
                Some(self.session.cache_id())
            }
        }
    )*};
}

connection! {
    [DB: Backend] CachedPool<DB>, pinned: false;
    [DB: Backend] CachedConnection<DB>, pinned: true;
    [DB: Backend] CachedTransaction<'_, DB>, pinned: true;
}
