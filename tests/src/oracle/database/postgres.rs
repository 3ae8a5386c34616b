//! PostgreSQL.

use std::collections::HashMap;
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};

use cache_core::{Date, DateTime, Value};
use cache_sql::{Ask, Catalogue, Dialect};
use postgres::types::private::BytesMut;
use postgres::types::{Format, FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, NoTls, Statement};
use test_servers::Postgres as Server;

use super::{Database, Returned};
use crate::oracle::schema::Schema;

/// The days from 1970-01-01, where ours begin, to 2000-01-01, where those of PostgreSQL begin.
const EPOCH: i32 = 10_957;

/// A database of the shared server, with one schema a round in it.
pub(in crate::oracle) struct Postgres {
    client: Client,
    statements: HashMap<String, Option<Statement>>,
    round: u64,
}

impl Postgres {
    /// Connects to a new database whose texts are ordered as words are and not as bytes.
    pub(in crate::oracle) fn new() -> Self {
        static DATABASES: AtomicU64 = AtomicU64::new(0);
        let server = Server::shared();
        let mut client = Client::connect(&server.url(), NoTls).expect("the server lets us in");
        let name = format!("oracle{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let words = format!("CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'");
        if client.batch_execute(&words).is_err() {
            server.create_database(&name);
        }
        let url = server.url();
        let url = format!("{}/{name}", url.strip_suffix("/postgres").expect("the name of the database comes last"));
        let mut client = Client::connect(&url, NoTls).expect("the server lets us in");
        for optional in [
            "CREATE EXTENSION IF NOT EXISTS citext",
            "CREATE COLLATION IF NOT EXISTS caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        ] {
            // A server may be built without.
            let _ = client.batch_execute(optional);
        }
        client.batch_execute("SET client_min_messages = error; SET statement_timeout = '2s'").expect("settings");
        Postgres { client, statements: HashMap::new(), round: 0 }
    }

    /// The statement of a text; every other one with the types that its values have by themselves, as drivers do that send them.
    fn prepared(&mut self, text: &str, binds: &[Value]) -> Option<Statement> {
        let key = format!("{text}\n{binds:?}");
        if let Some(known) = self.statements.get(&key) {
            return known.clone();
        }
        let types: Vec<Type> = if is_typed(text) { binds.iter().map(own_type).collect() } else { Vec::new() };
        let statement = self.client.prepare_typed(text, &types).ok();
        assert!(!self.client.is_closed(), "the server hung up at {text}");
        self.statements.insert(key, statement.clone());
        statement
    }

    fn rows(&mut self, text: &str, binds: &[Value]) -> Option<Vec<postgres::Row>> {
        let statement = self.prepared(text, binds)?;
        let bound: Vec<Bound<'_>> = binds.iter().map(Bound).collect();
        let bound: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|bind| bind as _).collect();
        let rows = self.client.query(&statement, &bound).ok();
        assert!(!self.client.is_closed(), "the server hung up at {text}");
        rows
    }
}

impl Database for Postgres {
    /// As the server sends it.
    type Cell = Option<Vec<u8>>;

    const DIALECT: Dialect = Dialect::Postgres;

    fn clear(&mut self) {
        self.statements.clear();
        let (old, new) = (self.round, self.round + 1);
        self.round = new;
        let text = format!(
            "DROP SCHEMA IF EXISTS round{old} CASCADE; CREATE SCHEMA round{new}; SET search_path = round{new}, public"
        );
        self.client.batch_execute(&text).expect("a schema can be made");
    }

    fn define(&mut self, statement: &str) -> bool {
        self.client.batch_execute(statement).is_ok()
    }

    fn catalogue(&mut self) -> Catalogue {
        super::catalogue(Self::DIALECT, |text| {
            let rows = self.client.query(text, &[]).expect("the catalogue can be read");
            rows.iter().map(|row| (0..row.len()).map(|at| row.get(at)).collect()).collect()
        })
    }

    fn select(&mut self, text: &str, binds: &[Value]) -> Option<Vec<Vec<Self::Cell>>> {
        let cell = |row: &postgres::Row, at| row.get::<_, Raw>(at).0;
        let rows = self.rows(text, binds)?;
        let mut rows: Vec<Vec<_>> = rows.iter().map(|row| (0..row.len()).map(|at| cell(row, at)).collect()).collect();
        rows.sort();
        Some(rows)
    }

    fn returned(&mut self, text: &str, binds: &[Value]) -> Option<Returned> {
        let statement = self.prepared(text, binds)?;
        let columns = statement.columns();
        let image = |row: &postgres::Row| {
            let cells = columns.iter().enumerate();
            cells.filter_map(|(at, column)| Some((column.name(), value(&row.get(at), column.type_())?))).collect()
        };
        let rows = self.rows(text, binds)?.iter().map(image).collect();
        Some(Returned { names: columns.iter().map(|column| column.name().to_owned()).collect(), rows })
    }

    fn execute(&mut self, text: &str, binds: &[Value]) -> bool {
        self.rows(text, binds).is_some()
    }

