//! What keys were last known to depend on, so that a hit is one round trip and builds no query.

use std::sync::Arc;

use foldhash::fast::RandomState;
use quick_cache::sync::Cache as Entries;

use crate::key::{EntryDigest, Key};
use crate::store::shared::{Footprint, encoded_footprint};

/// How many keys are remembered.
const CAPACITY: usize = 1 << 16;

/// The footprints of keys, as they were found last. They are guesses: an entry says itself what it depends on.
#[derive(Debug)]
pub(crate) struct Footprints {
    known: Entries<Key, Remembered, quick_cache::UnitWeighter, RandomState>,
}

/// A footprint with the bytes that an entry of it carries, and the digest of the key.
#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    pub(crate) footprint: Arc<Footprint>,
    pub(crate) encoded: Arc<[u8]>,
    pub(crate) digest: EntryDigest,
}

impl Remembered {
    fn new(footprint: &Arc<Footprint>, digest: EntryDigest) -> Self {
        Remembered { footprint: Arc::clone(footprint), encoded: encoded_footprint(footprint).into(), digest }
    }
}

impl Footprints {
    pub(crate) fn new() -> Self {
        let known = Entries::with(
            CAPACITY,
            CAPACITY as u64,
            quick_cache::UnitWeighter,
            RandomState::default(),
            Default::default(),
        );
        Footprints { known }
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Remembered> {
        self.known.get(key)
    }

    pub(crate) fn remember(&self, key: &Key, digest: EntryDigest, footprint: &Arc<Footprint>) -> Remembered {
        let remembered = Remembered::new(footprint, digest);
        self.known.insert(key.clone(), remembered.clone());
        remembered
    }
}
