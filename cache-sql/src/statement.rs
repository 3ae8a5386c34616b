//! What a statement does, as far as a cache is concerned.

use std::sync::Arc;

use cache_core::{Change, Dependencies, Table};

/// What one text of SQL does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Statement {
    /// Reads, and changes nothing, as long as the user's own functions do not: they are taken for ones that only read,
    /// and make the result not cacheable.
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
    ///
    /// MySQL commits the open transaction before it runs one; statements that do so without changing a table are
    /// reported here as well, with no changes.
    Ddl {
        /// What it may have changed.
        changes: Vec<Change>,
        /// The tables concerned.
        tables: Vec<Table>,
    },
    /// Neither reads nor writes rows: harmless settings, grants, statistics.
    Neutral,
    /// Changes what later statements of the same connection mean: the schema that they look in, the tables that names
    /// stand for, the rules by which they compare, whether they stand in a transaction. Results of that connection are no longer those of others.
    Session {
        /// What changes it.
        reason: Arc<str>,
        /// Whether that ends with the transaction that is open, or with the next one.
        local: bool,
    },
    /// Several statements in one text, in order; a single one that changes the schema and the meaning of later ones is both.
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
