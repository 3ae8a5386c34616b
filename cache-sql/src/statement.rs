//! What a statement does, as far as a cache is concerned.

use std::sync::Arc;

use cache_core::{Change, Dependencies, Table};

/// What one text of SQL does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Statement {
    /// Reads, and changes nothing.
    Read {
        /// What the result depends on; not cacheable where that cannot be told.
        dependencies: Dependencies,
    },
    /// Writes rows; may return some.
    Write {
        /// What it may have changed, never less than the truth.
        changes: Vec<Change>,
        /// The tables that it names as written.
        tables: Vec<Table>,
    },
    /// Begins, ends or marks a transaction.
    Transaction(Step),
    /// Changes the schema: what was known of it has to be read again.
    Ddl {
        /// What it may have changed.
        changes: Vec<Change>,
        /// The tables concerned.
        tables: Vec<Table>,
    },
    /// Neither reads nor writes rows: settings, grants, statistics.
    Neutral,
    /// Several statements in one text, in order.
    Batch(Vec<Statement>),
    /// Not understood, and taken for a write.
    Unknown {
        /// What it may have changed.
        changes: Vec<Change>,
        /// Why it was not understood.
        reason: Arc<str>,
        /// Whether this text was met for the first time, so that it is reported once.
        first: bool,
    },
}

/// A step of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// `BEGIN`
    Begin,
    /// `COMMIT`
    Commit,
    /// `ROLLBACK`
    Rollback,
    /// `SAVEPOINT name`
    Savepoint(String),
    /// `RELEASE name`
    Release(String),
    /// `ROLLBACK TO name`
    RollbackTo(String),
}

impl Statement {
    /// The changes of this statement, those of a batch one after the other.
    pub fn changes(&self) -> Vec<Change> {
        match self {
            Statement::Write { changes, .. } | Statement::Ddl { changes, .. } | Statement::Unknown { changes, .. } => {
                changes.clone()
            }
            Statement::Batch(statements) => statements.iter().flat_map(Statement::changes).collect(),
            _ => Vec::new(),
        }
    }

    /// What the result depends on; a statement that does more than read is not cacheable.
    pub fn dependencies(&self) -> Dependencies {
        match self {
            Statement::Read { dependencies } => dependencies.clone(),
            Statement::Batch(_) => Dependencies::uncacheable("several statements in one text"),
            _ => Dependencies::uncacheable("the statement does more than read"),
        }
    }

    /// Whether it can only read.
    pub fn is_read(&self) -> bool {
        matches!(self, Statement::Read { .. })
    }
}
