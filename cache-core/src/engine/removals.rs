//! Removal by name while work is under way.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use crate::key::Key;
use crate::sync::{Mutex, lock};

const SHARDS: usize = 64;

/// How often keys were removed or set by name, so that work begun before stores nothing after.
///
/// Keys share a count with others; then a result is needlessly not stored, once.
#[derive(Debug)]
pub(crate) struct Removals {
    shards: Box<[Mutex<u64>]>,
    hasher: RandomState,
}

impl Removals {
    pub(crate) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(0)).collect();
        Removals { shards, hasher: RandomState::default() }
    }

    fn shard(&self, key: &Key) -> &Mutex<u64> {
        let hash = self.hasher.hash_one(key) as usize;
        &self.shards[hash % SHARDS]
    }

    /// The count now; to be taken before the work starts.
    pub(crate) fn count(&self, key: &Key) -> u64 {
        *lock(self.shard(key))
    }

    /// Removes or replaces what is stored under a key.
    pub(crate) fn raise<R>(&self, key: &Key, change: impl FnOnce() -> R) -> R {
        let mut count = lock(self.shard(key));
        *count += 1;
        change()
    }

    /// Stores unless the count has been raised; whether it did.
    pub(crate) fn unless_raised(&self, key: &Key, since: u64, store: impl FnOnce()) -> bool {
        let count = lock(self.shard(key));
        let stands = *count == since;
        if stands {
            store();
        }
        stands
    }
}
