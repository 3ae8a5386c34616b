//! The store as a program sees it.

use std::fmt;
use std::sync::Arc;

use super::builder::RedisStoreBuilder;
use super::doctor::Advice;
use super::link::Links;
use super::open::Here;
use super::runtime;
use super::space::{Limits, Space};
use super::tally::{RedisTally, Tally};
use super::watch::Watch;
use crate::error::Error;
use crate::key::ConjunctionHasher;
use crate::store::shared::Mode;
use crate::sync::Mutex;

/// Results in Redis or Valkey, shared by all processes that use the same namespace.
///
/// - Bounded by the server's `maxmemory`; eviction of whatever key makes misses, never a stale hit.
/// - A hit is one round trip; so is an invalidation of a table, whatever hangs on the rows. See [`Mode`] for what is
///   promised.
/// - A restart, a failover, or the loss of any key makes misses. While the server is not reached, results are made
///   without it.
/// - One background thread keeps the connections. Clones share them; each cache opens a namespace of its own on them.
///
/// Redis 7.0 or Valkey is needed. Keys, memory, settings and permissions are told in `docs/redis.md`.
///
/// ```no_run
/// # async fn connect() -> Result<(), cache_core::Error> {
/// use cache_core::RedisStore;
///
/// let store = RedisStore::connect("redis://127.0.0.1").await?;
/// for advice in store.advice() {
///     eprintln!("{advice}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct RedisStore {
    links: Links,
    limits: Limits,
    tally: Arc<Tally>,
    advice: Arc<[Advice]>,
    here: Here,
    watches: Arc<Mutex<Vec<Watch>>>,
}

impl RedisStore {
    /// Connects to one server, with everything else as [`RedisStore::builder`] has it: `redis://`, `rediss://` for TLS, as
    /// `//[user][:password@]host[:port][/database]`, or `redis+unix:///path[?db=..&user=..&pass=..]`. It can be awaited
    /// by any executor.
    ///
    /// # Errors
    ///
    /// When the URL says something else, or the server is not reached or refuses what it says: with its address and
    /// never with a password.
    pub async fn connect(url: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder().url(url).connect().await
    }

    /// Connects as [`RedisStore::connect`] does, by parking the calling thread.
    ///
    /// # Errors
    ///
    /// As [`RedisStore::connect`].
    pub fn connect_blocking(url: impl AsRef<str>) -> Result<Self, Error> {
        runtime::block(Self::connect(url))
    }

    /// A store with other settings.
    pub fn builder() -> RedisStoreBuilder {
        RedisStoreBuilder::new()
    }

    /// What the servers' settings were found to be when it connected, where they are not what a cache needs.
    pub fn advice(&self) -> &[Advice] {
        &self.advice
    }

    /// What it has counted so far.
    pub fn tally(&self) -> RedisTally {
        self.tally.snapshot()
    }

    /// What it promises.
    pub fn mode(&self) -> Mode {
        self.limits.mode
    }

    pub(super) fn new(links: Links, limits: Limits, advice: Vec<Advice>, here: Here) -> Self {
        RedisStore { links, limits, tally: Arc::default(), advice: advice.into(), here, watches: Arc::default() }
    }

    pub(super) fn links(&self) -> &Links {
        &self.links
    }

    /// The streams that its caches are fed by.
    pub(super) fn watches(&self) -> &Mutex<Vec<Watch>> {
        &self.watches
    }

    pub(super) fn here(&self) -> Here {
        self.here
    }

    /// A namespace, with the hasher of its conjunctions, which knows no table yet.
    pub(crate) fn space(&self, namespace: &str, hasher: ConjunctionHasher) -> Space {
        Space::new(self.links.clone(), namespace, hasher, self.limits, Arc::clone(&self.tally))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("links", &self.links).field("limits", &self.limits).finish_non_exhaustive()
    }
}
