//! Writes in a transaction of their own, in which the database is asked for their rows.

use std::pin::Pin;

use cache_sql::outbox::Note;
use cache_sql::{Ask, Counted, Exact};
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::sea_query::Values;
use sea_orm::{ConnectionTrait, DbErr, ExecResult, QueryResult, Statement, TransactionSession, TransactionTrait};

use crate::outbox;

/// A transaction whose type is not known.
#[async_trait]
pub(crate) trait Around: Send + Sync {
    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr>;

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr>;

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr>;

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr>;

    async fn before(&self, exact: &mut Exact, values: Option<&Values>) -> Result<(), DbErr>;

    async fn after(&self, exact: &mut Exact, counted: Option<Counted>) -> Result<(), DbErr>;

    async fn leave(&self, note: &Note) -> Result<(), DbErr>;

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

    async fn before(&self, exact: &mut Exact, values: Option<&Values>) -> Result<(), DbErr> {
        before(self, exact, values).await
    }

    async fn after(&self, exact: &mut Exact, counted: Option<Counted>) -> Result<(), DbErr> {
        after(self, exact, counted).await
    }

    async fn leave(&self, note: &Note) -> Result<(), DbErr> {
        outbox::leave(self, note).await
    }

    async fn end(self: Box<Self>, well: bool) -> Result<(), DbErr> {
        if well { self.commit().await } else { self.rollback().await }
    }
}

/// Puts the questions that come before the statement.
///
/// # Errors
///
/// The transaction is over: the statement must not run.
pub(crate) async fn before<C: ConnectionTrait>(
    connection: &C,
    exact: &mut Exact,
    values: Option<&Values>,
) -> Result<(), DbErr> {
    let mut failure = None;
    while let Some(ask) = exact.before() {
        let rows = answer(connection, ask, values).await;
        failure = failure.or(tell(exact, rows));
    }
    outcome(exact, failure)
}

/// Puts the questions that come after it.
///
/// # Errors
///
/// The transaction is over, and what the statement has done with it.
pub(crate) async fn after<C: ConnectionTrait>(
    connection: &C,
    exact: &mut Exact,
    counted: Option<Counted>,
) -> Result<(), DbErr> {
    if let Some(counted) = counted {
        exact.written(counted);
    }
    let mut failure = None;
    while let Some(ask) = exact.after() {
        let rows = answer(connection, ask, None).await;
        failure = failure.or(tell(exact, rows));
    }
    outcome(exact, failure)
}

fn tell(exact: &mut Exact, rows: Result<Vec<Vec<String>>, DbErr>) -> Option<DbErr> {
    match rows {
        Ok(rows) => {
            exact.answer::<DbErr>(Ok(rows));
            None
        }
        Err(error) => {
            exact.answer(Err(&error));
            Some(error)
        }
    }
}

fn outcome(exact: &Exact, failure: Option<DbErr>) -> Result<(), DbErr> {
    match failure {
        Some(failure) if exact.is_broken() => Err(failure),
        _ => Ok(()),
    }
}

async fn answer<C: ConnectionTrait>(
    connection: &C,
    ask: Ask,
    values: Option<&Values>,
) -> Result<Vec<Vec<String>>, DbErr> {
    if ask.script {
        connection.execute_unprepared(&ask.sql).await?;
        return Ok(Vec::new());
    }
    let bound = |at: &usize| values.and_then(|values| values.0.get(*at)).cloned();
    let Some(values) = ask.binds.iter().map(bound).collect::<Option<Vec<_>>>() else {
        return Err(DbErr::Custom("a bind of the statement is missing".to_owned()));
    };
    rows(connection, Statement::from_sql_and_values(connection.get_database_backend(), ask.sql, values)).await
}

/// The rows of a statement without binds, all of them text.
pub(crate) async fn texts<C: ConnectionTrait>(connection: &C, sql: &str) -> Result<Vec<Vec<String>>, DbErr> {
    rows(connection, Statement::from_string(connection.get_database_backend(), sql)).await
}

async fn rows<C: ConnectionTrait>(connection: &C, statement: Statement) -> Result<Vec<Vec<String>>, DbErr> {
    let rows = connection.query_all_raw(statement).await?;
    let text = |row: &QueryResult| (0..row.column_names().len()).map(|at| row.try_get_by_index(at)).collect();
    rows.iter().map(text).collect()
}
