//! Writes in a transaction of their own, in which the database is asked for their rows.

use std::pin::Pin;

use cache_sql::{Ask, Exact};
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbErr, ExecResult, QueryResult, Statement, TransactionSession, TransactionTrait};

/// A transaction whose type is not known.
#[async_trait]
pub(crate) trait Around: Send + Sync {
    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr>;

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr>;

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr>;

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr>;

    async fn before(&self, exact: &mut Exact);

    async fn after(&self, exact: &mut Exact);

    /// Commits what went well, and rolls the rest back.
    async fn end(self: Box<Self>, well: bool) -> Result<(), DbErr>;
}

type Begun<'c> = Pin<Box<dyn Future<Output = Result<Box<dyn Around>, DbErr>> + Send + 'c>>;

/// Begins such a transaction on a connection of one type.
pub(crate) type Begin<C> = for<'c> fn(&'c C) -> Begun<'c>;

pub(crate) fn begin<C>(connection: &C) -> Begun<'_>
where
    C: TransactionTrait + Sync,
    C::Transaction: ConnectionTrait + TransactionSession + Send + Sync + 'static,
{
    Box::pin(async { Ok(Box::new(connection.begin().await?) as Box<dyn Around>) })
}

#[async_trait]
impl<T: ConnectionTrait + TransactionSession + Send + Sync> Around for T {
    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        ConnectionTrait::execute_raw(self, stmt).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        ConnectionTrait::execute_unprepared(self, sql).await
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        ConnectionTrait::query_one_raw(self, stmt).await
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        ConnectionTrait::query_all_raw(self, stmt).await
    }

    async fn before(&self, exact: &mut Exact) {
        before(self, exact).await;
    }

    async fn after(&self, exact: &mut Exact) {
        after(self, exact).await;
    }

    async fn end(self: Box<Self>, well: bool) -> Result<(), DbErr> {
        if well { self.commit().await } else { self.rollback().await }
    }
}

/// Puts the questions that come before the statement.
pub(crate) async fn before<C: ConnectionTrait>(connection: &C, exact: &mut Exact) {
    while let Some(ask) = exact.before() {
        exact.answer(answer(connection, ask).await);
    }
}

/// Puts the questions that come after it.
pub(crate) async fn after<C: ConnectionTrait>(connection: &C, exact: &mut Exact) {
    while let Some(ask) = exact.after() {
        exact.answer(answer(connection, ask).await);
    }
}

async fn answer<C: ConnectionTrait>(connection: &C, ask: Ask) -> Result<Vec<Vec<String>>, DbErr> {
    if ask.script {
        connection.execute_unprepared(&ask.sql).await?;
        return Ok(Vec::new());
    }
    texts(connection, &ask.sql).await
}

/// The rows of a statement without binds, all of them text.
pub(crate) async fn texts<C: ConnectionTrait>(connection: &C, sql: &str) -> Result<Vec<Vec<String>>, DbErr> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await?;
    let text = |row: &QueryResult| (0..row.column_names().len()).map(|at| row.try_get_by_index(at)).collect();
    rows.iter().map(text).collect()
}
