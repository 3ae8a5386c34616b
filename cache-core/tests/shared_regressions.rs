//! Interleavings and misuses that once broke the promises of caches that share a store.
#![cfg(all(feature = "testing", not(feature = "shuttle")))]

use std::cell::RefCell;
use std::time::{Duration, Instant};

use cache_core::testing::SimulatedStore;
use cache_core::{Cache, Change, Codec, Dependencies, ErrorKind, Key, Mode, NearMode, Row, Strict, Transaction};
use serde::{Deserialize, Deserializer, Serialize};

fn cache(store: &SimulatedStore) -> Cache {
    Cache::builder().namespace("shop").store(store.clone()).build()
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < end, "never came: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

thread_local! {
    static WHILE_DECODING: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// A value whose decoding another thread may overtake.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Slow(u64);

impl<'de> Deserialize<'de> for Slow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = u64::deserialize(deserializer)?;
        if let Some(meanwhile) = WHILE_DECODING.take() {
            meanwhile();
        }
        Ok(Slow(value))
    }
}

fn while_decoding(meanwhile: impl FnOnce() + 'static) {
    WHILE_DECODING.set(Some(Box::new(meanwhile)));
}

fn read(cache: &Cache, key: &Key, table: &'static str, made: u64) -> u64 {
    let entry = cache.entry(key.clone()).codec(Codec::serde::<Slow>());
    entry.depends_on(move || Dependencies::table(table)).get_or_fill(|| Slow(made)).0
}

#[test]
fn results_that_go_by_time_alone_are_shared() {
    let store = SimulatedStore::new().mode(Mode::Ttl);
    let (here, there) = (cache(&store), cache(&store));
    let key = Key::new("titles");
    assert_eq!(read(&here, &key, "article", 1), 1);
    store.settle();
    assert_eq!(read(&there, &key, "article", 2), 1);
}

#[test]
fn a_result_that_went_by_time_alone_is_not_served_where_changes_count() {
    let store = SimulatedStore::new().mode(Mode::Ttl);
    let key = Key::new("titles");
    assert_eq!(read(&cache(&store), &key, "article", 1), 1);
    store.settle();
    let there = cache(&store.clone().mode(Mode::Fresh));
    assert_eq!(read(&there, &key, "article", 2), 2);
    store.settle();
}

#[test]
fn an_answer_from_before_a_late_delivery_is_not_served_after_it() {
    let store = SimulatedStore::new().lenient().near(NearMode::Off);
    let here = cache(&store);
    let (calm, changed) = (Key::new("calm"), Key::new("changed"));
    read(&here, &calm, "author", 1);
    read(&here, &changed, "article", 1);
    store.settle();
    store.fail(true);
    here.invalidate_table("article").unwrap();
    assert_eq!(here.counters().undelivered, 1);
    store.fail(false);
    let told = here.clone();
    // The answers for both keys are here when the first is decoded.
    while_decoding(move || wait_until("the delivery", || told.counters().undelivered == 0));
    let found = here.get_many::<Slow>(&[calm, changed], Codec::serde::<Slow>());
    assert_eq!(found, [Some(Slow(1)), None]);
    store.settle();
}

#[test]
fn what_was_deleted_while_it_was_fetched_does_not_stay_here() {
    let store = SimulatedStore::new();
    let (here, there) = (cache(&store), cache(&store));
    let key = Key::new("titles");
    read(&there, &key, "article", 1);
    store.settle();
    let (deleting, deleted) = (here.clone(), key.clone());
    while_decoding(move || assert!(std::thread::spawn(move || deleting.delete(&deleted)).join().unwrap()));
    assert_eq!(read(&here, &key, "article", 2), 1);
    assert_eq!(here.get::<Slow>(&key), None);
    assert_eq!(read(&here, &key, "article", 3), 3);
    store.settle();
}

#[test]
fn a_change_that_was_not_announced_is_not_taken_for_one_that_was() {
    let store = SimulatedStore::new().strict(Strict::new());
    let (here, there) = (cache(&store), cache(&store));
    let (announced, late) = (Key::new("announced"), Key::new("late"));
    read(&there, &announced, "article", 1);
    read(&there, &late, "author", 1);
    store.settle();
    let transaction = Transaction::begin(&here);
    transaction.record(Change::table("article"));
    transaction.permission().wait().unwrap();
    transaction.record(Change::table("author"));
    store.fail(true);
    transaction.committing();
    let outcome = transaction.commit();
    // The other process is still served the result from before.
    store.fail(false);
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Undelivered);
    wait_until("the delivery", || here.counters().undelivered == 0);
    assert_eq!(read(&there, &late, "author", 2), 2);
    store.settle();
}

#[test]
fn what_an_outage_has_kept_back_is_told_together() {
    let store = SimulatedStore::new().lenient();
    let here = cache(&store);
    let (key, other) = (Key::new("titles"), Key::new("authors"));
    read(&here, &key, "article", 1);
    read(&here, &other, "author", 1);
    store.settle();
    store.fail(true);
    std::thread::scope(|scope| {
        for number in 0..40 {
            let here = &here;
            let change = Change::inserted("article", Row::from([("id", number)]));
            scope.spawn(move || here.invalidate(change).unwrap());
        }
    });
    assert_eq!(here.counters().undelivered, 40);
    let before = store.round_trips();
    store.fail(false);
    wait_until("the delivery", || here.counters().undelivered == 0);
    store.settle();
    assert!(store.round_trips() - before <= 3, "{}", store.round_trips() - before);
    assert_eq!(read(&here, &key, "article", 2), 2);
    assert_eq!(read(&here, &other, "author", 2), 1);
    store.settle();
}

#[test]
fn a_writer_of_everything_that_dies_after_commit_leaves_nothing_stale() {
    let store = SimulatedStore::new().strict(Strict::new());
    let (here, there) = (cache(&store), cache(&store));
    let key = Key::new("titles");
    let transaction = Transaction::begin(&here);
    transaction.record(Change::everything());
    transaction.permission().wait().unwrap();
    // Read before COMMIT, stored under stamps from after the announcement.
    read(&there, &key, "article", 1);
    store.settle();
    transaction.committing();
    std::mem::forget(transaction);
    assert_eq!(read(&there, &key, "article", 2), 2);
    store.settle();
}

#[test]
fn a_change_that_is_told_sharper_than_it_was_announced_ends_its_intent() {
    let store = SimulatedStore::new().strict(Strict::new());
    let (here, there) = (cache(&store), cache(&store));
    let key = Key::new("titles");
    let wide = Change::inserted("article", Row::from([("category", 3)]));
    let intent = here.announcing(&wide.into()).wait().unwrap();
    let sharp = Change::inserted("article", Row::from([("category", 3)]).with("id", 7));
    intent.committed(sharp).wait().unwrap();
    read(&there, &key, "article", 1);
    store.settle();
    assert_eq!(read(&here, &key, "article", 2), 1, "nothing keeps it out any more");
    store.settle();
}
