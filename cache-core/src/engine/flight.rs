//! Single flight: one execution for simultaneous misses of a key.

use std::any::Any;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use foldhash::fast::RandomState;

use crate::key::Key;
use crate::store::Stored;
use crate::sync::{AtomicU64, Condvar, Mutex, Ordering, lock};

const SHARDS: usize = 32;

type Shard = Mutex<Sharded>;

#[derive(Debug, Default)]
struct Sharded {
    flights: HashMap<Key, Arc<Flight>, RandomState>,
    /// When the last flight of the shard landed, as a [`Flights::tick`].
    landed: u64,
}

/// The executions under way, by key.
#[derive(Debug)]
pub(crate) struct Flights {
    shards: Box<[Shard]>,
    hasher: RandomState,
    sequence: AtomicU64,
}

/// One execution that others wait for.
#[derive(Debug)]
pub(crate) struct Flight {
    started: u64,
    state: Mutex<State>,
    landed: Condvar,
    /// Flights that the work of this one waits for.
    waits_for: Mutex<Vec<Weak<Flight>>>,
}

#[derive(Debug)]
enum State {
    Flying(Wakers),
    Landed(Landing),
}

/// The wakers of waiting futures, each in a place of its own; places of cancelled ones are used again.
#[derive(Debug, Default)]
struct Wakers {
    places: Vec<Option<Waker>>,
    free: Vec<usize>,
}

impl Wakers {
    fn put(&mut self, place: Option<usize>, waker: &Waker) -> usize {
        let place = place.or_else(|| self.free.pop()).unwrap_or(self.places.len());
        match self.places.get_mut(place) {
            Some(Some(known)) => known.clone_from(waker),
            Some(empty) => *empty = Some(waker.clone()),
            None => self.places.push(Some(waker.clone())),
        }
        place
    }

    fn remove(&mut self, place: usize) -> Option<Waker> {
        self.free.push(place);
        self.places.get_mut(place)?.take()
    }
}

/// How a flight ended.
#[derive(Clone, Debug)]
pub(crate) enum Landing {
    /// With an entry.
    Stored(Arc<Stored>),
    /// With a value that could not be stored, and may be shared all the same.
    Value(Arc<dyn Any + Send + Sync>),
    /// Without a value to share: the work failed, or asked not to be shared.
    Nothing,
    /// The leader panicked or was cancelled: somebody else has to lead.
    Abandoned,
}

/// The place of a caller that missed.
#[derive(Debug)]
pub(crate) enum Place {
    Leader(Lead),
    Waiter(Wait),
    /// Waiting would wait for oneself.
    Alone,
}

impl Flights {
    pub(crate) fn new() -> Arc<Self> {
        let shards = (0..SHARDS).map(|_| Shard::default()).collect();
        Arc::new(Flights { shards, hasher: RandomState::default(), sequence: AtomicU64::new(1) })
    }

    /// A number that orders callers and executions: an execution with a higher one started later.
    pub(crate) fn tick(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::AcqRel)
    }

    fn shard(&self, key: &Key) -> &Shard {
        let hash = self.hasher.hash_one(key) as usize;
        &self.shards[hash % SHARDS]
    }

    /// Joins the execution of a key, or leads it. `inside` are the executions that the caller is part of.
    pub(crate) fn join<'a>(self: &Arc<Self>, key: &Key, inside: impl Iterator<Item = &'a Arc<Flight>>) -> Place {
        let flight = {
            let mut shard = lock(self.shard(key));
            match shard.flights.get(key) {
                Some(flight) => Arc::clone(flight),
                None => {
                    let flight = Flight::new(self.tick());
                    shard.flights.insert(key.clone(), Arc::clone(&flight));
                    let last = shard.landed;
                    let flights = Arc::clone(self);
                    return Place::Leader(Lead { flights, key: key.clone(), flight, landed: false, last });
                }
            }
        };
        let wait = Wait { flight, inside: inside.cloned().collect(), place: None };
        for waiting in &wait.inside {
            lock(&waiting.waits_for).push(Arc::downgrade(&wait.flight));
        }
        // Said first and looked at then: of callers that close a circle at the same time the last one sees it, also
        // when they wait in several caches.
        if !wait.inside.is_empty() && wait.flight.reaches(&wait.inside) {
            return Place::Alone;
        }
        Place::Waiter(wait)
    }
}

