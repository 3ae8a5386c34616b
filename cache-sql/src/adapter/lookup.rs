//! One query, answered from the cache or by the database.

use std::sync::Once;
use std::time::Duration;

use cache_core::{Cache, CacheKey, Codec, Connection, Dependencies, Entry, Key, Operation, Operations, context};

use super::Admission;

/// How one query is cached.
///
/// ```
/// use std::time::Duration;
/// use cache_sql::adapter::Options;
///
/// let options = Options::new().ttl(Duration::from_secs(900)).extra("en").tags(["front page"]);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Options {
    pub(super) ttl: Option<Duration>,
    /// The profiles decide.
    pub(super) automatic: bool,
    /// The query is never cached.
    pub(super) off: bool,
    pub(super) operations: Option<Operations>,
    name: &'static str,
    extra: Vec<u8>,
    tags: Vec<String>,
}

impl Options {
    /// The cache's own settings.
    pub fn new() -> Self {
        Options::default()
    }

    /// Keeps the result no longer than this.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Caches only what the profiles of the query's tables allow, and for as long as they say; see [`Session::admit`](super::Session::admit).
    pub fn auto(mut self) -> Self {
        self.automatic = true;
        self
    }

    /// Caches these operations only. Several calls leave what all of them name.
    pub fn operations(mut self, operations: impl IntoIterator<Item = Operation>) -> Self {
        let named = operations.into_iter().fold(Operations::NONE, |all, one| all | one.into());
        self.operations = Some(self.operations.map_or(named, |earlier| earlier & named));
        self
    }

    /// Runs the query every time.
    pub fn uncached(mut self) -> Self {
        self.off = true;
        self
    }

    /// Something else that the result depends on, as a part of the key; may be given several times.
    pub fn extra(mut self, extra: impl CacheKey) -> Self {
        let key = Key::new("extra").with(&extra);
        let bytes = key.as_bytes();
        self.extra.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.extra.extend_from_slice(bytes);
        self
    }

    /// Free tags: [`Cache::invalidate_tag`] of one of them drops the result.
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// A name for events and traces; not a part of the key.
    pub fn name(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// What `extra` adds to the key.
    pub fn key_part(&self) -> &[u8] {
        &self.extra
    }
}

/// The lookup of one query's result.
///
/// It goes past the cache when the connection says so, and when the connection invalidates another cache than this one.
/// Inside of a transaction it never waits for another caller.
#[derive(Debug)]
#[must_use = "a lookup does nothing until it is run"]
pub struct Lookup<'a> {
    cache: &'a Cache,
    options: &'a Options,
    key: Key,
    admission: Option<Admission>,
    codec: Option<Codec>,
}

impl<'a> Lookup<'a> {
    /// A lookup under a key that stands for the text of the query, its binds, the type of the result, and
    /// [`Options::key_part`].
    pub fn new(cache: &'a Cache, options: &'a Options, key: Key) -> Self {
        Lookup { cache, options, key, admission: None, codec: None }
    }

    /// What was decided about the query; one that was refused goes past the cache. Without it the query is cached.
    pub fn admitted(mut self, admission: Admission) -> Self {
        self.admission = Some(admission);
        self
    }

    /// How the result becomes bytes for a store that processes share. Without it the result is kept in this process only, as fresh as
    /// what is shared.
    pub fn codec(mut self, codec: Option<Codec>) -> Self {
        self.codec = codec;
        self
    }

    /// The cached result, or that of `work`, stored when it is `Ok`. `dependencies` is asked on a miss only.
    ///
    /// # Errors
    ///
    /// Those of `work`; they are not cached.
    pub fn run<T, E>(
        self,
        connection: &(impl Connection + ?Sized),
        weigh: impl Fn(&T) -> u64,
        dependencies: impl FnOnce() -> Dependencies,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E>
    where
        T: Clone + Send + Sync + 'static,
    {
        if self.is_refused() {
            if let Some(dependencies) = self.pass(connection, dependencies) {
                context::add_dependencies(self.cache, &dependencies);
            }
            return work();
        }
        self.entry(connection, dependencies).weigh(weigh).try_get_or_fill(work)
    }

    /// [`Lookup::run`] with work that is awaited.
    ///
    /// # Errors
    ///
    /// Those of `work`; they are not cached.
    pub async fn run_async<T, E, F>(
        self,
        connection: &(impl Connection + ?Sized),
        weigh: impl Fn(&T) -> u64,
        dependencies: impl FnOnce() -> Dependencies,
        work: impl FnOnce() -> F,
    ) -> Result<T, E>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>>,
    {
        if self.is_refused() {
            if let Some(dependencies) = self.pass(connection, dependencies) {
                context::add_dependencies_async(self.cache, &dependencies).await;
            }
            return work().await;
        }
        self.entry(connection, dependencies).weigh(weigh).try_get_or_fill_async(work).await
    }

    fn is_refused(&self) -> bool {
        self.admission.is_some_and(|admission| admission.policy().is_none())
    }

    /// What is computed around an uncached query depends on what it reads all the same.
    fn pass(
        &self,
        connection: &(impl Connection + ?Sized),
        dependencies: impl FnOnce() -> Dependencies,
    ) -> Option<Dependencies> {
        if !context::is_filling() {
            return None;
        }
        if let Some(point) = connection.read_point() {
            context::read_as_of(self.cache, point);
        }
        Some(dependencies())
    }

    fn entry<D: FnOnce() -> Dependencies>(
        self,
        connection: &(impl Connection + ?Sized),
        dependencies: D,
    ) -> Entry<'a, impl FnOnce() -> Dependencies> {
        let Lookup { cache, options, key, admission, codec } = self;
        let ttl = match admission.and_then(|admission| admission.policy()) {
            Some(policy) => policy.ttl,
            None => options.ttl,
        };
        // Nobody would drop it there when a row changes.
        let foreign = connection.cache_id().is_some_and(|id| id != cache.id());
        if foreign {
            static TOLD: Once = Once::new();
            TOLD.call_once(|| {
                tracing::warn!(
                    "queries name another cache than the one their connection invalidates: they run uncached"
                );
            });
        }
        cache
            .entry(key)
            .name(options.name)
            .ttl(ttl)
            .codec(codec)
            .bypass(connection.bypass() || foreign)
            .as_of(connection.read_point())
            .depends_on(move || options.tags.iter().map(Dependencies::tag).fold(dependencies(), Dependencies::union))
    }
}
