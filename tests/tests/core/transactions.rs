//! Transactions: what they see, what they fill, what they publish and when.

use std::sync::{Arc, Mutex, OnceLock};

use cache_core::observe::Event;
use cache_core::{Cache, Change, Key, Transaction};

use crate::ledger::{Ledger, row};

/// What another thread reads through the cache.
fn elsewhere(ledger: &Ledger, cache: &Cache, id: i32) -> i64 {
    std::thread::scope(|scope| scope.spawn(|| ledger.read(cache, id)).join().unwrap())
}

#[test]
fn own_writes_are_seen_inside_and_elsewhere_after_the_commit() {
    let (ledger, cache) = (Ledger::new(), Cache::in_memory());
    assert_eq!(ledger.read(&cache, 1), 10);
    let mut session = ledger.begin(&cache);
    session.write(1, 11).unwrap();
    assert_eq!(session.read(1), 11);
    let before = ledger.statements();
    assert_eq!(elsewhere(&ledger, &cache, 1), 10);
    assert_eq!(ledger.statements(), before, "the other thread is still served from the cache");
    session.commit();
    assert_eq!((ledger.read(&cache, 1), elsewhere(&ledger, &cache, 1)), (11, 11));
    assert_eq!(ledger.statements(), before + 1);
}

#[test]
fn an_inner_commit_does_not_publish() {
    let (ledger, cache) = (Ledger::new(), Cache::in_memory());
    ledger.read(&cache, 1);
    let mut session = ledger.begin(&cache);
    session.savepoint();
    session.write(1, 11).unwrap();
    session.release();
    assert_eq!(elsewhere(&ledger, &cache, 1), 10);
    assert_eq!(cache.counters().hits, 1);
    assert_eq!(session.read(1), 11);
    session.commit();
    assert_eq!(elsewhere(&ledger, &cache, 1), 11);
}

#[test]
fn after_a_rollback_everyone_sees_the_old_number() {
    let (ledger, cache) = (Ledger::new(), Cache::in_memory());
    ledger.read(&cache, 1);
    let mut session = ledger.begin(&cache);
    session.write(1, 11).unwrap();
    assert_eq!(session.read(1), 11);
    session.rollback();
    let before = ledger.statements();
    assert_eq!((ledger.read(&cache, 1), elsewhere(&ledger, &cache, 1)), (10, 10));
    assert_eq!(ledger.statements(), before, "and nothing was dropped");
}

#[test]
fn a_transaction_that_only_reads_uses_and_fills_until_its_first_write() {
    let (ledger, cache) = (Ledger::new(), Cache::in_memory());
    assert_eq!(ledger.read(&cache, 1), 10);
    let mut session = ledger.begin(&cache);
    assert_eq!((session.read(1), session.read(2), session.read(2)), (10, 20, 20));
    assert_eq!(ledger.statements(), 2, "one for each number");
    assert_eq!(elsewhere(&ledger, &cache, 2), 20);
    assert_eq!(ledger.statements(), 2, "what it filled is for all");
    session.write(1, 11).unwrap();
    assert_eq!((session.read(1), session.read(2), session.read(2), session.read(3)), (11, 20, 20, 30));
    assert_eq!(ledger.statements(), 6, "it reads past the cache");
    assert_eq!(cache.get::<i64>(&Key::new("number").with(&3)), None, "and fills nothing");
    session.rollback();
    assert_eq!(ledger.read(&cache, 1), 10);
}

#[test]
fn reads_that_a_failed_transaction_made_after_its_write_are_not_shared() {
    let (ledger, cache) = (Ledger::new(), Cache::in_memory());
    let mut session = ledger.begin(&cache);
    session.write(4, 44).unwrap();
    assert_eq!(session.read(4), 44);
    session.rollback();
    assert_eq!(ledger.read(&cache, 4), 40);
}

#[test]
fn a_snapshot_older_than_a_commit_is_not_stored() {
    let (ledger, cache) = (Ledger::new(), Cache::in_memory());
    let session = ledger.begin(&cache);
    ledger.write(&cache, 1, 11);
    assert_eq!((session.read(1), session.read(2)), (10, 20));
    assert_eq!(ledger.read(&cache, 1), 11);
    session.commit();
    assert_eq!(ledger.read(&cache, 1), 11);
}

