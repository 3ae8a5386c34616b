//! MariaDB.

use std::cmp::Ordering as Order;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use cache_core::{Date, DateTime, Time, Value};
use cache_sql::{Ask, Catalogue, Dialect};
use mysql::consts::{CapabilityFlags, ColumnType};
use mysql::prelude::Queryable;
use mysql::{Column, Conn, Opts, OptsBuilder, Params, Statement};
use test_servers::MariaDb as Server;

use super::{Database, Returned};
use crate::oracle::schema::Schema;

/// The character set of bytes that are no text.
const BINARY: u16 = 63;

/// A connection to the shared server, with one database a round.
#[derive(Debug)]
pub(in crate::oracle) struct MySql {
    connection: Conn,
    statements: HashMap<String, Option<Statement>>,
    name: String,
}

impl MySql {
    pub(in crate::oracle) fn new() -> Self {
        static DATABASES: AtomicU64 = AtomicU64::new(0);
        let options = Opts::from_url(&Server::shared().url()).expect("the address of the server");
        // Statements are kept here, as long as their database is there.
        let options = OptsBuilder::from_opts(options).stmt_cache_size(0);
        let options = options.additional_capabilities(CapabilityFlags::CLIENT_FOUND_ROWS);
        let mut connection = Conn::new(options).expect("the server lets us in");
        connection.query_drop("SET NAMES utf8mb4, max_statement_time = 2").expect("settings");
        let name = format!("oracle{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        MySql { connection, statements: HashMap::new(), name }
    }

    fn prepared(&mut self, text: &str) -> Option<Statement> {
        if let Some(known) = self.statements.get(text) {
            return known.clone();
        }
        let statement = reached(self.connection.prep(text), text);
        self.statements.insert(text.to_owned(), statement.clone());
        statement
    }

    fn rows(&mut self, text: &str, binds: &[Value]) -> Option<Vec<mysql::Row>> {
        let statement = self.prepared(text)?;
        let binds = match binds {
            [] => Params::Empty,
            binds => Params::Positional(binds.iter().map(bound).collect()),
        };
        reached(self.connection.exec(statement, binds), text)
    }
}

/// The outcome of a statement; the server has to be there still.
fn reached<T>(outcome: mysql::Result<T>, text: &str) -> Option<T> {
    match outcome {
        Err(error @ (mysql::Error::IoError(_) | mysql::Error::CodecError(_))) => panic!("{error} at {text}"),
        outcome => outcome.ok(),
    }
}

impl Database for MySql {
    type Cell = mysql::Value;

    const DIALECT: Dialect = Dialect::MySql;

    fn clear(&mut self) {
        for statement in self.statements.drain().filter_map(|(_, statement)| statement) {
            self.connection.close(statement).expect("a statement can be closed");
        }
        let name = &self.name;
        for text in [
            format!("DROP DATABASE IF EXISTS {name}"),
            format!("CREATE DATABASE {name}"),
            format!("USE {name}"),
            String::from("SET sql_mode = DEFAULT"),
        ] {
            self.connection.query_drop(text).expect("a database can be made");
        }
    }

    fn define(&mut self, statement: &str) -> bool {
        reached(self.connection.query_drop(statement), statement).is_some()
    }

    fn catalogue(&mut self) -> Catalogue {
        super::catalogue(Self::DIALECT, |text| {
            let rows: Vec<mysql::Row> = self.connection.query(text).expect("the catalogue can be read");
            rows.into_iter().map(|row| (0..row.len()).map(|at| row.get(at).expect("a text")).collect()).collect()
        })
    }

    fn select(&mut self, text: &str, binds: &[Value]) -> Option<Vec<Vec<Self::Cell>>> {
        let mut rows: Vec<Vec<_>> = self.rows(text, binds)?.into_iter().map(mysql::Row::unwrap).collect();
        rows.sort_by(|one, other| one.partial_cmp(other).unwrap_or(Order::Equal));
        Some(rows)
    }

    fn returned(&mut self, text: &str, binds: &[Value]) -> Option<Returned> {
        let mut names = Vec::new();
        if let Some(statement) = self.prepared(text) {
            names.extend(statement.columns().iter().map(|column| column.name_str().into_owned()));
        }
        let image = |row: mysql::Row| {
            let columns = row.columns();
            let cells = columns.iter().zip(row.unwrap());
            cells.filter_map(|(column, cell)| Some((column.name_str().into_owned(), value(column, cell)?))).collect()
        };
        Some(Returned { names, rows: self.rows(text, binds)?.into_iter().map(image).collect() })
    }

