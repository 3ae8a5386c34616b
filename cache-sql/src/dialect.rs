//! The SQL dialects and what their databases do to values.

use cache_core::Value;
use sqlparser::dialect::{Dialect as Grammar, MySqlDialect, PostgreSqlDialect, SQLiteDialect};

/// The dialect of a text of SQL, and the database that runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
}

impl Dialect {
    pub(crate) fn grammar(self) -> &'static dyn Grammar {
        match self {
            Dialect::Sqlite => &SQLiteDialect {},
            Dialect::Postgres => &PostgreSqlDialect {},
            Dialect::MySql => &MySqlDialect {},
        }
    }

    /// The value as the database compares it; `None` where that is not known well enough.
    pub(crate) fn comparable(self, value: &Value) -> Option<Value> {
        match self {
            Dialect::Sqlite => match value {
                Value::Bool(flag) => Some(Value::Int((*flag).into())),
                Value::Int(number) => i64::try_from(*number).is_ok().then(|| value.clone()),
                Value::Float(number) => (!number.is_nan()).then(|| value.clone()),
                Value::Decimal(_) | Value::Json(_) => None,
                other => Some(other.clone()),
            },
            Dialect::Postgres => match value {
                Value::Float(_) | Value::Json(_) => None,
                Value::Time(_) | Value::DateTime(_) | Value::Instant(_) => None,
                other => Some(other.clone()),
            },
            Dialect::MySql => match value {
                Value::Bool(flag) => Some(Value::Int((*flag).into())),
                Value::Int(_) | Value::Null | Value::Bytes(_) | Value::Date(_) => Some(value.clone()),
                _ => None,
            },
        }
    }

    /// Whether values of this kind are ordered by the database as they are here.
    pub(crate) fn ordered(self, value: &Value) -> bool {
        match self {
            Dialect::Sqlite => matches!(value, Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::Bytes(_)),
            Dialect::Postgres => {
                matches!(value, Value::Int(_) | Value::Decimal(_) | Value::Date(_) | Value::Bytes(_))
            }
            Dialect::MySql => matches!(value, Value::Int(_) | Value::Date(_)),
        }
    }

    /// Whether a column may be called this without being one: the hidden names of SQLite's row number.
    pub(crate) fn is_row_number(self, column: &str) -> bool {
        self == Dialect::Sqlite && matches!(column, "rowid" | "oid" | "_rowid_")
    }

    /// Whether a value that is written can be told to be stored as it is, in a column of its own type.
    pub(crate) fn keeps(self, value: &Value) -> bool {
        match self {
            Dialect::Sqlite => true,
            // numeric(p, s) rounds.
            Dialect::Postgres => !matches!(value, Value::Decimal(_) | Value::Float(_)),
            Dialect::MySql => matches!(value, Value::Int(_) | Value::Bytes(_) | Value::Date(_) | Value::Null),
        }
    }
}
