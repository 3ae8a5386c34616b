//! Connections that cached queries may read from.

use std::sync::Arc;

use cache_core::Connection;
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use crate::connection::CachedConnection;

/// A connection whose writes are seen, so that results read from it may be cached.
///
/// Implemented by [`CachedConnection`], its transactions, and references to them. A plain connection is refused:
///
/// ```compile_fail
/// use cache_core::Cache;
/// use cache_sea_orm::prelude::*;
/// use sea_orm::{DatabaseConnection, EntityTrait};
///
/// async fn all<E: EntityTrait<Model: Sync>>(db: &DatabaseConnection, cache: &Cache) {
///     let _ = E::find().cached(cache).all(db).await;
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` could hide writes from the cache",
    label = "not a `CachedConnection`",
    note = "wrap the connection once with `CachedConnection::new(connection, &cache)` and use that one everywhere",
    note = "begin transactions on the wrapped connection"
)]
#[async_trait]
pub trait Source: Connection + Sync {
    #[doc(hidden)]
    fn backend(&self) -> DbBackend;

    #[doc(hidden)]
    async fn row(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr>;

    #[doc(hidden)]
    async fn rows(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr>;
}

#[async_trait]
impl<C: ConnectionTrait + Send + 'static> Source for CachedConnection<C> {
    fn backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn row(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        let announcement = self.announce_lookup(&stmt.sql).await;
        let row = self.inner.query_one_raw(stmt).await;
        self.over(announcement, &row);
        row
    }

    async fn rows(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let announcement = self.announce_lookup(&stmt.sql).await;
        let rows = self.inner.query_all_raw(stmt).await;
        self.over(announcement, &rows);
        rows
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[async_trait]
        impl<D: Source + Send + ?Sized> Source for $pointer {
            fn backend(&self) -> DbBackend {
                D::backend(self)
            }

            async fn row(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
                D::row(self, stmt).await
            }

            async fn rows(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
                D::rows(self, stmt).await
            }
        }
    )*};
}

forward!(&D, Arc<D>);

/// A source as SeaORM wants it, for selectors that group their rows themselves.
pub(crate) struct Reading<'d, D: ?Sized>(pub(crate) &'d D);

#[async_trait]
impl<D: Source + ?Sized> ConnectionTrait for Reading<'_, D> {
    fn get_database_backend(&self) -> DbBackend {
        self.0.backend()
    }

    async fn execute_raw(&self, _: Statement) -> Result<ExecResult, DbErr> {
        Err(DbErr::Custom("a cached query does not write".to_owned()))
    }

    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        Err(DbErr::Custom("a cached query does not write".to_owned()))
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.0.row(stmt).await
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.0.rows(stmt).await
    }
}
