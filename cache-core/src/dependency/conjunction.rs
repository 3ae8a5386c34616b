//! Conditions on one table that hold together.

use std::fmt;

use super::Table;
use super::condition::Condition;
use crate::change::{Change, Kind, Row};

/// A table and conditions on its rows that hold together; without conditions, any row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Conjunction {
    pub(crate) table: Table,
    pub(crate) conditions: Vec<Condition>,
}

impl Conjunction {
    /// The table whose rows are meant.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The conditions, sorted by column, one a column.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Whether a row with this image may satisfy every condition.
    pub fn may_match_row(&self, row: &Row) -> bool {
        self.conditions.iter().all(|condition| condition.test.may_pass(row.get(&condition.column)))
    }

    /// Whether a change may concern a row that satisfies every condition, before or after it.
    pub fn may_match(&self, change: &Change) -> bool {
        match change.kind() {
            Kind::Everything => true,
            _ if change.table_name() != Some(&self.table) => false,
            Kind::Table | Kind::Tag => true,
            _ => change.images().iter().any(|row| self.may_match_row(row)),
        }
    }
}

impl fmt::Display for Conjunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.table)?;
        for (at, condition) in self.conditions.iter().enumerate() {
            f.write_str(if at == 0 { ": " } else { " AND " })?;
            write!(f, "{condition}")?;
        }
        Ok(())
    }
}
