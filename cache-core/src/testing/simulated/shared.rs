//! The contract of shared stores over a simulated server.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::SimulatedStore;
use super::server::Server;
use crate::dependency::Table;
use crate::engine::block;
use crate::key::{ConjunctionHasher, FunctionId};
use crate::store::shared::{
    Ask, Fault, FaultKind, Footprint, Found, Keeping, Mode, Pending, SharedStore, Stamped, Stamping, Standing, Voided,
    Written,
};
use crate::sync::{Mutex, lock};

/// A store with the keys of one cache.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) store: SimulatedStore,
    pub(super) hasher: ConjunctionHasher,
}

impl Opened {
    fn run<T>(&self, work: impl FnOnce(&mut Server) -> T) -> Result<T, Fault> {
        let mut server = lock(&self.store.server);
        server.round_trips += 1;
        if server.fails {
            return Err(Fault::new(FaultKind::Unreachable, "the simulated store was told to fail"));
        }
        Ok(work(&mut server))
    }

    fn answer<'a, T: Send + 'a>(&self, work: impl FnOnce(&mut Server) -> T) -> Pending<'a, Result<T, Fault>> {
        let answer = self.run(work);
        Box::pin(std::future::ready(answer))
    }

    fn is_strict(&self) -> bool {
        matches!(self.store.mode, Mode::Strict(_))
    }

    fn lease(&self) -> Duration {
        match self.store.mode {
            Mode::Strict(strict) => strict.lease,
            _ => Duration::ZERO,
        }
    }
}

impl SharedStore for Opened {
    fn mode(&self) -> Mode {
        self.store.mode
    }

