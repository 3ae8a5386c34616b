//! Rows that a write returned.

use std::sync::Arc;

use cache_core::{Change, Row};

use crate::{Analyser, Bind};

/// The rows that a write returned, as row images.
///
/// A column whose value cannot be read exactly as the database stores it is left out of its image.
#[derive(Clone, Debug, Default)]
pub struct Returned {
    /// The names of the columns, in their order.
    pub names: Vec<String>,
    /// The rows, by column name.
    pub rows: Vec<Row>,
    /// Whether there were no others.
    pub all: bool,
}

/// A write whose returned rows will tell more of its changes than its text does.
#[derive(Debug)]
pub(super) struct Told {
    analyser: Arc<Analyser>,
    sql: Box<str>,
    binds: Vec<Bind>,
}

impl Told {
    /// `None` for a text that returns no rows.
    pub(super) fn new(analyser: Option<&Arc<Analyser>>, sql: &str, binds: &[Bind]) -> Option<Self> {
        let returns = sql.as_bytes().windows(9).any(|word| word.eq_ignore_ascii_case(b"RETURNING"));
        let analyser = analyser.filter(|_| returns)?;
        Some(Told { analyser: Arc::clone(analyser), sql: sql.into(), binds: binds.to_vec() })
    }

    /// A driver may remember the names of columns with a prepared statement: after a change of the schema those of `*`
    /// may be outdated, and then nothing is told.
    pub(super) fn changes(&self, returned: &Returned) -> Option<Vec<Change>> {
        if !returned.rows.is_empty() && !self.analyser.returns(&self.sql, &returned.names) {
            return None;
        }
        self.analyser.returned(&self.sql, &self.binds, &returned.rows, returned.all)
    }
}
