//! The analyser under test, behind the two questions that the oracle asks.

use cache_core::{Change, Dependencies, Row, Value};
use cache_sql::{Analyser, Bind, Catalogue, Dialect, Statement};
use rusqlite::Connection;

/// A mistake to make on purpose, to prove that it is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// In the rules that lead from a query to its dependencies.
    Projection(cache_core::dependency::query::Fault),
    /// In what is concluded of a write.
    Write(cache_sql::Fault),
}

/// What is tested: texts of SQL to dependencies and to changes.
#[derive(Debug)]
pub(super) struct Subject {
    analyser: Analyser,
}

impl Subject {
    pub(super) fn new(connection: &Connection, fault: Option<Fault>) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema UNION ALL SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_temp_schema")?;
        let rows: Vec<[String; 4]> = statement
            .query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?
            .collect::<rusqlite::Result<_>>()?;
        let rows = rows.iter().map(|[kind, name, table, sql]| (&**kind, &**name, &**table, &**sql));
        let mut catalogue = Catalogue::from_sqlite_schema(rows);
        let mut analyser = Analyser::new(Dialect::Sqlite);
        match fault {
            Some(Fault::Projection(fault)) => analyser = analyser.with_fault(Some(fault)),
            Some(Fault::Write(fault)) => catalogue = catalogue.with_fault(Some(fault)),
            None => {}
        }
        Ok(Subject { analyser: analyser.with_catalogue(catalogue) })
    }

    pub(super) fn dependencies(&self, text: &str, binds: &[Value]) -> Dependencies {
        self.analyser.dependencies(text, &bound(binds))
    }

    /// The changes of a write; `None` when it was not understood.
    pub(super) fn changes(&self, text: &str, binds: &[Value]) -> Option<Vec<Change>> {
        match self.analyser.analyse(text, &bound(binds)) {
            Statement::Write { changes, .. } => Some(changes),
            _ => None,
        }
    }

    /// The changes of a write that has returned rows, where these tell more than its text.
    pub(super) fn returned(&self, text: &str, binds: &[Value], rows: &[Row], all: bool) -> Option<Vec<Change>> {
        self.analyser.returned(text, &bound(binds), rows, all)
    }
}

fn bound(binds: &[Value]) -> Vec<Bind> {
    binds.iter().cloned().map(Bind::Value).collect()
}