#[test]
fn an_error_inside_an_inner_block_leaves_the_transaction_clean() {
    let (ledger, cache) = (Ledger::new(), Cache::in_memory());
    ledger.read(&cache, 1);
    let mut session = ledger.begin(&cache);
    session.savepoint();
    session.write(2, 21).unwrap();
    assert!(session.write(1, -1).is_err());
    assert!(!session.is_clean());
    session.rollback_to_savepoint();
    assert!(session.is_clean());
    assert_eq!((session.read(1), session.read(2)), (10, 20));
    assert_eq!(cache.counters().hits, 1, "it may use the cache again");
    session.write(1, 11).unwrap();
    session.commit();
    assert_eq!((ledger.read(&cache, 1), ledger.read(&cache, 2)), (11, 20));
}

#[test]
fn whoever_is_told_of_a_commit_finds_the_cache_fresh() {
    let ledger = Arc::new(Ledger::new());
    let (handle, found) = (Arc::new(OnceLock::<Cache>::new()), Arc::new(Mutex::new(Vec::new())));
    let told = {
        let (ledger, handle, found) = (Arc::clone(&ledger), Arc::clone(&handle), Arc::clone(&found));
        move |event: &Event<'_>| {
            if let Event::Invalidation(_) = event {
                found.lock().unwrap().push(ledger.read(handle.get().unwrap(), 1));
            }
        }
    };
    let cache = Cache::builder().subscriber(told).build();
    handle.set(cache.clone()).unwrap();
    assert_eq!(ledger.read(&cache, 1), 10);
    let mut session = ledger.begin(&cache);
    session.write(1, 11).unwrap();
    session.commit();
    assert_eq!(*found.lock().unwrap(), [11]);
    assert_eq!(ledger.statements(), 2, "and may fill it again");
    assert_eq!((ledger.read(&cache, 1), ledger.statements()), (11, 2));
}

#[test]
fn transactions_of_two_databases_nested_do_not_disturb_each_other() {
    let (a, cache_a) = (Ledger::new(), Cache::in_memory());
    let (b, cache_b) = (Ledger::new(), Cache::in_memory());
    a.read(&cache_a, 1);
    b.read(&cache_b, 1);
    let mut outer = a.begin(&cache_a);
    outer.write(1, 11).unwrap();
    let mut inner = b.begin(&cache_b);
    assert!(inner.is_clean());
    inner.write(1, 111).unwrap();
    inner.commit();
    assert_eq!((elsewhere(&a, &cache_a, 1), elsewhere(&b, &cache_b, 1)), (10, 111));
    outer.rollback();
    assert_eq!((a.read(&cache_a, 1), b.read(&cache_b, 1)), (10, 111));
}

#[test]
fn a_write_to_one_database_leaves_the_entries_of_the_other() {
    let (a, cache_a) = (Ledger::new(), Cache::in_memory());
    let (b, cache_b) = (Ledger::new(), Cache::in_memory());
    a.read(&cache_a, 1);
    b.read(&cache_b, 1);
    b.write(&cache_b, 1, 11);
    assert_eq!((a.read(&cache_a, 1), b.read(&cache_b, 1)), (10, 11));
    assert_eq!((a.statements(), b.statements()), (1, 2));
}

#[test]
fn two_databases_behind_one_cache_share_entries_unless_told_apart() {
    let cache = Cache::in_memory();
    let read = |key: Key, number: i64| cache.entry(key).depends_on(|| row(1)).get_or_fill(|| number);
    assert_eq!((read(Key::new("one"), 10), read(Key::new("one"), 11)), (10, 10));
    let on = |database: &str| Key::new("one").with(database);
    assert_eq!((read(on("a"), 10), read(on("b"), 11)), (10, 11));
}

#[test]
fn what_a_transaction_records_twice_is_applied_once() {
    let cache = Cache::in_memory();
    let transaction = Transaction::begin(&cache);
    for _ in 0..3 {
        transaction.record(Change::table("ledger"));
        let nested = transaction.nested();
        nested.record(Change::table("ledger"));
        nested.commit().unwrap();
    }
    transaction.commit().unwrap();
    assert_eq!(cache.counters().invalidations, 1);
}
