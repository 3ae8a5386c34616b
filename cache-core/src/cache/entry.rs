//! One read, described and carried out.

use std::fmt;
use std::time::Duration;

use super::Cache;
use super::reading::{Reading, Start, Step};
use super::stale::{Describe, complete};
use crate::codec::Codec;
use crate::context::{Context, ReadPoint, Watch, is_outside, taint};
use crate::dependency::Dependencies;
use crate::engine::{Filling, Grace, Lock, MissReason, Next, Read, Seen, Terms, block};
use crate::key::Key;
use crate::observe::{Event, Verify};

/// The description of a read; made by [`Cache::entry`], carried out by one of its `get_or_fill` methods.
///
/// On a hit nothing but the key is looked at: the dependencies are not built, the work does not run. On a miss the
/// dependencies are built and stamped first, then the work runs, and its result is stored if all stamps still
/// stand. Of simultaneous misses of a key one runs the work, and the others take its result.
#[must_use = "a description does nothing; call one of the `get_or_fill` methods"]
pub struct Entry<'a, D = fn() -> Dependencies, W = ShallowWeight> {
    pub(super) cache: &'a Cache,
    pub(super) key: Key,
    pub(super) dependencies: D,
    pub(super) weigh: W,
    pub(super) terms: Terms,
    pub(super) as_of: Option<ReadPoint>,
    pub(super) bypass: bool,
}

/// How heavy a value is taken to be when it is stored.
pub trait WeighValue<T> {
    /// The weight in bytes.
    fn weigh_value(&self, value: &T) -> u64;
}

/// Takes a value for as heavy as its type is large.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShallowWeight;

impl<T> WeighValue<T> for ShallowWeight {
    fn weigh_value(&self, _: &T) -> u64 {
        size_of::<T>() as u64
    }
}

impl<T, F: Fn(&T) -> u64> WeighValue<T> for F {
    fn weigh_value(&self, value: &T) -> u64 {
        self(value)
    }
}

impl<'a> Entry<'a> {
    pub(super) fn new(cache: &'a Cache, key: Key) -> Self {
        let terms = Terms { ttl: cache.inner.ttl, idle: cache.inner.idle, ..Terms::default() };
        Entry { cache, key, dependencies: Dependencies::none, weigh: ShallowWeight, terms, as_of: None, bypass: false }
    }
}

impl<D, W> Entry<'_, D, W> {
    /// Only where an option is used there are any.
    pub(super) fn grace(&mut self, set: impl FnOnce(&mut Grace)) {
        let mut grace = self.terms.grace.take().unwrap_or_default();
        set(&mut grace);
        self.terms.grace = (*grace != Grace::default()).then_some(grace);
    }

    pub(crate) fn with_grace(mut self, grace: Grace) -> Self {
        self.grace(|own| *own = grace);
        self
    }
}

