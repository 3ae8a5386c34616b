//! SQLite in memory.

use cache_core::Value;
use cache_sql::{Ask, Catalogue, Dialect};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::{Database, Returned};
use crate::oracle::schema::Schema;

/// One connection a round.
#[derive(Debug)]
pub(in crate::oracle) struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    pub(in crate::oracle) fn new() -> Self {
        let connection = Connection::open_in_memory().expect("SQLite opens in memory");
        connection.set_prepared_statement_cache_capacity(256);
        connection.pragma_update(None, "foreign_keys", true).expect("SQLite has foreign keys");
        Sqlite { connection }
    }
}

impl Database for Sqlite {
    type Cell = rusqlite::types::Value;

    const DIALECT: Dialect = Dialect::Sqlite;

    fn clear(&mut self) {
        *self = Sqlite::new();
    }

    fn define(&mut self, statement: &str) -> bool {
        self.connection.execute_batch(statement).is_ok()
    }

    fn catalogue(&mut self) -> Catalogue {
        let text = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema UNION ALL SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_temp_schema";
        let mut statement = self.connection.prepare(text).expect("the schema can be read");
        let rows: Vec<[String; 4]> = statement
            .query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))
            .and_then(Iterator::collect)
            .expect("the schema can be read");
        let rows = rows.iter().map(|[kind, name, table, sql]| (&**kind, &**name, &**table, &**sql));
        Catalogue::from_sqlite_schema(rows)
    }

    /// SQLite keeps the order of a query without ORDER BY as long as no row that it reads is written.
    fn select(&mut self, text: &str, binds: &[Value]) -> Option<Vec<Vec<Self::Cell>>> {
        let mut statement = self.connection.prepare_cached(text).ok()?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(binds.iter().map(Bound))).ok()?;
        let mut result = Vec::new();
        while let Some(row) = rows.next().ok()? {
            result.push((0..columns).map(|at| row.get(at)).collect::<rusqlite::Result<_>>().ok()?);
        }
        Some(result)
    }

    fn returned(&mut self, text: &str, binds: &[Value]) -> Option<Returned> {
        let mut statement = self.connection.prepare_cached(text).ok()?;
        let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.query(params_from_iter(binds.iter().map(Bound))).ok()?;
        let mut images = Vec::new();
        while let Some(row) = rows.next().ok()? {
            let value = |at| match row.get_ref(at) {
                Ok(ValueRef::Null) => Some(Value::Null),
                Ok(ValueRef::Integer(number)) => Some(Value::from(number)),
                Ok(ValueRef::Real(number)) => Some(Value::from(number)),
                Ok(ValueRef::Text(text)) => std::str::from_utf8(text).ok().map(Value::from),
                _ => None,
            };
            images.push(names.iter().enumerate().filter_map(|(at, name)| Some((name, value(at)?))).collect());
        }
        Some(Returned { names, rows: images })
    }

    fn execute(&mut self, text: &str, binds: &[Value]) -> bool {
        let statement = self.connection.prepare_cached(text);
        statement.is_ok_and(|mut statement| statement.execute(params_from_iter(binds.iter().map(Bound))).is_ok())
    }

    fn affected(&mut self, text: &str, binds: &[Value]) -> Option<u64> {
        let mut statement = self.connection.prepare_cached(text).ok()?;
        statement.execute(params_from_iter(binds.iter().map(Bound))).ok().map(|rows| rows as u64)
    }

    fn ask(&mut self, ask: &Ask, _: &str, _: &[Value]) -> Option<Vec<Vec<String>>> {
        if ask.script {
            return self.connection.execute_batch(&ask.sql).ok().map(|()| Vec::new());
        }
        let mut statement = self.connection.prepare_cached(&ask.sql).ok()?;
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect()).ok()?;
        rows.collect::<rusqlite::Result<_>>().ok()
    }

    fn fullest(&mut self, schema: &Schema) -> i64 {
        let count = |name: &str| {
            let text = format!("SELECT count(*) FROM {name}");
            let statement = self.connection.prepare_cached(&text);
            statement.and_then(|mut one| one.query_row([], |row| row.get::<_, i64>(0))).unwrap_or(0)
        };
        schema.tables.iter().filter(|table| table.writable).map(|table| count(&table.name)).max().unwrap_or(0)
    }
}

struct Bound<'a>(&'a Value);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Int(number) => ToSqlOutput::from(*number as i64),
            Value::Float(number) => ToSqlOutput::from(*number),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            _ => ToSqlOutput::Borrowed(ValueRef::Null),
        })
    }
}
