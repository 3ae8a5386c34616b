//! The analyser under test, behind the questions that the oracle asks.

use std::sync::Arc;

use cache_core::{Change, Dependencies, Value};
use cache_sql::{Analyser, Bind, Catalogue, Dialect, Exact, Statement};

use super::database::Returned;

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
    analyser: Arc<Analyser>,
}

impl Subject {
    pub(super) fn new(dialect: Dialect, catalogue: Catalogue, fault: Option<Fault>) -> Self {
        let analyser = Analyser::new(dialect);
        let (analyser, catalogue) = match fault {
            Some(Fault::Projection(fault)) => (analyser.with_fault(Some(fault)), catalogue),
            Some(Fault::Write(fault)) => (analyser, catalogue.with_fault(Some(fault))),
            None => (analyser, catalogue),
        };
        Subject { analyser: Arc::new(analyser.with_catalogue(catalogue)) }
    }

    pub(super) fn dependencies(&self, text: &str, binds: &[Value]) -> Dependencies {
        self.analyser.dependencies(text, &bound(binds))
    }

    /// The changes of a write; of SQLite's, `None` when it was not understood.
    pub(super) fn changes(&self, text: &str, binds: &[Value]) -> Option<Vec<Change>> {
        match self.analyser.analyse(text, &bound(binds)) {
            Statement::Write { changes, .. } => Some(changes),
            _ if self.analyser.dialect() == Dialect::Sqlite => None,
            other => Some(other.changes()),
        }
    }

    /// The conversation about the rows of a write; `None` where its text is enough.
    pub(super) fn exact(&self, text: &str, binds: &[Value]) -> Option<Exact> {
        Exact::testing(&self.analyser, text, &bound(binds))
    }

    /// The changes of a write that has returned rows, where these tell more than its text; `all` says that there were
    /// no others.
    pub(super) fn returned(&self, text: &str, binds: &[Value], returned: &Returned, all: bool) -> Option<Vec<Change>> {
        // What adapters ask as well: a join returns more columns than those of the table that is written.
        let told = returned.rows.is_empty() || self.analyser.returns(text, &returned.names);
        if told { self.analyser.returned(text, &bound(binds), &returned.rows, all) } else { None }
    }
}

fn bound(binds: &[Value]) -> Vec<Bind> {
    binds.iter().cloned().map(Bind::Value).collect()
}
