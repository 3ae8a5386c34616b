//! Stamps: what makes an entry valid, and what an invalidation takes away.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::clock::Instant;
use crate::sync::{AtomicU64, Ordering};

/// A token that stands until an invalidation voids it, once and for all.
///
/// Invariant: a stamp is taken before the work that it guards starts, and voided after the write that
/// concerns it is durable and before that write is acknowledged. So a stamp that still stands proves that
/// the work saw every acknowledged write.
#[derive(Debug, Default)]
pub struct Stamp {
    voided_by: AtomicU64,
    voided_at: AtomicU64,
}

impl Stamp {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Voids the stamp on behalf of the invalidation with this number (not 0), which began at this moment. Called once: whoever
    /// voids a stamp has unlinked it.
    ///
    /// The release pairs with the acquire of [`Stamp::voided_by`]: a read that happens after the write was
    /// acknowledged sees the stamp void.
    pub(crate) fn void(&self, invalidation: u64, began: Instant) {
        self.voided_at.store(began.as_nanos(), Ordering::Relaxed);
        self.voided_by.store(invalidation, Ordering::Release);
    }

    pub(crate) fn voided_by(&self) -> Option<u64> {
        match self.voided_by.load(Ordering::Acquire) {
            0 => None,
            invalidation => Some(invalidation),
        }
    }

    fn voided_at(&self) -> Option<Instant> {
        self.voided_by().map(|_| Instant::from_nanos(self.voided_at.load(Ordering::Relaxed)))
    }
}

/// All stamps that one result was made under.
#[derive(Clone, Debug, Default)]
pub struct Stamps {
    stamps: SmallVec<[Arc<Stamp>; 4]>,
}

impl Stamps {
    /// Stamps that do not stand: what is kept under them has to be asked for before it is served.
    pub(crate) fn void() -> Self {
        let stamp = Stamp::new();
        stamp.void(1, Instant::from_nanos(0));
        Stamps { stamps: smallvec::smallvec![stamp] }
    }

    pub(crate) fn push(&mut self, stamp: Arc<Stamp>) {
        self.stamps.push(stamp);
    }

    pub(crate) fn extend(&mut self, other: &Stamps) {
        self.stamps.extend(other.stamps.iter().cloned());
    }

    /// Drops repetitions, so that a check looks at every stamp once.
    pub(crate) fn deduplicate(&mut self) {
        self.stamps.sort_unstable_by_key(|stamp| Arc::as_ptr(stamp).addr());
        self.stamps.dedup_by(|a, b| Arc::ptr_eq(a, b));
    }

    pub(crate) fn len(&self) -> usize {
        self.stamps.len()
    }

    /// The number of the invalidation that voided one of them, if any.
    pub(crate) fn voided_by(&self) -> Option<u64> {
        self.stamps.iter().find_map(|stamp| stamp.voided_by())
    }

    /// When the first invalidation began that voided one of them, if any did.
    pub(crate) fn voided_at(&self) -> Option<Instant> {
        self.stamps.iter().filter_map(|stamp| stamp.voided_at()).min()
    }
}
