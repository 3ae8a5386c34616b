//! Rows that a write returned, as row images.

use cache_core::{Row, Value};
use cache_sql::Counted;
use cache_sql::adapter::Returned;
use sea_orm::{DbBackend, DbErr, ExecResult, QueryResult, TryGetable};

/// The answer to a statement, as far as it tells rows.
pub(crate) trait Answer {
    /// The rows that came back; `None` when the answer tells none.
    fn returned(&self, backend: DbBackend) -> Option<Returned>;

    /// How many rows were written.
    fn counted(&self) -> Option<Counted>;
}

impl Answer for Result<ExecResult, DbErr> {
    fn returned(&self, _: DbBackend) -> Option<Returned> {
        None
    }

    fn counted(&self) -> Option<Counted> {
        Some(Counted::Affected(self.as_ref().ok()?.rows_affected()))
    }
}

impl Answer for Result<Option<QueryResult>, DbErr> {
    fn returned(&self, backend: DbBackend) -> Option<Returned> {
        Some(images(self.as_ref().ok()?.as_slice(), backend, false))
    }

    fn counted(&self) -> Option<Counted> {
        let found = self.as_ref().ok()?.is_some();
        Some(Counted::Returned { rows: found.into(), all: !found })
    }
}

impl Answer for Result<Vec<QueryResult>, DbErr> {
    fn returned(&self, backend: DbBackend) -> Option<Returned> {
        Some(images(self.as_ref().ok()?, backend, true))
    }

    fn counted(&self) -> Option<Counted> {
        Some(Counted::Returned { rows: self.as_ref().ok()?.len() as u64, all: true })
    }
}

fn images(rows: &[QueryResult], backend: DbBackend, all: bool) -> Returned {
    let names = rows.first().map(QueryResult::column_names).unwrap_or_default();
    let read = match backend {
        DbBackend::Sqlite => of_sqlite,
        DbBackend::Postgres => of_postgres,
        _ => |_: &QueryResult, _| None,
    };
    let image = |row| names.iter().enumerate().filter_map(|(at, name)| Some((name, read(row, at)?))).collect::<Row>();
    Returned { rows: rows.iter().map(image).collect(), names: names.clone(), all }
}

/// The column as this type, when it is of it or NULL.
fn get<T: TryGetable>(row: &QueryResult, at: usize) -> Option<Option<T>> {
    row.try_get_by_index::<Option<T>>(at).ok()
}

/// What SQLite stores: the driver hands each storage class out as one Rust type only.
fn of_sqlite(row: &QueryResult, at: usize) -> Option<Value> {
    if let Some(number) = get::<i64>(row, at) {
        return Some(Value::from(number));
    }
    if let Some(number) = get::<f64>(row, at) {
        return Some(Value::from(number));
    }
    if let Some(text) = get::<String>(row, at) {
        return Some(Value::from(text));
    }
    let bytes = get::<Vec<u8>>(row, at)?;
    // Text that is not UTF-8 comes as bytes, too, and is compared as text.
    let is_blob = bytes.as_ref().is_none_or(|bytes| std::str::from_utf8(bytes).is_ok());
    is_blob.then(|| Value::from(bytes))
}

/// PostgreSQL's columns have types, and the driver hands each out as its own Rust type only.
fn of_postgres(row: &QueryResult, at: usize) -> Option<Value> {
    macro_rules! first {
        ($($type:ty),*) => {$(
            if let Some(value) = get::<$type>(row, at) {
                return Some(Value::from(value));
            }
        )*};
    }
    first!(i32, String, i64, bool, i16);
    #[cfg(feature = "with-chrono")]
    first!(chrono::DateTime<chrono::Utc>, chrono::NaiveDateTime, chrono::NaiveDate);
    #[cfg(feature = "with-uuid")]
    if let Some(value) = get::<sea_orm::prelude::Uuid>(row, at) {
        return Some(value.map_or(Value::Null, |value| Value::Uuid(*value.as_bytes())));
    }
    get::<Vec<u8>>(row, at).map(Value::from)
}
