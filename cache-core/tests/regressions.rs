//! Schedules and uses that once went wrong, one test for each.
#![cfg(not(feature = "shuttle"))]

use std::sync::{Arc, mpsc};
use std::task::Wake;
use std::time::Duration;

use cache_core::context::{self, Context};
use cache_core::{Begin, Cache, Change, Clock, Dependencies, Key, MemoryStore, Transaction, column};

#[test]
fn a_postponed_list_that_was_applied_takes_no_more_changes() {
    let cache = Cache::in_memory();
    let key = Key::new("k");
    cache.entry(key.clone()).depends_on(|| Dependencies::table("t")).get_or_fill(|| 1);
    let postponed = cache.postponed();
    let context = Context::current();
    drop(postponed);
    context.run(|| cache.invalidate_table("t")).unwrap();
    assert_eq!(cache.get::<i32>(&key), None);
}

#[test]
fn dependencies_found_on_the_way_are_checked_against_the_snapshot() {
    let cache = Cache::in_memory();
    let key = Key::new("k");
    let point = cache.read_point();
    cache.invalidate_table("found").unwrap();
    cache.entry(key.clone()).as_of(point).get_or_fill(|| {
        context::add_dependencies(&cache, &Dependencies::table("found"));
        1
    });
    assert_eq!(cache.get::<i32>(&key), None);
}

#[test]
fn what_dependencies_were_built_from_is_depended_on() {
    let cache = Cache::in_memory();
    let ids = || cache.entry(Key::new("ids")).depends_on(|| Dependencies::table("category")).get_or_fill(|| vec![1, 2]);
    let key = Key::new("k");
    cache
        .entry(key.clone())
        .depends_on(|| Dependencies::on("article", column("category_id").is_in(ids())))
        .get_or_fill(|| 1);
    cache.invalidate_table("category").unwrap();
    assert_eq!(cache.get::<i32>(&key), None);
}

#[test]
fn dependencies_that_need_the_same_key_do_not_wait_for_themselves() {
    let (done, finished) = mpsc::channel();
    std::thread::spawn(move || {
        let cache = Cache::in_memory();
        cache
            .entry(Key::new("k"))
            .depends_on(|| {
                cache.entry(Key::new("k")).get_or_fill(|| 1);
                Dependencies::none()
            })
            .get_or_fill(|| 1);
        done.send(()).unwrap();
    });
    finished.recv_timeout(Duration::from_secs(5)).expect("hangs");
}

#[test]
fn a_savepoint_left_open_commits_with_the_transaction() {
    let cache = Cache::in_memory();
    let outer = Transaction::begin(&cache);
    let inner = outer.nested();
    inner.record(Change::table("t"));
    outer.commit().unwrap();
    assert_eq!(cache.counters().invalidations, 1);
    drop(inner);
}

#[test]
fn a_savepoint_that_ends_after_its_transaction_applies() {
    let cache = Cache::in_memory();
    let outer = Transaction::begin(&cache);
    let inner = outer.nested();
    outer.commit().unwrap();
    inner.record(Change::table("t"));
    inner.commit().unwrap();
    assert_eq!(cache.counters().invalidations, 1);
}

#[test]
fn a_transaction_with_an_open_savepoint_that_wrote_is_not_clean() {
    let cache = Cache::in_memory();
    let outer = Transaction::begin(&cache);
    let inner = outer.nested();
    inner.record(Change::table("t"));
    assert!(!outer.is_clean());
    inner.rollback();
    assert!(outer.is_clean());
}

#[test]
fn many_tags_do_not_pile_up() {
    let cache = Cache::in_memory();
    for at in 0..10_000 {
        cache.invalidate_tag(format!("a{at}")).unwrap();
        cache.entry(Key::new("k")).depends_on(|| Dependencies::tag(format!("b{at}"))).get_or_fill(|| at);
        cache.delete(&Key::new("k"));
    }
    assert!(cache.size().tables < 1000, "{:?}", cache.size());
}

