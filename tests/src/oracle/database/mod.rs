//! The databases that statements are tried on.

mod mysql;
mod postgres;
mod sqlite;

use std::fmt::Debug;

use cache_core::{Row, Value};
use cache_sql::{Ask, Catalogue, Dialect};

pub(super) use mysql::MySql;
pub(super) use postgres::Postgres;
pub(super) use sqlite::Sqlite;

use super::schema::Schema;

/// A database with one schema at a time.
pub(super) trait Database {
    /// A value of a result; two are equal when nobody could tell them apart.
    type Cell: Clone + Debug + PartialEq;

    const DIALECT: Dialect;

    /// Forgets the schema and begins an empty one.
    fn clear(&mut self);

    /// Runs a statement that makes a part of the schema; `false` when it fails.
    fn define(&mut self, statement: &str) -> bool;

    /// What the database tells of its schema.
    fn catalogue(&mut self) -> Catalogue;

    /// The rows of a query, in an order that only depends on them and the query; `None` when it fails.
    fn select(&mut self, text: &str, binds: &[Value]) -> Option<Vec<Vec<Self::Cell>>>;

    /// The rows that a write returns, by column name; `None` when it fails.
    fn returned(&mut self, text: &str, binds: &[Value]) -> Option<Returned>;

    /// Whether the write took place; one that breaks a constraint does not.
    fn execute(&mut self, text: &str, binds: &[Value]) -> bool;

    /// How many rows the write has written; `None` when it fails.
    fn affected(&mut self, text: &str, binds: &[Value]) -> Option<u64>;

    /// The answer to a question about the rows of the write `about`, which has these binds.
    fn ask(&mut self, ask: &Ask, about: &str, binds: &[Value]) -> Option<Vec<Vec<String>>>;

    /// How many rows the fullest table has.
    fn fullest(&mut self, schema: &Schema) -> i64;
}

/// The rows that a write has returned.
#[derive(Debug)]
pub(super) struct Returned {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// What the database tells of its schema; `rows` runs the query that asks for it.
fn catalogue(dialect: Dialect, rows: impl FnOnce(&str) -> Vec<Vec<String>>) -> Catalogue {
    Catalogue::read(dialect, rows(Catalogue::query(dialect)))
}
