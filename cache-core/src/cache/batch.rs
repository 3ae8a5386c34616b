//! Many results at once, of which the missing ones are made together.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use super::entry::{Never, ShallowWeight, WeighValue};
use super::reading::{Reading, Step};
use super::{Cache, Entry};
use crate::codec::Codec;
use crate::context::{Context, Frame, ReadPoint, Surrounding, Watch, is_outside};
use crate::dependency::Dependencies;
use crate::engine::{Filling, Flight, MissReason, Read, Seen, Terms, Wait, block, join_all};
use crate::key::Key;

type Build<'a> = Box<dyn FnOnce() -> Dependencies + Send + 'a>;

/// The description of many reads; made by [`Cache::batch`], carried out by one of its `get_or_fill` methods.
///
/// The entries that are there come in one round trip, or two for keys that this process has not met. The work runs once for all that
/// are missing. Each is an entry of its own, with dependencies of its own, that a read of it alone finds too; what the work
/// reads besides, such as cached results, all of them depend on.
///
/// What another caller is just making is waited for, after the work for the others. The work may then be run again, for what that caller
/// did not make.
#[must_use = "a description does nothing; call one of the `get_or_fill` methods"]
pub struct Batch<'a, K, W = ShallowWeight> {
    cache: &'a Cache,
    items: Vec<(K, Key)>,
    dependencies: Arc<dyn Fn(&K) -> Dependencies + Send + Sync + 'a>,
    weigh: W,
    terms: Terms,
    as_of: Option<ReadPoint>,
    bypass: bool,
}

impl Cache {
    /// Describes reads of many results, one for each item; `key` makes their keys. Items of one key are one.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use cache_core::{Cache, Change, Dependencies, Key, Row};
    ///
    /// let cache = Cache::in_memory();
    /// let titles = |ids: &[i32]| -> HashMap<i32, String> {
    ///     cache
    ///         .batch(ids.iter().copied(), |id| Key::new("title").with(id))
    ///         .depends_on(|id| Dependencies::row("article", [("id", *id)]))
    ///         .get_or_fill(|missing| missing.into_iter().map(|id| (id, format!("article {id}"))).collect())
    /// };
    /// assert_eq!(titles(&[1, 2, 3]).len(), 3);
    /// cache.invalidate(Change::updated("article", Row::from([("id", 2)]), Row::from([("id", 2)])))?;
    /// titles(&[1, 2, 3, 4]); // makes 2 and 4
    /// assert_eq!((cache.counters().hits, cache.counters().misses), (2, 5));
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn batch<K>(&self, items: impl IntoIterator<Item = K>, key: impl Fn(&K) -> Key) -> Batch<'_, K> {
        let mut seen = HashSet::new();
        let keyed = items.into_iter().map(|item| (key(&item), item));
        let items = keyed.filter(|(key, _)| seen.insert(key.clone())).map(|(key, item)| (item, key)).collect();
        let terms = Terms { ttl: self.inner.ttl, idle: self.inner.idle, ..Terms::default() };
        let dependencies = Arc::new(|_: &K| Dependencies::none());
        Batch { cache: self, items, dependencies, weigh: ShallowWeight, terms, as_of: None, bypass: false }
    }
}

impl<'a, K, W> Batch<'a, K, W> {
    /// What the result of an item depends on; called for those that are missing, before the work. Cached results that are used to find it
    /// out are depended on as well.
    pub fn depends_on(mut self, dependencies: impl Fn(&K) -> Dependencies + Send + Sync + 'a) -> Self {
        self.dependencies = Arc::new(dependencies);
        self
    }

    /// How heavy a value is, in bytes; called when it is stored.
    pub fn weigh<N>(self, weigh: N) -> Batch<'a, K, N> {
        let Batch { cache, items, dependencies, terms, as_of, bypass, .. } = self;
        Batch { cache, items, dependencies, weigh, terms, as_of, bypass }
    }

    /// What events call these entries.
    pub fn name(mut self, name: &'static str) -> Self {
        self.terms.name = name;
        self
    }

    /// The longest time that a result is served; zero stores nothing.
    pub fn ttl(mut self, ttl: impl Into<Option<Duration>>) -> Self {
        self.terms.ttl = ttl.into().or(self.terms.ttl);
        self
    }

    /// The longest time between two hits.
    pub fn idle(mut self, idle: impl Into<Option<Duration>>) -> Self {
        self.terms.idle = idle.into().or(self.terms.idle);
        self
    }

    /// How values become bytes for a shared store; see [`Entry::codec`].
    pub fn codec(mut self, codec: impl Into<Option<Codec>>) -> Self {
        self.terms.codec = codec.into().or(self.terms.codec);
        self
    }

    /// The work reads from a snapshot that was opened after this point; see [`Entry::as_of`].
    pub fn as_of(mut self, point: impl Into<Option<ReadPoint>>) -> Self {
        self.as_of = point.into().into_iter().chain(self.as_of).min();
        self
    }

    /// Neither serves nor stores when `bypass` is true, or was in an earlier call.
    pub fn bypass(mut self, bypass: bool) -> Self {
        self.bypass |= bypass;
        self
    }
}

