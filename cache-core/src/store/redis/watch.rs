//! The stream of invalidations that a near cache lives on.
//!
//! Each primary tells of changes on a connection of its own, to which the server sends the names of all keys of the namespace
//! that change ([`listener`]). What is heard makes values suspect. How long silence may be trusted is found out by pings:
//! their answers stand in one order with what is pushed, except that the server pushes what it has changed in one turn of its
//! loop at the end of that turn, maybe after the answer to a ping of the same turn. The next ping is sent when the last one is
//! answered, hence belongs to a later turn: so its answer says that everything has arrived that was changed before the one
//! before it was sent. The earliest of these moments over all primaries is what the lease counts from.
//!
//! There is no lease while a primary is not listened to, and everything is suspected when one is listened to anew. Whether
//! the connections lead to the primaries that are asked for values is looked at whenever the lease is renewed: a value that
//! another one has told later than that is younger than what the lease promises.

mod listener;
#[cfg(test)]
mod tests;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join_all, select};
use tokio::time::{Instant, sleep, sleep_until};

use self::listener::{Ear, Listener};
use super::link::{Fault, FaultKind, Links};
use crate::near::Near;
use crate::sync::{AtomicU64, Mutex, Ordering, lock};

/// Pings in the time that the near cache's bound gives.
const PINGS: u32 = 4;

const LONGEST_INTERVAL: Duration = Duration::from_secs(1);

/// The first pause after a failure; each further one doubles it.
const BACKOFF: Duration = Duration::from_millis(10);

const LONGEST_BACKOFF: Duration = Duration::from_secs(2);

/// Listens for a near cache, on the store's own thread, until the near cache is dropped. This is only a view of it.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    fault: Mutex<Option<Fault>>,
    keys: AtomicU64,
    losses: AtomicU64,
}

/// How a watch is, for those who watch over it.
#[derive(Clone, Debug)]
pub(crate) struct WatchHealth {
    /// Why not all primaries are listened to, and nothing is served without asking; `None` while they are.
    pub(crate) fault: Option<Fault>,
    /// Names of changed keys that were heard.
    pub(crate) keys: u64,
    /// Connections that were listened on and lost, or given up because something might have been missed.
    pub(crate) losses: u64,
}

impl Watch {
    /// Begins to listen for changes of keys whose names begin so. Does nothing where the near cache asks for every hit.
    ///
    /// The connections are kept until the near cache is dropped.
    pub(crate) fn start(links: &Links, near: &Arc<Near>, prefixes: [String; 2]) -> Watch {
        let state = Arc::<State>::default();
        if let Some(bound) = near.mode().bound() {
            *lock(&state.fault) = Some(Fault::nowhere(FaultKind::Unreachable, "nobody is listened to yet"));
            let ear = Ear { near: Arc::downgrade(near), state: state.clone(), disturbed: Arc::default(), prefixes };
            let rounds = Rounds { links: links.clone(), ear, listeners: Vec::new() };
            links.spawn(rounds.run((bound / PINGS).min(LONGEST_INTERVAL)));
        }
        Watch { state }
    }

    pub(crate) fn health(&self) -> WatchHealth {
        WatchHealth {
            fault: lock(&self.state.fault).clone(),
            keys: self.state.keys.load(Ordering::Relaxed),
            losses: self.state.losses.load(Ordering::Relaxed),
        }
    }
}

/// Listens to all primaries and pings them together: a lease is one for all of them.
struct Rounds {
    links: Links,
    ear: Ear,
    listeners: Vec<Listener>,
}

impl Rounds {
    async fn run(mut self, interval: Duration) {
        let mut failures = 0;
        loop {
            let began = Instant::now();
            let Some(near) = self.ear.near.upgrade() else { return };
            let result = self.round(&near).await;
            if result.is_err() {
                near.end_lease();
            }
            // Nobody but its owners keeps it.
            drop(near);
            let fault = result.err();
            let failed = fault.is_some();
            *lock(&self.ear.state.fault) = fault;
            if failed {
                sleep(pause(failures)).await;
                failures += 1;
            } else {
                failures = 0;
                select(pin!(sleep_until(began + interval)), pin!(self.ear.disturbed.notified())).await;
            }
        }
    }

    /// Listens to whom it does not listen to yet, pings everybody, and renews the lease.
    async fn round(&mut self, near: &Near) -> Result<(), Fault> {
        self.join(near).await?;
        let pings = join_all(self.listeners.iter_mut().map(|listener| listener.ping(near))).await;
        let first_fault = pings.into_iter().find_map(Result::err);
        self.drop_unsound();
        if let Some(fault) = first_fault {
            return Err(fault);
        }
        // Nothing is awaited from here on: losses are told on this thread.
        self.is_complete()?;
        let since = self.listeners.iter().map(Listener::since).min_by_key(|since| since.as_nanos());
        if let Some(since) = since {
            near.renew(since);
        }
        Ok(())
    }

    /// Makes the listeners those of the primaries, and suspects everything if there are new ones.
    async fn join(&mut self, near: &Near) -> Result<(), Fault> {
        let primaries = self.links.masters();
        let before = self.listeners.len();
        self.drop_unsound();
        self.listeners.retain(|listener| primaries.contains(listener.node()));
        let missing: Vec<_> =
            primaries.iter().filter(|node| !self.listeners.iter().any(|listener| listener.node() == *node)).collect();
        if missing.is_empty() && self.listeners.len() == before {
            return Ok(());
        }
        near.end_lease();
        let opening = missing.into_iter().map(|node| Listener::open(&self.links, node, near, &self.ear));
        let opened = join_all(opening).await;
        // Whatever was expected before they listened may have changed without a word.
        near.suspect_all();
        let mut fault = None;
        for result in opened {
            match result {
                Ok(listener) => self.listeners.push(listener),
                Err(failed) => fault = Some(failed),
            }
        }
        fault.map_or(Ok(()), Err)
    }

    fn drop_unsound(&mut self) {
        let before = self.listeners.len();
        self.listeners.retain(Listener::is_sound);
        let lost = before - self.listeners.len();
        self.ear.state.losses.fetch_add(lost as u64, Ordering::Relaxed);
    }

    /// Whether all those that values are asked from now are listened to.
    fn is_complete(&self) -> Result<(), Fault> {
        let changed = || Fault::nowhere(FaultKind::Moved, "the primaries have changed");
        let nodes = self.links.health();
        if nodes.is_empty() || nodes.len() != self.listeners.len() {
            return Err(changed());
        }
        for health in nodes {
            let listener = self.listeners.iter().find(|listener| *listener.node() == health.node);
            let listener = listener.filter(|listener| listener.is_sound()).ok_or_else(changed)?;
            if health.incarnation.is_some_and(|incarnation| incarnation != listener.incarnation()) {
                listener.give_up();
                return Err(Fault::new(FaultKind::Moved, &health.node, "another server answers at this address"));
            }
        }
        Ok(())
    }
}

/// At random between half of the full pause and all of it.
fn pause(failures: u32) -> Duration {
    use std::hash::{BuildHasher, RandomState};

    let longest = BACKOFF.saturating_mul(1 << failures.min(16)).min(LONGEST_BACKOFF);
    // Each `RandomState` is keyed anew.
    let random = RandomState::new().hash_one(failures) % 1024;
    longest / 2 + longest.mul_f64(random as f64 / 2048.0)
}
