//! The description of a cache.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Cache, Inner, Subscriber};
use crate::background::{Background, BackgroundRun};
use crate::clock::Clock;
use crate::engine::{Flights, Removals};
use crate::error::Error;
use crate::key::Secret;
use crate::observe::{Counts, Event, Verify};
use crate::profile::Profiles;
use crate::store::private::Backed;
use crate::store::{Backend, MemoryStore, Opening, Store};

/// The description of a cache; made by [`Cache::builder`].
///
/// ```
/// use std::time::Duration;
/// use cache_core::{Cache, MemoryStore};
///
/// let cache = Cache::builder()
///     .namespace("shop")
///     .store(MemoryStore::with_capacity(256 << 20))
///     .ttl(Duration::from_secs(3600))
///     .build();
/// assert_eq!(cache.namespace(), "shop");
/// ```
#[must_use]
pub struct CacheBuilder {
    namespace: String,
    open: Box<dyn FnOnce(Opening) -> Backend + Send>,
    secret: Option<Vec<u8>>,
    subscribers: Vec<Subscriber>,
    clock: Clock,
    ttl: Option<Duration>,
    idle: Option<Duration>,
    profiles: Profiles,
    verify: Verify,
    executor: Option<Arc<dyn Fn(BackgroundRun) + Send + Sync>>,
    threads: usize,
}

/// Most blocking runs in the background at a time, if nothing is said.
const THREADS: usize = 16;

impl CacheBuilder {
    pub(super) fn new() -> Self {
        CacheBuilder {
            namespace: String::new(),
            open: Box::new(|opening| MemoryStore::new().open(opening)),
            secret: None,
            subscribers: Vec::new(),
            clock: Clock::system(),
            ttl: None,
            idle: None,
            profiles: Profiles::default(),
            verify: Verify::default(),
            executor: None,
            threads: THREADS,
        }
    }

    /// What keeps this cache apart from others: an application, a version of its schema, a tenant. Empty by default.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Where entries and stamps live; by default a [`MemoryStore`] of 64 MiB.
    pub fn store(mut self, store: impl Store) -> Self {
        self.open = Box::new(move |opening| store.open(opening));
        self
    }

    /// What the names of entries and conjunctions in a shared store are hashed with, so that nobody who lacks it can aim for
    /// one. Every process that shares the store needs the same secret.
    pub fn secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.secret = Some(secret.into());
        self
    }

    /// The time to live of entries that name none. By default they live until a change or eviction takes them.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// The longest time between two hits of an entry that names none. Unlimited by default.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = Some(idle);
        self
    }

    /// Which tables' queries are cached automatically. None by default.
    ///
    /// Profiles that name no time to live take that of [`CacheBuilder::ttl`].
    pub fn profiles(mut self, profiles: Profiles) -> Self {
        self.profiles = profiles;
        self
    }

    /// How much of what functions declare, and of what is kept, is checked. Nothing by default.
    pub fn verify(mut self, verify: Verify) -> Self {
        self.verify = verify.noted();
        self
    }

    /// Adds a subscriber, called for every event on the thread where it happens, which may be the one that keeps a shared store's
    /// connections: it must neither block nor use a cache.
    pub fn subscriber(mut self, subscriber: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.subscribers.push(Arc::new(subscriber));
        self
    }

    /// Runs in the background what `refresh_ahead`, `stale_while_revalidate` and the time-outs of awaited work need to run there.
    ///
    /// By default that is tokio's runtime where the caller is inside of one, with the feature `tokio`. Elsewhere, without this,
    /// there is no such background: `refresh_ahead` does nothing, `stale_while_revalidate` runs the work as any miss does, and
    /// work that runs out of time is dropped instead of going on.
    ///
    /// ```
    /// use cache_core::Cache;
    ///
    /// let runtime = tokio::runtime::Runtime::new()?;
    /// let handle = runtime.handle().clone();
    /// let cache = Cache::builder().background(move |run| drop(handle.spawn(run))).build();
    /// # let _ = cache;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn background(mut self, spawn: impl Fn(BackgroundRun) + Send + Sync + 'static) -> Self {
        self.executor = Some(Arc::new(spawn));
        self
    }

    /// Most runs of blocking work in the background at a time, each on a thread of its own; 16 by default. With 0 there is no
    /// background for blocking work: the options that need one do nothing, and a call that has begun to run its work is not
    /// ended by a time-out.
    ///
    /// When all are taken, `refresh_ahead` does nothing, `stale_while_revalidate` runs the work as any miss does, and work with a
    /// time-out waits for a thread, which counts on its time.
    pub fn background_threads(mut self, most: usize) -> Self {
        self.threads = most;
        self
    }

    /// Where the time is read, for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The cache.
    pub fn build(self) -> Cache {
        let secret = Secret::new(&self.namespace, self.secret.as_deref());
        let opening = Opening { namespace: self.namespace.clone(), secret, clock: self.clock.clone() };
        let backend = (self.open)(opening);
        Cache {
            inner: Arc::new(Inner {
                namespace: self.namespace,
                backend,
                flights: Flights::new(),
                removals: Removals::new(),
                counts: Counts::default(),
                subscribers: self.subscribers,
                clock: self.clock,
                ttl: self.ttl,
                idle: self.idle,
                profiles: self.profiles.or_ttl(self.ttl),
                verify: self.verify,
                background: Background::new(self.executor, self.threads),
            }),
        }
    }

    /// Builds the cache and makes it the process-wide default, which [`Cache::global`] returns.
    ///
    /// # Errors
    ///
    /// When a default was installed before, or has already been used: results may be in it.
    pub fn install_global(self) -> Result<Cache, Error> {
        let cache = self.build();
        super::global::install(&cache)?;
        Ok(cache)
    }
}

impl fmt::Debug for CacheBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("namespace", &self.namespace)
            .field("ttl", &self.ttl)
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}