impl<'a, K, W> Batch<'a, K, W>
where
    K: Clone + Eq + Hash + Send + 'a,
    W: Clone,
{
    /// The values of all items; those of the missing ones by `work`, which is given these. An item that it leaves out is left
    /// out of the answer, and nothing is stored for it.
    ///
    /// Blocks the thread while the store answers, and while another caller makes a value. Asynchronous code awaits
    /// [`Batch::get_or_fill_async`] instead.
    pub fn get_or_fill<T>(self, mut work: impl FnMut(Vec<K>) -> HashMap<K, T>) -> HashMap<K, T>
    where
        T: Clone + Send + Sync + 'static,
        W: WeighValue<T>,
    {
        match self.try_get_or_fill(|missing| Ok::<_, Never>(work(missing))) {
            Ok(values) => values,
            Err(never) => match never {},
        }
    }

    /// [`Batch::get_or_fill`] with work that may fail.
    ///
    /// # Errors
    ///
    /// Those of `work`. Nothing of that run is stored, and callers that waited for it run their own work.
    pub fn try_get_or_fill<T, E>(
        self,
        mut work: impl FnMut(Vec<K>) -> Result<HashMap<K, T>, E>,
    ) -> Result<HashMap<K, T>, E>
    where
        T: Clone + Send + Sync + 'static,
        W: WeighValue<T>,
    {
        let mut gathering = match block(self.gather::<T>()) {
            Ok(gathering) => gathering,
            Err(all) => return work(all),
        };
        loop {
            if let Some(round) = block(gathering.round()) {
                let made = round.context().run(|| work(round.items()))?;
                gathering.keep(round, made);
            }
            if gathering.waiting.is_empty() {
                return Ok(gathering.values);
            }
            for (mut open, wait) in std::mem::take(&mut gathering.waiting) {
                open.reading.landed(wait.block());
                gathering.open.push(open);
            }
        }
    }

    /// [`Batch::get_or_fill`] with work that is awaited.
    pub async fn get_or_fill_async<T, F>(self, mut work: impl FnMut(Vec<K>) -> F) -> HashMap<K, T>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = HashMap<K, T>>,
        W: WeighValue<T>,
    {
        let work = |missing| {
            let made = work(missing);
            async { Ok::<_, Never>(made.await) }
        };
        match self.try_get_or_fill_async(work).await {
            Ok(values) => values,
            Err(never) => match never {},
        }
    }

    /// [`Batch::try_get_or_fill`] with work that is awaited.
    ///
    /// # Errors
    ///
    /// Those of `work`.
    pub async fn try_get_or_fill_async<T, E, F>(self, mut work: impl FnMut(Vec<K>) -> F) -> Result<HashMap<K, T>, E>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<HashMap<K, T>, E>>,
        W: WeighValue<T>,
    {
        let mut gathering = match self.gather::<T>().await {
            Ok(gathering) => gathering,
            Err(all) => return work(all).await,
        };
        loop {
            if let Some(round) = gathering.round().await {
                let context = round.context();
                let made = context.run(|| work(round.items()));
                let made = context.scope(made).await?;
                gathering.keep(round, made);
            }
            if gathering.waiting.is_empty() {
                return Ok(gathering.values);
            }
            for (mut open, wait) in std::mem::take(&mut gathering.waiting) {
                open.reading.landed(wait.await);
                gathering.open.push(open);
            }
        }
    }

    /// Looks everything up; without a cache, all items.
    async fn gather<T: Clone + Send + Sync + 'static>(self) -> Result<Gathering<'a, K, T, W>, Vec<K>> {
        let Batch { cache, items, dependencies, weigh, terms, as_of, bypass } = self;
        let describe = |item: &K, key: Key| {
            let (dependencies, item) = (Arc::clone(&dependencies), item.clone());
            let build: Build<'a> = Box::new(move || dependencies(&item));
            let (terms, weigh) = (terms.clone(), weigh.clone());
            Entry { cache, key, dependencies: build, weigh, terms, as_of, bypass }
        };
        if bypass || !is_outside() && Context::current().is_disabled() {
            return Err(items
                .into_iter()
                .map(|(item, key)| {
                    describe(&item, key).pass();
                    item
                })
                .collect());
        }
        let hub = Flight::hub();
        let mut gathering =
            Gathering { cache, as_of, hub, values: HashMap::new(), open: Vec::new(), waiting: Vec::new() };
        let moment = cache.flights().tick();
        let keys: Vec<Key> = items.iter().map(|(_, key)| key.clone()).collect();
        let found = match cache.tier() {
            None => keys.iter().map(|key| (cache.lookup(key), None)).collect(),
            Some(tier) => tier.find_all(&keys, terms.codec.filter(Codec::is_for::<T>)).await,
        };
        for ((item, key), (found, known)) in items.into_iter().zip(found) {
            let missed = match found {
                Ok(stored) => match stored.value.downcast_ref::<T>() {
                    Some(value) => {
                        cache.served(&stored, terms.name, &key);
                        gathering.values.insert(item, value.clone());
                        continue;
                    }
                    None => MissReason::WrongType,
                },
                Err(missed) => missed,
            };
            let mut read = Read::new(moment);
            if cache.tier().is_some() {
                read.looks(moment);
            }
            let next = read.advance(Seen::Missed(missed));
            let reading = Reading::new(read, next, describe(&item, key)).knowing(known).among(&gathering.hub);
            gathering.open.push(Open { item, reading: Box::new(reading) });
        }
        Ok(gathering)
    }
}

