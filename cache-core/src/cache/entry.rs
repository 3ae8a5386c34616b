//! One read, described and carried out.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Cache;
use crate::codec::Codec;
use crate::context::{Context, ReadPoint, is_outside, taint};
use crate::dependency::Dependencies;
use crate::engine::shared::{Known, Leading};
use crate::engine::{Filling, Landing, Lead, Lock, MissReason, Next, Read, Refusal, Seen, Terms, Wait, block};
use crate::key::Key;
use crate::observe::Event;

/// The description of a read; made by [`Cache::entry`], carried out by one of its `get_or_fill` methods.
///
/// On a hit nothing but the key is looked at: the dependencies are not built, the work does not run. On a miss the
/// dependencies are built and stamped first, then the work runs, and its result is stored if all stamps still
/// stand. Of simultaneous misses of a key one runs the work, and the others take its result.
#[must_use = "a description does nothing; call one of the `get_or_fill` methods"]
pub struct Entry<'a, D = fn() -> Dependencies, W = ShallowWeight> {
    cache: &'a Cache,
    key: Key,
    dependencies: D,
    weigh: W,
    terms: Terms,
    as_of: Option<ReadPoint>,
    bypass: bool,
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

impl<'a, D: FnOnce() -> Dependencies, W> Entry<'a, D, W> {
    /// What the result depends on; called on a miss only, before the work. Cached results that are used to find it out are
    /// depended on as well.
    pub fn depends_on<N: FnOnce() -> Dependencies>(self, dependencies: N) -> Entry<'a, N, W> {
        let Entry { cache, key, weigh, terms, as_of, bypass, .. } = self;
        Entry { cache, key, dependencies, weigh, terms, as_of, bypass }
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
                    return finish(filling, &weigh, result);
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
                    return finish(filling, &weigh, result);
                }
            }
        }
    }

    fn pass(&self) {
        self.cache.record(&Event::Bypass { name: self.terms.name, key: &self.key });
        taint("a read inside went past the cache");
    }

    fn bypassed<T>(&self) -> Step<T, W> {
        self.pass();
        Step::Bypassed
    }

    /// The path of a hit: one look-up, the stamps, a clone of the value.
    #[inline]
    pub(super) fn start<T: Clone + 'static>(self) -> Start<'a, T, D, W> {
        if self.bypass || !is_outside() && Context::current().is_disabled() {
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
        let mut read = Read::new(self.cache.flights().tick());
        // What is not in this process may be in a store that others share.
        let next = match self.cache.tier() {
            Some(_) => Next::Lookup,
            None => read.advance(Seen::Missed(reason)),
        };
        Start::Reading(Box::new(Reading { read, next: Some(next), request: Some(self), known: None }))
    }
}

enum Never {}

pub(super) enum Start<'a, T, D, W> {
    Served(T),
    Bypassed,
    Reading(Box<Reading<'a, D, W>>),
}

/// A read that has missed, between two steps of its state machine.
pub(super) struct Reading<'a, D, W> {
    read: Read,
    next: Option<Next>,
    request: Option<Entry<'a, D, W>>,
    /// Stamps that the last look-up in a shared store has met.
    known: Option<Known>,
}

pub(super) enum Step<T, W> {
    Served(T),
    Wait(Wait),
    Bypassed,
    Fill(Box<Filling>, W),
}

