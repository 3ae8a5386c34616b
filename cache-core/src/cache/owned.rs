//! Reads whose work may go on without the caller.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use super::reading::{Reading, Step};
use super::stale::{Describe, Fallback, complete};
use super::timeout::{HardTimeout, Late, Limits};
use super::{Cache, Entry, ShallowWeight, TimedOut, WeighValue};
use crate::background::{BackgroundRun, Guarded, Outcome, handover};
use crate::context::{Context, taint};
use crate::dependency::Dependencies;
use crate::engine::{Filling, Lead, MissReason, Next, Read, Terms, block};
use crate::key::Key;
use crate::observe::{Event, StaleCause};
use crate::sync::{Mutex, lock};

type Running<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Work that owns what it uses.
pub(crate) enum Run<T, E> {
    Blocking(Box<dyn FnOnce() -> Result<T, E> + Send>),
    Awaited(Box<dyn FnOnce() -> Running<T, E> + Send>),
}

impl<T, E> Run<T, E> {
    /// Runs it as part of what surrounds the caller, or of a fill.
    async fn run(self, context: Option<&Context>) -> Result<T, E> {
        match (self, context) {
            (Run::Blocking(work), None) => work(),
            (Run::Blocking(work), Some(context)) => context.run(work),
            (Run::Awaited(work), None) => work().await,
            (Run::Awaited(work), Some(context)) => {
                let running = context.run(work);
                context.scope(running).await
            }
        }
    }

    fn is_awaited(&self) -> bool {
        matches!(self, Run::Awaited(_))
    }
}

/// What a call comes to that does not end well.
pub(crate) struct Ends<E> {
    pub(crate) describe: Option<Describe<E>>,
    pub(crate) hard_timeout: Option<HardTimeout<E>>,
}

impl<E> Default for Ends<E> {
    fn default() -> Self {
        Ends { describe: None, hard_timeout: None }
    }
}

/// A read with work that owns what it uses, so that it can go on in the background; made by [`Entry::owned`] and
/// [`Entry::owned_async`].
///
/// Blocking work runs there on a thread of its own, work that is awaited on an executor: see
/// [`CacheBuilder::background`](crate::CacheBuilder::background). Of each key one run is under way in the process.
/// Inside of a transaction ([`Entry::as_of`]) and past the cache ([`Entry::bypass`]) all of this is switched off: the work runs as if no
/// option had been named.
///
/// ```
/// use std::time::Duration;
/// use cache_core::{Cache, Dependencies, Key, TimedOut};
///
/// let cache = Cache::in_memory();
/// let titles = cache
///     .entry(Key::new("titles"))
///     .depends_on(|| Dependencies::table("article"))
///     .owned(|| Ok::<_, TimedOut>(vec!["as the database tells"]))
///     .stale_while_revalidate(Duration::from_secs(30))
///     .hard_timeout(Duration::from_secs(2))
///     .get_or_fill()?;
/// # assert_eq!(titles.len(), 1);
/// # Ok::<(), TimedOut>(())
/// ```
#[must_use = "a description does nothing; call one of the `get_or_fill` methods"]
pub struct OwnedEntry<'a, T, E, D = fn() -> Dependencies, W = ShallowWeight> {
    entry: Entry<'a, D, W>,
    work: Run<T, E>,
    ends: Ends<E>,
}

impl<'a, D, W> Entry<'a, D, W> {
    /// Gives the read blocking work that may go on in the background.
    pub fn owned<T, E>(self, work: impl FnOnce() -> Result<T, E> + Send + 'static) -> OwnedEntry<'a, T, E, D, W> {
        OwnedEntry { entry: self, work: Run::Blocking(Box::new(work)), ends: Ends::default() }
    }

    /// Gives the read work that is awaited and may go on in the background.
    pub fn owned_async<T, E, F>(self, work: impl FnOnce() -> F + Send + 'static) -> OwnedEntry<'a, T, E, D, W>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        OwnedEntry { entry: self, work: Run::Awaited(Box::new(|| Box::pin(work()))), ends: Ends::default() }
    }
}

impl<T, E, D, W> OwnedEntry<'_, T, E, D, W> {
    /// Refreshes the entry in the background when it is hit within this time of the end of its time to live; the hit is
    /// served as ever. One caller begins it, the others are served meanwhile.
    pub fn refresh_ahead(mut self, time: impl Into<Option<Duration>>) -> Self {
        let time = time.into();
        self.entry.grace(|grace| grace.refresh_ahead = time.or(grace.refresh_ahead));
        self
    }

