//! Caches that share a store: what one writes, no other serves any more.
#![cfg(all(feature = "testing", not(feature = "shuttle")))]

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cache_core::observe::Event;
use cache_core::testing::{Lost, SimulatedStore};
use cache_core::{
    Cache, Change, Codec, Coding, Dependencies, ErrorKind, Key, Lock, Mode, NearMode, Row, Strict, Transaction, column,
};
use common::{read, row};
use proptest::prelude::*;

fn cache(store: &SimulatedStore) -> Cache {
    Cache::builder().namespace("shop").store(store.clone()).build()
}

#[test]
fn a_result_is_shared_and_goes_with_its_rows_only() {
    let store = SimulatedStore::new();
    let (here, there) = (cache(&store), cache(&store));
    assert_eq!(read(&here, 3, || 1), 1);
    store.settle();
    assert_eq!(read(&there, 3, || 2), 1);
    here.invalidate(Change::inserted("article", row(4))).unwrap();
    assert_eq!(read(&there, 3, || 2), 1);
    here.invalidate(Change::inserted("article", row(3))).unwrap();
    assert_eq!(read(&there, 3, || 2), 2);
    store.settle();
    assert_eq!(read(&here, 3, || 3), 2);
    assert_eq!(here.counters().invalidations, 2);
}

#[test]
fn an_invalidation_says_which_conditions_it_met() {
    let met = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&met);
    let subscriber = move |event: &Event<'_>| {
        if let Event::Invalidation(invalidation) = event {
            heard.lock().unwrap().extend(invalidation.shapes.iter().map(ToString::to_string));
        }
    };
    let here = Cache::builder().store(SimulatedStore::new()).subscriber(subscriber).build();
    read(&here, 3, || 1);
    let between = Dependencies::on("article", column("score").between(10, 90));
    here.entry(Key::new("range")).codec(Codec::serde::<u64>()).depends_on(|| between).get_or_fill(|| 2);
    here.invalidate(Change::inserted("article", Row::from([("category_id", 3), ("score", 50)]))).unwrap();
    let met = met.lock().unwrap();
    assert!(met.iter().any(|text| text == "article (category_id =): 1"), "{met:?}");
    assert!(met.iter().any(|text| text.starts_with("article (score in range): ")), "{met:?}");
    assert_eq!(met.len(), 2, "{met:?}");
}

#[test]
fn a_hit_is_one_round_trip_once_the_key_was_seen() {
    let store = SimulatedStore::new();
    let here = cache(&store);
    let bare = Cache::builder().namespace("shop").store(store.clone().near(NearMode::Off)).build();
    read(&here, 3, || 1);
    store.settle();
    for cache in [&here, &bare] {
        read(cache, 3, || 2);
        let before = store.round_trips();
        assert_eq!(read(cache, 3, || 2), 1);
        assert_eq!(store.round_trips() - before, 1);
    }
}

#[test]
fn a_miss_is_two_round_trips_beside_the_work_and_one_when_it_was_seen() {
    let store = SimulatedStore::new();
    let here = cache(&store);
    let mut asked_by_the_work = 0;
    read(&here, 3, || {
        asked_by_the_work = store.round_trips();
        1
    });
    assert_eq!(asked_by_the_work, 2);
    store.settle();
    store.forget_entries();
    let other = Cache::builder().namespace("shop").store(store.clone().near(NearMode::Off)).build();
    read(&other, 3, || 1);
    store.settle();
    store.forget_entries();
    let before = store.round_trips();
    read(&other, 3, || {
        asked_by_the_work = store.round_trips() - before;
        1
    });
    assert_eq!(asked_by_the_work, 1);
}

#[test]
fn what_a_change_overtakes_is_not_stored() {
    let store = SimulatedStore::new();
    let (here, there) = (cache(&store), cache(&store));
    let overtaken = read(&here, 3, || {
        there.invalidate(Change::inserted("article", row(3))).unwrap();
        1
    });
    assert_eq!(overtaken, 1);
    store.settle();
    assert_eq!(read(&there, 3, || 2), 2);
    store.settle();
    assert_eq!(read(&here, 3, || 3), 2);
}