    fn affected(&mut self, text: &str, binds: &[Value]) -> Option<u64> {
        let statement = self.prepared(text, binds)?;
        let bound: Vec<Bound<'_>> = binds.iter().map(Bound).collect();
        let bound: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|bind| bind as _).collect();
        self.client.execute(&statement, &bound).ok()
    }

    fn ask(&mut self, ask: &Ask, about: &str, binds: &[Value]) -> Option<Vec<Vec<String>>> {
        if ask.script {
            return self.define(&ask.sql).then(Vec::new);
        }
        let binds: Vec<&Value> = ask.binds.iter().map(|at| binds.get(*at)).collect::<Option<_>>()?;
        let types: Vec<Type> =
            if is_typed(about) { binds.iter().map(|bind| own_type(bind)).collect() } else { Vec::new() };
        let statement = self.client.prepare_typed(&ask.sql, &types).ok()?;
        let bound: Vec<Bound<'_>> = binds.into_iter().map(Bound).collect();
        let bound: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|bind| bind as _).collect();
        let rows = self.client.query(&statement, &bound).ok()?;
        rows.iter().map(|row| (0..row.len()).map(|at| row.try_get(at).ok()).collect()).collect()
    }

    fn fullest(&mut self, schema: &Schema) -> i64 {
        let counts = schema.tables.iter().filter(|table| table.writable);
        let counts: Vec<String> = counts.map(|table| format!("(SELECT count(*) FROM {})", table.name)).collect();
        let rows = self.rows(&format!("SELECT greatest({})", counts.join(", ")), &[]);
        rows.and_then(|rows| rows.first().map(|row| row.get(0))).unwrap_or(0)
    }
}

/// The bytes of a value of any type.
struct Raw(Option<Vec<u8>>);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Raw(Some(raw.to_vec())))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Raw(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A value sent as text, which the server reads by the type of the place where it stands.
#[derive(Debug)]
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Text(text) => out.extend_from_slice(text.as_bytes()),
            other => out.extend_from_slice(other.to_string().as_bytes()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// Whether the binds of a statement are sent with types.
fn is_typed(text: &str) -> bool {
    text.len().is_multiple_of(2)
}

fn own_type(value: &Value) -> Type {
    match value {
        Value::Bool(_) => Type::BOOL,
        Value::Int(number) if number % 2 == 0 => Type::INT8,
        Value::Int(_) => Type::INT4,
        Value::Decimal(_) => Type::NUMERIC,
        Value::Float(_) => Type::FLOAT8,
        Value::Text(_) => Type::TEXT,
        Value::Date(_) => Type::DATE,
        Value::DateTime(_) => Type::TIMESTAMP,
        Value::Uuid(_) => Type::UUID,
        _ => Type::UNKNOWN,
    }
}

/// A returned value as drivers hand it over; `None` for types that they have no value for.
fn value(raw: &Raw, type_: &Type) -> Option<Value> {
    let Some(bytes) = &raw.0 else { return Some(Value::Null) };
    Some(match *type_ {
        Type::BOOL => Value::Bool(bytes[..] == [1]),
        Type::INT2 => Value::from(i16::from_be_bytes(bytes[..].try_into().ok()?)),
        Type::INT4 => Value::from(i32::from_be_bytes(bytes[..].try_into().ok()?)),
        Type::INT8 => Value::from(i64::from_be_bytes(bytes[..].try_into().ok()?)),
        Type::FLOAT8 => Value::from(f64::from_be_bytes(bytes[..].try_into().ok()?)),
        Type::NUMERIC => numeric(bytes)?,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => Value::from(std::str::from_utf8(bytes).ok()?),
        Type::DATE => {
            let days = i32::from_be_bytes(bytes[..].try_into().ok()?).checked_add(EPOCH)?;
            Value::Date(Date::from_days(days))
        }
        Type::TIMESTAMP => {
            let micros = i128::from(i64::from_be_bytes(bytes[..].try_into().ok()?));
            let micros = micros + i128::from(EPOCH) * 86_400_000_000;
            Value::DateTime(DateTime::from_nanoseconds(micros * 1_000)?)
        }
        Type::UUID => Value::Uuid(bytes[..].try_into().ok()?),
        _ if type_.name() == "citext" || matches!(type_.kind(), postgres::types::Kind::Enum(_)) => {
            Value::from(std::str::from_utf8(bytes).ok()?)
        }
        _ => return None,
    })
}

/// Digits to the base of 10 000 behind their number, the weight of the first, the sign and the scale.
fn numeric(bytes: &[u8]) -> Option<Value> {
    let words: Vec<i16> = bytes.chunks_exact(2).map(|pair| i16::from_be_bytes([pair[0], pair[1]])).collect();
    let [_, weight, sign, _, digits @ ..] = &words[..] else { return None };
    let sign = match sign {
        0 => "",
        0x4000 => "-",
        _ => return None,
    };
    let number: String = digits.iter().map(|digit| format!("{digit:04}")).collect();
    let exponent = (i32::from(*weight) + 1) * 4 - i32::try_from(number.len()).ok()?;
    Some(Value::Decimal(format!("{sign}0{number}e{exponent}").parse().ok()?))
}