/// What is there, and what is still to be had.
struct Gathering<'a, K, T, W> {
    cache: &'a Cache,
    as_of: Option<ReadPoint>,
    /// All flights that this leads are bound to it.
    hub: Arc<Flight>,
    values: HashMap<K, T>,
    open: Vec<Open<'a, K, W>>,
    /// Made by other callers just now.
    waiting: Vec<(Open<'a, K, W>, Wait)>,
}

struct Open<'a, K, W> {
    item: K,
    reading: Box<Reading<'a, Build<'a>, W>>,
}

impl<'a, K, T, W> Gathering<'a, K, T, W>
where
    K: Clone + Eq + Hash,
    T: Clone + Send + Sync + 'static,
    W: WeighValue<T>,
{
    /// Goes on with everything that is open, up to the work of one run, if there is any.
    async fn round(&mut self) -> Option<Round<K, W>> {
        let open = std::mem::take(&mut self.open).into_iter().map(async |mut open: Open<'a, K, W>| {
            let step = open.reading.step::<T>().await;
            (Box::new(open), step)
        });
        let (mut fills, mut alone) = (Vec::new(), Vec::new());
        for (open, step) in join_all(open).await {
            match step {
                Step::Served(value) => drop(self.values.insert(open.item, value)),
                Step::Wait(wait) => self.waiting.push((*open, wait)),
                Step::Bypassed => alone.push(open.item),
                Step::Fill(filling, weigh) => fills.push((open.item, filling, weigh)),
            }
        }
        if fills.is_empty() && alone.is_empty() {
            return None;
        }
        let as_of = self.as_of.map(|point| (self.cache.clone(), point));
        let frame =
            (!fills.is_empty()).then(|| Frame::new(self.cache, Some(Arc::clone(&self.hub)), as_of, Watch::Nothing));
        Some(Round { fills, alone, frame })
    }

    fn keep(&mut self, mut round: Round<K, W>, mut made: HashMap<K, T>) {
        for (item, filling, weigh) in round.told() {
            match made.remove(&item) {
                Some(value) => {
                    let weight = weigh.weigh_value(&value);
                    filling.finish(Some((Arc::new(value.clone()), weight)));
                    self.values.insert(item, value);
                }
                None => filling.finish(None),
            }
        }
        for item in std::mem::take(&mut round.alone) {
            if let Some(value) = made.remove(&item) {
                self.values.insert(item, value);
            }
        }
    }
}

/// One run of the work, for several fills.
struct Round<K, W> {
    fills: Vec<(K, Box<Filling>, W)>,
    /// Of which nothing will be stored.
    alone: Vec<K>,
    /// What the work reads, all of the fills depend on.
    frame: Option<Arc<Frame>>,
}

impl<K: Clone, W> Round<K, W> {
    fn items(&self) -> Vec<K> {
        self.fills.iter().map(|(item, ..)| item).chain(&self.alone).cloned().collect()
    }
}

impl<K, W> Round<K, W> {
    fn context(&self) -> Context {
        let context = Context::current();
        match &self.frame {
            Some(frame) => context.within(Surrounding::Fill(Arc::clone(frame))),
            None => context,
        }
    }

    /// The fills, told what the work has read.
    fn told(&mut self) -> Vec<(K, Box<Filling>, W)> {
        if let Some(frame) = self.frame.take() {
            let collected = frame.take();
            let dependencies = collected.dependencies.iter().cloned().collect();
            self.fills.iter().for_each(|(_, filling, _)| filling.inherit(&frame, &collected, &dependencies));
        }
        std::mem::take(&mut self.fills)
    }
}

impl<K, W> Drop for Round<K, W> {
    /// Also work that has failed has read: the fills around it are told so by its own.
    fn drop(&mut self) {
        drop(self.told());
    }
}

impl<K: fmt::Debug, W> fmt::Debug for Batch<'_, K, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("items", &self.items).field("terms", &self.terms).finish_non_exhaustive()
    }
}
