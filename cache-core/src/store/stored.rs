//! A stored value with what makes it valid.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Instant;
use crate::dependency::Dependencies;
use crate::engine::Stamps;
use crate::engine::shared::Proof;
use crate::sync::{AtomicU64, Ordering};

/// An entry: the decoded value, the stamps it was made under and its deadlines.
#[derive(Debug)]
pub struct Stored {
    pub(crate) value: Arc<dyn Any + Send + Sync>,
    pub(crate) stamps: Stamps,
    pub(crate) dependencies: Dependencies,
    pub(crate) expires: Option<Instant>,
    pub(crate) idle: Option<Idle>,
    pub(crate) weight: u64,
    pub(crate) made: Made,
    /// What makes it valid in a shared store.
    pub(crate) proof: Option<Arc<Proof>>,
    /// What it is kept for after it has ceased to be fresh.
    pub(crate) reserve: Option<Arc<Reserve>>,
}

impl Stored {
    /// The same entry under other stamps.
    pub(crate) fn under(&self, stamps: Stamps) -> Stored {
        Stored {
            value: Arc::clone(&self.value),
            stamps,
            dependencies: self.dependencies.clone(),
            expires: self.expires,
            idle: self.idle.as_ref().map(Idle::again),
            weight: self.weight,
            made: self.made,
            proof: self.proof.clone(),
            reserve: self.reserve.clone(),
        }
    }

    /// Whether its time to live ends within this time.
    pub(crate) fn ends_within(&self, now: Instant, time: Duration) -> bool {
        self.expires.is_some_and(|deadline| deadline.since(now) <= time)
    }

    /// When its time to live or its idle time ended, whichever came first, if one has.
    pub(crate) fn ended(&self, now: Instant) -> Option<Instant> {
        let expired = self.expires.filter(|deadline| *deadline <= now);
        let idle = self.idle.as_ref().and_then(|idle| idle.ended(now));
        expired.into_iter().chain(idle).min()
    }

    /// Whether it was found to be no longer what a shared store says.
    pub(crate) fn is_outdated(&self) -> bool {
        self.reserve.as_ref().is_some_and(|reserve| reserve.outdated.load(Ordering::Acquire) != 0)
    }
}

/// Why an entry is kept after it has ceased to be fresh, and since when it may have.
///
/// Entries without it are dropped when they are found out; nothing is served stale of them.
#[derive(Debug)]
pub(crate) struct Reserve {
    /// How long it is kept after that.
    keep: Duration,
    /// Up to when it is known to have been fresh; looked at where stamps in this process do not tell.
    known_fresh: AtomicU64,
    /// Not 0 once a shared store has said that it is void.
    outdated: AtomicU64,
}

impl Reserve {
    pub(crate) fn new(keep: Duration, known_fresh: Instant) -> Arc<Self> {
        let known_fresh = AtomicU64::new(known_fresh.as_nanos());
        Arc::new(Reserve { keep, known_fresh, outdated: AtomicU64::new(0) })
    }

    pub(crate) fn keep(&self) -> Duration {
        self.keep
    }

    /// It was fresh at this moment. To be called with a moment before the question was asked.
    pub(crate) fn was_fresh(&self, moment: Instant) {
        if self.outdated.load(Ordering::Acquire) == 0 {
            self.known_fresh.fetch_max(moment.as_nanos(), Ordering::AcqRel);
        }
    }

    pub(crate) fn known_fresh(&self) -> Instant {
        Instant::from_nanos(self.known_fresh.load(Ordering::Acquire))
    }

    /// It is void, once and for all.
    pub(crate) fn outdate(&self) {
        self.outdated.store(1, Ordering::Release);
    }
}

/// When a value was made, which may be before the process began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Made(i64);

impl Made {
    pub(crate) fn at(now: Instant) -> Self {
        Made(i64::try_from(now.as_nanos()).unwrap_or(i64::MAX))
    }

    /// Made elsewhere, this long ago.
    pub(crate) fn before(now: Instant, age: Duration) -> Self {
        Made(Made::at(now).0.saturating_sub(i64::try_from(age.as_nanos()).unwrap_or(i64::MAX)))
    }

    pub(crate) fn age(self, now: Instant) -> Duration {
        Duration::from_nanos(u64::try_from(Made::at(now).0.saturating_sub(self.0)).unwrap_or(0))
    }
}

/// A limit on the time between two hits.
#[derive(Debug)]
pub(crate) struct Idle {
    limit: Duration,
    last_hit: AtomicU64,
}

impl Idle {
    pub(crate) fn new(limit: Duration, now: Instant) -> Self {
        Idle { limit, last_hit: AtomicU64::new(now.as_nanos()) }
    }

    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// What is left of it, without counting as a hit; `None` when it is over.
    pub(crate) fn left(&self, now: Instant) -> Option<Duration> {
        let last = Instant::from_nanos(self.last_hit.load(Ordering::Relaxed));
        self.limit.checked_sub(now.since(last))
    }

    fn again(&self) -> Self {
        Idle { limit: self.limit, last_hit: AtomicU64::new(self.last_hit.load(Ordering::Relaxed)) }
    }

    /// When the limit was passed, if it was.
    fn ended(&self, now: Instant) -> Option<Instant> {
        let last = Instant::from_nanos(self.last_hit.load(Ordering::Relaxed));
        (now.since(last) > self.limit).then(|| last.after(self.limit))
    }

    /// Whether the entry was hit recently enough; if so this counts as a hit.
    pub(crate) fn touch(&self, now: Instant) -> bool {
        let last = Instant::from_nanos(self.last_hit.load(Ordering::Relaxed));
        if now.since(last) > self.limit {
            return false;
        }
        self.last_hit.store(now.as_nanos(), Ordering::Relaxed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_before_the_process_began_keeps_its_age() {
        let now = Instant::from_nanos(5);
        let hour = Duration::from_secs(3600);
        assert_eq!(Made::before(now, hour).age(now.after(hour)), 2 * hour);
        assert_eq!(Made::at(now).age(now.after(hour)), hour);
        assert_eq!(Made::at(now.after(hour)).age(now), Duration::ZERO);
    }
}
