//! The rounds, and what they count.

use std::fmt;

use cache_core::{Cache, Change, Dependencies, Key, Row, Value};
use fastrand::Rng;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::catalogue::{Fault, Subject};
use super::choice::Choice;
use super::schema::Schema;
use super::{query, write};

const QUERIES: usize = 30;
const WRITES: usize = 40;

/// How much is tried, and with what.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Pairs of a query and a write.
    pub pairs: u64,
    /// The seed of all random choices.
    pub seed: u64,
    /// A mistake to make on purpose.
    pub fault: Option<Fault>,
    /// Called after every round with the pairs tried so far.
    pub progress: fn(u64),
}

impl Options {
    /// This many pairs from this seed, without a fault and in silence.
    pub fn new(pairs: u64, seed: u64) -> Self {
        Options { pairs, seed, fault: None, progress: |_| {} }
    }
}

/// What the rounds have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pairs of a query and a write.
    pub pairs: u64,
    /// Pairs in which the result changed.
    pub changed: u64,
    /// Pairs in which the result was invalidated.
    pub invalidated: u64,
    /// Pairs in which the result changed and was not invalidated: none is allowed.
    pub missed: u64,
    /// Pairs in which the result was invalidated and had not changed.
    pub needless: u64,
    /// Pairs that invalidation by table alone would have invalidated.
    pub by_table: u64,
}

/// A result that changed and was not invalidated, with all that is needed to see it again.
#[derive(Clone, Debug)]
pub struct Miss {
    /// What was counted up to here.
    pub counts: Counts,
    /// The statements that made the database.
    pub history: Vec<String>,
    /// The query with its binds and its dependencies.
    pub query: String,
    /// The write with its binds and its changes.
    pub write: String,
    /// The result before and after.
    pub results: String,
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for statement in &self.history {
            writeln!(f, "{statement};")?;
        }
        writeln!(f, "-- query: {}", self.query)?;
        writeln!(f, "-- write: {}", self.write)?;
        write!(f, "-- {}", self.results)
    }
}

struct Watched {
    text: String,
    binds: Vec<Value>,
    dependencies: Dependencies,
    result: Rows,
    key: Key,
}

type Rows = Vec<Vec<rusqlite::types::Value>>;

/// Tries pairs of queries and writes until there are enough, or until one is missed.
///
/// # Errors
///
/// The first miss.
pub fn run(options: &Options) -> Result<Counts, Box<Miss>> {
    let mut rng = Rng::with_seed(options.seed);
    let mut counts = Counts::default();
    while counts.pairs < options.pairs {
        round(&mut rng, options.fault, &mut counts)?;
        (options.progress)(counts.pairs);
    }
    Ok(counts)
}

fn round(rng: &mut Rng, fault: Option<Fault>, counts: &mut Counts) -> Result<(), Box<Miss>> {
    let schema = Schema::random(&mut Choice::new(rng));
    let mut history = schema.statements();
    let connection = Connection::open_in_memory().expect("SQLite opens in memory");
    connection.set_prepared_statement_cache_capacity(256);
    connection.pragma_update(None, "foreign_keys", true).expect("SQLite has foreign keys");
    for statement in &history {
        if connection.execute_batch(statement).is_err() {
            return Ok(());
        }
    }
    let subject = Subject::new(&connection, fault).expect("the schema can be read");
    let cache = Cache::in_memory();
    for _ in 0..WRITES / 2 {
        let mut choice = Choice::new(rng);
        let text = write::random(&mut choice, &schema, 0);
        if execute(&connection, &text, &choice.binds) {
            history.push(shown(&text, &choice.binds));
        }
    }
    let mut watched = watch(rng, &schema, &connection, &subject);
    for _ in 0..WRITES {
        for query in &watched {
            cache.entry(query.key.clone()).depends_on(|| query.dependencies.clone()).get_or_fill(|| ());
        }
        let mut choice = Choice::new(rng);
        let mut text = write::random(&mut choice, &schema, rows(&connection, &schema));
        let returning = !text.starts_with("DELETE") && choice.once_in(2);
        if returning {
            text.push_str(" RETURNING *");
        }
        let changes = subject.changes(&text, &choice.binds);
        let Some(mut changes) = changes else {
            assert!(!execute(&connection, &text, &choice.binds), "not understood: {text}");
            continue;
        };
        if returning {
            if let Some(mut returned) = images(&connection, &text, &choice.binds) {
                let all = !choice.once_in(3);
                returned.truncate(if all { usize::MAX } else { 1 });
                changes = subject.returned(&text, &choice.binds, &returned, all).unwrap_or(changes);
            }
        } else {
            execute(&connection, &text, &choice.binds);
        }
        cache.invalidate(changes.clone()).expect("the embedded store does not fail");
        let tables: Vec<Change> = changes.iter().filter_map(|change| change.table_name()).map(Change::table).collect();
        for query in &mut watched {
            let Some(now) = select(&connection, &query.text, &query.binds) else { continue };
            let changed = now != query.result;
            let gone = cache.get::<()>(&query.key).is_none();
            let matched = changes.iter().any(|change| query.dependencies.may_match(change));
            counts.pairs += 1;
            counts.changed += u64::from(changed);
            counts.invalidated += u64::from(gone);
            counts.needless += u64::from(gone && !changed);
            counts.by_table += u64::from(tables.iter().any(|change| query.dependencies.may_match(change)));
            if changed && !(gone && matched) {
                counts.missed += 1;
                return Err(Box::new(Miss {
                    counts: *counts,
                    history,
                    query: format!("{} depends on {}", shown(&query.text, &query.binds), query.dependencies),
                    write: format!("{} changes {changes:?}", shown(&text, &choice.binds)),
                    results: format!("before {:?}, after {now:?}", query.result),
                }));
            }
            query.result = now;
        }
        history.push(shown(&text, &choice.binds));
    }
    Ok(())
}

