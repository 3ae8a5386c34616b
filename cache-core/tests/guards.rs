//! Guards, transactions and measurements.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cache_core::context::Context;
use cache_core::observe::{measure, measure_async, statement};
use cache_core::{Cache, Change, Dependencies, Key, Transaction};

fn filled() -> Cache {
    let cache = Cache::in_memory();
    cache.entry(Key::new("k")).depends_on(|| Dependencies::table("article")).get_or_fill(|| 1);
    cache
}

fn is_cached(cache: &Cache) -> bool {
    cache.get::<i32>(&Key::new("k")).is_some()
}

#[test]
fn a_panic_inside_a_disabled_stretch_restores_the_cache() {
    let cache = filled();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _disabled = cache.disabled();
        panic!("inside");
    }));
    assert!(panicked.is_err());
    let (_, cost) = measure(|| cache.entry(Key::new("k")).get_or_fill(|| 2));
    assert_eq!((cost.hits, cost.bypasses), (1, 0));
}

#[test]
fn a_disabled_stretch_still_invalidates() {
    let cache = filled();
    {
        let _disabled = cache.disabled();
        cache.invalidate_table("article").unwrap();
    }
    assert!(!is_cached(&cache));
}

#[test]
fn a_stretch_without_invalidation_drops_changes_also_nested_and_in_a_transaction() {
    let cache = filled();
    {
        let _outer = cache.no_invalidation();
        let _inner = cache.no_invalidation();
        cache.invalidate_table("article").unwrap();
        let transaction = Transaction::begin(&cache);
        transaction.record(Change::table("article"));
        transaction.commit().unwrap();
    }
    assert!(is_cached(&cache));
    cache.invalidate_table("article").unwrap();
    assert!(!is_cached(&cache));
}

#[test]
fn postponed_changes_are_applied_once_at_the_end_also_by_a_panic() {
    let cache = filled();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _postponed = cache.postponed();
        cache.invalidate_table("article").unwrap();
        cache.invalidate_table("author").unwrap();
        assert!(is_cached(&cache));
        panic!("inside");
    }));
    assert!(panicked.is_err());
    assert!(!is_cached(&cache));
    assert_eq!(cache.counters().invalidations, 1);
}

#[tokio::test]
async fn guards_around_futures_follow_them_and_only_them() {
    let cache = filled();
    let inside = cache.disabled_scope(async {
        tokio::task::yield_now().await;
        cache.entry(Key::new("k")).get_or_fill_async(|| async { 2 }).await
    });
    let outside = async { cache.entry(Key::new("k")).get_or_fill_async(|| async { 3 }).await };
    assert_eq!(futures::future::join(inside, outside).await, (2, 1));
    cache.postponed_scope(async { cache.invalidate_table("article").unwrap() }).await;
    assert!(!is_cached(&cache));
}

#[test]
fn a_transaction_applies_after_its_commit_only() {
    let cache = filled();
    let outer = Transaction::begin(&cache);
    assert!(outer.is_clean());
    let inner = outer.nested();
    inner.record(Change::table("article"));
    inner.commit().unwrap();
    assert!(!outer.is_clean());
    assert!(is_cached(&cache), "an inner commit does not publish");
    outer.commit().unwrap();
    assert!(!is_cached(&cache));
}

#[test]
fn a_rolled_back_transaction_applies_nothing() {
    let cache = filled();
    let outer = Transaction::begin(&cache);
    outer.record(Change::table("article"));
    outer.rollback();
    let dropped = Transaction::begin(&cache);
    dropped.record(Change::table("article"));
    drop(dropped);
    assert!(is_cached(&cache));
}

#[test]
fn an_unknown_outcome_applies() {
    let cache = filled();
    let transaction = Transaction::begin(&cache);
    transaction.record(Change::table("article"));
    transaction.committing();
    drop(transaction);
    assert!(!is_cached(&cache));
}

#[test]
fn an_inner_rollback_leaves_the_outer_transaction_as_it_was() {
    let cache = filled();
    let outer = Transaction::begin(&cache);
    let inner = outer.nested();
    inner.record(Change::table("article"));
    assert!(!outer.is_clean() && !inner.is_clean());
    inner.rollback();
    assert!(outer.is_clean());
    outer.commit().unwrap();
    assert!(is_cached(&cache));
}

#[test]
fn a_measurement_counts_what_happens_inside_also_on_another_thread() {
    let cache = filled();
    let (_, cost) = measure(|| {
        let context = Context::current();
        let cache = cache.clone();
        std::thread::spawn(move || {
            context.run(|| {
                statement();
                cache.entry(Key::new("k")).get_or_fill(|| 1)
            })
        })
        .join()
        .unwrap();
        let (_, inner) = measure(statement);
        assert_eq!(inner.statements, 1);
    });
    statement();
    assert_eq!((cost.statements, cost.hits, cost.misses), (2, 1, 0));
}

#[tokio::test]
async fn measurements_of_concurrent_futures_stay_apart() {
    let cache = filled();
    let hit = measure_async(async {
        tokio::task::yield_now().await;
        cache.entry(Key::new("k")).get_or_fill_async(|| async { 1 }).await
    });
    let miss = measure_async(async {
        cache
            .entry(Key::new("other"))
            .get_or_fill_async(|| async {
                tokio::task::yield_now().await;
                1
            })
            .await
    });
    let ((_, hit), (_, miss)) = futures::future::join(hit, miss).await;
    assert_eq!((hit.hits, hit.misses), (1, 0));
    assert_eq!((miss.hits, miss.misses, miss.fills), (0, 1, 1));
}
