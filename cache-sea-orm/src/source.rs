//! Connections that cached queries may read from.

use std::sync::Arc;

use cache_core::{Cache, Connection, context};
use cache_sql::adapter::{Admission, Asked, Options, SchemaRequest, Session};
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use crate::analysis;
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
    fn session(&self) -> &Session;

    #[doc(hidden)]
    async fn learn(&self, schema: SchemaRequest);

    #[doc(hidden)]
    async fn row(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr>;

    #[doc(hidden)]
    async fn rows(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr>;
}

#[async_trait]
impl<C: ConnectionTrait + Send + 'static> Source for CachedConnection<C> {
    fn backend(&self) -> DbBackend {
        CachedConnection::backend(self)
    }

    fn session(&self) -> &Session {
        &self.session
    }

    async fn learn(&self, schema: SchemaRequest) {
        self.prepare(Some(schema)).await;
    }

    async fn row(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        let announcement = self.announce_lookup(&stmt.sql).await;
        let row = self.inner.query_one_raw(stmt).await;
        self.over(announcement, row).await
    }

    async fn rows(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let announcement = self.announce_lookup(&stmt.sql).await;
        let rows = self.inner.query_all_raw(stmt).await;
        self.over(announcement, rows).await
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[async_trait]
        impl<D: Source + Send + ?Sized> Source for $pointer {
            fn backend(&self) -> DbBackend {
                D::backend(self)
            }

            fn session(&self) -> &Session {
                D::session(self)
            }

            async fn learn(&self, schema: SchemaRequest) {
                D::learn(self, schema).await;
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

/// Whether a query is cached, by its options and by the profiles of its tables.
pub(crate) async fn admission<D: Source + ?Sized>(
    db: &D,
    cache: &Cache,
    options: &Options,
    asked: Asked,
    sql: &str,
) -> Admission {
    if let Some(schema) = db.session().wants_schema_to_admit(cache, options) {
        db.learn(schema).await;
    }
    db.session().admit(cache, options, asked, sql)
}

/// A source as SeaORM wants it, for what SeaORM reads by itself.
pub(crate) struct Reading<'d, D: ?Sized> {
    db: &'d D,
    expected: Expected<'d>,
}

enum Expected<'d> {
    /// One statement, rendered before; SeaORM may render it again in another way that means the same.
    One(Statement),
    /// Any number; what is being filled depends on each.
    Any(&'d Cache),
}

impl<'d, D: Source + ?Sized> Reading<'d, D> {
    /// For code that sends this statement, or one that means the same.
    pub(crate) fn one(db: &'d D, statement: Statement) -> Self {
        Reading { db, expected: Expected::One(statement) }
    }

    /// For code that sends statements which are known only when it does.
    pub(crate) fn any(db: &'d D, cache: &'d Cache) -> Self {
        Reading { db, expected: Expected::Any(cache) }
    }

    async fn statement(&self, sent: Statement) -> Statement {
        match &self.expected {
            Expected::One(statement) => statement.clone(),
            Expected::Any(cache) => {
                if context::is_filling() {
                    context::add_dependencies_async(cache, &analysis::dependencies(&sent)).await;
                }
                sent
            }
        }
    }
}

#[async_trait]
impl<D: Source + ?Sized> ConnectionTrait for Reading<'_, D> {
    fn get_database_backend(&self) -> DbBackend {
        self.db.backend()
    }

    async fn execute_raw(&self, _: Statement) -> Result<ExecResult, DbErr> {
        Err(DbErr::Custom("a cached query does not write".to_owned()))
    }

    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        Err(DbErr::Custom("a cached query does not write".to_owned()))
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.db.row(self.statement(stmt).await).await
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.db.rows(self.statement(stmt).await).await
    }
}
