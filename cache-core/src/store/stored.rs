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
    /// What makes it valid in a shared store.
    pub(crate) proof: Option<Arc<Proof>>,
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
            proof: self.proof.clone(),
        }
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

    fn again(&self) -> Self {
        Idle { limit: self.limit, last_hit: AtomicU64::new(self.last_hit.load(Ordering::Relaxed)) }
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
