//! One namespace of a store: what the engine works with.

use std::sync::Arc;
use std::time::Duration;

use super::keys::{Keys, TableKeys};
use super::link::Links;
use super::operations::void::Purpose;
use super::shapes::Tables;
use super::tally::Tally;
use super::waiting::Waiting;
use crate::dependency::Table;
use crate::key::{ConjunctionHasher, FunctionId};
use crate::near::mark;
use crate::store::shared::{
    Ask, Fault, FaultKind, Footprint, Found, Keeping, Mode, Pending, SharedStore, Stamped, Stamping, Voided, Written,
};
use crate::sync::{AtomicU64, Ordering};

/// What is asked of scripts, whatever the namespace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) mode: Mode,
    /// Least life of a stamp.
    pub(crate) stamp_ttl: Duration,
    /// Most shapes of a table.
    pub(crate) shapes: u32,
    /// Least time between two sweeps of the shapes of a table that has too many.
    pub(crate) sweep_pause: Duration,
    /// For how long nothing is stamped after intents may have been lost, beyond their lease.
    pub(crate) slack: Duration,
}

/// A namespace of a store.
#[derive(Debug)]
pub(crate) struct Space {
    pub(super) links: Links,
    pub(super) keys: Keys,
    pub(super) tables: Tables,
    pub(super) hasher: ConjunctionHasher,
    pub(super) limits: Limits,
    pub(super) tally: Arc<Tally>,
    pub(super) waiting: Arc<Waiting>,
    /// What tells it from all others of this process.
    pub(super) number: u64,
    /// The longest life of an entry so far, in milliseconds.
    longest_life: AtomicU64,
}

static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// Longer lives are cut to this, which every server takes.
const LONGEST_LIFE: u64 = 10 * 366 * 24 * 3600 * 1000;

impl Space {
    pub(super) fn new(
        links: Links,
        namespace: &str,
        hasher: ConjunctionHasher,
        limits: Limits,
        tally: Arc<Tally>,
    ) -> Self {
        let keys = Keys::new(namespace);
        let tables = Tables::new(keys.clone(), hasher.clone());
        Space {
            links,
            keys,
            tables,
            hasher,
            limits,
            tally,
            waiting: Arc::default(),
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            longest_life: AtomicU64::new(0),
        }
    }

    /// The life of a stamp, in milliseconds: twice that of the longest entry, so that a stamp that is used outlives what
    /// hangs on it.
    pub(super) fn stamp_life(&self) -> u64 {
        let longest = self.longest_life.load(Ordering::Relaxed).saturating_mul(2);
        longest.max(millis(self.limits.stamp_ttl)).min(LONGEST_LIFE)
    }

    pub(super) fn lives(&self, life: Duration) -> u64 {
        let life = millis(life);
        if self.longest_life.load(Ordering::Relaxed) < life {
            self.longest_life.fetch_max(life, Ordering::Relaxed);
        }
        life
    }

    /// The mark of a table's shapes, and those of its conjunctions.
    pub(super) fn marks_of(keys: &TableKeys, conjunctions: impl Iterator<Item = u64>) -> impl Iterator<Item = u64> {
        let shapes = std::iter::once(mark(keys.shapes.as_bytes()));
        shapes.chain(conjunctions.map(|conjunction| mark(keys.stamp(conjunction).as_bytes())))
    }
}

/// Whole milliseconds, at least one, and no more than a server takes.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(LONGEST_LIFE).clamp(1, LONGEST_LIFE)
}

impl SharedStore for Space {
    fn mode(&self) -> Mode {
        self.limits.mode
    }

