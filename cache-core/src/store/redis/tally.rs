//! Counts of what a store had to do beyond the ordinary.

use crate::sync::{AtomicU64, Ordering};

/// What a [`RedisStore`](crate::RedisStore) has counted since it was connected, over all of its caches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisTally {
    /// Fills that depend on a whole table because it had too many shapes already.
    pub widened: u64,
    /// Fills that were kept from storing because intents may have been lost.
    pub quarantined: u64,
    /// Fills that were kept from storing by an intent.
    pub blocked: u64,
    /// Announcements and invalidations that had to be repeated for shapes that were new.
    pub repeats: u64,
    /// Shapes that went whole, because a change did not tell a column, or told it in another type.
    pub whole_shapes: u64,
    /// Tables that went whole.
    pub whole_tables: u64,
    /// Stamps that were asked for again because the server had become another one meanwhile.
    pub turnovers: u64,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) widened: AtomicU64,
    pub(super) quarantined: AtomicU64,
    pub(super) blocked: AtomicU64,
    pub(super) repeats: AtomicU64,
    pub(super) whole_shapes: AtomicU64,
    pub(super) whole_tables: AtomicU64,
    pub(super) turnovers: AtomicU64,
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Tally {
    pub(super) fn snapshot(&self) -> RedisTally {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RedisTally {
            widened: read(&self.widened),
            quarantined: read(&self.quarantined),
            blocked: read(&self.blocked),
            repeats: read(&self.repeats),
            whole_shapes: read(&self.whole_shapes),
            whole_tables: read(&self.whole_tables),
            turnovers: read(&self.turnovers),
        }
    }
}