impl<'a, D: FnOnce() -> Dependencies, W> Entry<'a, D, W> {
    /// What the result depends on; called on a miss only, before the work. Cached results that are used to find it out are
    /// depended on as well.
    pub fn depends_on<N: FnOnce() -> Dependencies>(self, dependencies: N) -> Entry<'a, N, W> {
        let Entry { cache, key, weigh, terms, as_of, bypass, .. } = self;
        Entry { cache, key, dependencies, weigh, terms, as_of, bypass }
    }

    /// The result depends on whatever the work reads through the wrapped connections of adapters, beside what
    /// [`Entry::depends_on`] says.
    ///
    /// Each statement's dependencies are stamped before it is sent. A result is not stored when a statement could not be analysed,
    /// when the work has written, and when it has read nothing and depends on nothing. Statements of code that has left the
    /// [surroundings](crate::context) of the work, such as a task of its own, are not seen.
    pub fn depends_on_reads(mut self) -> Self {
        self.terms.watch = Watch::Records;
        self
    }

    /// Checks this result as `verify` says, beside what is checked in this cache or everywhere. Of what the work reads, that is; kept
    /// values are compared for functions of `#[cached_as]` only.
    pub fn verify(mut self, verify: Verify) -> Self {
        if self.terms.watch != Watch::Records
            && let Some(severity) = Verify::declarations(Some(verify), self.cache.verify())
        {
            self.terms.watch = Watch::Checks(severity);
        }
        self
    }

    pub(crate) fn watch(mut self, watch: Watch) -> Self {
        self.terms.watch = watch;
        self
    }

    /// How heavy the value is, in bytes; called when it is stored.
    pub fn weigh<N>(self, weigh: N) -> Entry<'a, D, N> {
        let Entry { cache, key, dependencies, terms, as_of, bypass, .. } = self;
        Entry { cache, key, dependencies, weigh, terms, as_of, bypass }
    }

    /// What events call this entry.
    pub fn name(mut self, name: &'static str) -> Self {
        self.terms.name = name;
        self
    }

    /// The longest time that the result is served; zero stores nothing.
    pub fn ttl(mut self, ttl: impl Into<Option<Duration>>) -> Self {
        self.terms.ttl = ttl.into().or(self.terms.ttl);
        self
    }

    /// The longest time between two hits.
    pub fn idle(mut self, idle: impl Into<Option<Duration>>) -> Self {
        self.terms.idle = idle.into().or(self.terms.idle);
        self
    }

    /// Shortens the time to live of each result by a random part of this, so that results that were made together do not end
    /// together. It never lengthens it, and is nothing without a time to live.
    pub fn jitter(mut self, jitter: impl Into<Option<Duration>>) -> Self {
        let jitter = jitter.into();
        self.grace(|grace| grace.jitter = jitter.or(grace.jitter));
        self
    }

    /// Serves the stale value when the work ends in an error, for at most this long after it has ceased to be fresh: an
    /// exception to "never stale", for callers who prefer an old value to none.
    ///
    /// The value is that of the last entry, in this process: in the embedded store, or in the near cache above a shared one. It
    /// ceases to be fresh when its time to live or its idle time ends, or when the first invalidation begins that concerns it;
    /// with a shared store, when it was last known to be fresh. An entry is kept that long only if the call that
    /// made it names a ceiling, too.
    ///
    /// - Nothing stale is served inside of a transaction, past the cache, or after the key was deleted by name.
    /// - What is made of a stale value is not stored.
    /// - Each one is an [`Event::Stale`](crate::observe::Event), and counted.
    ///
    /// ```
    /// use std::time::Duration;
    /// use cache_core::{Cache, Clock, Key};
    ///
    /// let clock = Clock::manual();
    /// let cache = Cache::builder().clock(clock.clone()).build();
    /// let rate = |answer: Result<f64, &'static str>| {
    ///     let entry = cache.entry(Key::new("rate")).ttl(Duration::from_secs(60));
    ///     entry.stale_if_error(Duration::from_secs(600)).try_get_or_fill(|| answer)
    /// };
    /// assert_eq!(rate(Ok(0.93)), Ok(0.93));
    /// clock.advance(Duration::from_secs(61));
    /// assert_eq!(rate(Err("the bank does not answer")), Ok(0.93));
    /// clock.advance(Duration::from_secs(600));
    /// assert_eq!(rate(Err("the bank does not answer")), Err("the bank does not answer"));
    /// ```
    pub fn stale_if_error(mut self, ceiling: impl Into<Option<Duration>>) -> Self {
        let ceiling = ceiling.into();
        self.grace(|grace| grace.stale_if_error = ceiling.or(grace.stale_if_error));
        self
    }

    /// How the value becomes bytes for a shared store, and comes back. Without a codec it is kept in this process only, in the
    /// near cache, and stays as fresh as what is shared.
    pub fn codec(mut self, codec: impl Into<Option<Codec>>) -> Self {
        self.terms.codec = codec.into().or(self.terms.codec);
        self
    }

    /// Among whom simultaneous misses run the work once.
    pub fn lock(mut self, lock: Lock) -> Self {
        self.terms.lock = lock;
        self
    }

    /// The work reads from a snapshot that was opened after this point: its result is stored only if nothing that
    /// it depends on was invalidated since.
    ///
    /// Such a read never waits for another caller, who may need the connection that holds the snapshot: it runs its
    /// own work then and stores nothing.
    pub fn as_of(mut self, point: impl Into<Option<ReadPoint>>) -> Self {
        self.as_of = point.into().into_iter().chain(self.as_of).min();
        self
    }

    /// Neither serves nor stores when `bypass` is true, or was in an earlier call.
    pub fn bypass(mut self, bypass: bool) -> Self {
        self.bypass |= bypass;
        self
    }

    /// The entry's value, or that of `work`, stored.
    ///
    /// Blocks the thread while another caller makes the value. Asynchronous code awaits
    /// [`Entry::get_or_fill_async`] instead: a thread that blocks cannot go on with a task that makes the value.
    pub fn get_or_fill<T>(self, work: impl FnOnce() -> T) -> T
    where
        T: Clone + Send + Sync + 'static,
        W: WeighValue<T>,
    {
        match self.try_get_or_fill(|| Ok::<T, Never>(work())) {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// The entry's value, or that of `work`, stored when it is `Ok`.
    ///
    /// # Errors
    ///
    /// Those of `work`. An error is not stored, and callers that waited for the result run their own work.
    pub fn try_get_or_fill<T, E>(self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        T: Clone + Send + Sync + 'static,
        W: WeighValue<T>,
    {
        self.read_or_fill(None, work)
    }

    pub(crate) fn read_or_fill<T, E>(
        self,
        describe: Option<Describe<E>>,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E>
    where
        T: Clone + Send + Sync + 'static,
        W: WeighValue<T>,
    {
        let mut reading = match self.start::<T>() {
            Start::Served(value) => return Ok(value),
            Start::Bypassed => return work(),
            Start::Reading(reading) => reading,
        };
        loop {
            match block(reading.step::<T>()) {
                Step::Served(value) => return Ok(value),
                Step::Wait(wait) => reading.landed(wait.block()),
                Step::Bypassed => return work(),
                Step::Fill(filling, weigh) => {
                    let result = filling.context().run(work);
                    return finish(filling, &weigh, describe, result);
                }
            }
        }
    }

    /// [`Entry::get_or_fill`] with work that is awaited.
    pub async fn get_or_fill_async<T, F>(self, work: impl FnOnce() -> F) -> T
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = T>,
        W: WeighValue<T>,
    {
        let work = async || Ok::<T, Never>(work().await);
        match self.try_get_or_fill_async(work).await {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// [`Entry::try_get_or_fill`] with work that is awaited.
    ///
    /// When this future is dropped while it runs the work, a caller that waits for the result takes over.
    ///
    /// # Errors
    ///
    /// Those of `work`.
    pub async fn try_get_or_fill_async<T, E, F>(self, work: impl FnOnce() -> F) -> Result<T, E>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>>,
        W: WeighValue<T>,
    {
        self.read_or_fill_async(None, work).await
    }

    pub(crate) async fn read_or_fill_async<T, E, F>(
        self,
        describe: Option<Describe<E>>,
        work: impl FnOnce() -> F,
    ) -> Result<T, E>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>>,
        W: WeighValue<T>,
    {
        let mut reading = match self.start::<T>() {
            Start::Served(value) => return Ok(value),
            Start::Bypassed => return work().await,
            Start::Reading(reading) => reading,
        };
        loop {
            match reading.step::<T>().await {
                Step::Served(value) => return Ok(value),
                Step::Wait(wait) => {
                    let landing = wait.await;
                    reading.landed(landing);
                }
                Step::Bypassed => return work().await,
                Step::Fill(filling, weigh) => {
                    let context = filling.context();
                    let future = context.run(work);
                    let result = context.scope(future).await;
                    return finish(filling, &weigh, describe, result);
                }
            }
        }
    }

    pub(super) fn pass(&self) {
        self.cache.record(&Event::Bypass { name: self.terms.name, key: &self.key });
        taint("a read inside went past the cache");
    }

    pub(super) fn is_bypassed(&self) -> bool {
        self.bypass || !is_outside() && Context::current().is_disabled()
    }

    pub(super) fn bypassed<T>(&self) -> Step<T, W> {
        self.pass();
        Step::Bypassed
    }

    /// The path of a hit: one look-up, the stamps, a clone of the value.
    #[inline]
    pub(super) fn start<T: Clone + 'static>(self) -> Start<'a, T, D, W> {
        if self.is_bypassed() {
            self.pass();
            return Start::Bypassed;
        }
        let reason = match self.cache.lookup(&self.key) {
            Ok(stored) => match stored.value.downcast_ref::<T>() {
                Some(value) => {
                    let value = value.clone();
                    self.cache.served(&stored, self.terms.name, &self.key);
                    return Start::Served(value);
                }
                None => MissReason::WrongType,
            },
            Err(reason) => reason,
        };
        let mut read = self.read();
        // What is not in this process may be in a store that others share.
        let next = match self.cache.tier() {
            Some(_) => Next::Lookup,
            None => read.advance(Seen::Missed(reason)),
        };
        Start::Reading(Box::new(Reading::new(read, next, self)))
    }

    fn read(&self) -> Read {
        let read = Read::new(self.cache.flights().tick());
        if self.terms.lock == Lock::None { read.alone() } else { read }
    }

    /// A read that looks its key up first, and may leave the work to the background.
    pub(super) fn reading(self, background: bool) -> Reading<'a, D, W> {
        let mut reading = Reading::new(self.read(), Next::Lookup, self);
        reading.background = background;
        reading
    }
}

pub(super) enum Never {}

fn finish<T, E, W>(
    filling: Box<Filling>,
    weigh: &W,
    describe: Option<Describe<E>>,
    result: Result<T, E>,
) -> Result<T, E>
where
    T: Clone + Send + Sync + 'static,
    W: WeighValue<T>,
{
    let fallback = if result.is_err() { filling.fallback() } else { None };
    let result = complete(filling, weigh, result);
    match fallback {
        Some(fallback) => fallback.instead(describe, result),
        None => result,
    }
}

impl<D, W> fmt::Debug for Entry<'_, D, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("key", &self.key).field("terms", &self.terms).finish_non_exhaustive()
    }
}
