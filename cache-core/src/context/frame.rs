//! What a running fill has been told to depend on.

use std::sync::Arc;

use super::ReadPoint;
use crate::cache::{Cache, CacheId};
use crate::clock::Instant;
use crate::dependency::Dependencies;
use crate::engine::{Flight, Refusal, Stamps};
use crate::store::Stored;
use crate::sync::{Mutex, lock};

/// The collector of one fill: its own dependencies and those of every result that it used.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Where the result will be kept.
    cache: CacheId,
    flight: Option<Arc<Flight>>,
    as_of: Option<(Cache, ReadPoint)>,
    collected: Mutex<Collected>,
}

/// Dependencies, the stamps under which they were read, and limits that were inherited.
#[derive(Clone, Debug, Default)]
pub(crate) struct Collected {
    pub(crate) dependencies: Vec<Dependencies>,
    pub(crate) stamps: Stamps,
    pub(crate) expires: Option<Instant>,
    pub(crate) refusal: Option<Refusal>,
}

impl Collected {
    fn add(&mut self, dependencies: &Dependencies, stamps: &Stamps, expires: Option<Instant>) {
        self.dependencies.push(dependencies.clone());
        self.stamps.extend(stamps);
        self.expires = self.expires.into_iter().chain(expires).min();
    }
}

impl Frame {
    pub(crate) fn new(cache: CacheId, flight: Option<Arc<Flight>>, as_of: Option<(Cache, ReadPoint)>) -> Arc<Self> {
        Arc::new(Frame { cache, flight, as_of, collected: Mutex::default() })
    }

    pub(crate) fn is_of(&self, cache: &Cache) -> bool {
        self.cache == cache.id()
    }

    /// The moment as of which the work reads what `cache` holds, if it reads from a snapshot.
    pub(crate) fn as_of(&self, cache: &Cache) -> Option<ReadPoint> {
        self.as_of.as_ref().filter(|(of, _)| of.is(cache)).map(|(_, point)| *point)
    }

    pub(crate) fn flight(&self) -> Option<&Arc<Flight>> {
        self.flight.as_ref()
    }

    pub(crate) fn taint(&self, reason: Arc<str>) {
        lock(&self.collected).refusal.get_or_insert(Refusal::Tainted(reason));
    }

    pub(crate) fn refuse(&self, refusal: Refusal) {
        lock(&self.collected).refusal.get_or_insert(refusal);
    }

    /// A nested hit: its stamps are older than its dependencies, as they have to be.
    pub(crate) fn inherit_entry(&self, stored: &Stored) {
        lock(&self.collected).add(&stored.dependencies, &stored.stamps, stored.expires);
    }

    /// A nested fill.
    pub(crate) fn inherit(&self, inner: &Collected, dependencies: &Dependencies) {
        let mut collected = lock(&self.collected);
        collected.add(dependencies, &inner.stamps, inner.expires);
        if let Some(refusal) = &inner.refusal {
            collected.refusal.get_or_insert_with(|| refusal.clone());
        }
    }

    /// Stamps dependencies now; gives back why not.
    pub(crate) fn depend(
        &self,
        cache: &Cache,
        dependencies: &Dependencies,
        as_of: Option<ReadPoint>,
    ) -> Result<(), Refusal> {
        let stamps = cache.stamp(dependencies, as_of);
        let refusal = stamps.as_ref().err().cloned();
        self.add(dependencies, stamps);
        refusal.map_or(Ok(()), Err)
    }

    pub(crate) fn add(&self, dependencies: &Dependencies, stamps: Result<Stamps, Refusal>) {
        let mut collected = lock(&self.collected);
        match stamps {
            Ok(stamps) => collected.add(dependencies, &stamps, None),
            Err(refusal) => {
                collected.add(dependencies, &Stamps::default(), None);
                collected.refusal.get_or_insert(refusal);
            }
        }
    }

    pub(crate) fn take(&self) -> Collected {
        std::mem::take(&mut *lock(&self.collected))
    }
}
