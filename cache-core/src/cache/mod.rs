//! The handle that applications hold.

mod begin;
mod builder;
mod entry;
mod global;
mod guard;
mod weigh;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use begin::{Begin, FillGuard};
pub use builder::CacheBuilder;
pub use entry::{Entry, ShallowWeight, WeighValue};
pub use guard::Guard;
pub use weigh::Weigh;

use crate::change::{Change, Changes};
use crate::clock::{Clock, Instant};
use crate::context::{Context, ReadPoint, is_outside};
use crate::dependency::{Dependencies, Table};
use crate::engine::{Flights, MissReason, Next, Refusal, Removals, Seen, Stamps};
use crate::error::Error;
use crate::key::Key;
use crate::observe::{Counters, Counts, Event, Invalidation};
use crate::profile::Profiles;
use crate::store::{Idle, Store, StoreSize, Stored};

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
    store: Box<dyn Store>,
    flights: Arc<Flights>,
    removals: Removals,
    counts: Counts,
    subscribers: Vec<Subscriber>,
    clock: Clock,
    ttl: Option<Duration>,
    idle: Option<Duration>,
    profiles: Profiles,
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

    /// The value under a key, if it is valid and of this type.
    pub fn get<T: Clone + 'static>(&self, key: &Key) -> Option<T> {
        match self.lookup(key) {
            Seen::Found(stored) => {
                let value = stored.value.downcast_ref::<T>()?.clone();
                self.served(&stored, "", key);
                Some(value)
            }
            _ => None,
        }
    }

    /// A hit by code outside of every fill, guard and measurement.
    #[inline]
    pub(crate) fn hit<T: Clone + 'static>(&self, name: &str, key: &Key) -> Option<T> {
        let stored = self.inner.store.lookup(key)?;
        if self.fault(&stored).is_some() {
            return None;
        }
        let value = stored.value.downcast_ref::<T>()?.clone();
        if self.inner.subscribers.is_empty() {
            self.inner.counts.hit();
        } else {
            self.record(&Event::Hit { name, key });
        }
        Some(value)
    }

    /// Keeps a value under a key until its time to live is over, or until it is deleted.
    pub fn set<T: Clone + Send + Sync + 'static>(&self, key: &Key, value: T, ttl: Option<Duration>) {
        let ttl = ttl.or(self.inner.ttl);
        let Ok(stamps) = self.stamp(&Dependencies::none(), None) else { return };
        if ttl == Some(Duration::ZERO) {
            self.delete(key);
            return;
        }
        let now = self.inner.clock.now();
        let stored = Stored {
            value: Arc::new(value),
            stamps,
            dependencies: Dependencies::none(),
            expires: ttl.map(|ttl| now.after(ttl)),
            idle: self.inner.idle.map(|limit| Idle::new(limit, now)),
            weight: size_of::<T>() as u64,
        };
        self.inner.removals.raise(key, || self.inner.store.insert(key.clone(), Arc::new(stored)));
    }

    /// Drops the entry of a key; whether there was one. Work for it that is under way is not stored.
    pub fn delete(&self, key: &Key) -> bool {
        self.inner.removals.raise(key, || self.inner.store.remove(key))
    }

    /// Applies changes: when this returns, nothing that they concern is served any more.
    ///
    /// Inside of [`Cache::postponed`] it waits for the guard, inside of [`Cache::no_invalidation`] it does nothing.
    ///
    /// # Errors
    ///
    /// When the store could not be told. The embedded store never fails.
    pub fn invalidate(&self, changes: impl Into<Changes>) -> Result<(), Error> {
        let changes = changes.into();
        if is_outside() {
            return self.apply(&changes);
        }
        match Context::current().admit(self, changes) {
            Some(changes) => self.apply(&changes),
            None => Ok(()),
        }
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

    /// Drops everything, by starting a new generation; costs the same however much there is.
    ///
    /// # Errors
    ///
    /// As [`Cache::invalidate`].
    pub fn invalidate_all(&self) -> Result<(), Error> {
        self.invalidate(Change::everything())
    }

    pub(crate) fn apply(&self, changes: &Changes) -> Result<(), Error> {
        if changes.is_empty() {
            return Ok(());
        }
        let (number, shapes) = self.inner.store.void(changes.as_slice());
        let invalidation = Invalidation { number, changes: changes.as_slice(), shapes: &shapes };
        self.record(&Event::Invalidation(&invalidation));
        Ok(())
    }

    /// This moment in the order of invalidations, to be taken before a snapshot is opened.
    pub fn read_point(&self) -> ReadPoint {
        ReadPoint(self.inner.store.now())
    }

    /// The number of the last invalidation that one of these tables was part of; 0 before the first.
    ///
    /// It rises with every change of the tables, whether a result depended on it or not: as part of a key it ties
    /// something that the cache does not know to the tables, such as the address of a page.
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
        tables.into_iter().map(|table| self.inner.store.last_void(&table.into())).max().unwrap_or(0)
    }

    /// How often things have happened since the cache was built.
    pub fn counters(&self) -> Counters {
        self.inner.counts.snapshot()
    }

    /// How much the store holds.
    pub fn size(&self) -> StoreSize {
        self.inner.store.size()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// The time to live and the idle time of entries that name none.
    pub(crate) fn lifetimes(&self) -> (Option<Duration>, Option<Duration>) {
        (self.inner.ttl, self.inner.idle)
    }

    pub(crate) fn flights(&self) -> &Arc<Flights> {
        &self.inner.flights
    }

    pub(crate) fn stamp(&self, dependencies: &Dependencies, as_of: Option<ReadPoint>) -> Result<Stamps, Refusal> {
        if let Some(reason) = dependencies.uncacheable_reason() {
            return Err(Refusal::Uncacheable(reason.into()));
        }
        self.inner.store.stamp(dependencies, as_of.map(|point| point.0))
    }

    /// Lets no fill of a key that is under way store its result.
    pub(crate) fn overtake(&self, key: &Key) {
        self.inner.removals.raise(key, || ());
    }

    pub(crate) fn removals(&self) -> &Removals {
        &self.inner.removals
    }

    /// Keeps an entry unless its key was deleted or set since the count was taken; whether it did.
    pub(crate) fn insert(&self, key: &Key, stored: Arc<Stored>, removals: u64) -> bool {
        self.inner.removals.unless_raised(key, removals, || self.inner.store.insert(key.clone(), stored))
    }

    pub(crate) fn is(&self, other: &Cache) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// The entry of a key, if it may be served. What may not be served any more is discarded.
    pub(crate) fn lookup(&self, key: &Key) -> Seen {
        let Some(stored) = self.inner.store.lookup(key) else { return Seen::Missed(MissReason::Absent) };
        let reason = match self.fault(&stored) {
            None => return Seen::Found(stored),
            Some(reason) => reason,
        };
        self.inner.store.discard(key, &stored);
        Seen::Missed(reason)
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
            frame.inherit_entry(stored);
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

    /// Carries out one step of a read, other than waiting.
    pub(crate) fn perform(&self, next: &Next, key: &Key) -> Option<Seen> {
        match next {
            Next::Lookup => Some(self.lookup(key)),
            Next::Join => {
                let context = Context::current();
                let inside = context.frames().filter_map(|frame| frame.flight());
                Some(Seen::Placed(self.flights().join(key, inside)))
            }
            _ => None,
        }
    }
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
            .field("store", &self.inner.store)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}