#[test]
fn an_outer_result_goes_with_the_rows_of_an_inner_one() {
    let store = SimulatedStore::new();
    let (here, there) = (cache(&store), cache(&store));
    let page = |cache: &Cache, made: u64| {
        let entry = cache.entry(Key::new("page")).codec(Codec::serde::<u64>());
        entry.depends_on(|| Dependencies::table("author")).get_or_fill(|| 10 * read(cache, 3, || made))
    };
    assert_eq!(page(&here, 1), 10);
    store.settle();
    assert_eq!(page(&there, 2), 10);
    there.invalidate(Change::inserted("article", row(3))).unwrap();
    assert_eq!(page(&here, 3), 30);
    store.settle();
    there.invalidate_table("author").unwrap();
    assert_eq!(page(&there, 4), 30, "the inner result still stands");
}

#[test]
fn a_result_of_a_shared_cache_makes_none_of_an_embedded_one() {
    let store = SimulatedStore::new();
    let (shared, embedded) = (cache(&store), Cache::in_memory());
    let outer = |made| embedded.entry(Key::new("outer")).get_or_fill(|| read(&shared, 3, || made));
    assert_eq!(outer(1), 1);
    store.settle();
    shared.invalidate(Change::inserted("article", row(3))).unwrap();
    assert_eq!(outer(2), 2);
    assert_eq!(embedded.counters().refused, 2);
}

#[test]
fn a_value_without_a_codec_stays_here_and_is_as_fresh() {
    let store = SimulatedStore::new();
    let (here, there) = (cache(&store), cache(&store));
    let read = |cache: &Cache, made: u64| {
        cache.entry(Key::new("local")).depends_on(|| Dependencies::table("article")).get_or_fill(|| made)
    };
    assert_eq!((read(&here, 1), read(&here, 2)), (1, 1));
    assert_eq!(read(&there, 3), 3);
    there.invalidate_table("article").unwrap();
    assert_eq!((read(&here, 4), read(&there, 5)), (4, 5));
    assert_eq!(store.entries(), 0);
}

#[test]
fn everything_goes_at_once_also_what_depends_on_nothing() {
    let store = SimulatedStore::new();
    let (here, there) = (cache(&store), cache(&store));
    let plain =
        |cache: &Cache, made: u64| cache.entry(Key::new("plain")).codec(Codec::serde::<u64>()).get_or_fill(|| made);
    plain(&here, 1);
    read(&here, 3, || 1);
    store.settle();
    there.invalidate_all().unwrap();
    assert_eq!((plain(&here, 2), read(&there, 3, || 2)), (2, 2));
}

#[test]
fn while_the_store_is_down_work_runs_and_nothing_is_stored() {
    let store = SimulatedStore::new();
    let here = cache(&store);
    read(&here, 3, || 1);
    store.settle();
    store.fail(true);
    assert_eq!((read(&here, 3, || 2), read(&here, 3, || 3)), (2, 3));
    store.fail(false);
    assert_eq!(read(&here, 3, || 4), 1, "nothing was written meanwhile");
}

#[test]
fn a_change_that_could_not_be_told_is_an_error_and_is_told_later() {
    let store = SimulatedStore::new();
    let (here, there) = (cache(&store), cache(&store));
    read(&here, 3, || 1);
    store.settle();
    store.fail(true);
    let error = here.invalidate(Change::inserted("article", row(3))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Undelivered);
    store.fail(false);
    // Here it is not served, whether it has been told yet or not.
    assert_eq!(read(&here, 3, || 2), 2);
    store.settle();
    assert_ne!(read(&there, 3, || 3), 1);
}

#[test]
fn a_lenient_store_keeps_the_failure_from_the_writer() {
    let store = SimulatedStore::new().lenient();
    let here = cache(&store);
    store.fail(true);
    here.invalidate(Change::inserted("article", row(3))).unwrap();
    store.fail(false);
    store.settle();
}

#[test]
fn a_dropped_invalidation_goes_on() {
    let store = SimulatedStore::new();
    let (here, there) = (cache(&store), cache(&store));
    read(&there, 3, || 1);
    store.settle();
    drop(here.invalidation(Change::inserted("article", row(3))));
    store.settle();
    assert_eq!(read(&there, 3, || 2), 2);
}

