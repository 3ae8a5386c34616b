//! Many results at once.
#![cfg(all(feature = "testing", not(feature = "shuttle")))]

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use cache_core::testing::SimulatedStore;
use cache_core::{Batch, Cache, Change, Codec, Dependencies, Key, Row};
use proptest::prelude::*;

fn titles<'a>(cache: &'a Cache, ids: impl IntoIterator<Item = i32>) -> Batch<'a, i32> {
    cache
        .batch(ids, |id| Key::new("title").with(id))
        .codec(Codec::serde::<String>())
        .depends_on(|id| Dependencies::row("article", [("id", *id)]))
}

fn made(missing: Vec<i32>, what: &str) -> HashMap<i32, String> {
    missing.into_iter().map(|id| (id, format!("{what} {id}"))).collect()
}

fn changed(id: i32) -> Change {
    Change::updated("article", Row::from([("id", id)]), Row::from([("id", id)]))
}

fn shared(store: &SimulatedStore) -> Cache {
    Cache::builder().namespace("shop").store(store.clone()).build()
}

#[test]
fn only_what_is_missing_is_made_and_each_goes_by_itself() {
    let store = SimulatedStore::new();
    for cache in [Cache::in_memory(), shared(&store)] {
        let asked = Mutex::new(Vec::new());
        let read = |ids: &[i32]| {
            asked.lock().unwrap().clear();
            let values = titles(&cache, ids.iter().copied()).get_or_fill(|missing| {
                asked.lock().unwrap().clone_from(&missing);
                made(missing, "title")
            });
            store.settle();
            (values.len(), asked.lock().unwrap().iter().copied().collect::<BTreeSet<_>>())
        };
        assert_eq!(read(&[1, 2, 2, 3]), (3, BTreeSet::from([1, 2, 3])));
        assert_eq!(read(&[1, 2, 3, 4]), (4, BTreeSet::from([4])));
        cache.invalidate(changed(2)).unwrap();
        assert_eq!(read(&[4, 3, 2, 1]), (4, BTreeSet::from([2])));
        assert_eq!(read(&[]), (0, BTreeSet::new()));
        let alone = cache.entry(Key::new("title").with(&3)).codec(Codec::serde::<String>());
        assert_eq!(alone.get_or_fill(|| "made alone".to_owned()), "title 3");
    }
}

#[test]
fn what_is_there_comes_in_one_round_trip() {
    let store = SimulatedStore::new();
    let (here, there) = (shared(&store), shared(&store));
    titles(&here, 0..50).get_or_fill(|missing| made(missing, "title"));
    store.settle();
    titles(&there, 0..50).get_or_fill(|_| -> HashMap<i32, String> { unreachable!() });
    let before = store.round_trips();
    let values = titles(&there, 0..50).get_or_fill(|_| -> HashMap<i32, String> { unreachable!() });
    assert_eq!(values.len(), 50);
    assert_eq!(store.round_trips() - before, 1);
}

#[test]
fn what_the_work_leaves_out_is_left_out_and_asked_again() {
    let cache = Cache::in_memory();
    for _ in 0..2 {
        let values = titles(&cache, [1, 2]).get_or_fill(|missing| {
            assert!(missing.contains(&2));
            made(missing.into_iter().filter(|id| *id == 1).collect(), "title")
        });
        assert_eq!(values, HashMap::from([(1, "title 1".to_owned())]));
    }
}

#[test]
fn an_error_stores_nothing() {
    let cache = Cache::in_memory();
    let failed = titles(&cache, [1, 2]).try_get_or_fill(|_| Err::<HashMap<i32, String>, _>("no"));
    assert_eq!(failed, Err("no"));
    assert_eq!(titles(&cache, [1, 2]).get_or_fill(|missing| made(missing, "title")).len(), 2);
    assert_eq!(cache.counters().fills, 2);
}

#[test]
fn a_panic_leaves_nobody_waiting() {
    let cache = Cache::in_memory();
    let panics = || titles(&cache, [1]).get_or_fill(|_| -> HashMap<i32, String> { panic!("as expected") });
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
    assert_eq!(titles(&cache, [1]).get_or_fill(|missing| made(missing, "title")).len(), 1);
}

