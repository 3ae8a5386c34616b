//! What an answer may not fall below.

use super::{CELL, FIELDS, cell};
use crate::world::SHELVES;

/// What all processes together had published of a row at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Floor {
    pub(crate) acknowledged: u64,
    pub(crate) seen: u64,
    pub(crate) begun: u64,
    pub(crate) shelves: [u64; SHELVES as usize],
}

impl Floor {
    /// Of the cells of a row, each process after the other. A cell that cannot be read makes the floor lower.
    pub(super) fn read(stripe: &[u8]) -> Self {
        let mut floor = Floor::default();
        for process in stripe.chunks_exact(FIELDS * CELL) {
            let at = |field: usize| cell(&process[field * CELL..]);
            floor.acknowledged = floor.acknowledged.max(at(0).unwrap_or(0));
            floor.seen = floor.seen.max(at(1).unwrap_or(0));
            floor.begun = floor.begun.max(at(2).unwrap_or(u64::MAX));
            for (shelf, highest) in floor.shelves.iter_mut().enumerate() {
                *highest = (*highest).max(at(3 + shelf).unwrap_or(0));
            }
        }
        floor
    }
}
