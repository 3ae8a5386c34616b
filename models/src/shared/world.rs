//! The state of everything.

use super::bounds::{Bounds, CROWD, Faults};
use super::database::Database;
use super::nonce::{Nonce, Nonces};
use super::protocol::Protocol;
use super::reader::Reader;
use super::store::Store;
use super::table::Table;
use super::writer::Writer;
use super::{PerTable, Version};

/// What the last step has shown. It is part of the state so that properties can speak about steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shown {
    /// A read returned less than what was acknowledged before it started.
    pub stale: bool,
    /// A read returned less than what was acknowledged or returned before it started.
    pub regressed: bool,
    /// A hit mixed two transactions.
    pub torn: bool,
    /// A read returned less than what its own process had committed before it started.
    pub missed_own: bool,
    /// There was a hit.
    pub hit: bool,
    /// There was a hit on a value made after a write.
    pub hit_after_write: bool,
    /// One who had lost the lease stored an entry that was void already.
    pub late_and_void: bool,
}

/// The state of everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// The database.
    pub database: Database,
    /// The nodes of the store.
    pub store: Store,
    /// The readers.
    pub readers: [Reader; CROWD],
    /// The writers.
    pub writers: [Writer; CROWD],
    /// The versions that were acknowledged.
    pub acknowledged: PerTable<Version>,
    /// The greatest versions that a read has returned.
    pub observed: PerTable<Version>,
    /// The versions whose commits have returned in the observed process.
    pub own: PerTable<Version>,
    /// What may still go wrong.
    pub left: Faults,
    /// What the last step has shown.
    pub shown: Shown,
}

impl World {
    /// Nothing is stored, nothing was read, every transaction is open.
    pub fn new(protocol: &Protocol, bounds: &Bounds) -> World {
        let mut readers = [Reader::default(); CROWD];
        for (reader, reads) in readers.iter_mut().zip(&bounds.readers) {
            reader.left = reads.times;
        }
        let mut writers = [Writer::default(); CROWD];
        for (writer, write) in writers.iter_mut().zip(&bounds.writers) {
            *writer = Writer::open(write, protocol);
        }
        let mut store = Store::default();
        if bounds.faults.relapses > 0 {
            for copy in store.copies.iter_mut().take(bounds.tables) {
                *copy = Some(Table::default());
            }
        }
        World {
            database: Database::default(),
            store,
            readers,
            writers,
            acknowledged: [0; 2],
            observed: [0; 2],
            own: [0; 2],
            left: bounds.faults,
            shown: Shown::default(),
        }
    }
}

impl Nonces for World {
    fn each_nonce(&mut self, visit: &mut impl FnMut(&mut Nonce)) {
        self.store.each_nonce(visit);
        self.readers.iter_mut().for_each(|reader| reader.each_nonce(visit));
    }
}
