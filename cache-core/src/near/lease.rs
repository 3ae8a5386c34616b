//! How long values may be served without asking.

use std::time::Duration;

use crate::clock::Instant;
use crate::sync::{AtomicU64, Ordering};

/// The right to serve without asking. It begins when it is known up to which moment every push has arrived, and is over
/// when that moment lies further back than the bound.
#[derive(Debug)]
pub(super) struct Lease {
    bound: Duration,
    /// In nanoseconds; 0 when there is no lease.
    ends: AtomicU64,
}

impl Lease {
    /// None yet.
    pub(super) fn new(bound: Duration) -> Self {
        Lease { bound, ends: AtomicU64::new(0) }
    }

    /// Everything that was sent before `since` has arrived, and was acted upon.
    ///
    /// The release pairs with the acquire of [`Lease::is_in_force`]: who sees this lease sees the stamps void that were
    /// voided before.
    pub(super) fn renew(&self, since: Instant) {
        self.ends.store(since.after(self.bound).as_nanos(), Ordering::Release);
    }

    pub(super) fn end(&self) {
        self.ends.store(0, Ordering::Release);
    }

    pub(super) fn is_in_force(&self, now: Instant) -> bool {
        now.as_nanos() < self.ends.load(Ordering::Acquire)
    }

    /// How long ago the moment is that the lease counts from, while it is in force.
    pub(super) fn age(&self, now: Instant) -> Option<Duration> {
        let left = Instant::from_nanos(self.ends.load(Ordering::Acquire)).since(now);
        (!left.is_zero()).then(|| self.bound.saturating_sub(left))
    }
}
