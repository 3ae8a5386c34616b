//! The statement that a SeaORM query would send, without sending it.
//!
//! SeaORM's selectors can be consumed but neither cloned nor inspected, and the text of `one`, `count`,
//! `exists` and of a page is made by SeaORM itself. So the query is run against a connection that notes the
//! first statement and never answers; one poll is enough, and nothing is guessed about SeaORM's rendering.

use std::cell::RefCell;
use std::future::{Future, pending};

use futures::FutureExt;
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

thread_local! {
    static NOTED: RefCell<Option<Statement>> = const { RefCell::new(None) };
}

/// A connection that notes the first statement and never answers.
#[derive(Debug)]
pub struct Capture(DbBackend);

static MYSQL: Capture = Capture(DbBackend::MySql);
static POSTGRES: Capture = Capture(DbBackend::Postgres);
static SQLITE: Capture = Capture(DbBackend::Sqlite);

/// The statement that `run` sends first, rendered for `backend`; `None` when it sends none.
pub(crate) fn capture<F: Future>(backend: DbBackend, run: impl FnOnce(&'static Capture) -> F) -> Option<Statement> {
    let connection = match backend {
        DbBackend::MySql => &MYSQL,
        DbBackend::Postgres => &POSTGRES,
        _ => &SQLITE,
    };
    let outer = NOTED.take();
    let _ = run(connection).now_or_never();
    NOTED.replace(outer)
}

fn note(statement: Statement) {
    NOTED.with_borrow_mut(|noted| {
        noted.get_or_insert(statement);
    });
}

#[async_trait]
impl ConnectionTrait for Capture {
    fn get_database_backend(&self) -> DbBackend {
        self.0
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        note(stmt);
        pending().await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        note(Statement::from_string(self.0, sql));
        pending().await
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        note(stmt);
        pending().await
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        note(stmt);
        pending().await
    }
}
