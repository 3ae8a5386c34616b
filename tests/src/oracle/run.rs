//! The rounds, and what they count.

use std::fmt;

use cache_core::{Cache, Change, Dependencies, Key, Value};
use cache_sql::Dialect;
use fastrand::Rng;

use super::catalogue::{Fault, Subject};
use super::choice::{Choice, shown};
use super::database::{Database, MySql, Postgres, Sqlite};
use super::exact::Conversation;
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
    /// The database; PostgreSQL and MariaDB are started for it.
    pub dialect: Dialect,
    /// Whether the database is asked for the rows of the same writes as well.
    pub exact: bool,
    /// A mistake to make on purpose.
    pub fault: Option<Fault>,
    /// Called after every round with the pairs tried so far.
    pub progress: fn(u64),
}

impl Options {
    /// This many pairs on SQLite from this seed, without a fault and in silence.
    pub fn new(pairs: u64, seed: u64) -> Self {
        Options { pairs, seed, dialect: Dialect::Sqlite, exact: false, fault: None, progress: |_| {} }
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
    /// Pairs in which the result was invalidated where exact rows count.
    pub invalidated_exact: u64,
    /// Pairs of these in which it had not changed.
    pub needless_exact: u64,
    /// Writes whose rows were told.
    pub told: u64,
    /// All writes.
    pub writes: u64,
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

struct Watched<C> {
    text: String,
    binds: Vec<Value>,
    dependencies: Dependencies,
    result: Vec<Vec<C>>,
    key: Key,
}

/// Tries pairs of queries and writes until there are enough, or until one is missed.
///
/// # Errors
///
/// The first miss.
///
/// # Panics
///
/// Where the database cannot be started.
pub fn run(options: &Options) -> Result<Counts, Box<Miss>> {
    match options.dialect {
        Dialect::Postgres => rounds(options, &mut Postgres::new()),
        Dialect::MySql => rounds(options, &mut MySql::new()),
        _ => rounds(options, &mut Sqlite::new()),
    }
}

fn rounds<D: Database>(options: &Options, database: &mut D) -> Result<Counts, Box<Miss>> {
    let mut rng = Rng::with_seed(options.seed);
    let mut counts = Counts::default();
    while counts.pairs < options.pairs {
        round(&mut rng, database, options, &mut counts)?;
        (options.progress)(counts.pairs);
    }
    Ok(counts)
}

fn round<D: Database>(
    rng: &mut Rng,
    database: &mut D,
    options: &Options,
    counts: &mut Counts,
) -> Result<(), Box<Miss>> {
    let schema = Schema::random(&mut Choice::new(rng, D::DIALECT));
    let mut history = schema.statements();
    database.clear();
    for statement in &history {
        if !database.define(statement) {
            return Ok(());
        }
    }
    let subject = Subject::new(D::DIALECT, database.catalogue(), options.fault);
    let (cache, exact_cache) = (Cache::in_memory(), Cache::in_memory());
    for _ in 0..WRITES / 2 {
        let mut choice = Choice::new(rng, D::DIALECT);
        let text = write::random(&mut choice, &schema, 0);
        if database.execute(&text, &choice.binds) {
            history.push(shown(D::DIALECT, &text, &choice.binds));
        }
    }
    let mut watched = watch(rng, &schema, database, &subject);
    for _ in 0..WRITES {
        for query in &watched {
            for cache in [&cache, &exact_cache] {
                cache.entry(query.key.clone()).depends_on(|| query.dependencies.clone()).get_or_fill(|| ());
            }
        }
        let mut choice = Choice::new(rng, D::DIALECT);
        let mut text = write::random(&mut choice, &schema, database.fullest(&schema));
        let returning = write::may_return(&choice, &text) && choice.once_in(2);
        if returning {
            text.push_str(" RETURNING *");
        }
        let changes = subject.changes(&text, &choice.binds);
        let Some(mut changes) = changes else {
            assert!(!database.execute(&text, &choice.binds), "not understood: {text}");
            continue;
        };
        let binds = choice.binds.clone();
        let mut exact = Conversation::about(&subject, database, &text, &binds, options.exact);
        if returning {
            let returned = database.returned(&text, &choice.binds);
            exact.run(database, returned.as_ref().map(|returned| returned.rows.len() as u64), true);
            if let Some(mut returned) = returned {
                let all = !choice.once_in(3);
                returned.rows.truncate(if all { usize::MAX } else { 1 });
                changes = subject.returned(&text, &choice.binds, &returned, all).unwrap_or(changes);
            }
        } else {
            let affected = database.affected(&text, &choice.binds);
            exact.run(database, affected, false);
        }
        let told = exact.changes();
        counts.writes += 1;
        counts.told += u64::from(told.is_some());
        let exact_changes = told.unwrap_or_else(|| changes.clone());
        let written = shown(D::DIALECT, &text, &choice.binds);
        cache.invalidate(changes.clone()).expect("the embedded store does not fail");
        exact_cache.invalidate(exact_changes.clone()).expect("the embedded store does not fail");
        let table = |change: &Change| change.table_name().map_or_else(|| change.clone(), Change::table);
        let tables: Vec<Change> = changes.iter().map(table).collect();
        for query in &mut watched {
            let Some(now) = database.select(&query.text, &query.binds) else { continue };
            let changed = now != query.result;
            let gone = cache.get::<()>(&query.key).is_none();
            let gone_exact = exact_cache.get::<()>(&query.key).is_none();
            let matched_exact = exact_changes.iter().any(|change| query.dependencies.may_match(change));
            let matched = changes.iter().any(|change| query.dependencies.may_match(change));
            counts.pairs += 1;
            counts.changed += u64::from(changed);
            counts.invalidated += u64::from(gone);
            counts.needless += u64::from(gone && !changed);
            counts.invalidated_exact += u64::from(gone_exact);
            counts.needless_exact += u64::from(gone_exact && !changed);
            counts.by_table += u64::from(tables.iter().any(|change| query.dependencies.may_match(change)));
            if changed && !(gone && matched && gone_exact && matched_exact) {
                counts.missed += 1;
                let text = shown(D::DIALECT, &query.text, &query.binds);
                return Err(Box::new(Miss {
                    counts: *counts,
                    history,
                    query: format!("{text} depends on {}", query.dependencies),
                    write: format!("{written} changes {changes:?}, exactly {exact_changes:?}"),
                    results: format!("before {:?}, after {now:?}", query.result),
                }));
            }
            query.result = now;
        }
        history.push(written);
    }
    Ok(())
}

/// Queries that run and may be cached.
fn watch<D: Database>(rng: &mut Rng, schema: &Schema, database: &mut D, subject: &Subject) -> Vec<Watched<D::Cell>> {
    let mut watched = Vec::with_capacity(QUERIES);
    for attempt in 0..10 * QUERIES {
        if watched.len() == QUERIES {
            break;
        }
        let mut choice = Choice::new(rng, D::DIALECT);
        let text = query::random(&mut choice, schema);
        let binds = choice.binds;
        let Some(result) = database.select(&text, &binds) else { continue };
        let dependencies = subject.dependencies(&text, &binds);
        if dependencies.uncacheable_reason().is_none() {
            watched.push(Watched { text, binds, dependencies, result, key: Key::new("query").with(&attempt) });
        }
    }
    watched
}