/// What the work reads besides, each of the results depends on, and so does what is made of them.
#[test]
fn what_the_work_reads_is_inherited() {
    let cache = Cache::in_memory();
    let inner = || cache.entry(Key::new("all")).depends_on(|| Dependencies::table("setting")).get_or_fill(|| 1);
    let read = || {
        titles(&cache, [1, 2]).get_or_fill(|missing| {
            inner();
            made(missing, "title")
        })
    };
    let page = || cache.entry(Key::new("page")).get_or_fill(|| read().len());
    page();
    assert_eq!(cache.counters().fills, 4);
    cache.invalidate(changed(2)).unwrap();
    page();
    assert_eq!(cache.counters().fills, 6);
    cache.invalidate(Change::table("setting")).unwrap();
    page();
    assert_eq!(cache.counters().fills, 10);
    cache.invalidate(changed(7)).unwrap();
    page();
    assert_eq!(cache.counters().fills, 10);
}

#[test]
fn a_change_during_the_work_keeps_what_it_concerns_out() {
    let store = SimulatedStore::new();
    for cache in [Cache::in_memory(), shared(&store)] {
        titles(&cache, [1, 2, 3]).get_or_fill(|missing| {
            cache.invalidate(changed(2)).unwrap();
            made(missing, "old")
        });
        store.settle();
        let values = titles(&cache, [1, 2, 3]).get_or_fill(|missing| {
            assert_eq!(missing, [2]);
            made(missing, "new")
        });
        assert_eq!(values[&2], "new 2");
    }
}

#[test]
fn callers_with_common_items_make_each_once_and_never_wait_for_each_other_in_a_circle() {
    let cache = Cache::in_memory();
    for round in 0..50 {
        let (runs, start) = (AtomicU32::new(0), Barrier::new(4));
        std::thread::scope(|scope| {
            for shift in 0..4 {
                let (cache, runs, start) = (&cache, &runs, &start);
                scope.spawn(move || {
                    start.wait();
                    let ids = (0..8).map(|id| 1000 * round + (id + 2 * shift) % 10);
                    let values = titles(cache, ids).get_or_fill(|missing| {
                        runs.fetch_add(missing.len() as u32, Ordering::Relaxed);
                        std::thread::sleep(Duration::from_millis(1));
                        made(missing, "title")
                    });
                    assert_eq!(values.len(), 8);
                });
            }
        });
        assert_eq!(runs.load(Ordering::Relaxed), 10, "round {round}");
    }
}

#[test]
fn work_may_ask_for_what_it_makes() {
    let cache = Cache::in_memory();
    let alone = |id: i32| cache.entry(Key::new("title").with(&id)).get_or_fill(|| format!("alone {id}"));
    let values = titles(&cache, [1, 2]).get_or_fill(|missing| missing.into_iter().map(|id| (id, alone(id))).collect());
    assert_eq!(values[&2], "alone 2");
}

/// What an item depends on may be found out by a read of another item, whose lead the batch has taken already.
#[test]
fn dependencies_may_ask_for_other_items() {
    let cache = Cache::in_memory();
    let parent = |id: i32| cache.entry(Key::new("title").with(&id)).get_or_fill(|| format!("alone {id}"));
    let batch = cache.batch([1, 2, 3], |id| Key::new("title").with(id));
    let batch = batch.depends_on(|id| match parent((id + 1) % 4).len() {
        0 => Dependencies::none(),
        _ => Dependencies::row("article", [("id", *id)]),
    });
    assert_eq!(batch.get_or_fill(|missing| made(missing, "title")).len(), 3);
}

/// Two callers, each of which leads what the other one's dependencies ask for.
#[test]
fn a_circle_through_the_dependencies_of_a_batch_is_seen() {
    for _ in 0..200 {
        let (cache, start) = (Cache::in_memory(), Barrier::new(2));
        let both = |ids: [i32; 2]| {
            start.wait();
            let read = |id: i32| cache.entry(Key::new("title").with(&id)).get_or_fill(|| format!("alone {id}"));
            let batch = cache.batch(ids, |id| Key::new("title").with(id));
            let batch = batch.depends_on(move |id| {
                read((id + 2) % 4);
                read((id + 1) % 4);
                Dependencies::none()
            });
            assert_eq!(batch.get_or_fill(|missing| made(missing, "title")).len(), 2);
        };
        std::thread::scope(|scope| {
            scope.spawn(|| both([0, 1]));
            scope.spawn(|| both([2, 3]));
        });
    }
}

