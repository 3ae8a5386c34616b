//! What keys were last known to depend on, so that a hit is one round trip and builds no query.

use std::sync::Arc;

use foldhash::fast::RandomState;
use quick_cache::sync::Cache as Entries;

use super::seek::Proof;
use crate::key::{EntryDigest, Key};
use crate::store::shared::{Footprint, encoded_footprint};

/// How many keys are remembered.
const CAPACITY: usize = 1 << 16;

/// The footprints of keys, as they were found last. They are guesses: an entry says itself what it depends on.
#[derive(Debug)]
pub(crate) struct Footprints {
    known: Entries<Key, Arc<Remembered>, quick_cache::UnitWeighter, RandomState>,
}

/// A footprint with the bytes that an entry of it carries, and the digest of the key.
#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    pub(crate) footprint: Arc<Footprint>,
    pub(crate) encoded: Arc<[u8]>,
    pub(crate) digest: EntryDigest,
    /// When the entry that was seen last ends, in milliseconds since 1970.
    pub(crate) expires: u64,
    /// What made that entry valid: as long as it stands at the same, nothing needs to be summed up.
    pub(crate) proof: Option<Arc<Proof>>,
}

impl Remembered {
    fn new(footprint: &Arc<Footprint>, digest: EntryDigest, expires: u64) -> Self {
        Remembered {
            footprint: Arc::clone(footprint),
            encoded: encoded_footprint(footprint).into(),
            digest,
            expires,
            proof: None,
        }
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

    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Remembered>> {
        self.known.get(key)
    }

    pub(crate) fn remember(
        &self,
        key: &Key,
        digest: EntryDigest,
        footprint: &Arc<Footprint>,
        expires: u64,
    ) -> Arc<Remembered> {
        let remembered = Arc::new(Remembered::new(footprint, digest, expires));
        self.known.insert(key.clone(), Arc::clone(&remembered));
        remembered
    }

    /// An entry of a key was met that depends on the same as the one before, and what made it valid.
    pub(crate) fn renew(&self, key: &Key, known: &Remembered, expires: u64, proof: &Arc<Proof>) {
        let proof = Some(Arc::clone(proof));
        self.known.insert(key.clone(), Arc::new(Remembered { expires, proof, ..known.clone() }));
    }
}
