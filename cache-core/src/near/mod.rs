//! Decoded values of a shared store, kept in this process.
//!
//! A value hangs on local stamps, one for each key of the shared store that says whether it is still valid. The store
//! pushes the names of such keys when they change, and a push voids the stamps: what hangs on them is *suspect* and is asked
//! for before it is served again. Where a bound is promised, values that are not suspect are served without asking, as
//! long as it is known that no push is missing that was sent longer ago than the bound: that is the *lease*.
//!
//! Why the bound holds. Let a read that began at *b* be served without asking, let the lease that it saw count from *s*,
//! and let *d* be the bound, so that *b - s* < *d*. Take a write that was acknowledged before *b - d*, hence before *s*: its
//! invalidation was carried out by then. If the value was looked up in the store after that, the look-up found it valid
//! afterwards. Else its placeholder was there before the push was sent, and the push was acted upon before the lease was
//! renewed to count from *s*; so whoever sees this lease, and looks at the stamps after it, sees the placeholder void. Pushes
//! that nobody listened for are made up for by suspecting everything once somebody listens, before the lease is renewed.

mod lease;
mod marks;
mod mode;

#[cfg(all(test, feature = "shuttle"))]
mod interleavings;
#[cfg(all(test, not(feature = "shuttle")))]
mod tests;

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;
use quick_cache::Weighter;
use quick_cache::sync::Cache as Entries;

use self::lease::Lease;
use self::marks::Marks;
use crate::clock::{Clock, Instant};
use crate::engine::Stamps;
use crate::key::{FunctionId, Key};
use crate::store::{StoreSize, Stored};

pub(crate) use marks::mark;
pub use mode::NearMode;

/// Mean weight that the number of entries is first guessed from.
const TYPICAL_WEIGHT: u64 = 512;

/// A near cache: what it keeps, what of it is suspect, and the lease.
///
/// Bounded in bytes: entries are evicted by recency and frequency, and eviction only makes misses.
#[derive(Debug)]
pub(crate) struct Near {
    mode: NearMode,
    entries: Entries<Key, Arc<Stored>, ByWeight, RandomState>,
    /// Where values are served without asking.
    bounded: Option<Bounded>,
    clock: Clock,
}

#[derive(Debug)]
struct Bounded {
    marks: Marks,
    lease: Lease,
}

#[derive(Clone, Debug)]
struct ByWeight;

impl Weighter<Key, Arc<Stored>> for ByWeight {
    /// A stamp counts for each of its entries, with its place among the marks.
    fn weight(&self, key: &Key, stored: &Arc<Stored>) -> u64 {
        let overhead = size_of::<Stored>() + size_of::<Key>() + key.as_bytes().len() + 64 * stored.stamps.len();
        stored.weight.saturating_add(overhead as u64)
    }
}

impl Near {
    /// An empty near cache of at most about this many bytes, without a lease.
    pub(crate) fn new(mode: NearMode, capacity_bytes: u64, clock: Clock) -> Self {
        let capacity = if mode == NearMode::Off { 0 } else { capacity_bytes };
        let entries = usize::try_from(capacity / TYPICAL_WEIGHT).unwrap_or(usize::MAX).clamp(16, 1 << 20);
        Near {
            mode,
            entries: Entries::with(entries, capacity, ByWeight, RandomState::default(), Default::default()),
            bounded: mode.bound().map(|bound| Bounded { marks: Marks::new(), lease: Lease::new(bound) }),
            clock,
        }
    }

    /// The mode that it was made with.
    pub(crate) fn mode(&self) -> NearMode {
        self.mode
    }

    /// The clock that the lease is kept by.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether nothing is ever kept.
    pub(crate) fn is_off(&self) -> bool {
        self.mode == NearMode::Off
    }

    /// What is kept under a key, suspect or not.
    pub(crate) fn lookup(&self, key: &Key) -> Option<Arc<Stored>> {
        match self.mode {
            NearMode::Off => None,
            _ => self.entries.get(key),
        }
    }