impl Flight {
    fn new(started: u64) -> Arc<Self> {
        Arc::new(Flight {
            started,
            state: Mutex::new(State::Flying(Wakers::default())),
            landed: Condvar::new(),
            waits_for: Mutex::new(Vec::new()),
        })
    }

    /// One that no key has and that never lands, for flights that are led together to be [bound](Flight::bind) to.
    pub(crate) fn hub() -> Arc<Self> {
        Flight::new(0)
    }

    /// One caller leads both: whoever waits for one of them may have to wait for the other.
    pub(crate) fn bind(self: &Arc<Self>, other: &Arc<Flight>) {
        lock(&self.waits_for).push(Arc::downgrade(other));
        lock(&other.waits_for).push(Arc::downgrade(self));
    }

    /// Whether this flight is, or waits for, one of `targets`.
    fn reaches(self: &Arc<Self>, targets: &[Arc<Flight>]) -> bool {
        let mut open = vec![Arc::clone(self)];
        let mut seen: Vec<*const Flight> = Vec::new();
        while let Some(flight) = open.pop() {
            if targets.iter().any(|target| Arc::ptr_eq(target, &flight)) {
                return true;
            }
            if !seen.contains(&Arc::as_ptr(&flight)) {
                seen.push(Arc::as_ptr(&flight));
                open.extend(lock(&flight.waits_for).iter().filter_map(Weak::upgrade));
            }
        }
        false
    }

    fn land(&self, landing: Landing) {
        let wakers = match std::mem::replace(&mut *lock(&self.state), State::Landed(landing)) {
            State::Flying(wakers) => wakers,
            State::Landed(_) => Wakers::default(),
        };
        self.landed.notify_all();
        wakers.places.into_iter().flatten().for_each(Waker::wake);
    }
}

/// The obligation of a leader: to land the flight. Dropped without landing, it wakes the others to lead.
#[derive(Debug)]
pub(crate) struct Lead {
    flights: Arc<Flights>,
    key: Key,
    flight: Arc<Flight>,
    landed: bool,
    last: u64,
}

impl Lead {
    /// Whether an execution may have ended between a moment and the lead, so that its result is worth a look.
    pub(crate) fn may_follow(&self, moment: u64) -> bool {
        self.last > moment
    }

    pub(crate) fn flight(&self) -> &Arc<Flight> {
        &self.flight
    }

    pub(crate) fn land(mut self, landing: Landing) {
        self.finish(landing);
    }

    /// The key is free before the waiters wake, so that none of them finds the flight that has ended.
    fn finish(&mut self, landing: Landing) {
        if !std::mem::replace(&mut self.landed, true) {
            let mut shard = lock(self.flights.shard(&self.key));
            shard.flights.remove(&self.key);
            shard.landed = self.flights.tick();
            drop(shard);
            self.flight.land(landing);
        }
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.finish(Landing::Abandoned);
    }
}

/// A caller that waits for a flight, by blocking its thread or as a future.
#[derive(Debug)]
pub(crate) struct Wait {
    flight: Arc<Flight>,
    inside: Vec<Arc<Flight>>,
    /// Where its waker is kept.
    place: Option<usize>,
}

impl Wait {
    /// The number that the flight started under.
    pub(crate) fn started(&self) -> u64 {
        self.flight.started
    }

    pub(crate) fn block(self) -> Landing {
        let mut state = lock(&self.flight.state);
        loop {
            match &*state {
                State::Landed(landing) => return landing.clone(),
                State::Flying(_) => {
                    state = self.flight.landed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
                }
            }
        }
    }
}

impl Future for Wait {
    type Output = Landing;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Landing> {
        let this = &mut *self;
        match &mut *lock(&this.flight.state) {
            State::Landed(landing) => Poll::Ready(landing.clone()),
            State::Flying(wakers) => {
                this.place = Some(wakers.put(this.place, cx.waker()));
                Poll::Pending
            }
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let removed = match &mut *lock(&self.flight.state) {
                State::Flying(wakers) => wakers.remove(place),
                State::Landed(_) => None,
            };
            drop(removed);
        }
        for waiting in &self.inside {
            let mut waits = lock(&waiting.waits_for);
            if let Some(at) = waits.iter().position(|known| Weak::as_ptr(known) == Arc::as_ptr(&self.flight)) {
                waits.swap_remove(at);
            }
        }
    }
}