#[test]
fn a_snapshot_is_one_for_all_that_the_work_reads() {
    let cache = Cache::in_memory();
    let point = cache.read_point();
    cache.invalidate(Change::table("setting")).unwrap();
    let read = |point| {
        titles(&cache, [1, 2]).as_of(point).get_or_fill(|missing| {
            cache_core::context::add_dependencies(&cache, &Dependencies::table("setting"));
            made(missing, "title")
        })
    };
    read(Some(point));
    assert_eq!(cache.counters().fills, 0);
    read(Some(cache.read_point()));
    assert_eq!(cache.counters().fills, 2);
}

#[tokio::test]
async fn tasks_of_one_thread_do_not_wait_for_ever() {
    let cache = Cache::in_memory();
    let read = |ids: [i32; 2]| {
        titles(&cache, ids).get_or_fill_async(async |missing| {
            tokio::task::yield_now().await;
            made(missing, "title")
        })
    };
    let all = futures::future::join_all([read([1, 2]), read([2, 3]), read([3, 1])]).await;
    assert!(all.iter().all(|values| values.len() == 2));
    assert_eq!(cache.counters().fills, 3);
}

#[tokio::test]
async fn one_that_is_dropped_is_taken_over() {
    let cache = Cache::in_memory();
    let slow = titles(&cache, [1]).get_or_fill_async(async |_| std::future::pending::<HashMap<i32, String>>().await);
    let quick = async {
        tokio::task::yield_now().await;
        titles(&cache, [1]).get_or_fill_async(async |missing| made(missing, "quick")).await
    };
    let slow = tokio::time::timeout(Duration::from_millis(20), slow);
    let (slow, quick) = futures::join!(slow, quick);
    assert!(slow.is_err());
    assert_eq!(quick[&1], "quick 1");
}

#[test]
fn past_the_cache_everything_is_made() {
    let cache = Cache::in_memory();
    for _ in 0..2 {
        let values = titles(&cache, [1, 2]).bypass(true).get_or_fill(|missing| {
            assert_eq!(missing, [1, 2]);
            made(missing, "title")
        });
        assert_eq!(values.len(), 2);
    }
    assert_eq!((cache.counters().fills, cache.counters().bypasses), (0, 4));
}

#[derive(Clone, Debug)]
enum Step {
    Read { cache: usize, ids: Vec<i32>, within: Option<i32> },
    Write { cache: usize, id: i32 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let read = (0..2usize, proptest::collection::vec(0..6, 0..5), proptest::option::weighted(0.2, 0..6));
    let step = prop_oneof![
        3 => read.prop_map(|(cache, ids, within)| Step::Read { cache, ids, within }),
        2 => (0..2usize, 0..6).prop_map(|(cache, id)| Step::Write { cache, id }),
    ];
    proptest::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The rows are a table of versions: whoever reads sees the versions of that moment, whichever process wrote.
    #[test]
    fn nobody_is_served_an_old_version(steps in steps(), is_shared in any::<bool>()) {
        let store = SimulatedStore::new();
        let memory = Cache::in_memory();
        let caches = if is_shared { [shared(&store), shared(&store)] } else { [memory.clone(), memory] };
        let versions: Arc<Mutex<HashMap<i32, u32>>> = Arc::default();
        let now = |id: i32| versions.lock().unwrap().get(&id).copied().unwrap_or(0);
        let write = |cache: &Cache, id: i32| {
            *versions.lock().unwrap().entry(id).or_default() += 1;
            cache.invalidate(changed(id)).unwrap();
        };
        let read = |cache: &Cache, ids: &[i32], within: Option<i32>| {
            let batch = cache.batch(ids.iter().copied(), |id| Key::new("version").with(id)).codec(Codec::serde::<u32>());
            batch.depends_on(|id| Dependencies::row("article", [("id", *id)])).get_or_fill(|missing| {
                let made = missing.iter().map(|id| (*id, now(*id))).collect();
                within.iter().for_each(|id| write(cache, *id));
                made
            })
        };
        for step in steps {
            match step {
                Step::Write { cache, id } => write(&caches[cache], id),
                Step::Read { cache, ids, within } => {
                    let before: HashMap<i32, u32> = ids.iter().map(|id| (*id, now(*id))).collect();
                    prop_assert_eq!(read(&caches[cache], &ids, within), before);
                }
            }
        }
        store.settle();
    }
}
