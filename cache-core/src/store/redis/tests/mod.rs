//! The store against real servers.

mod access;
mod cluster;
mod differential;
mod doctor;
mod entries;
mod find;
mod invalidation;
mod loss;
mod model;
mod strict;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use test_servers::{Redis, left_out};

use super::builder::RedisStoreBuilder;
use super::runtime::block;
use super::space::Space;
use super::store::RedisStore;
use crate::change::Row;
use crate::dependency::{Dependencies, Predicate, column};
use crate::key::{ConjunctionHasher, Secret};
use crate::store::shared::{
    Ask, Fault, Footprint, Mode, SharedStore, Stamped, Stamping, Standing, Strict, Voided, Written,
};

/// One namespace of a store, used as the engine does it.
pub(super) struct Bench {
    pub(super) store: RedisStore,
    pub(super) space: Space,
    pub(super) namespace: String,
    hasher: ConjunctionHasher,
}

/// An entry that was made under stamps.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) footprint: Arc<Footprint>,
    pub(super) sum: [u8; 16],
}

impl Bench {
    /// A namespace of its own on the server that all tests share.
    pub(super) fn new(mode: Mode) -> Self {
        Bench::on(RedisStore::builder().url(Redis::shared().url()).mode(mode))
    }

    pub(super) fn on(builder: RedisStoreBuilder) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Bench::named(builder, &format!("t{number}"))
    }

    pub(super) fn named(builder: RedisStoreBuilder, namespace: &str) -> Self {
        Bench::of(builder.timeout(Duration::from_secs(2)).connect_blocking().unwrap(), namespace)
    }

    pub(super) fn of(store: RedisStore, namespace: &str) -> Self {
        let hasher = Secret::for_namespace(namespace).conjunction_hasher("");
        let space = store.space(namespace, hasher.clone());
        Bench { store, space, namespace: namespace.to_owned(), hasher }
    }

    /// The same namespace as another process has it.
    pub(super) fn other_process(&self) -> Self {
        Bench::of(self.store.clone(), &self.namespace)
    }

    pub(super) fn stamping(&self, dependencies: &Dependencies) -> Stamping {
        Stamping::of(dependencies, &self.hasher)
    }

    pub(super) fn stamp(&self, dependencies: &Dependencies) -> Result<Stamped, Fault> {
        block(self.space.stamp(self.stamping(dependencies)))
    }

    /// What an entry with these dependencies would be kept under; `None` where it must not be kept.
    pub(super) fn make(&self, dependencies: &Dependencies) -> Option<Made> {
        let Stamped { footprint, standing, .. } = self.stamp(dependencies).unwrap();
        let sum = standing.sum(&footprint)?;
        Some(Made { footprint, sum })
    }

    pub(super) fn standing(&self, footprint: &Arc<Footprint>) -> Result<Standing, Fault> {
        let ask = Ask { id: None, footprint: Some(Arc::clone(footprint)), to_fill: true, expected: None };
        let found = block(self.space.lookup(vec![ask])).remove(0)?;
        Ok(Arc::unwrap_or_clone(found.standing.unwrap()))
    }

    pub(super) fn is_valid(&self, made: &Made) -> bool {
        self.standing(&made.footprint).unwrap().sum(&made.footprint) == Some(made.sum)
    }

    pub(super) fn void(&self, transaction: Option<u64>, writes: Vec<Written>) -> Result<Voided, Fault> {
        block(self.space.void(transaction, writes.into()))
    }

    pub(super) fn announce(&self, transaction: u64, writes: Vec<Written>) -> Result<(), Fault> {
        block(self.space.announce(transaction, writes.into()))
    }

    /// A key of a table, by the letter that it begins with.
    pub(super) fn key(&self, letter: char, table: &str) -> String {
        let keys = self.space.keys.table(&table.into());
        format!("{letter}{}", &keys.shapes[1..])
    }
}

pub(super) fn written<const N: usize>(table: &str, images: [Row; N]) -> Written {
    Written { table: table.into(), images: images.into() }
}

pub(super) fn on(table: &str, predicate: Predicate) -> Dependencies {
    Dependencies::on(table, predicate)
}

pub(super) fn row<const N: usize>(columns: [(&str, i64); N]) -> Row {
    Row::from(columns)
}

/// Strict, with a lease that is over at once, for whoever does not announce.
pub(super) fn strict(lease: Duration) -> Mode {
    Mode::Strict(Strict::new().lease(lease))
}

/// Tries until it gives something; the bound is for tests that fail.
pub(super) fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The key of the only stamp under a footprint.
pub(super) fn stamp_key(bench: &Bench, made: &Made) -> String {
    let of = &made.footprint.tables[0];
    bench.space.keys.table(&of.table).stamp(of.shapes[0].slots[0])
}

#[test]
fn an_entry_stands_until_its_row_is_written() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let [one, two] = [1, 2].map(|number| bench.make(&on("orders", column("customer").eq(number))).unwrap());
    assert!(bench.is_valid(&one) && bench.is_valid(&two));
    let voided = bench.void(None, vec![written("orders", [row([("customer", 1)])])]).unwrap();
    assert!(!bench.is_valid(&one));
    assert!(bench.is_valid(&two));
    assert_eq!(voided.shapes.len(), 1, "{voided:?}");
    assert_eq!((voided.shapes[0].conjunctions, voided.shapes[0].whole), (1, false));
}
