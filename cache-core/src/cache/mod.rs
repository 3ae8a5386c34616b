//! The handle that applications hold.

mod batch;
mod begin;
mod builder;
mod entry;
mod explain;
mod function;
mod global;
mod guard;
mod many;
mod owned;
mod reading;
mod stale;
mod timeout;
mod weigh;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub use batch::Batch;
pub use begin::{Begin, FillGuard};
pub use builder::CacheBuilder;
pub use entry::{Entry, ShallowWeight, WeighValue};
pub use guard::Guard;
pub use owned::OwnedEntry;
pub(crate) use owned::{Ends, Run, read_owned};
pub(crate) use stale::Describe;
pub(crate) use timeout::HardTimeout;
pub use timeout::TimedOut;
pub use weigh::Weigh;

use crate::background::Background;
use crate::change::{Announcing, Applying, Change, Changes};
use crate::clock::{Clock, Instant};
use crate::context::{Context, ReadPoint, is_outside};
use crate::dependency::{Dependencies, Table};
use crate::engine::shared::{Known, Proof, Tier, written};
use crate::engine::{Flights, MissReason, Place, Refusal, Removals, Stamps, block};
use crate::error::Error;
use crate::key::Key;
use crate::observe::{Counters, Counts, Event, Invalidation, Verify};
use crate::profile::Profiles;
use crate::store::shared::{Footprint, Mode, Standing};
use crate::store::{Backend, Idle, Made, Shared, StoreSize, Stored};

type Subscriber = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// A cache whose entries disappear when a row that they depend on changes.
///
/// A clone is another handle to the same cache. Reads are described by [`Cache::entry`], writes are told by
/// [`Cache::invalidate`]; adapters and macros do both.
///
/// **Fresh after acknowledgement.** When `invalidate` has returned, no read that starts later is served a result
/// made before the change. A result that was being made meanwhile is handed to its caller, and is not stored.
///
/// ```
/// use cache_core::{column, Cache, Change, Dependencies, Key, Row};
///
/// let cache = Cache::in_memory();
/// let titles = |category: i32| {
///     cache
///         .entry(Key::new("titles").with(&category))
///         .depends_on(move || Dependencies::on("article", column("category_id").eq(category)))
///         .get_or_fill(|| vec![String::from("as the database tells")])
/// };
/// titles(3);
/// cache.invalidate(Change::inserted("article", Row::from([("category_id", 4)])))?;
/// titles(3); // a hit
/// cache.invalidate(Change::inserted("article", Row::from([("category_id", 3)])))?;
/// titles(3); // a miss: runs again
/// assert_eq!(cache.counters().hits, 1);
/// # Ok::<(), cache_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Cache {
    inner: Arc<Inner>,
}

/// Tells one cache of a process from another; see [`Cache::id`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CacheId(usize);

struct Inner {
    namespace: String,
    backend: Backend,
    flights: Arc<Flights>,
    removals: Removals,
    counts: Counts,
    subscribers: Vec<Subscriber>,
    clock: Clock,
    ttl: Option<Duration>,
    idle: Option<Duration>,
    profiles: Profiles,
    verify: Verify,
    background: Background,
}

impl Cache {
    /// A cache in the memory of this process, 64 MiB large.
    pub fn in_memory() -> Self {
        Self::builder().build()
    }

    /// Starts the description of a cache.
    pub fn builder() -> CacheBuilder {
        CacheBuilder::new()
    }

    /// The namespace that the cache was built with.
    pub fn namespace(&self) -> &str {
        &self.inner.namespace
    }

    /// Which tables' queries are cached automatically: adapters ask before each read.
    #[inline]
    pub fn profiles(&self) -> &Profiles {
        &self.inner.profiles
    }

    /// What tells this cache from another one that lives at the same time; its clones share it.
    #[inline]
    pub fn id(&self) -> CacheId {
        CacheId(Arc::as_ptr(&self.inner).addr())
    }

