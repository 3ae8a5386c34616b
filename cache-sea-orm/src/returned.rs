//! Rows that a write returned, as row images.

use std::sync::Arc;

use cache_core::{Change, Row, Value};
use cache_sql::Bind;
use sea_orm::sea_query::Values;
use sea_orm::{DbBackend, DbErr, ExecResult, QueryResult};

use crate::analysis::{Analyser, binds};

/// A write whose returned rows will tell more of its changes than its text does.
#[derive(Debug)]
pub(crate) struct Told {
    analyser: Arc<Analyser>,
    sql: String,
    binds: Vec<Bind>,
}

impl Told {
    /// `None` for a text that returns no rows, and for databases other than SQLite, where what is returned is
    /// not known to be what is compared.
    pub(crate) fn new(analyser: Arc<Analyser>, backend: DbBackend, sql: &str, values: Option<&Values>) -> Option<Self> {
        let returns = sql.as_bytes().windows(9).any(|word| word.eq_ignore_ascii_case(b"RETURNING"));
        (returns && backend == DbBackend::Sqlite).then(|| Told {
            analyser,
            sql: sql.into(),
            binds: binds(values, backend),
        })
    }

    /// The driver remembers the names of columns with a prepared statement: after a change of the schema those of `*`
    /// may be outdated, and then nothing is told.
    pub(crate) fn changes(&self, names: &[String], rows: &[Row], all: bool) -> Option<Vec<Change>> {
        if !rows.is_empty() && !self.analyser.returns(&self.sql, names) {
            return None;
        }
        self.analyser.returned(&self.sql, &self.binds, rows, all)
    }
}

/// The answer to a statement, as far as it tells rows.
pub(crate) trait Answer {
    /// The rows by column name, and whether there were no others; `None` when the answer tells none.
    fn rows(&self) -> Option<(Vec<Row>, bool)>;

    /// The names of the columns, in their order.
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Answer for Result<ExecResult, DbErr> {
    fn rows(&self) -> Option<(Vec<Row>, bool)> {
        None
    }
}

impl Answer for Result<Option<QueryResult>, DbErr> {
    fn rows(&self) -> Option<(Vec<Row>, bool)> {
        let row = self.as_ref().ok()?;
        Some((row.iter().map(image).collect(), false))
    }

    fn names(&self) -> Vec<String> {
        self.as_ref().ok().and_then(Option::as_ref).map(QueryResult::column_names).unwrap_or_default()
    }
}

impl Answer for Result<Vec<QueryResult>, DbErr> {
    fn rows(&self) -> Option<(Vec<Row>, bool)> {
        let rows = self.as_ref().ok()?;
        Some((rows.iter().map(image).collect(), true))
    }

    fn names(&self) -> Vec<String> {
        self.as_ref().ok().and_then(|rows| rows.first()).map(QueryResult::column_names).unwrap_or_default()
    }
}

/// A column whose value cannot be read is left unknown.
fn image(row: &QueryResult) -> Row {
    let columns = row.column_names().into_iter().enumerate();
    columns.filter_map(|(at, name)| Some((name, stored(row, at)?))).collect()
}

/// What SQLite stores: the driver hands each storage class out as one Rust type only.
fn stored(row: &QueryResult, at: usize) -> Option<Value> {
    if let Ok(number) = row.try_get_by_index::<Option<i64>>(at) {
        return Some(Value::from(number));
    }
    if let Ok(number) = row.try_get_by_index::<Option<f64>>(at) {
        return Some(Value::from(number));
    }
    if let Ok(text) = row.try_get_by_index::<Option<String>>(at) {
        return Some(Value::from(text));
    }
    let bytes = row.try_get_by_index::<Option<Vec<u8>>>(at).ok()?;
    // Text that is not UTF-8 comes as bytes, too, and is compared as text.
    let is_blob = bytes.as_ref().is_none_or(|bytes| std::str::from_utf8(bytes).is_ok());
    is_blob.then(|| Value::from(bytes))
}
