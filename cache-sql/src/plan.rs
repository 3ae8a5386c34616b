//! What a text of SQL does, with its binds still open.

use std::sync::{Arc, OnceLock};

use cache_core::dependency::query::Restriction;
use cache_core::{Change, Dependencies, Row, Table};

use crate::bind::Binds;
use crate::catalogue::Catalogue;
use crate::exact::Question;
use crate::functions::Volatile;
use crate::pattern::Pattern;
use crate::statement::{Statement, Step};
use crate::write::{Action, changes_of_table};

/// One statement, lowered once and filled in at every call.
#[derive(Debug)]
pub(crate) enum Plan {
    Read(Box<ReadPlan>),
    Write {
        actions: Vec<Action>,
        /// The rows that it returns are made of columns under their own names.
        returns: bool,
        /// They are returned as `*`.
        wildcard: bool,
        /// How the rows are asked for before they are written.
        question: Option<Box<Question>>,
    },
    Step(Step),
    Ddl {
        tables: Vec<Table>,
        everything: bool,
    },
    Neutral,
    Session {
        reason: Arc<str>,
        /// Until the end of a transaction.
        local: bool,
    },
    /// `None` for tables that cannot be told.
    Unknown {
        tables: Option<Vec<Table>>,
        reason: Arc<str>,
    },
}

#[derive(Debug)]
pub(crate) struct ReadPlan {
    pub(crate) restrictions: Vec<Restriction<Pattern>>,
    pub(crate) reason: Option<Arc<str>>,
    pub(crate) volatile: Volatile,
    /// Why the catalogue says that the result must not be stored.
    pub(crate) refusal: Option<Arc<str>>,
    /// Filled in once when there is no bind.
    pub(crate) fixed: OnceLock<Dependencies>,
    pub(crate) has_binds: bool,
}

impl ReadPlan {
    pub(crate) fn uncacheable(reason: impl Into<Arc<str>>) -> Self {
        ReadPlan {
            restrictions: Vec::new(),
            reason: Some(reason.into()),
            volatile: Volatile::default(),
            refusal: None,
            fixed: OnceLock::new(),
            has_binds: false,
        }
    }

    fn dependencies(&self, binds: &Binds<'_>) -> Dependencies {
        if self.has_binds { self.filled(binds) } else { self.fixed.get_or_init(|| self.filled(binds)).clone() }
    }

    fn filled(&self, binds: &Binds<'_>) -> Dependencies {
        let one = |restriction: &Restriction<Pattern>| {
            let predicate = restriction.formula.predicate(&mut |pattern, negated| pattern.predicate(negated, binds));
            Dependencies::on(&restriction.table, predicate)
        };
        let all: Dependencies = self.restrictions.iter().map(one).collect();
        match self.reason.clone().or_else(|| self.refusal.clone()).or_else(|| self.volatile.reason(binds)) {
            Some(reason) => all.union(Dependencies::uncacheable(reason)),
            None => all,
        }
    }
}

impl Plan {
    pub(crate) fn fill(&self, binds: Binds<'_>, catalogue: Option<&Catalogue>, first: bool) -> Statement {
        match self {
            Plan::Read(read) => Statement::Read { dependencies: read.dependencies(&binds) },
            Plan::Write { actions, .. } => {
                let mut changes = Vec::new();
                let mut tables: Vec<Table> = Vec::new();
                for action in actions {
                    action.changes(binds, catalogue, &mut changes);
                    if let Some(table) = action.table().filter(|table| !tables.contains(table)) {
                        tables.push(table.clone());
                    }
                }
                Statement::Write { changes: distinct(changes), tables }
            }
            Plan::Step(step) => Statement::Transaction(step.clone()),
            Plan::Ddl { tables, everything } => {
                let changes = if *everything { vec![Change::everything()] } else { of_tables(tables, catalogue) };
                Statement::Ddl { changes, tables: tables.clone() }
            }
            Plan::Neutral => Statement::Neutral,
            Plan::Session { reason, local } => Statement::Session { reason: reason.clone(), local: *local },
            Plan::Unknown { tables, reason } => Statement::Unknown {
                changes: match tables {
                    Some(tables) => {
                        let reached = catalogue.map_or(&[][..], Catalogue::reached_from_elsewhere);
                        of_tables(&[tables, reached].concat(), catalogue)
                    }
                    None => vec![Change::everything()],
                },
                reason: reason.clone(),
                first,
            },
        }
    }
}

impl Plan {
    /// Why results must not be stored, according to the catalogue.
    pub(crate) fn refusal(&self) -> Option<Arc<str>> {
        match self {
            Plan::Read(read) => read.refusal.clone(),
            _ => None,
        }
    }

    /// Whether rows with columns of these names may be what a write returns.
    pub(crate) fn returns<N: AsRef<str>>(&self, catalogue: &Catalogue, names: &[N]) -> bool {
        match self {
            Plan::Write { returns: true, wildcard: false, .. } => true,
            Plan::Write { returns: true, wildcard: true, actions, .. } => match &actions[..] {
                [action] => action.table().and_then(|table| catalogue.table(table)).is_some_and(|info| {
                    let names = names.iter().map(|name| cache_core::Column::from(name.as_ref()));
                    info.columns.iter().map(|column| column.name.clone()).eq(names)
                }),
                _ => false,
            },
            _ => false,
        }
    }

    /// The changes of a write that has run and returned these rows, where they say more than its text.
    pub(crate) fn returned(
        &self,
        binds: Binds<'_>,
        catalogue: Option<&Catalogue>,
        rows: &[Row],
        all: bool,
    ) -> Option<Vec<Change>> {
        match self {
            Plan::Write { actions, returns: true, .. } => match &actions[..] {
                [action] => action.returned(binds, catalogue?, rows, all).map(distinct),
                _ => None,
            },
            _ => None,
        }
    }
}

fn of_tables(tables: &[Table], catalogue: Option<&Catalogue>) -> Vec<Change> {
    let mut changes = Vec::new();
    for table in tables {
        changes_of_table(table, catalogue, &mut changes);
    }
    distinct(changes)
}

/// Each change once; those of single rows only where the whole table is not written anyway.
fn distinct(changes: Vec<Change>) -> Vec<Change> {
    if changes.len() < 2 {
        return changes;
    }
    let whole: Vec<Change> =
        changes.iter().filter(|change| change.kind() == cache_core::Kind::Table).cloned().collect();
    let mut kept: Vec<Change> = Vec::with_capacity(changes.len());
    for change in changes {
        let covered = change.kind() != cache_core::Kind::Table
            && whole.iter().any(|table| table.table_name() == change.table_name());
        if !covered && (change.kind() != cache_core::Kind::Table || !kept.contains(&change)) {
            kept.push(change);
        }
    }
    kept
}