    /// Serves the stale value at once, while one run in the background refreshes it, for at most this long after it has ceased
    /// to be fresh: an exception to "never stale", for callers who prefer an old value to waiting. What
    /// [`Entry::stale_if_error`] says of stale values holds here, too.
    ///
    /// While the shared store does not answer, or has not been told of a change of this process, nothing is served by this.
    pub fn stale_while_revalidate(mut self, ceiling: impl Into<Option<Duration>>) -> Self {
        let ceiling = ceiling.into();
        self.entry.grace(|grace| grace.stale_while_revalidate = ceiling.or(grace.stale_while_revalidate));
        self
    }

    /// Serves the stale value when the call takes longer than this, if there is one within the ceiling of
    /// [`Entry::stale_if_error`]. The run goes on and fills.
    pub fn soft_timeout(mut self, time: impl Into<Option<Duration>>) -> Self {
        let time = time.into();
        self.entry.grace(|grace| grace.soft_timeout = time.or(grace.soft_timeout));
        self
    }

    /// Ends the call with an error when it takes longer than this, or with the stale value, if there is one within the ceiling of
    /// [`Entry::stale_if_error`]. The run goes on and fills.
    pub fn hard_timeout(mut self, time: impl Into<Option<Duration>>) -> Self
    where
        E: From<TimedOut>,
    {
        self.ends.hard_timeout =
            time.into().map(|time| (time, E::from as fn(TimedOut) -> E)).or(self.ends.hard_timeout);
        self
    }
}

impl<T, E, D, W> OwnedEntry<'_, T, E, D, W>
where
    T: Clone + Send + Sync + 'static,
    E: Send + 'static,
    D: FnOnce() -> Dependencies + Send + Sync + 'static,
    W: WeighValue<T> + Send + Sync + 'static,
{
    /// The entry's value, or that of the work, stored when it is `Ok`. Blocks meanwhile.
    ///
    /// # Errors
    ///
    /// Those of the work, and [`TimedOut`] where there is a [`OwnedEntry::hard_timeout`].
    pub fn get_or_fill(self) -> Result<T, E> {
        block(self.get_or_fill_async())
    }

    /// [`OwnedEntry::get_or_fill`], awaited.
    ///
    /// # Errors
    ///
    /// Those of the work, and [`TimedOut`] where there is a [`OwnedEntry::hard_timeout`].
    pub async fn get_or_fill_async(self) -> Result<T, E> {
        read_owned(self.entry, self.work, self.ends).await
    }
}