#[test]
fn an_announced_change_keeps_its_rows_out_until_it_is_over() {
    let store = SimulatedStore::new().strict(Strict::new());
    let (here, there) = (cache(&store), cache(&store));
    read(&there, 3, || 1);
    read(&there, 4, || 1);
    store.settle();
    let transaction = Transaction::begin(&here);
    transaction.record(Change::inserted("article", row(3)));
    transaction.permission().wait().unwrap();
    assert_eq!((read(&there, 3, || 2), read(&there, 3, || 3)), (2, 3), "it may be committed, or not");
    assert_eq!(read(&there, 4, || 2), 1, "other rows are served");
    transaction.commit().unwrap();
    assert_eq!(read(&there, 3, || 4), 4);
    store.settle();
    assert_eq!(read(&here, 3, || 5), 4);
}

#[test]
fn a_writer_that_dies_after_commit_leaves_nothing_stale() {
    let store = SimulatedStore::new().strict(Strict::new().lease(Duration::from_millis(40)));
    let (here, there) = (cache(&store), cache(&store));
    read(&there, 3, || 1);
    store.settle();
    let transaction = Transaction::begin(&here);
    transaction.record(Change::inserted("article", row(3)));
    transaction.permission().wait().unwrap();
    transaction.committing();
    std::mem::forget(transaction);
    assert_eq!(read(&there, 3, || 2), 2);
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(read(&there, 3, || 3), 3);
    store.settle();
    assert_eq!(read(&there, 3, || 4), 3, "after the lease it is cached again");
}

#[test]
fn a_write_that_cannot_be_announced_is_refused() {
    let store = SimulatedStore::new().strict(Strict::new());
    let here = cache(&store);
    let transaction = Transaction::begin(&here);
    transaction.record(Change::inserted("article", row(3)));
    store.fail(true);
    assert_eq!(transaction.permission().wait().unwrap_err().kind(), ErrorKind::Refused);
    transaction.rollback();
    store.fail(false);
    store.settle();
}

#[test]
fn a_permission_that_comes_too_late_is_refused() {
    let store = SimulatedStore::new().strict(Strict::new().lease(Duration::ZERO));
    let transaction = Transaction::begin(&cache(&store));
    transaction.record(Change::inserted("article", row(3)));
    assert_eq!(transaction.permission().wait().unwrap_err().kind(), ErrorKind::Refused);
    store.settle();
}

#[test]
fn lost_intents_are_noticed() {
    let store = SimulatedStore::new().strict(Strict::new().lease(Duration::from_secs(60)));
    let (here, there) = (cache(&store), cache(&store));
    read(&there, 3, || 1);
    store.settle();
    let transaction = Transaction::begin(&here);
    transaction.record(Change::inserted("article", row(3)));
    transaction.permission().wait().unwrap();
    store.forget("article", Lost::Intents);
    read(&there, 3, || 2);
    store.settle();
    assert_eq!(read(&there, 3, || 3), 3, "nothing is stored while a forgotten change may be committed");
    transaction.commit().unwrap();
}

#[test]
fn a_store_that_comes_back_from_an_old_copy_serves_nothing_of_it() {
    let store = SimulatedStore::new();
    let (here, there) = (cache(&store), cache(&store));
    read(&here, 3, || 1);
    store.settle();
    let copy = store.copy();
    there.invalidate(Change::inserted("article", row(3))).unwrap();
    store.restart_from(&copy);
    assert_eq!((read(&here, 3, || 2), store.settle(), read(&there, 3, || 3)), (2, (), 2));
}

#[test]
fn one_of_all_processes_runs_the_work() {
    let store = SimulatedStore::new();
    let ran = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (cache, ran) = (cache(&store), Arc::clone(&ran));
            std::thread::spawn(move || {
                let entry = cache.entry(Key::new("slow")).codec(Codec::serde::<u64>()).lock(Lock::Shared);
                entry.depends_on(|| Dependencies::table("article")).get_or_fill(|| {
                    std::thread::sleep(Duration::from_millis(30));
                    ran.fetch_add(1, Ordering::SeqCst) + 1
                })
            })
        })
        .collect();
    let values: Vec<u64> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!((values, ran.load(Ordering::SeqCst)), (vec![1; 4], 1));
    store.settle();
}