impl<D: FnOnce() -> Dependencies, W> Reading<'_, D, W> {
    pub(super) fn landed(&mut self, landing: Landing) {
        self.next = Some(self.read.advance(Seen::Landed(landing)));
    }

    /// Runs the state machine up to something that the caller has to do. Ready at once with the embedded store.
    pub(super) async fn step<T: Clone + 'static>(&mut self) -> Step<T, W> {
        let mut next = self.next.take().unwrap_or(Next::Lookup);
        loop {
            let Some(request) = &self.request else { unreachable!("a read goes on after its end") };
            let seen = match next {
                Next::Serve(stored) => match stored.value.downcast_ref::<T>() {
                    Some(value) => {
                        request.cache.served(&stored, request.terms.name, &request.key);
                        return Step::Served(value.clone());
                    }
                    None => Seen::Landed(Landing::Nothing),
                },
                Next::Share(value) => match value.downcast_ref::<T>() {
                    Some(value) => return self.share(value.clone()),
                    None => Seen::Landed(Landing::Nothing),
                },
                // Whoever makes the value may need the very connection that this transaction holds.
                Next::Wait(_) if request.as_of.is_some() => return request.bypassed(),
                Next::Wait(wait) => return Step::Wait(wait),
                Next::Run { lead, missed } => return self.fill(lead, missed).await,
                Next::Join => Seen::Placed(request.cache.join(&request.key)),
                Next::Lookup => self.look::<T>().await,
            };
            next = self.read.advance(seen);
        }
    }

    async fn look<T: 'static>(&mut self) -> Seen {
        let Some(request) = &self.request else { unreachable!("a read goes on after its end") };
        let found = match request.cache.tier() {
            None => request.cache.lookup(&request.key),
            Some(tier) => {
                self.read.looks(request.cache.flights().tick());
                let codec = request.terms.codec.filter(Codec::is_for::<T>);
                let (found, known) = tier.find(&request.key, codec).await;
                self.known = known;
                found
            }
        };
        match found {
            Ok(stored) if !stored.value.is::<T>() => Seen::Missed(MissReason::WrongType),
            Ok(stored) => Seen::Found(stored),
            Err(reason) => Seen::Missed(reason),
        }
    }

    fn share<T>(&mut self, value: T) -> Step<T, W> {
        if let Some(request) = self.request.take() {
            // What an unstored value depends on is known only to the caller that made it.
            taint("a value inside was taken over from another caller, who could not store it");
            request.cache.record(&Event::Hit { name: request.terms.name, key: &request.key });
        }
        Step::Served(value)
    }

    /// The dependencies are built as part of the fill: what they were made from counts, too.
    async fn fill<T: Clone + 'static>(&mut self, lead: Option<Lead>, missed: MissReason) -> Step<T, W> {
        let mut lease = None;
        if let Some(request) = &self.request
            && let Some(tier) = request.cache.tier()
            && request.terms.lock == Lock::Shared
            && lead.is_some()
            && missed != MissReason::Unreachable
        {
            match tier.lead(&request.key, request.terms.codec).await {
                Leading::Lead(mine) => lease = Some(mine),
                Leading::Alone => {}
                Leading::Found(stored) => {
                    if let Some(value) = stored.value.downcast_ref::<T>().cloned() {
                        request.cache.served(&stored, request.terms.name, &request.key);
                        if let Some(lead) = lead {
                            lead.land(Landing::Stored(stored));
                        }
                        return Step::Served(value);
                    }
                }
            }
            // They are older than the wait.
            self.known = None;
        }
        let Some(request) = self.request.take() else { unreachable!("a read fills twice") };
        let Entry { cache, key, dependencies, weigh, terms, as_of, .. } = request;
        cache.record(&Event::Miss { name: terms.name, key: &key, reason: missed });
        let mut filling = Box::new(Filling::begin(cache, key, terms, lead, as_of));
        filling.under_lease(lease);
        let dependencies = filling.context().run(dependencies);
        match missed {
            // It would only be waited for a second time.
            MissReason::Unreachable => filling.refuse(Refusal::Unreachable),
            _ => filling.stamp(dependencies, self.known.as_ref()).await,
        }
        Step::Fill(filling, weigh)
    }
}

fn finish<T, E, W>(filling: Box<Filling>, weigh: &W, result: Result<T, E>) -> Result<T, E>
where
    T: Clone + Send + Sync + 'static,
    W: WeighValue<T>,
{
    match result {
        Ok(value) => {
            let weight = weigh.weigh_value(&value);
            let kept: Arc<dyn Any + Send + Sync> = Arc::new(value.clone());
            filling.finish(Some((kept, weight)));
            Ok(value)
        }
        Err(error) => {
            filling.finish(None);
            Err(error)
        }
    }
}

impl<D, W> fmt::Debug for Entry<'_, D, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("key", &self.key).field("terms", &self.terms).finish_non_exhaustive()
    }
}