/// Carries a read out whose work may go on without the caller.
pub(crate) async fn read_owned<T, E, D, W>(entry: Entry<'_, D, W>, work: Run<T, E>, ends: Ends<E>) -> Result<T, E>
where
    T: Clone + Send + Sync + 'static,
    E: Send + 'static,
    D: FnOnce() -> Dependencies + Send + Sync + 'static,
    W: WeighValue<T> + Send + Sync + 'static,
{
    if entry.is_bypassed() {
        entry.pass();
        return work.run(None).await;
    }
    // Work of a transaction ends with it.
    let is_free = entry.as_of.is_none() && Context::current().as_of(entry.cache).is_none();
    let call = Call {
        cache: entry.cache.clone(),
        key: entry.key.clone(),
        name: entry.terms.name,
        fallback: Fallback::new(entry.cache, &entry.key, &entry.terms).filter(|_| is_free),
        ends: if is_free { ends } else { Ends { hard_timeout: None, ..ends } },
    };
    let soft = entry.terms.grace.as_ref().and_then(|grace| grace.soft_timeout);
    let mut limits = Limits::new(soft.filter(|_| is_free), call.ends.hard_timeout.map(|(time, _)| time));
    let background = entry.cache.background();
    let has_background = if work.is_awaited() { background.takes_futures() } else { background.threads.is_free() };
    let mut reading = entry.reading(is_free && has_background);
    loop {
        let step = {
            let mut step = pin!(reading.step::<T>());
            limits.within(&mut step, || call.stale()).await
        };
        match step {
            Err(late) => return call.late(late),
            Ok(Step::Served(value)) => {
                if let (Some((lead, missed)), Some(entry)) = (reading.refresh.take(), reading.request.take()) {
                    Refresh::new(entry, lead, missed, work).start();
                }
                return Ok(value);
            }
            Ok(Step::Wait(mut wait)) => match limits.within(&mut wait, || call.stale()).await {
                Ok(landing) => reading.landed(landing),
                Err(late) => return call.late(late),
            },
            Ok(Step::Bypassed) => return work.run(None).await,
            Ok(Step::Fill(filling, weigh)) => {
                return match call.fill(filling, weigh, work, &mut limits).await {
                    Ok(result) => call.end(result),
                    Err(late) => call.late(late),
                };
            }
        }
    }
}

/// What a call needs to end by.
struct Call<E> {
    cache: Cache,
    key: Key,
    name: &'static str,
    fallback: Option<Fallback>,
    ends: Ends<E>,
}

impl<E: Send + 'static> Call<E> {
    fn stale<T: Clone + 'static>(&self) -> Option<(T, Duration)> {
        self.fallback.as_ref()?.find()
    }

    fn end<T: Clone + 'static>(&self, result: Result<T, E>) -> Result<T, E> {
        match &self.fallback {
            Some(fallback) => fallback.instead(self.ends.describe, result),
            None => result,
        }
    }

    fn late<T: Clone + 'static>(&self, late: Late<(T, Duration)>) -> Result<T, E> {
        let found = match late {
            Late::Stale(found) => Some(found),
            Late::Over => {
                self.cache.record(&Event::TimedOut { name: self.name, key: &self.key });
                self.stale()
            }
        };
        match (&self.fallback, found, self.ends.hard_timeout) {
            (Some(fallback), Some(found), _) => Ok(fallback.serve(found, StaleCause::Slow)),
            (_, _, Some((after, error))) => {
                taint("a read inside ran out of time");
                Err(error(TimedOut { name: self.name, after }))
            }
            _ => unreachable!("a limit that was not set is over"),
        }
    }

    /// Runs the work, here or where it can go on when the caller leaves.
    async fn fill<T, W>(
        &self,
        filling: Box<Filling>,
        weigh: W,
        work: Run<T, E>,
        limits: &mut Limits,
    ) -> Result<Result<T, E>, Late<(T, Duration)>>
    where
        T: Clone + Send + Sync + 'static,
        W: WeighValue<T> + Send + Sync + 'static,
    {
        let moves = work.is_awaited() || self.cache.background().threads.exist();
        if limits.are_none() || !moves {
            let result = work.run(Some(&filling.context())).await;
            return Ok(complete(filling, &weigh, result));
        }
        match work {
            Run::Awaited(_) => self.await_within(filling, weigh, work, limits).await,
            Run::Blocking(work) => self.block_within(filling, weigh, work, limits).await,
        }
    }

    /// The future stays with the caller until its time is over; then it moves.
    async fn await_within<T, W>(
        &self,
        filling: Box<Filling>,
        weigh: W,
        work: Run<T, E>,
        limits: &mut Limits,
    ) -> Result<Result<T, E>, Late<(T, Duration)>>
    where
        T: Clone + Send + Sync + 'static,
        W: WeighValue<T> + Send + Sync + 'static,
    {
        let mut running: Running<T, E> = Box::pin(async move {
            let result = work.run(Some(&filling.context())).await;
            complete(filling, &weigh, result)
        });
        let late = match limits.within(&mut running, || self.stale()).await {
            Ok(result) => return Ok(result),
            Err(late) => late,
        };
        let rest = Box::pin(async move { drop(running.await) });
        self.cache.background().spawn(watched(&self.cache, self.name, &self.key, rest));
        Err(late)
    }

    /// What blocks cannot move, so it begins on a thread of its own.
    async fn block_within<T, W>(
        &self,
        filling: Box<Filling>,
        weigh: W,
        work: Box<dyn FnOnce() -> Result<T, E> + Send>,
        limits: &mut Limits,
    ) -> Result<Result<T, E>, Late<(T, Duration)>>
    where
        T: Clone + Send + Sync + 'static,
        W: WeighValue<T> + Send + Sync + 'static,
    {
        let (sender, mut waiting) = handover();
        let (cache, key, name) = (self.cache.clone(), self.key.clone(), self.name);
        let run = move || {
            let run = AssertUnwindSafe(|| {
                let result = filling.context().run(work);
                complete(filling, &weigh, result)
            });
            let (outcome, panicked) = match catch_unwind(run) {
                Ok(result) => (Outcome::Returned(result), false),
                Err(panic) => (Outcome::Panicked(panic), true),
            };
            if !sender.tell(outcome) && panicked {
                cache.record(&Event::Panicked { name, key: &key });
            }
        };
        // What waits for a thread can be taken back: nobody would ever run what those wait for that have the threads.
        let slot = Arc::new(Mutex::new(Some(run)));
        let taken = Arc::clone(&slot);
        let begin = Box::new(move || {
            let run = lock(&taken).take();
            run.into_iter().for_each(|run| run());
        });
        let threads = &self.cache.background().threads;
        if self.ends.hard_timeout.is_none() {
            threads.run_now(begin).err().into_iter().for_each(|begin| begin());
        } else if threads.run(begin).is_err() {
            // Too much waits for threads already: it would run out of time.
            return Err(Late::Over);
        }
        let ended = limits.within(&mut waiting, || self.stale()).await.inspect_err(|_| drop(lock(&slot).take()));
        match ended? {
            Outcome::Returned(result) => Ok(result),
            Outcome::Panicked(panic) => resume_unwind(panic),
            Outcome::Dropped => unreachable!("a thread ends without having run what it took"),
        }
    }
}

