//! Removal by name while work is under way.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use crate::key::{FunctionId, Key};
use crate::sync::{AtomicU64, Mutex, Ordering, RwLock, lock, read, write};

const SHARDS: usize = 64;

/// How often keys were removed or set by name, so that work begun before stores nothing after.
///
/// Keys share a count with others; then a result is needlessly not stored, once.
#[derive(Debug)]
pub(crate) struct Removals {
    shards: Box<[Mutex<u64>]>,
    hasher: RandomState,
    /// How often all results of a function were removed, of those that ever were.
    functions: RwLock<HashMap<FunctionId, u64>>,
    /// How many functions that are.
    known: AtomicU64,
}

impl Removals {
    pub(crate) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(0)).collect();
        Removals { shards, hasher: RandomState::default(), functions: RwLock::default(), known: AtomicU64::new(0) }
    }

    fn shard(&self, key: &Key) -> &Mutex<u64> {
        let hash = self.hasher.hash_one(key) as usize;
        &self.shards[hash % SHARDS]
    }

    /// The count now; to be taken before the work starts.
    pub(crate) fn count(&self, key: &Key) -> u64 {
        let count = lock(self.shard(key));
        *count + self.of_function(key)
    }

    /// Both counts only rise, so that their sum is the same only if neither has.
    #[inline]
    fn of_function(&self, key: &Key) -> u64 {
        if self.known.load(Ordering::Acquire) == 0 {
            return 0;
        }
        key.function().and_then(|id| read(&self.functions).get(&id).copied()).unwrap_or(0)
    }

    /// From when this returns, nothing is stored any more whose count was taken before, and what was stored can be seen.
    pub(crate) fn raise_function(&self, id: FunctionId) {
        {
            let mut functions = write(&self.functions);
            *functions.entry(id).or_default() += 1;
            self.known.store(functions.len() as u64, Ordering::Release);
        }
        // Whoever saw the earlier count stores under one of these locks.
        for shard in &self.shards {
            drop(lock(shard));
        }
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
        let stands = *count + self.of_function(key) == since;
        if stands {
            store();
        }
        stands
    }
}
