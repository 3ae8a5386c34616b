//! One execution for simultaneous misses.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use cache_core::{Cache, Change, Dependencies, Key};

#[test]
fn many_threads_run_the_work_once() {
    let cache = Cache::in_memory();
    let runs = AtomicUsize::new(0);
    let barrier = Barrier::new(16);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                barrier.wait();
                let value = cache.entry(Key::new("k")).get_or_fill(|| {
                    runs.fetch_add(1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(50));
                    7
                });
                assert_eq!(value, 7);
            });
        }
    });
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert_eq!(cache.counters().misses, 1);
    assert_eq!(cache.counters().hits, 15);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_tasks_run_the_work_once() {
    let cache = Cache::in_memory();
    let runs = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let (cache, runs) = (cache.clone(), Arc::clone(&runs));
            tokio::spawn(async move {
                cache
                    .entry(Key::new("k"))
                    .get_or_fill_async(|| async {
                        runs.fetch_add(1, Ordering::SeqCst);
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        7
                    })
                    .await
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 7);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_cancelled_leader_lets_another_lead() {
    let cache = Cache::in_memory();
    let led = {
        let cache = cache.clone();
        tokio::spawn(async move { cache.entry(Key::new("k")).get_or_fill_async(std::future::pending::<i32>).await })
    };
    tokio::task::yield_now().await;
    let waiting = {
        let cache = cache.clone();
        tokio::spawn(async move { cache.entry(Key::new("k")).get_or_fill_async(|| async { 2 }).await })
    };
    tokio::task::yield_now().await;
    led.abort();
    assert_eq!(tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap(), 2);
    assert_eq!(cache.get::<i32>(&Key::new("k")), Some(2));
}

#[test]
fn a_panicking_leader_lets_another_lead() {
    let cache = Cache::in_memory();
    let barrier = Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let result = catch_unwind(AssertUnwindSafe(|| {
                cache.entry(Key::new("k")).get_or_fill(|| -> i32 {
                    barrier.wait();
                    std::thread::sleep(Duration::from_millis(30));
                    panic!("the work fails")
                })
            }));
            assert!(result.is_err());
        });
        barrier.wait();
        assert_eq!(cache.entry(Key::new("k")).get_or_fill(|| 2), 2);
    });
}

#[test]
fn an_error_is_not_shared_and_not_stored() {
    let cache = Cache::in_memory();
    let barrier = Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let result: Result<i32, &str> = cache.entry(Key::new("k")).try_get_or_fill(|| {
                barrier.wait();
                std::thread::sleep(Duration::from_millis(30));
                Err("down")
            });
            assert_eq!(result, Err("down"));
        });
        barrier.wait();
        assert_eq!(cache.entry(Key::new("k")).try_get_or_fill(|| Ok::<_, &str>(2)), Ok(2));
    });
}

#[test]
fn a_caller_that_comes_after_a_change_does_not_take_the_value_begun_before_it() {
    let cache = Cache::in_memory();
    let (begun, changed) = (Barrier::new(2), Barrier::new(2));
    let depends = || Dependencies::table("article");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let old = cache.entry(Key::new("k")).depends_on(depends).get_or_fill(|| {
                begun.wait();
                changed.wait();
                std::thread::sleep(Duration::from_millis(30));
                "old"
            });
            assert_eq!(old, "old");
        });
        begun.wait();
        cache.invalidate(Change::table("article")).unwrap();
        changed.wait();
        let value = cache.entry(Key::new("k")).depends_on(depends).get_or_fill(|| "new");
        assert_eq!(value, "new");
    });
    assert_eq!(cache.get::<&str>(&Key::new("k")), Some("new"));
}

#[test]
fn recursion_into_the_same_key_does_not_wait_for_itself() {
    let cache = Cache::in_memory();
    fn countdown(cache: &Cache, left: u32) -> u32 {
        cache.entry(Key::new("same")).get_or_fill(|| if left == 0 { 0 } else { countdown(cache, left - 1) + 1 })
    }
    assert_eq!(countdown(&cache, 3), 3);
}

#[test]
fn two_results_that_need_each_other_do_not_wait_for_ever() {
    let cache = Cache::in_memory();
    let barrier = Barrier::new(2);
    let (a, b) = (Key::new("a"), Key::new("b"));
    std::thread::scope(|scope| {
        for (first, second) in [(&a, &b), (&b, &a)] {
            let (cache, barrier) = (&cache, &barrier);
            scope.spawn(move || {
                cache.entry(first.clone()).get_or_fill(|| {
                    barrier.wait();
                    cache.entry(second.clone()).get_or_fill(|| 1) + 1
                })
            });
        }
    });
    assert!(cache.get::<i32>(&a).is_some() && cache.get::<i32>(&b).is_some());
}