/// A run that nobody waits for: its panic is counted, and goes no further.
fn watched(cache: &Cache, name: &'static str, key: &Key, run: BackgroundRun) -> BackgroundRun {
    let (cache, key) = (cache.clone(), key.clone());
    Box::pin(async move {
        if !Guarded::new(run).await {
            cache.record(&Event::Panicked { name, key: &key });
        }
    })
}

/// A run that replaces an entry in the background.
struct Refresh<T, E, D, W> {
    cache: Cache,
    key: Key,
    dependencies: D,
    weigh: W,
    terms: Terms,
    lead: Lead,
    missed: MissReason,
    work: Run<T, E>,
}

impl<T, E, D, W> Refresh<T, E, D, W>
where
    T: Clone + Send + Sync + 'static,
    E: Send + 'static,
    D: FnOnce() -> Dependencies + Send + Sync + 'static,
    W: WeighValue<T> + Send + Sync + 'static,
{
    fn new(entry: Entry<'_, D, W>, lead: Lead, missed: MissReason, work: Run<T, E>) -> Self {
        let Entry { cache, key, dependencies, weigh, terms, .. } = entry;
        Refresh { cache: cache.clone(), key, dependencies, weigh, terms, lead, missed, work }
    }

    fn start(self) {
        let (cache, key, name, is_awaited) =
            (self.cache.clone(), self.key.clone(), self.terms.name, self.work.is_awaited());
        // It is part of nothing that surrounds the caller.
        let run = watched(&cache, name, &key, Box::pin(Context::default().scope(self.run())));
        if is_awaited {
            cache.background().spawn(run);
        } else {
            // Without a thread it is dropped, and the next caller tries again.
            drop(cache.background().threads.run_now(Box::new(move || block(run))));
        }
    }

    async fn run(self) {
        let Refresh { cache, key, dependencies, weigh, terms, lead, missed, work } = self;
        let entry = Entry { cache: &cache, key, dependencies, weigh, terms, as_of: None, bypass: false };
        let read = Read::new(cache.flights().tick());
        let mut reading = Reading::new(read, Next::Lookup, entry);
        reading.refreshing = true;
        if let Step::Fill(filling, weigh) = reading.fill::<T>(Some(lead), missed).await {
            let result = work.run(Some(&filling.context())).await;
            // An error leaves what is kept as it is, and is told as a refusal.
            drop(complete(filling, &weigh, result));
        }
    }
}

impl<T, E, D, W> fmt::Debug for OwnedEntry<'_, T, E, D, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedEntry").field("entry", &self.entry).finish_non_exhaustive()
    }
}
