//! The connection that sees every statement.

use std::cell::Cell;

use cache_core::{CacheId, Connection, ReadPoint};
use cache_sql::adapter::{Database, Outcome, Returned, Session};
use rusqlite::types::Value;
use rusqlite::{Error, ErrorCode, Result, params_from_iter};

use crate::query::FromRow;
use crate::value;

/// A connection whose writes invalidate cached results.
#[derive(Debug)]
pub struct CachedConnection {
    pub(crate) inner: rusqlite::Connection,
    pub(crate) session: Session,
    pub(crate) depth: Cell<usize>,
}

impl CachedConnection {
    /// Wraps a connection on which no transaction is open. All connections to one database share one `Database`.
    pub fn new(inner: rusqlite::Connection, database: &Database) -> Self {
        CachedConnection { inner, session: Session::connection(database), depth: Cell::new(0) }
    }

    /// Runs a statement that returns no rows; the number of rows that it changed.
    ///
    /// # Errors
    ///
    /// What SQLite answers, and what a store that processes share does.
    pub fn execute(&self, sql: &str, binds: &[Value]) -> Result<usize> {
        self.announced(sql, binds, |_| Ok((self.inner.execute(sql, params_from_iter(binds))?, None)))
    }

    /// Runs statements without binds, one after the other.
    ///
    /// # Errors
    ///
    /// What SQLite answers; the statements before the one that failed have run.
    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        self.announced(sql, &[], |_| Ok((self.inner.execute_batch(sql)?, None)))
    }

    /// Runs a statement that returns rows, a write with `RETURNING` among them. It is not cached.
    ///
    /// # Errors
    ///
    /// What SQLite answers, and what [`FromRow`] does.
    pub fn rows<T: FromRow>(&self, sql: &str, binds: &[Value]) -> Result<Vec<T>> {
        self.announced(sql, binds, |wants_rows| {
            let mut statement = self.inner.prepare(sql)?;
            let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
            let mut returned = wants_rows.then(|| Returned { names, rows: Vec::new(), all: true });
            let mut found = Vec::new();
            let mut rows = statement.query(params_from_iter(binds))?;
            while let Some(row) = rows.next()? {
                if let Some(returned) = &mut returned {
                    returned.rows.push(value::image(&returned.names, row));
                }
                found.push(T::from_row(row)?);
            }
            Ok((found, returned))
        })
    }

    /// The four steps of the contract, around whatever runs the statement.
    fn announced<R>(
        &self,
        sql: &str,
        binds: &[Value],
        run: impl FnOnce(bool) -> Result<(R, Option<Returned>)>,
    ) -> Result<R> {
        self.learn_schema(sql);
        let mut announcement = self.session.announce(sql, || value::binds(binds));
        announcement.permission().wait().map_err(failure)?;
        let result = run(announcement.wants_rows());
        let outcome = Outcome::of(&result, is_violation);
        let (answer, returned) = match result {
            Ok((answer, returned)) => (Ok(answer), returned),
            Err(error) => (Err(error), None),
        };
        let applied = announcement.over(outcome, returned).wait();
        let settled = self.settle();
        let answer = answer?;
        applied.and(settled).map_err(failure)?;
        Ok(answer)
    }

    /// Reads the schema when the session wants to know it.
    pub(crate) fn learn_schema(&self, sql: &str) {
        if let Some(request) = self.session.wants_schema(sql) {
            let rows = self.texts(request.sql());
            request.answer(rows);
        }
    }

    pub(crate) fn texts(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        let mut statement = self.inner.prepare(sql)?;
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?;
        rows.collect()
    }

    /// After some errors SQLite ends the transaction by itself. It can be asked.
    fn settle(&self) -> std::result::Result<(), cache_core::Error> {
        match self.inner.is_autocommit() {
            true => self.session.settled().wait(),
            false => Ok(()),
        }
    }
}

/// What went wrong between the cache and its store, said as rusqlite says it.
pub(crate) fn failure(error: cache_core::Error) -> Error {
    Error::ToSqlConversionFailure(Box::new(error))
}

fn is_violation(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

/// What functions and lookups ask a connection about its transaction.
impl Connection for CachedConnection {
    fn bypass(&self) -> bool {
        self.session.bypass()
    }

    fn read_point(&self) -> Option<ReadPoint> {
        self.session.read_point()
    }

    fn cache_id(&self) -> Option<CacheId> {
        Some(self.session.cache_id())
    }
}