    fn find(&self, ask: Ask) -> Pending<'_, Result<Found, Fault>> {
        match self.links.only() {
            Some(node) if !(ask.to_fill && matches!(self.limits.mode, Mode::Strict(_))) => self.find_on(&node, ask),
            _ => Box::pin(async move {
                let none = || Err(Fault::new(FaultKind::Server, "the look-up was not answered"));
                self.look_up(vec![ask]).await.pop().unwrap_or_else(none)
            }),
        }
    }

    fn lookup(&self, asks: Vec<Ask>) -> Pending<'_, Vec<Result<Found, Fault>>> {
        Box::pin(self.look_up(asks))
    }

    fn stamp(&self, stamping: Stamping) -> Pending<'_, Result<Stamped, Fault>> {
        Box::pin(self.take_stamps(stamping))
    }

    fn keep(&self, keeping: Keeping) -> Pending<'_, Result<(), Fault>> {
        Box::pin(self.set_entry(keeping))
    }

    fn touch(&self, id: [u8; 16], ttl: Duration) -> Pending<'_, Result<(), Fault>> {
        Box::pin(self.put_off(id, ttl))
    }

    fn remove(&self, ids: Vec<[u8; 16]>) -> Pending<'_, Result<u64, Fault>> {
        Box::pin(self.unlink_entries(ids))
    }

    fn remove_function(&self, id: FunctionId) -> Pending<'_, Result<u64, Fault>> {
        Box::pin(self.sweep_function(id))
    }

    fn announce(&self, transaction: u64, writes: Arc<[Written]>) -> Pending<'_, Result<(), Fault>> {
        Box::pin(async move {
            let Mode::Strict(strict) = self.limits.mode else { return Ok(()) };
            self.void_tables(&Purpose::Announce { transaction, strict }, &writes).await.map(drop)
        })
    }

    fn void(&self, transaction: Option<u64>, writes: Arc<[Written]>) -> Pending<'_, Result<Voided, Fault>> {
        Box::pin(async move {
            if self.limits.mode == Mode::Ttl {
                return Ok(Voided::default());
            }
            self.void_tables(&Purpose::Void { transaction }, &writes).await
        })
    }

    fn announce_everything(&self, transaction: u64) -> Pending<'_, Result<(), Fault>> {
        Box::pin(async move {
            let Mode::Strict(strict) = self.limits.mode else { return Ok(()) };
            self.sweep_tables(&Purpose::Announce { transaction, strict }).await
        })
    }

    fn void_everything(&self, transaction: Option<u64>) -> Pending<'_, Result<(), Fault>> {
        Box::pin(async move {
            if self.limits.mode == Mode::Ttl {
                return Ok(());
            }
            self.sweep_tables(&Purpose::Void { transaction }).await
        })
    }

    fn last_voids(&self, tables: Vec<Table>) -> Pending<'_, Result<Vec<u64>, Fault>> {
        Box::pin(self.read_last_voids(tables))
    }

    fn lease(&self, id: [u8; 16], token: u64, life: Duration) -> Pending<'_, Result<bool, Fault>> {
        Box::pin(self.take_lease(id, token, life))
    }

    fn renew(&self, id: [u8; 16], token: u64, life: Duration) -> Pending<'_, Result<bool, Fault>> {
        Box::pin(self.put_lease_off(id, token, life))
    }

    fn release(&self, id: [u8; 16], token: u64) -> Pending<'_, Result<(), Fault>> {
        Box::pin(self.give_lease_back(id, token))
    }

    fn holds(&self, id: [u8; 16], token: u64) -> Pending<'_, Result<bool, Fault>> {
        Box::pin(async move { Ok(self.holder(id).await? == Some(token)) })
    }

    fn await_lease(&self, id: [u8; 16], at_most: Duration) -> Pending<'_, ()> {
        Box::pin(self.watch_lease(id, at_most))
    }

    fn marks(&self, footprint: &Footprint) -> Vec<u64> {
        let mut marks = Vec::with_capacity(footprint.len() + footprint.tables.len());
        for of in &footprint.tables {
            let memory = self.tables.get(&of.table);
            let slots = of.shapes.iter().flat_map(|shape| shape.slots.iter().copied());
            marks.extend(Self::marks_of(&memory.keys, slots));
        }
        marks
    }

    fn spawn(&self, future: Pending<'static, ()>) {
        self.links.spawn(future);
    }

    fn sleep(&self, duration: Duration) -> Pending<'static, ()> {
        let (done, wait) = tokio::sync::oneshot::channel();
        self.links.spawn(async move {
            tokio::time::sleep(duration).await;
            let _ = done.send(());
        });
        Box::pin(async move {
            // A store whose thread has stopped keeps nobody waiting.
            let _ = wait.await;
        })
    }
}
