//! What a process has had acknowledged itself.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::ledger::Floor;
use crate::world::SHELVES;

/// Of one row.
#[derive(Debug, Default)]
pub(in crate::worker) struct Own {
    acknowledged: AtomicU64,
    shelves: [AtomicU64; SHELVES as usize],
}

impl Own {
    pub(super) fn raise(&self, version: u64, shelves: [i32; 2]) {
        for shelf in shelves {
            self.shelves[shelf as usize].fetch_max(version, Ordering::AcqRel);
        }
        self.acknowledged.fetch_max(version, Ordering::AcqRel);
    }

    pub(super) fn floor(&self) -> Floor {
        let shelves = std::array::from_fn(|shelf| self.shelves[shelf].load(Ordering::Acquire));
        Floor { acknowledged: self.acknowledged.load(Ordering::Acquire), seen: 0, begun: 0, shelves }
    }
}