    fn lookup(&self, asks: Vec<Ask>) -> Pending<'_, Vec<Result<Found, Fault>>> {
        let count = asks.len();
        let strict = self.is_strict();
        let found = self.run(|server| {
            let now = Instant::now();
            server.entries.retain(|_, (_, end)| *end > now);
            let found = asks.iter().map(|ask| {
                let standing = ask.footprint.as_ref().map(|footprint| server.standing(footprint, strict));
                Found {
                    entry: ask.id.and_then(|id| server.entries.get(&id)).map(|(bytes, _)| bytes.clone().into()),
                    settled: standing.as_ref().is_some_and(Standing::is_settled),
                    standing: standing.map(Arc::new),
                }
            });
            found.collect::<Vec<_>>()
        });
        Box::pin(std::future::ready(match found {
            Ok(found) => found.into_iter().map(Ok).collect(),
            Err(fault) => vec![Err(fault); count],
        }))
    }

    fn stamp(&self, stamping: Stamping) -> Pending<'_, Result<Stamped, Fault>> {
        let quarantine = self.is_strict().then(|| self.lease());
        self.answer(|server| {
            let standing = server.stamp(&stamping, quarantine);
            let tables = stamping.footprint.tables.iter().map(|of| &of.table);
            let last_voids = tables.map(|table| server.last_void(table)).collect();
            Stamped { footprint: stamping.footprint, standing, last_voids }
        })
    }

    fn keep(&self, keeping: Keeping) -> Pending<'_, Result<(), Fault>> {
        self.answer(|server| {
            server.entries.insert(keeping.id, (keeping.bytes, Instant::now() + keeping.ttl));
        })
    }

    fn touch(&self, id: [u8; 16], ttl: Duration) -> Pending<'_, Result<(), Fault>> {
        self.answer(|server| {
            if let Some((_, end)) = server.entries.get_mut(&id) {
                *end = Instant::now() + ttl;
            }
        })
    }

    fn remove(&self, ids: Vec<[u8; 16]>) -> Pending<'_, Result<u64, Fault>> {
        self.answer(|server| ids.iter().filter(|id| server.entries.remove(*id).is_some()).count() as u64)
    }

    fn remove_function(&self, id: FunctionId) -> Pending<'_, Result<u64, Fault>> {
        self.answer(|server| {
            let before = server.entries.len();
            server.entries.retain(|name, _| !name.starts_with(id.as_bytes()));
            (before - server.entries.len()) as u64
        })
    }

    fn announce(&self, transaction: u64, writes: Arc<[Written]>) -> Pending<'_, Result<(), Fault>> {
        self.answer(|server| server.announce(transaction, &writes, self.lease(), &self.hasher))
    }

    fn void(&self, transaction: Option<u64>, writes: Arc<[Written]>) -> Pending<'_, Result<Voided, Fault>> {
        self.answer(|server| server.void(transaction, &writes, &self.hasher))
    }

    fn announce_everything(&self, transaction: u64) -> Pending<'_, Result<(), Fault>> {
        self.answer(|server| server.announce_everything(transaction, self.lease()))
    }

    fn void_everything(&self, transaction: Option<u64>) -> Pending<'_, Result<(), Fault>> {
        self.answer(|server| server.void_everything(transaction))
    }

    fn last_voids(&self, tables: Vec<Table>) -> Pending<'_, Result<Vec<u64>, Fault>> {
        self.answer(|server| tables.iter().map(|table| server.last_void(table)).collect())
    }

    fn lease(&self, id: [u8; 16], token: u64, life: Duration) -> Pending<'_, Result<bool, Fault>> {
        self.answer(|server| {
            let now = Instant::now();
            server.leases.retain(|_, (_, end)| *end > now);
            server.leases.entry(id).or_insert((token, now + life)).0 == token
        })
    }

    fn renew(&self, id: [u8; 16], token: u64, life: Duration) -> Pending<'_, Result<bool, Fault>> {
        self.answer(|server| {
            let now = Instant::now();
            let held = server.leases.get_mut(&id).filter(|(holder, end)| *holder == token && *end > now);
            held.map(|(_, end)| *end = now + life).is_some()
        })
    }

    fn release(&self, id: [u8; 16], token: u64) -> Pending<'_, Result<(), Fault>> {
        self.answer(|server| {
            if server.leases.get(&id).is_some_and(|(holder, _)| *holder == token) {
                server.leases.remove(&id);
            }
        })
    }

    fn holds(&self, id: [u8; 16], token: u64) -> Pending<'_, Result<bool, Fault>> {
        self.answer(|server| {
            let now = Instant::now();
            server.leases.get(&id).is_some_and(|(holder, end)| *holder == token && *end > now)
        })
    }

    fn await_lease(&self, id: [u8; 16], at_most: Duration) -> Pending<'_, ()> {
        Box::pin(async move {
            let end = Instant::now() + at_most;
            while Instant::now() < end {
                let held = self.run(|server| server.leases.get(&id).is_some_and(|(_, end)| *end > Instant::now()));
                if !held.unwrap_or(false) {
                    return;
                }
                self.sleep(Duration::from_millis(1)).await;
            }
        })
    }

    fn marks(&self, footprint: &Footprint) -> Vec<u64> {
        footprint.tables.iter().flat_map(|table| &table.shapes).flat_map(|shape| shape.slots.iter().copied()).collect()
    }

    fn spawn(&self, future: Pending<'static, ()>) {
        let background = Arc::clone(&self.store.background);
        background.fetch_add(1, Ordering::SeqCst);
        std::thread::spawn(move || {
            block(future);
            background.fetch_sub(1, Ordering::SeqCst);
        });
    }

    fn sleep(&self, duration: Duration) -> Pending<'static, ()> {
        let alarm = Arc::new(Mutex::new(Alarm::default()));
        Box::pin(std::future::poll_fn(move |context| {
            let mut state = lock(&alarm);
            if state.rang {
                return Poll::Ready(());
            }
            state.waker = Some(context.waker().clone());
            if !std::mem::replace(&mut state.set, true) {
                let alarm = Arc::clone(&alarm);
                std::thread::spawn(move || {
                    std::thread::sleep(duration);
                    let mut state = lock(&alarm);
                    state.rang = true;
                    state.waker.take().map(Waker::wake)
                });
            }
            Poll::Pending
        }))
    }
}

/// A thread that sleeps, and whom it wakes: whoever polled last.
#[derive(Debug, Default)]
struct Alarm {
    set: bool,
    rang: bool,
    waker: Option<Waker>,
}