#[test]
fn the_number_of_the_last_change_is_the_same_everywhere_and_does_not_come_back() {
    let store = SimulatedStore::new();
    let (here, there) = (cache(&store), cache(&store));
    read(&here, 3, || 1);
    let first = here.last_invalidation(["article"]);
    assert_eq!(there.last_invalidation(["article"]), first);
    there.invalidate(Change::inserted("article", row(9))).unwrap();
    let second = here.last_invalidation(["article"]);
    assert_ne!(second, first);
    assert_eq!(there.last_invalidation(["article"]), second);
    store.fail(true);
    assert_ne!(here.last_invalidation(["article"]), here.last_invalidation(["article"]));
}

#[derive(Clone, Debug)]
enum Step {
    Read {
        cache: usize,
        category: i32,
    },
    Write {
        cache: usize,
        from: i32,
        to: i32,
    },
    /// Inside of a transaction that is committed or not.
    Transact {
        cache: usize,
        categories: Vec<i32>,
        commits: bool,
    },
    Everything {
        cache: usize,
    },
    Forget(u8),
    Restart,
    Delete {
        cache: usize,
        category: i32,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (cache, category) = (0..3usize, 0..4i32);
    let step = prop_oneof![
        8 => (cache.clone(), category.clone()).prop_map(|(cache, category)| Step::Read { cache, category }),
        3 => (cache.clone(), category.clone(), category.clone()).prop_map(|(cache, from, to)| Step::Write { cache, from, to }),
        2 => (cache.clone(), prop::collection::vec(category.clone(), 1..3), any::<bool>())
            .prop_map(|(cache, categories, commits)| Step::Transact { cache, categories, commits }),
        1 => cache.clone().prop_map(|cache| Step::Everything { cache }),
        1 => (0..4u8).prop_map(Step::Forget),
        1 => Just(Step::Restart),
        1 => (cache, category).prop_map(|(cache, category)| Step::Delete { cache, category }),
    ];
    prop::collection::vec(step, 1..40)
}

fn check(mode: Mode, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let store = SimulatedStore::new().mode(mode);
    let off = store.clone().near(NearMode::Off);
    let caches = [cache(&store), cache(&store), cache(&off)];
    let mut versions: BTreeMap<i32, u64> = (0..4).map(|category| (category, 0)).collect();
    let mut copy = store.copy();
    for step in steps {
        match step {
            Step::Read { cache, category } => {
                let now = versions[&category];
                prop_assert_eq!(read(&caches[cache], category, || now), now);
            }
            Step::Write { cache, from, to } => {
                for category in [from, to] {
                    *versions.entry(category).or_default() += 1;
                }
                caches[cache].invalidate(Change::updated("article", row(from), row(to))).unwrap();
            }
            Step::Transact { cache, categories, commits } => {
                let transaction = Transaction::begin(&caches[cache]);
                for category in &categories {
                    transaction.record(Change::updated("article", row(*category), row(*category)));
                }
                transaction.permission().wait().unwrap();
                for category in &categories {
                    let now = versions[category];
                    prop_assert_eq!(read(&caches[(cache + 1) % 3], *category, || now), now);
                }
                if commits {
                    for category in categories {
                        *versions.entry(category).or_default() += 1;
                    }
                    transaction.commit().unwrap();
                } else {
                    transaction.rollback();
                }
            }
            Step::Everything { cache } => {
                versions.values_mut().for_each(|version| *version += 1);
                caches[cache].invalidate_all().unwrap();
            }
            Step::Forget(0) => store.forget_entries(),
            Step::Forget(1) => store.forget("article", Lost::Stamps),
            Step::Forget(2) => store.forget("article", Lost::Shapes),
            Step::Forget(_) => store.forget("article", Lost::Intents),
            Step::Restart => {
                store.settle();
                store.restart_from(&copy);
                copy = store.copy();
            }
            Step::Delete { cache, category } => {
                caches[cache].delete(&Key::new("titles").with(&category));
            }
        }
    }
    store.settle();
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_process_serves_what_another_has_changed(steps in steps()) {
        check(Mode::Fresh, steps)?;
    }

    #[test]
    fn nor_under_announcements(steps in steps()) {
        check(Mode::Strict(Strict::new().lease(Duration::from_millis(200))), steps)?;
    }
}

#[test]
fn many_keys_are_one_round_trip() {
    let store = SimulatedStore::new();
    let (here, there) = (cache(&store), cache(&store));
    for category in 0..8 {
        read(&here, category, || 10 + category as u64);
    }
    store.settle();
    let keys: Vec<Key> = (0..10).map(|category| Key::new("titles").with(&category)).collect();
    let expected: Vec<Option<u64>> = (0..10).map(|category| (category < 8).then_some(10 + category)).collect();
    let codec = Codec::serde::<u64>();
    assert_eq!(there.get_many(&keys, codec), expected);
    let before = store.round_trips();
    assert_eq!(there.get_many(&keys[..8], codec), expected[..8]);
    assert_eq!(store.round_trips() - before, 1);
    here.invalidate(Change::inserted("article", row(5))).unwrap();
    assert_eq!(there.get_many::<u64>(&keys, codec)[5], None);
}

#[test]
fn an_entry_of_another_layout_is_a_miss_and_replaced() {
    let store = SimulatedStore::new();
    let (before, after) = (cache(&store), cache(&store));
    let number = |cache: &Cache| cache.entry(Key::new("x")).codec(Codec::serde::<u64>()).get_or_fill(|| 7);
    let text = |cache: &Cache| {
        let entry = cache.entry(Key::new("x")).codec(Codec::serde::<String>());
        entry.get_or_fill(|| String::from("seven"))
    };
    number(&before);
    store.settle();
    assert_eq!(text(&after), "seven");
    store.settle();
    let third = cache(&store);
    assert_eq!((text(&third), third.counters().hits), (String::from("seven"), 1));
}

#[test]
fn a_value_that_cannot_be_encoded_is_kept_here_only() {
    static CODING: Coding<u64, &'static str> =
        Coding { id: 9, encode: |_| Err("no bytes for it"), decode: |_| Err("no value of it") };
    let store = SimulatedStore::new();
    let here = cache(&store);
    let read = |made: u64| here.entry(Key::new("x")).codec(Codec::custom(&CODING)).get_or_fill(|| made);
    assert_eq!((read(1), read(2)), (1, 1));
    store.settle();
    assert_eq!(store.entries(), 0);
}

#[test]
fn a_long_outage_is_told_when_it_is_over() {
    let store = SimulatedStore::new().lenient().patience(Duration::ZERO);
    let (here, there) = (cache(&store), cache(&store));
    (0..4).for_each(|category| {
        read(&there, category, || 1);
    });
    store.settle();
    store.fail(true);
    for at in 0..1000 {
        here.invalidate(Change::inserted("article", row(at % 3))).unwrap();
    }
    assert_eq!(here.counters().undelivered, 1000);
    let before = store.round_trips();
    store.fail(false);
    store.settle();
    assert!(store.round_trips() - before < 10, "they are merged");
    assert_eq!(here.counters().undelivered, 0);
    assert_eq!((0..4).map(|category| read(&there, category, || 2)).collect::<Vec<_>>(), [2, 2, 2, 1]);
    store.settle();
}

#[test]
fn a_snapshot_is_stored_once_it_is_known_that_nobody_has_written_since() {
    let store = SimulatedStore::new();
    let (here, there) = (cache(&store), cache(&store));
    let stores = |before: &dyn Fn()| {
        let point = here.read_point();
        before();
        let fills = here.counters().fills;
        let entry = here.entry(Key::new("titles")).codec(Codec::serde::<u64>()).as_of(point);
        entry.depends_on(|| Dependencies::table("article")).get_or_fill(|| 1);
        store.settle();
        store.forget_entries();
        here.counters().fills > fills
    };
    let write = || there.invalidate(Change::table("article")).unwrap();
    assert!(!stores(&|| ()), "nothing is known of the table");
    assert!(stores(&|| ()));
    write();
    assert!(!stores(&|| ()), "somebody has written, maybe after the snapshot");
    write();
    assert!(!stores(&|| ()));
    assert!(!stores(&write), "somebody has written after the snapshot");
    assert!(stores(&|| ()));
}
