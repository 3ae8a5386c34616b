//! When the last changes of tables were seen, for results that were read from a snapshot.

use std::collections::HashMap;

use crate::dependency::Table;
use crate::sync::{Mutex, lock};

/// Tables that are remembered; beyond that those of before are forgotten, which refuses a result needlessly.
const MAX_TABLES: usize = 4096;

/// For each table the number of its last void, and since when this process knows it.
///
/// A number does not come back. So when a table had it at some moment before a snapshot was opened, and has it still when
/// the result is stamped, no change that the snapshot does not show was told in between.
#[derive(Debug, Default)]
pub(super) struct SeenVoids {
    tables: Mutex<HashMap<Table, (u64, u64)>>,
}

impl SeenVoids {
    /// A table was found at a number (0 for none), in an answer that had come by `moment`; since when it has been there.
    pub(super) fn see(&self, table: &Table, number: u64, moment: u64) -> Option<u64> {
        if number == 0 {
            return None;
        }
        let mut tables = lock(&self.tables);
        match tables.get_mut(table) {
            Some((known, since)) if *known == number => Some(*since),
            Some(other) => {
                *other = (number, moment);
                Some(moment)
            }
            None => {
                if tables.len() >= MAX_TABLES {
                    tables.clear();
                }
                tables.insert(table.clone(), (number, moment));
                Some(moment)
            }
        }
    }
}