    /// Whether a value may be served without asking: it is not suspect, and the lease is in force.
    ///
    /// Its deadlines are not looked at.
    pub(crate) fn may_serve(&self, stored: &Stored) -> bool {
        let Some(bounded) = &self.bounded else { return false };
        // The lease first: stamps that were seen before it may have been voided between the two.
        bounded.lease.is_in_force(self.clock.now()) && stored.stamps.len() > 0 && stored.stamps.voided_by().is_none()
    }

    /// Placeholders for a value that is about to be asked for, by the marks of the keys that say whether it is valid, each
    /// once.
    ///
    /// To be taken before the question is sent, and kept as the stamps of the value. A push meanwhile voids them, so that the
    /// value is suspect when it comes.
    pub(crate) fn expect(&self, marks: &[u64]) -> Stamps {
        match &self.bounded {
            Some(bounded) => bounded.marks.stamps(marks),
            None => Stamps::default(),
        }
    }

    /// Keeps a value that the store has said to be valid, under the stamps of [`Near::expect`].
    pub(crate) fn insert(&self, key: Key, stored: Arc<Stored>) {
        if self.mode != NearMode::Off {
            self.entries.insert(key, stored);
        }
    }

    /// Drops what is kept under a key; whether there was anything.
    pub(crate) fn remove(&self, key: &Key) -> bool {
        self.entries.remove(key).is_some()
    }

    /// Drops all values of a function; how many there were. Looks at every key, one shard at a time.
    pub(crate) fn remove_function(&self, id: FunctionId) -> u64 {
        let removed = Cell::new(0);
        self.entries.retain(|key, _| {
            let stays = key.function() != Some(id);
            removed.set(removed.get() + u64::from(!stays));
            stays
        });
        removed.get()
    }

    /// What is kept under a key, without counting as a look-up.
    pub(crate) fn peek(&self, key: &Key) -> Option<Arc<Stored>> {
        self.entries.peek(key)
    }

    /// Drops a value that turned out to be invalid, unless another has taken its place.
    pub(crate) fn discard(&self, key: &Key, stored: &Arc<Stored>) {
        self.entries.remove_if(key, |current| Arc::ptr_eq(current, stored));
    }

    /// Suspects whatever has one of these marks, or is expected under it; how many of the marks something hung on.
    ///
    /// Called for pushes, and for own writes after the store has carried out the invalidation and before the write is
    /// acknowledged.
    pub(crate) fn suspect(&self, marks: impl IntoIterator<Item = u64>) -> u64 {
        let Some(bounded) = &self.bounded else { return 0 };
        marks.into_iter().map(|mark| u64::from(bounded.marks.void(mark))).sum()
    }

    /// Suspects everything that is kept or expected.
    pub(crate) fn suspect_all(&self) {
        if let Some(bounded) = &self.bounded {
            bounded.marks.void_everything();
        }
    }

    /// Tells that every push that was sent before this moment has come in by [`Near::suspect`].
    ///
    /// For pushes to connections that are new since the last lease this asks for a [`Near::suspect_all`] after pushing was
    /// switched on.
    pub(crate) fn renew(&self, since: Instant) {
        if let Some(bounded) = &self.bounded {
            bounded.lease.renew(since);
        }
    }

    /// Tells that pushes may be lost from now on: nothing is served without asking until the next [`Near::renew`].
    ///
    /// A read that is on its way may still be served within the bound.
    pub(crate) fn end_lease(&self) {
        if let Some(bounded) = &self.bounded {
            bounded.lease.end();
        }
    }

    /// How long ago a write may have been acknowledged that a hit does not see: never more than the mode's bound. `None`
    /// while nothing is served without asking.
    pub(crate) fn staleness(&self) -> Option<Duration> {
        self.bounded.as_ref()?.lease.age(self.clock.now())
    }

    /// What is kept, suspect or not; stamps are those of marks.
    pub(crate) fn size(&self) -> StoreSize {
        StoreSize {
            entries: self.entries.len() as u64,
            bytes: self.entries.weight(),
            capacity: self.entries.capacity(),
            stamps: self.bounded.as_ref().map_or(0, |bounded| bounded.marks.len() as u64),
            ..StoreSize::default()
        }
    }
}
