//! What a running fill has been told to depend on.

use std::sync::Arc;

use super::{ReadPoint, Told};
use crate::cache::{Cache, CacheId, Taken};
use crate::clock::Instant;
use crate::dependency::Dependencies;
use crate::engine::shared::Known;
use crate::engine::{Flight, Refusal, Stamps};
use crate::observe::Severity;
use crate::store::Stored;
use crate::store::shared::{Footprint, Standing};
use crate::sync::{Mutex, lock};

/// The collector of one fill: its own dependencies and those of every result that it used.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Where the result will be kept.
    cache: CacheId,
    shared: bool,
    flight: Option<Arc<Flight>>,
    as_of: Option<(Cache, ReadPoint)>,
    watch: Watch,
    collected: Mutex<Collected>,
}

/// What a fill wants to know of the statements of its work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Watch {
    #[default]
    Nothing,
    /// What they read is what the result depends on.
    Records,
    /// What they read is compared with what was declared.
    Checks(Severity),
}

/// Dependencies, the stamps under which they were read, and limits that were inherited.
#[derive(Clone, Debug, Default)]
pub(crate) struct Collected {
    pub(crate) dependencies: Vec<Dependencies>,
    pub(crate) stamps: Stamps,
    /// The stamps in a shared store.
    pub(crate) proofs: Vec<(Arc<Footprint>, Arc<Standing>)>,
    pub(crate) expires: Option<Instant>,
    pub(crate) refusal: Option<Refusal>,
    /// What was read, where it is only compared with what was declared.
    pub(crate) seen: Vec<Dependencies>,
    blurred: bool,
}

impl Collected {
    fn add(&mut self, dependencies: &Dependencies, stamps: &Stamps, expires: Option<Instant>) {
        self.dependencies.push(dependencies.clone());
        self.stamps.extend(stamps);
        self.expires = self.expires.into_iter().chain(expires).min();
    }

    /// Whether the result depends on nothing but time and names. What a shared store knows of has a footprint at least.
    pub(crate) fn is_independent(&self, dependencies: &Dependencies) -> bool {
        dependencies.is_empty() && self.proofs.iter().all(|(footprint, _)| footprint.is_nothing())
    }

    /// Whether something was inherited of which only the footprint is known.
    pub(crate) fn is_blurred(&self) -> bool {
        self.blurred
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.refusal.get_or_insert(refusal);
    }
}

impl Frame {
    pub(crate) fn new(
        cache: &Cache,
        flight: Option<Arc<Flight>>,
        as_of: Option<(Cache, ReadPoint)>,
        watch: Watch,
    ) -> Arc<Self> {
        let shared = cache.tier().is_some();
        Arc::new(Frame { cache: cache.id(), shared, flight, as_of, watch, collected: Mutex::default() })
    }

    pub(crate) fn watch(&self) -> Watch {
        self.watch
    }

    /// Notes what a statement reads, to be compared with what was declared.
    pub(crate) fn see(&self, dependencies: Dependencies) {
        lock(&self.collected).seen.push(dependencies);
    }

    /// Whether nothing is known yet that the result depends on.
    pub(crate) fn is_independent(&self) -> bool {
        let collected = lock(&self.collected);
        let none = collected.dependencies.iter().all(Dependencies::is_empty);
        none && collected.is_independent(&Dependencies::none())
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
        lock(&self.collected).refuse(Refusal::Tainted(reason));
    }

    pub(crate) fn refuse(&self, refusal: Refusal) {
        lock(&self.collected).refuse(refusal);
    }

    /// Whether stamps of another cache can make a result of this one valid: those in this process can, if this one is
    /// kept here, and those in a shared store only within the same cache.
    fn can_check(&self, other: CacheId, shared: bool) -> bool {
        if self.shared || shared { self.cache == other } else { true }
    }

    /// A nested hit: its stamps are older than its dependencies, as they have to be.
    pub(crate) fn inherit_entry(&self, of: &Cache, stored: &Stored) {
        let mut collected = lock(&self.collected);
        match &stored.proof {
            _ if !self.can_check(of.id(), of.tier().is_some()) => collected.refuse(foreign()),
            Some(proof) => {
                collected.blurred |= stored.dependencies.is_empty() && !proof.footprint.is_nothing();
                collected.add(&stored.dependencies, &Stamps::default(), stored.expires);
                collected.proofs.push((Arc::clone(&proof.footprint), Arc::clone(&proof.standing)));
            }
            None => collected.add(&stored.dependencies, &stored.stamps, stored.expires),
        }
    }

    /// A nested fill.
    pub(crate) fn inherit(&self, of: &Frame, inner: &Collected, dependencies: &Dependencies) {
        let mut collected = lock(&self.collected);
        if !self.can_check(of.cache, of.shared) {
            collected.refuse(foreign());
        }
        collected.add(dependencies, &inner.stamps, inner.expires);
        collected.proofs.extend(inner.proofs.iter().cloned());
        collected.blurred |= inner.blurred;
        if let Some(refusal) = &inner.refusal {
            collected.refuse(refusal.clone());
        }
    }

    /// Stamps dependencies now; gives back why not.
    pub(crate) async fn depend(
        &self,
        cache: &Cache,
        dependencies: &Dependencies,
        as_of: Option<ReadPoint>,
        known: Option<&Known>,
    ) -> Result<(), Refusal> {
        let taken = cache.stamp(dependencies, as_of, known).await;
        let mut collected = lock(&self.collected);
        let refusal = match taken {
            _ if !self.can_check(cache.id(), cache.tier().is_some()) => Some(foreign()),
            Ok(Taken::Here(stamps)) => {
                collected.add(dependencies, &stamps, None);
                None
            }
            Ok(Taken::Shared(footprint, standing)) => {
                collected.add(dependencies, &Stamps::default(), None);
                collected.proofs.push((footprint, standing));
                None
            }
            Err(refusal) => Some(refusal),
        };
        let Some(refusal) = refusal else { return Ok(()) };
        collected.add(dependencies, &Stamps::default(), None);
        collected.refuse(refusal.clone());
        Err(refusal)
    }

    pub(crate) fn told(&self) -> Told {
        let collected = lock(&self.collected);
        let dependencies = collected.dependencies.iter().cloned().collect();
        Told { dependencies }
    }

    /// The result is served until then at the latest.
    pub(crate) fn expire(&self, deadline: Instant) {
        let mut collected = lock(&self.collected);
        collected.expires = collected.expires.into_iter().chain([deadline]).min();
    }

    pub(crate) fn take(&self) -> Collected {
        std::mem::take(&mut *lock(&self.collected))
    }
}

fn foreign() -> Refusal {
    Refusal::Tainted("made of a result of another cache, of whose changes this one's store does not know".into())
}