/// Queries that run and may be cached.
fn watch(rng: &mut Rng, schema: &Schema, connection: &Connection, subject: &Subject) -> Vec<Watched> {
    let mut watched = Vec::with_capacity(QUERIES);
    for attempt in 0..10 * QUERIES {
        if watched.len() == QUERIES {
            break;
        }
        let mut choice = Choice::new(rng);
        let text = query::random(&mut choice, schema);
        let binds = choice.binds;
        let Some(result) = select(connection, &text, &binds) else { continue };
        let dependencies = subject.dependencies(&text, &binds);
        if dependencies.uncacheable_reason().is_none() {
            watched.push(Watched { text, binds, dependencies, result, key: Key::new("query").with(&attempt) });
        }
    }
    watched
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

/// The rows of a query in the order in which they come; `None` when it fails.
///
/// SQLite keeps the order of a query without ORDER BY as long as no row that it reads is written.
fn select(connection: &Connection, text: &str, binds: &[Value]) -> Option<Rows> {
    let mut statement = connection.prepare_cached(text).ok()?;
    let columns = statement.column_count();
    let mut rows = statement.query(params_from_iter(binds.iter().map(Bound))).ok()?;
    let mut result = Rows::new();
    while let Some(row) = rows.next().ok()? {
        result.push((0..columns).map(|at| row.get(at)).collect::<rusqlite::Result<_>>().ok()?);
    }
    Some(result)
}

/// The rows that a write returns, by column name; `None` when it fails.
fn images(connection: &Connection, text: &str, binds: &[Value]) -> Option<Vec<Row>> {
    let mut statement = connection.prepare_cached(text).ok()?;
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
    Some(images)
}

/// Whether the write took place; one that breaks a constraint does not.
fn execute(connection: &Connection, text: &str, binds: &[Value]) -> bool {
    let statement = connection.prepare_cached(text);
    statement.is_ok_and(|mut statement| statement.execute(params_from_iter(binds.iter().map(Bound))).is_ok())
}

fn rows(connection: &Connection, schema: &Schema) -> i64 {
    let count = |name: &str| {
        let text = format!("SELECT count(*) FROM {name}");
        connection.prepare_cached(&text).and_then(|mut one| one.query_row([], |row| row.get::<_, i64>(0))).unwrap_or(0)
    };
    schema.tables.iter().filter(|table| table.writable).map(|table| count(&table.name)).max().unwrap_or(0)
}

fn shown(text: &str, binds: &[Value]) -> String {
    let mut binds = binds.iter();
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match (character, character == '?') {
            (_, true) => shown.push_str(&binds.next().map(super::choice::literal).unwrap_or_default()),
            (other, _) => shown.push(other),
        }
    }
    shown
}
