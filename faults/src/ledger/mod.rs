//! What all processes know of the versions of rows.
//!
//! A file in which every process has cells that it alone writes, with the system's calls for a place in a file: there
//! is no lock between processes, and a process that dies leaves what it had published. A cell holds its number and the
//! complement, so that a number that is read while it is written is noticed.

mod floor;
mod past;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

pub(crate) use floor::Floor;
pub(crate) use past::Past;

use crate::world::{ROWS, SHELVES};

const CELL: usize = 16;
const FIELDS: usize = 3 + SHELVES as usize;

/// What is known of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// The highest version whose write was acknowledged.
    Acknowledged,
    /// The highest version that a read has returned.
    Seen,
    /// The highest version whose COMMIT may have been sent.
    Begun,
    /// The highest acknowledged version that was on a shelf, or had just left it.
    Shelf(i32),
}

impl Field {
    fn index(self) -> usize {
        match self {
            Field::Acknowledged => 0,
            Field::Seen => 1,
            Field::Begun => 2,
            Field::Shelf(shelf) => 3 + shelf as usize,
        }
    }
}

/// The ledger, as one process has it open.
#[derive(Debug)]
pub(crate) struct Ledger {
    file: File,
    slots: usize,
    slot: usize,
    own: Vec<[AtomicU64; FIELDS]>,
    writing: Vec<Mutex<()>>,
}

impl Ledger {
    /// Makes the file for a number of processes.
    pub(crate) fn create(path: &Path, slots: usize) -> io::Result<()> {
        let zero = [0_u64.to_le_bytes(), (!0_u64).to_le_bytes()].concat();
        std::fs::write(path, zero.repeat(ROWS as usize * slots * FIELDS))
    }

    /// Opens the file as the process of a slot. There is one such process at a time; it goes on where the last one ended.
    pub(crate) fn open(path: &Path, slots: usize, slot: usize) -> io::Result<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        let own = (0..ROWS).map(|_| std::array::from_fn(|_| AtomicU64::new(0))).collect();
        let writing = (0..ROWS).map(|_| Mutex::new(())).collect();
        let ledger = Ledger { file, slots, slot, own, writing };
        for row in 0..ROWS {
            let stripe = ledger.stripe(row, 1)?;
            for field in 0..FIELDS {
                let known = cell(&stripe[(slot * FIELDS + field) * CELL..]).unwrap_or(0);
                ledger.own[row as usize][field].store(known, Ordering::Relaxed);
            }
        }
        Ok(ledger)
    }

    /// Publishes a number, unless this process has published a higher one.
    pub(crate) fn raise(&self, row: i32, field: Field, number: u64) -> io::Result<()> {
        let own = &self.own[row as usize][field.index()];
        if own.load(Ordering::Acquire) >= number {
            return Ok(());
        }
        let _writing = self.writing[row as usize].lock().unwrap_or_else(PoisonError::into_inner);
        if own.load(Ordering::Acquire) >= number {
            return Ok(());
        }
        let mut bytes = [0; CELL];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        bytes[8..].copy_from_slice(&(!number).to_le_bytes());
        let place = (row as usize * self.slots + self.slot) * FIELDS + field.index();
        self.file.write_all_at(&bytes, (place * CELL) as u64)?;
        // After the file: who finds it here takes it for published.
        own.store(number, Ordering::Release);
        Ok(())
    }

    /// What all processes have published of a row by now.
    pub(crate) fn floor(&self, row: i32) -> io::Result<Floor> {
        Ok(self.floors(row, 1)?.pop().unwrap_or_default())
    }

    /// What all processes have published of some rows by now.
    pub(crate) fn floors(&self, first: i32, rows: i32) -> io::Result<Vec<Floor>> {
        let mut stripe = self.stripe(first, rows)?;
        let mut tries = 0;
        // Somebody writes just now.
        while tries < 1000 && stripe.chunks_exact(CELL).any(|bytes| cell(bytes).is_none()) {
            stripe = self.stripe(first, rows)?;
            tries += 1;
        }
        Ok(stripe.chunks_exact(self.slots * FIELDS * CELL).map(Floor::read).collect())
    }

    fn stripe(&self, first: i32, rows: i32) -> io::Result<Vec<u8>> {
        let row = self.slots * FIELDS * CELL;
        let mut bytes = vec![0; rows as usize * row];
        self.file.read_exact_at(&mut bytes, (first as usize * row) as u64)?;
        Ok(bytes)
    }
}

/// The number of a cell; `None` when it is half written.
fn cell(bytes: &[u8]) -> Option<u64> {
    let (number, complement) = (bytes.first_chunk::<8>()?, bytes.get(8..)?.first_chunk::<8>()?);
    let number = u64::from_le_bytes(*number);
    (u64::from_le_bytes(*complement) == !number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_process_publishes_another_one_finds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        Ledger::create(&path, 2).unwrap();
        let (here, there) = (Ledger::open(&path, 2, 0).unwrap(), Ledger::open(&path, 2, 1).unwrap());
        here.raise(3, Field::Acknowledged, 7).unwrap();
        there.raise(3, Field::Acknowledged, 5).unwrap();
        there.raise(3, Field::Shelf(1), 5).unwrap();
        for ledger in [&here, &there] {
            let floor = ledger.floor(3).unwrap();
            assert_eq!((floor.acknowledged, floor.seen, floor.shelves[1], floor.shelves[0]), (7, 0, 5, 0));
        }
        drop(here);
        let here = Ledger::open(&path, 2, 0).unwrap();
        here.raise(3, Field::Acknowledged, 6).unwrap();
        assert_eq!(there.floor(3).unwrap().acknowledged, 7, "the next process of a slot goes on from the last one");
    }

    #[test]
    fn a_number_never_falls_while_threads_raise_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        Ledger::create(&path, 1).unwrap();
        let ledger = Ledger::open(&path, 1, 0).unwrap();
        std::thread::scope(|scope| {
            for offset in 0..3 {
                let ledger = &ledger;
                scope.spawn(move || (0..2000).for_each(|n| ledger.raise(1, Field::Seen, 3 * n + offset).unwrap()));
            }
            let mut last = 0;
            for _ in 0..2000 {
                let seen = ledger.floor(1).unwrap().seen;
                assert!(seen >= last && seen < 6000, "{seen} after {last}");
                last = seen;
            }
        });
        assert_eq!(ledger.floor(1).unwrap().seen, 5999);
    }
}