    /// Starts the description of a read.
    pub fn entry(&self, key: Key) -> Entry<'_> {
        Entry::new(self, key)
    }

    /// The value under a key, if it is valid and of this type. With a shared store it is looked for in the near cache alone, and
    /// the thread blocks for the round trip that asks whether it still stands; [`Cache::get_many`] looks in the store.
    pub fn get<T: Clone + 'static>(&self, key: &Key) -> Option<T> {
        let stored = match self.tier() {
            None => self.lookup(key).ok()?,
            Some(tier) => block(tier.find(key, None, None)).0.ok()?,
        };
        let value = stored.value.downcast_ref::<T>()?.clone();
        self.served(&stored, "", key);
        Some(value)
    }

    /// A hit by code outside of every fill, guard and measurement.
    #[inline]
    pub(crate) fn hit<T: Clone + 'static>(&self, name: &str, key: &Key) -> Option<T> {
        let stored = match &self.inner.backend {
            Backend::Memory(store) => store.lookup(key).filter(|stored| self.fault(stored).is_none())?,
            Backend::Shared(Shared(tier)) => tier.at_hand(key)?,
        };
        let value = stored.value.downcast_ref::<T>()?.clone();
        if self.inner.subscribers.is_empty() {
            self.inner.counts.hit();
        } else {
            self.record(&Event::Hit { name, key });
        }
        Some(value)
    }

    /// Keeps a value under a key until its time to live is over, or until it is deleted.
    ///
    /// With a shared store the value stays in the near cache of this process, and what is shared under the key is dropped, which
    /// blocks for a round trip; an [`Entry`] with a codec is shared.
    pub fn set<T: Clone + Send + Sync + 'static>(&self, key: &Key, value: T, ttl: Option<Duration>) {
        let ttl = ttl.or(self.inner.ttl);
        if ttl == Some(Duration::ZERO) {
            self.delete(key);
            return;
        }
        let none = Dependencies::none();
        let (stamps, proof) = match &self.inner.backend {
            Backend::Memory(store) => match store.stamp(&none, None) {
                Ok(stamps) => (stamps, None),
                Err(_) => return,
            },
            Backend::Shared(Shared(tier)) => match block(tier.stamp(&none, None, None)) {
                Ok((footprint, standing)) => (Stamps::void(), Proof::new(footprint, standing).map(Arc::new)),
                // The value of before is not what was set either.
                Err(_) => {
                    self.remove_here(key);
                    return;
                }
            },
        };
        let now = self.inner.clock.now();
        let stored = Arc::new(Stored {
            value: Arc::new(value),
            stamps,
            dependencies: none,
            expires: ttl.map(|ttl| now.after(ttl)),
            idle: self.inner.idle.map(|limit| Idle::new(limit, now)),
            weight: size_of::<T>() as u64,
            made: Made::at(now),
            proof,
            reserve: None,
        });
        if let Some(tier) = self.tier() {
            block(tier.remove(key));
        }
        self.removals().raise(key, || self.keep_here(key, stored));
    }

    /// Drops the entry of a key; whether there was one. Work of this process for it that is under way is not stored.
    ///
    /// Blocks for a round trip with a shared store; asynchronous code awaits [`Cache::delete_async`] instead. A store that
    /// does not answer keeps its entry, and other processes go on serving what their near caches keep: what they all have to
    /// lose is invalidated, by a tag for one.
    pub fn delete(&self, key: &Key) -> bool {
        block(self.delete_async(key))
    }

    /// [`Cache::delete`], awaited.
    pub async fn delete_async(&self, key: &Key) -> bool {
        let here = self.remove_here(key);
        let Some(tier) = self.tier() else { return here };
        let there = tier.remove(key).await;
        // It may have been fetched again before it was gone there.
        self.remove_here(key);
        there | here
    }

    fn remove_here(&self, key: &Key) -> bool {
        self.removals().raise(key, || match &self.inner.backend {
            Backend::Memory(store) => store.remove(key),
            Backend::Shared(Shared(tier)) => tier.near.remove(key),
        })
    }

    /// Applies changes: when this returns, nothing that they concern is served any more.
    ///
    /// Inside of [`Cache::postponed`] it waits for the guard, inside of [`Cache::no_invalidation`] it does nothing. Blocks
    /// for a round trip with a shared store; asynchronous code awaits [`Cache::invalidation`] instead.
    ///
    /// # Errors
    ///
    /// When the store could not be told: see [`Applying`]. The embedded store never fails.
    pub fn invalidate(&self, changes: impl Into<Changes>) -> Result<(), Error> {
        self.invalidation(changes).wait()
    }

    /// [`Cache::invalidate`], to be awaited or waited for.
    pub fn invalidation(&self, changes: impl Into<Changes>) -> Applying {
        let changes = changes.into();
        if is_outside() {
            return self.applying(None, changes);
        }
        match Context::current().admit(self, changes) {
            Some(changes) => self.applying(None, changes),
            None => Applying::none(),
        }
    }

    /// Asks the store's permission for changes that are about to be committed; see [`Intent`](crate::Intent).
    pub fn announcing(&self, changes: &Changes) -> Announcing {
        let Some(tier) = self.tier() else { return Announcing::none(self) };
        let Mode::Strict(strict) = tier.store.mode() else { return Announcing::none(self) };
        if changes.is_empty() || !is_outside() && !Context::current().applies_at_once() {
            return Announcing::none(self);
        }
        let transaction = tier.new_transaction();
        let running = Box::pin(Arc::clone(tier).announce(transaction, written(changes.as_slice())));
        Announcing::running(self, transaction, changes.clone(), strict.commit_budget(), running)
    }

    /// Drops whatever depends on any row of a table.
    ///
    /// # Errors
    ///
    /// As [`Cache::invalidate`].
    pub fn invalidate_table(&self, table: impl Into<Table>) -> Result<(), Error> {
        self.invalidate(Change::table(table))
    }

    /// Drops whatever carries a free tag.
    ///
    /// # Errors
    ///
    /// As [`Cache::invalidate`].
    pub fn invalidate_tag(&self, name: impl AsRef<str>) -> Result<(), Error> {
        self.invalidate(Change::tag(name))
    }

    /// Drops everything. In process that starts a new generation and costs the same however much there is; in a shared store the
    /// nonces of all tables are looked for and renewed, and the entries are left to their times to live.
    ///
    /// # Errors
    ///
    /// As [`Cache::invalidate`].
    pub fn invalidate_all(&self) -> Result<(), Error> {
        self.invalidate(Change::everything())
    }

    /// Applies changes, whatever surrounds the caller, and ends the announcement of their transaction.
    pub(crate) fn applying(&self, transaction: Option<u64>, changes: Changes) -> Applying {
        if changes.is_empty() {
            return Applying::none();
        }
        match &self.inner.backend {
            Backend::Memory(store) => {
                let (number, shapes) = store.void(changes.as_slice());
                let invalidation = Invalidation { number, changes: changes.as_slice(), shapes: &shapes };
                self.record(&Event::Invalidation(&invalidation));
                Applying::over(Ok(()))
            }
            Backend::Shared(Shared(tier)) => {
                let (tier, cache) = (Arc::clone(tier), self.clone());
                let running = async move {
                    let (number, shapes) = tier.void(transaction, written(changes.as_slice())).await?;
                    let invalidation = Invalidation { number, changes: changes.as_slice(), shapes: &shapes };
                    cache.record(&Event::Invalidation(&invalidation));
                    Ok(())
                };
                Applying::running(self, Box::pin(running))
            }
        }
    }

    /// Goes on with an invalidation that nobody waits for.
    pub(crate) fn in_background(&self, running: Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>) {
        if let Some(tier) = self.tier() {
            tier.store.spawn(Box::pin(async move {
                // There is nobody here to hand a failure to; it is counted, and delivery goes on.
                let _ = running.await;
            }));
        }
    }

    /// This moment in the order of invalidations, to be taken before a snapshot is opened.
    pub fn read_point(&self) -> ReadPoint {
        ReadPoint(match &self.inner.backend {
            Backend::Memory(store) => store.now(),
            Backend::Shared(Shared(tier)) => tier.now(),
        })
    }

    /// The number of the last invalidation that one of these tables was part of; 0 before the first.
    ///
    /// It changes with every change of the tables, whether a result depended on it or not: as part of a key it ties
    /// something that the cache does not know to the tables, such as the address of a page. With the embedded store it
    /// rises; with a shared one it is any number, the same in every process, that does not come back. Blocks for a round trip then;
    /// asynchronous code awaits [`Cache::last_invalidation_async`] instead.
    ///
    /// ```
    /// use cache_core::Cache;
    /// let cache = Cache::in_memory();
    /// let before = cache.last_invalidation(["article", "author"]);
    /// cache.invalidate_table("comment")?;
    /// assert_eq!(cache.last_invalidation(["article", "author"]), before);
    /// cache.invalidate_table("author")?;
    /// assert!(cache.last_invalidation(["article", "author"]) > before);
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn last_invalidation<T: Into<Table>>(&self, tables: impl IntoIterator<Item = T>) -> u64 {
        let tables = tables.into_iter().map(Into::into);
        match &self.inner.backend {
            Backend::Memory(store) => tables.map(|table| store.last_void(&table)).max().unwrap_or(0),
            Backend::Shared(Shared(tier)) => block(tier.last_change(tables.collect())),
        }
    }

    /// [`Cache::last_invalidation`], awaited.
    pub async fn last_invalidation_async<T: Into<Table>>(&self, tables: impl IntoIterator<Item = T>) -> u64 {
        let tables: Vec<Table> = tables.into_iter().map(Into::into).collect();
        match &self.inner.backend {
            Backend::Memory(_) => self.last_invalidation(tables),
            Backend::Shared(Shared(tier)) => tier.last_change(tables).await,
        }
    }

    /// How often things have happened since the cache was built.
    pub fn counters(&self) -> Counters {
        let counters = self.inner.counts.snapshot();
        match self.tier() {
            None => counters,
            Some(tier) => Counters { unanswered: tier.faults(), undelivered: tier.fence.undelivered(), ..counters },
        }
    }

    /// How stale a hit may be at this moment that was served without asking the shared store: zero where every hit asks, or
    /// where the store is not shared. It never exceeds the bound of [`NearMode::Bounded`](crate::NearMode::Bounded).
    pub fn staleness(&self) -> Duration {
        self.tier().and_then(|tier| tier.near.staleness()).unwrap_or_default()
    }

    /// How much the store holds in this process: all of it, or the near cache above a shared store.
    pub fn size(&self) -> StoreSize {
        match &self.inner.backend {
            Backend::Memory(store) => store.size(),
            Backend::Shared(Shared(tier)) => tier.near.size(),
        }
    }

    /// The shared side, if the store is shared.
    #[inline]
    pub(crate) fn tier(&self) -> Option<&Arc<Tier>> {
        match &self.inner.backend {
            Backend::Memory(_) => None,
            Backend::Shared(Shared(tier)) => Some(tier),
        }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// The time to live and the idle time of entries that name none.
    pub(crate) fn lifetimes(&self) -> (Option<Duration>, Option<Duration>) {
        (self.inner.ttl, self.inner.idle)
    }

    pub(crate) fn verify(&self) -> Verify {
        self.inner.verify
    }

    pub(crate) fn flights(&self) -> &Arc<Flights> {
        &self.inner.flights
    }

    /// The stamps of dependencies, taken now. `known` are those that a look-up just before has met.
    pub(crate) async fn stamp(
        &self,
        dependencies: &Dependencies,
        as_of: Option<ReadPoint>,
        known: Option<&Known>,
    ) -> Result<Taken, Refusal> {
        if let Some(reason) = dependencies.uncacheable_reason() {
            return Err(Refusal::Uncacheable(reason.into()));
        }
        match &self.inner.backend {
            Backend::Memory(store) => store.stamp(dependencies, as_of.map(|point| point.0)).map(Taken::Here),
            Backend::Shared(Shared(tier)) => {
                let point = as_of.map(|point| point.0);
                let (footprint, standing) = tier.stamp(dependencies, point, known).await?;
                Ok(Taken::Shared(footprint, standing))
            }
        }
    }

    pub(crate) fn background(&self) -> &Background {
        &self.inner.background
    }

    /// Lets no fill of a key that is under way store its result.
    pub(crate) fn overtake(&self, key: &Key) {
        self.removals().raise(key, || ());
    }

    pub(crate) fn removals(&self) -> &Removals {
        self.tier().map_or(&self.inner.removals, |tier| &tier.removals)
    }

    /// Keeps an entry in this process unless its key was deleted or set since the count was taken; whether it did.
    pub(crate) fn insert(&self, key: &Key, stored: Arc<Stored>, removals: u64) -> bool {
        self.removals().unless_raised(key, removals, || self.keep_here(key, stored))
    }

    fn keep_here(&self, key: &Key, stored: Arc<Stored>) {
        match &self.inner.backend {
            Backend::Memory(store) => store.insert(key.clone(), stored),
            Backend::Shared(Shared(tier)) => tier.near.insert(key.clone(), stored),
        }
    }

    pub(crate) fn is(&self, other: &Cache) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// The entry of a key in this process, if it may be served. What may not be served any more is discarded.
    #[inline]
    pub(crate) fn lookup(&self, key: &Key) -> Result<Arc<Stored>, MissReason> {
        match &self.inner.backend {
            Backend::Memory(store) => {
                let stored = store.lookup(key).ok_or(MissReason::Absent)?;
                let Some(reason) = self.fault(&stored) else { return Ok(stored) };
                if stored.reserve.is_none() || !self.is_reserved(&stored) {
                    store.discard(key, &stored);
                }
                Err(reason)
            }
            Backend::Shared(Shared(tier)) => tier.at_hand(key).ok_or(MissReason::Absent),
        }
    }

    fn fault(&self, stored: &Stored) -> Option<MissReason> {
        if let Some(by) = stored.stamps.voided_by() {
            return Some(MissReason::Invalidated { by });
        }
        if stored.expires.is_none() && stored.idle.is_none() {
            return None;
        }
        let now: Instant = self.inner.clock.now();
        if stored.expires.is_some_and(|deadline| deadline <= now) {
            return Some(MissReason::Expired);
        }
        let rested = stored.idle.as_ref().is_some_and(|idle| !idle.touch(now));
        rested.then_some(MissReason::Idle)
    }

    /// Counts a hit and hands its dependencies to the fill around it.
    pub(crate) fn served(&self, stored: &Stored, name: &str, key: &Key) {
        if is_outside() && self.inner.subscribers.is_empty() {
            self.inner.counts.hit();
            return;
        }
        if let Some(frame) = Context::current().frames().next() {
            frame.inherit_entry(self, stored);
        }
        self.record(&Event::Hit { name, key });
    }

    pub(crate) fn record(&self, event: &Event<'_>) {
        self.inner.counts.count(event);
        if !is_outside()
            && let Some(meter) = Context::current().meter()
        {
            meter.count(event);
        }
        for subscriber in &self.inner.subscribers {
            subscriber(event);
        }
    }

    /// Joins the flight of a key, or leads it.
    pub(crate) fn join(&self, key: &Key) -> Place {
        let context = Context::current();
        let inside = context.frames().filter_map(|frame| frame.flight());
        self.flights().join(key, inside)
    }
}

/// Stamps that were taken for a fill.
#[derive(Debug)]
pub(crate) enum Taken {
    /// In this process.
    Here(Stamps),
    /// In a shared store.
    Shared(Arc<Footprint>, Arc<Standing>),
}

impl AsRef<Cache> for Cache {
    fn as_ref(&self) -> &Cache {
        self
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self::in_memory()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("namespace", &self.inner.namespace)
            .field("backend", &self.inner.backend)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}
