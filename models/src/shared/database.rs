//! The database behind the cache.

use super::bounds::CROWD;
use super::protocol::Source;
use super::{PerTable, Version};
use crate::set::Set;

/// One row a table, of which only the number of commits that changed it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Database {
    /// What the primary has.
    pub primary: PerTable<Version>,
    /// What the replica has.
    pub replica: PerTable<Version>,
    /// The states that the primary has been in, a bit each.
    history: u16,
}

impl Default for Database {
    /// A database that nobody has written to.
    fn default() -> Database {
        Database { primary: [0; 2], replica: [0; 2], history: 1 }
    }
}

impl Database {
    /// What a query sees.
    pub fn rows(&self, source: Source) -> &PerTable<Version> {
        match source {
            Source::Primary => &self.primary,
            Source::Replica | Source::ReplicaHeldOff => &self.replica,
        }
    }

    /// Commits a transaction that changes these tables.
    pub fn commit(&mut self, tables: Set) {
        for table in tables.iter() {
            self.primary[table] += 1;
        }
        self.history |= Database::bit(&self.primary);
    }

    /// Whether the rows were ever together in the database.
    pub fn has_been(&self, rows: &PerTable<Version>) -> bool {
        self.history & Database::bit(rows) != 0
    }

    fn bit(rows: &PerTable<Version>) -> u16 {
        1 << (rows[0] as usize * (CROWD + 1) + rows[1] as usize)
    }
}