    fn execute(&mut self, text: &str, binds: &[Value]) -> bool {
        self.rows(text, binds).is_some()
    }

    fn affected(&mut self, text: &str, binds: &[Value]) -> Option<u64> {
        self.rows(text, binds).map(|_| self.connection.affected_rows())
    }

    fn ask(&mut self, ask: &Ask, _: &str, binds: &[Value]) -> Option<Vec<Vec<String>>> {
        if ask.script {
            return self.define(&ask.sql).then(Vec::new);
        }
        let binds: Vec<Value> = ask.binds.iter().map(|at| binds.get(*at).cloned()).collect::<Option<_>>()?;
        let rows = self.rows(&ask.sql, &binds)?;
        rows.into_iter().map(|row| (0..row.len()).map(|at| row.get_opt(at)?.ok()).collect()).collect()
    }

    fn fullest(&mut self, schema: &Schema) -> i64 {
        let counts = schema.tables.iter().filter(|table| table.writable);
        let counts: Vec<String> = counts.map(|table| format!("(SELECT count(*) FROM {})", table.name)).collect();
        let text = format!("SELECT greatest(0, {})", counts.join(", "));
        self.rows(&text, &[]).and_then(|rows| rows.first()?.get(0)).unwrap_or(0)
    }
}

fn bound(value: &Value) -> mysql::Value {
    const DAY: i128 = 86_400_000_000;
    match value {
        Value::Null => mysql::Value::NULL,
        Value::Bool(flag) => mysql::Value::Int((*flag).into()),
        Value::Int(number) => mysql::Value::Int(*number as i64),
        Value::Float(number) => mysql::Value::Double(*number),
        Value::Text(text) => mysql::Value::Bytes(text.as_bytes().to_vec()),
        Value::Date(_) | Value::DateTime(_) => {
            let (days, micros) = match value {
                Value::Date(date) => (date.days(), 0),
                Value::DateTime(moment) => {
                    let micros = moment.nanoseconds() / 1_000;
                    (micros.div_euclid(DAY) as i32, micros.rem_euclid(DAY))
                }
                _ => unreachable!("matched above"),
            };
            let date = Date::from_days(days).to_string();
            let field =
                |at: std::ops::Range<usize>| date[at].parse::<u16>().expect("a date of four, two and two digits");
            let seconds = micros / 1_000_000;
            mysql::Value::Date(
                field(0..4),
                field(5..7) as u8,
                field(8..10) as u8,
                (seconds / 3_600) as u8,
                (seconds / 60 % 60) as u8,
                (seconds % 60) as u8,
                (micros % 1_000_000) as u32,
            )
        }
        other => mysql::Value::Bytes(other.to_string().into_bytes()),
    }
}

/// A returned value as drivers hand it over; `None` for types that they have no value for.
fn value(column: &Column, cell: mysql::Value) -> Option<Value> {
    Some(match (cell, column.column_type()) {
        (mysql::Value::NULL, _) => Value::Null,
        (mysql::Value::Int(number), ColumnType::MYSQL_TYPE_TINY) if column.column_length() == 1 => {
            Value::Bool(number != 0)
        }
        (mysql::Value::Int(number), kind) if kind.is_numeric_type() => Value::from(number),
        (mysql::Value::UInt(number), kind) if kind.is_numeric_type() => Value::from(number),
        (mysql::Value::Double(number), _) => Value::from(number),
        (mysql::Value::Bytes(bytes), ColumnType::MYSQL_TYPE_NEWDECIMAL) => {
            Value::Decimal(std::str::from_utf8(&bytes).ok()?.parse().ok()?)
        }
        (mysql::Value::Bytes(bytes), _) if column.character_set() == BINARY => Value::from(bytes),
        (mysql::Value::Bytes(bytes), kind) if kind.is_character_type() => Value::from(String::from_utf8(bytes).ok()?),
        (mysql::Value::Date(year, month, day, hour, minute, second, micro), kind) => {
            let date = Date::from_ymd(year.into(), month.into(), day.into())?;
            match kind {
                ColumnType::MYSQL_TYPE_DATE => Value::Date(date),
                ColumnType::MYSQL_TYPE_DATETIME => {
                    let time = Time::from_hms(hour.into(), minute.into(), second.into(), micro * 1_000)?;
                    Value::DateTime(DateTime::new(date, time)?)
                }
                _ => return None,
            }
        }
        _ => return None,
    })
}
