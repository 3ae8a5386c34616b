//! Tables whose changes the store has not been told yet.

use std::collections::HashMap;
use std::sync::Arc;

use crate::dependency::Table;
use crate::store::shared::{Footprint, Written};
use crate::sync::{AtomicU64, Mutex, Ordering, lock};

/// What this process must neither serve nor store, because changes of it are committed and the store does not know.
#[derive(Debug, Default)]
pub(crate) struct Fence {
    /// How many invalidations are undelivered; read without the lock by every look-up.
    undelivered: AtomicU64,
    closed: Mutex<Closed>,
}

#[derive(Debug, Default)]
struct Closed {
    tables: HashMap<Table, u64>,
    everything: u64,
}

/// Keeps its tables closed until it is dropped.
#[derive(Debug)]
pub(crate) struct Closing {
    fence: Arc<Fence>,
    /// How often each table was closed.
    tables: HashMap<Table, u64>,
    everything: u64,
    undelivered: u64,
}

impl Fence {
    pub(crate) fn close(self: &Arc<Self>, writes: &[Written], everything: bool) -> Closing {
        let tables = writes.iter().map(|write| (write.table.clone(), 1)).collect();
        let closing = Closing { fence: Arc::clone(self), tables, everything: everything.into(), undelivered: 1 };
        let mut closed = lock(&self.closed);
        for (table, times) in &closing.tables {
            *closed.tables.entry(table.clone()).or_default() += times;
        }
        closed.everything += closing.everything;
        self.undelivered.fetch_add(1, Ordering::Release);
        closing
    }

    /// How many invalidations wait to be delivered.
    pub(crate) fn undelivered(&self) -> u64 {
        self.undelivered.load(Ordering::Acquire)
    }

    /// Whether something of a footprint is closed.
    pub(crate) fn stands_before(&self, footprint: &Footprint) -> bool {
        if self.undelivered() == 0 {
            return false;
        }
        let closed = lock(&self.closed);
        closed.everything > 0 || footprint.tables.iter().any(|part| closed.tables.contains_key(&part.table))
    }
}

impl Closing {
    /// Keeps closed what another of the same fence does.
    pub(super) fn join(&mut self, mut other: Closing) {
        for (table, times) in other.tables.drain() {
            *self.tables.entry(table).or_default() += times;
        }
        self.everything += std::mem::take(&mut other.everything);
        self.undelivered += std::mem::take(&mut other.undelivered);
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        let mut closed = lock(&self.fence.closed);
        for (table, times) in &self.tables {
            if let Some(count) = closed.tables.get_mut(table) {
                *count -= times;
                if *count == 0 {
                    closed.tables.remove(table);
                }
            }
        }
        closed.everything -= self.everything;
        self.fence.undelivered.fetch_sub(self.undelivered, Ordering::Release);
    }
}
