//! What pushes are matched by.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::sync::Arc;

use foldhash::quality::FixedState;

use crate::clock::Instant;
use crate::engine::{Stamp, Stamps};
use crate::sync::{Mutex, RwLock, lock, read, write};

/// The mark of a key of the shared store: 64 bits that are compared within this process only.
///
/// Two keys with one mark are suspected together, no worse.
pub(crate) fn mark(key: &[u8]) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(key);
    hasher.finish()
}

const SHARDS: usize = 32;

const FIRST_SWEEP: usize = 64;

/// What stamps are voided by here: there is no number that an invalidation elsewhere would have in this process.
const ELSEWHERE: u64 = u64::MAX;

/// How long values may be served after an invalidation elsewhere counts from when they were last known to be fresh.
const NO_MOMENT: Instant = Instant::from_nanos(0);

/// The local stamps of the marks that something in this process hangs on.
#[derive(Debug)]
pub(super) struct Marks {
    shards: Box<[Mutex<Shard>]>,
    /// Part of everything, and replaced when all of it is suspected.
    generation: RwLock<Arc<Stamp>>,
}

#[derive(Debug)]
struct Shard {
    stamps: HashMap<u64, Arc<Stamp>, BuildHasherDefault<MarkHasher>>,
    sweep_at: usize,
}

impl Marks {
    pub(super) fn new() -> Self {
        let shard = || Mutex::new(Shard { stamps: HashMap::default(), sweep_at: FIRST_SWEEP });
        Marks { shards: std::iter::repeat_with(shard).take(SHARDS).collect(), generation: RwLock::new(Stamp::new()) }
    }

    /// The stamps of these marks, made where there are none, and that of the generation.
    pub(super) fn stamps(&self, marks: &[u64]) -> Stamps {
        let mut stamps = Stamps::default();
        stamps.push(Arc::clone(&read(&self.generation)));
        for mark in marks {
            stamps.push(lock(self.shard(*mark)).stamp(*mark));
        }
        stamps
    }

    /// Voids the stamp of a mark; whether there was one.
    pub(super) fn void(&self, mark: u64) -> bool {
        let stamp = lock(self.shard(mark)).stamps.remove(&mark);
        if let Some(stamp) = &stamp {
            stamp.void(ELSEWHERE, NO_MOMENT);
        }
        stamp.is_some()
    }

    /// Voids what was stamped so far, under whatever marks.
    pub(super) fn void_everything(&self) {
        let mut generation = write(&self.generation);
        generation.void(ELSEWHERE, NO_MOMENT);
        *generation = Stamp::new();
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).stamps.len()).sum()
    }

    /// Of bits that the maps do not look at first.
    fn shard(&self, mark: u64) -> &Mutex<Shard> {
        &self.shards[(mark >> 40) as usize % SHARDS]
    }
}

impl Shard {
    fn stamp(&mut self, mark: u64) -> Arc<Stamp> {
        if self.stamps.len() >= self.sweep_at {
            // A stamp that somebody is about to hold has been counted: it is handed out under this shard's lock.
            self.stamps.retain(|_, stamp| Arc::strong_count(stamp) > 1);
            self.sweep_at = FIRST_SWEEP.max(2 * self.stamps.len());
        }
        Arc::clone(self.stamps.entry(mark).or_default())
    }
}

/// A mark is already uniform.
#[derive(Debug, Default)]
struct MarkHasher(u64);

impl Hasher for MarkHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, mark: u64) {
        self.0 = mark;
    }
}