#[test]
fn a_weight_beyond_all_bounds_is_not_kept() {
    let cache = Cache::in_memory();
    cache.entry(Key::new("k")).weigh(|_: &i32| u64::MAX).get_or_fill(|| 1);
    assert_eq!(cache.get::<i32>(&Key::new("k")), None);
    for capacity in [0, 1, u64::MAX] {
        let cache = Cache::builder().store(MemoryStore::with_capacity(capacity)).build();
        cache.entry(Key::new("k")).get_or_fill(|| 1);
        cache.entry(Key::new("k")).weigh(|_: &i32| u64::MAX - 1000).get_or_fill(|| 1);
        cache.entry(Key::new("k2")).weigh(|_: &i32| u64::MAX - 1000).get_or_fill(|| 1);
    }
}

#[test]
fn a_deleted_key_is_not_filled_by_work_begun_before() {
    let cache = Cache::in_memory();
    let key = Key::new("k");
    cache.entry(key.clone()).get_or_fill(|| {
        cache.delete(&key);
        1
    });
    assert_eq!(cache.get::<i32>(&key), None);
}

#[test]
fn a_change_told_from_a_thread_local_destructor_is_applied() {
    struct Late(Cache);
    impl Drop for Late {
        fn drop(&mut self) {
            self.0.invalidate_table("t").unwrap();
        }
    }
    thread_local!(static LATE: std::cell::RefCell<Option<Late>> = const { std::cell::RefCell::new(None) });
    let cache = Cache::in_memory();
    let inner = cache.clone();
    std::thread::spawn(move || {
        LATE.with(|late| *late.borrow_mut() = Some(Late(inner.clone())));
        drop(inner.disabled());
    })
    .join()
    .unwrap();
    assert_eq!(cache.counters().invalidations, 1);
}

#[test]
fn a_cancelled_waiter_leaves_no_waker() {
    struct Silent;
    impl Wake for Silent {
        fn wake(self: Arc<Self>) {}
    }

    let cache = Cache::in_memory();
    let waker = Arc::new(Silent);
    let Begin::Fill(guard) = cache.entry(Key::new("k")).begin::<i32>() else { panic!("nothing is cached") };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let waker = Arc::clone(&waker).into();
            let mut task = std::task::Context::from_waker(&waker);
            let mut read = Box::pin(cache.entry(Key::new("k")).get_or_fill_async(|| async { 1 }));
            assert!(read.as_mut().poll(&mut task).is_pending());
        });
    });
    assert_eq!(Arc::strong_count(&waker), 1);
    drop(guard);
}

#[test]
fn a_value_set_by_name_is_not_replaced_by_work_begun_before() {
    let cache = Cache::in_memory();
    let key = Key::new("k");
    cache.entry(key.clone()).get_or_fill(|| {
        cache.set(&key, 2, None);
        1
    });
    assert_eq!(cache.get::<i32>(&key), Some(2));
}

#[test]
fn a_table_that_was_forgotten_still_refuses_older_snapshots() {
    let cache = Cache::in_memory();
    let point = cache.read_point();
    cache.invalidate_tag("early").unwrap();
    for at in 0..1000 {
        cache.invalidate_tag(format!("later {at}")).unwrap();
    }
    assert!(cache.size().tables < 1000);
    let key = Key::new("k");
    cache.entry(key.clone()).depends_on(|| Dependencies::tag("early")).as_of(point).get_or_fill(|| 1);
    assert_eq!(cache.get::<i32>(&key), None);
}

#[test]
fn a_nested_read_in_a_snapshot_is_checked_against_it() {
    let cache = Cache::in_memory();
    let point = cache.read_point();
    cache.invalidate_table("t").unwrap();
    cache
        .entry(Key::new("outer"))
        .as_of(point)
        .get_or_fill(|| cache.entry(Key::new("inner")).depends_on(|| Dependencies::table("t")).get_or_fill(|| 1));
    assert_eq!((cache.get::<i32>(&Key::new("outer")), cache.get::<i32>(&Key::new("inner"))), (None, None));
}

#[test]
fn a_manual_clock_never_goes_back() {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).build();
    clock.advance(Duration::from_secs(10));
    cache.set(&Key::new("k"), 1, Some(Duration::from_secs(5)));
    clock.advance(Duration::MAX);
    assert_eq!(cache.get::<i32>(&Key::new("k")), None);
}
