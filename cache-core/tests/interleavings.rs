//! No interleaving of lookups, fills and invalidations serves a stale result.
//!
//! Run with `--features shuttle`: a scheduler then decides which thread goes on at every lock and atomic.
#![cfg(feature = "shuttle")]

use std::sync::Arc;
use std::time::Duration;

use cache_core::{Cache, Change, Clock, Dependencies, Key, Lock, MemoryStore, Row, TimedOut, Transaction, column};
use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicU64, Ordering};
use shuttle::thread;

/// A database of one row whose version only rises, and the highest version whose write was acknowledged.
#[derive(Default)]
struct Database {
    version: Mutex<u64>,
    acknowledged: AtomicU64,
}

impl Database {
    fn read(&self) -> u64 {
        *self.version.lock().unwrap()
    }

    fn commit(&self) -> u64 {
        let mut version = self.version.lock().unwrap();
        *version += 1;
        *version
    }

    fn acknowledge(&self, version: u64) {
        self.acknowledged.fetch_max(version, Ordering::SeqCst);
    }

    fn least(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }
}

fn depends(id: i32) -> Dependencies {
    Dependencies::on("row", column("id").eq(id))
}

fn change() -> Change {
    Change::updated("row", Row::from([("id", 1)]), Row::from([("id", 1)]))
}

fn read_through(cache: &Cache, database: &Database) -> u64 {
    cache.entry(Key::new("row")).depends_on(|| depends(1)).get_or_fill(|| database.read())
}

fn write(cache: &Cache, database: &Database) {
    let version = database.commit();
    cache.invalidate(change()).unwrap();
    database.acknowledge(version);
}

fn explore(iterations: usize, readers: usize, read: fn(&Cache, &Database) -> u64, write: fn(&Cache, &Database)) {
    let body = move || {
        let cache = Cache::in_memory();
        let database = Arc::new(Database::default());
        let mut threads = Vec::new();
        for _ in 0..readers {
            let (cache, database) = (cache.clone(), Arc::clone(&database));
            threads.push(thread::spawn(move || {
                for _ in 0..2 {
                    let least = database.least();
                    let seen = read(&cache, &database);
                    assert!(seen >= least, "stale: read {seen} after {least} was acknowledged");
                }
            }));
        }
        for _ in 0..2 {
            let (cache, database) = (cache.clone(), Arc::clone(&database));
            threads.push(thread::spawn(move || write(&cache, &database)));
        }
        for thread in threads {
            thread.join().unwrap();
        }
        let least = database.least();
        assert!(read(&cache, &database) >= least, "stale in the end");
    };
    shuttle::check_random(body, iterations / 2);
    shuttle::check_pct(body, iterations / 2, 3);
}

#[test]
fn lookup_fill_and_invalidate() {
    explore(6_000, 3, read_through, write);
}

#[test]
fn nested_results() {
    let nested: fn(&Cache, &Database) -> u64 =
        |cache, database| cache.entry(Key::new("outer")).get_or_fill(|| read_through(cache, database));
    explore(6_000, 2, nested, write);
}

#[test]
fn writes_in_transactions() {
    let write: fn(&Cache, &Database) = |cache, database| {
        let transaction = Transaction::begin(cache);
        transaction.record(change());
        transaction.committing();
        let version = database.commit();
        transaction.commit().unwrap();
        database.acknowledge(version);
    };
    explore(4_000, 3, read_through, write);
}

#[test]
fn reads_in_snapshots() {
    let read: fn(&Cache, &Database) -> u64 = |cache, database| {
        let point = cache.read_point();
        let snapshot = database.read();
        thread::yield_now();
        cache.entry(Key::new("row")).depends_on(|| depends(1)).as_of(point).get_or_fill(|| snapshot);
        read_through(cache, database)
    };
    // The snapshot's own reader may see its old snapshot; nobody else may.
    explore(4_000, 2, read, write);
}

#[test]
fn awaited_reads() {
    let read: fn(&Cache, &Database) -> u64 = |cache, database| {
        shuttle::future::block_on(async {
            cache
                .entry(Key::new("row"))
                .depends_on(|| depends(1))
                .get_or_fill_async(|| async {
                    shuttle::future::yield_now().await;
                    database.read()
                })
                .await
        })
    };
    explore(4_000, 3, read, write);
}

#[test]
fn two_that_need_each_other_end() {
    shuttle::check_random(
        || {
            let cache = Cache::in_memory();
            let threads: Vec<_> = [("a", "b"), ("b", "a")]
                .into_iter()
                .map(|(first, second)| {
                    let cache = cache.clone();
                    thread::spawn(move || {
                        cache.entry(Key::new(first)).get_or_fill(|| cache.entry(Key::new(second)).get_or_fill(|| 1) + 1)
                    })
                })
                .collect();
            for thread in threads {
                thread.join().unwrap();
            }
        },
        4_000,
    );
}

#[test]
fn two_that_need_each_other_in_two_caches_end() {
    shuttle::check_random(
        || {
            let caches = [Cache::in_memory(), Cache::in_memory()];
            let threads: Vec<_> = [(0, 1), (1, 0)]
                .into_iter()
                .map(|(first, second): (usize, usize)| {
                    let caches = caches.clone();
                    let read = move |at: usize, work: &dyn Fn() -> i32| {
                        caches[at].entry(Key::new("k").with(&(at as u64))).get_or_fill(work)
                    };
                    thread::spawn(move || read(first, &|| read(second, &|| 1) + 1))
                })
                .collect();
            for thread in threads {
                thread.join().unwrap();
            }
        },
        2_000,
    );
}

#[test]
fn a_store_that_evicts_all_the_time() {
    let body = || {
        let cache = Cache::builder().store(MemoryStore::with_capacity(2_000)).build();
        let database = Arc::new(Database::default());
        let threads: Vec<_> = (0..3u64)
            .map(|at| {
                let (cache, database) = (cache.clone(), Arc::clone(&database));
                thread::spawn(move || {
                    if at == 0 {
                        return write(&cache, &database);
                    }
                    for other in 0..6u64 {
                        cache
                            .entry(Key::new("other").with(&(at, other)))
                            .depends_on(|| depends(1))
                            .get_or_fill(|| other);
                        let least = database.least();
                        let seen = read_through(&cache, &database);
                        assert!(seen >= least, "stale: read {seen} after {least} was acknowledged");
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(cache.size().entries < 13, "nothing was evicted");
        assert!(read_through(&cache, &database) >= database.least(), "stale in the end");
    };
    shuttle::check_random(body, 600);
    shuttle::check_pct(body, 600, 3);
}

#[test]
fn everything_invalidated_at_once_while_snapshots_are_read() {
    let read: fn(&Cache, &Database) -> u64 = |cache, database| {
        let point = cache.read_point();
        let snapshot = database.read();
        cache.entry(Key::new("row")).as_of(point).get_or_fill(|| snapshot);
        cache.entry(Key::new("row")).get_or_fill(|| database.read())
    };
    let write: fn(&Cache, &Database) = |cache, database| {
        let version = database.commit();
        cache.invalidate_all().unwrap();
        database.acknowledge(version);
    };
    explore(8_000, 2, read, write);
}

#[test]
fn dependencies_found_on_the_way_in_a_snapshot() {
    let read: fn(&Cache, &Database) -> u64 = |cache, database| {
        let point = cache.read_point();
        let snapshot = database.read();
        cache.entry(Key::new("row")).as_of(point).get_or_fill(|| {
            cache_core::context::add_dependencies(cache, &depends(1));
            snapshot
        });
        read_through(cache, database)
    };
    explore(3_000, 2, read, write);
}

#[test]
fn leaders_that_are_cancelled() {
    let read: fn(&Cache, &Database) -> u64 = |cache, database| {
        use std::task::{Context, Waker};

        let read = || {
            cache.entry(Key::new("row")).depends_on(|| depends(1)).get_or_fill_async(|| async {
                shuttle::future::yield_now().await;
                database.read()
            })
        };
        let mut cancelled = Box::pin(read());
        let _ = cancelled.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        drop(cancelled);
        shuttle::future::block_on(read())
    };
    explore(3_000, 3, read, write);
}

#[test]
fn a_key_deleted_by_name_during_fills() {
    let read: fn(&Cache, &Database) -> u64 =
        |cache, database| cache.entry(Key::new("row")).get_or_fill(|| database.read());
    let write: fn(&Cache, &Database) = |cache, database| {
        let version = database.commit();
        cache.delete(&Key::new("row"));
        database.acknowledge(version);
    };
    explore(6_000, 3, read, write);
}

#[test]
fn all_results_of_a_function_dropped_during_fills() {
    use cache_core::__private::{Site, invalidate_all};

    static SITE: Site = Site::new("here", "1", 2, 3);
    let read =
        |cache: &Cache, database: &Database| cache.entry(SITE.key(&["u64"]).finish()).get_or_fill(|| database.read());
    let write = |cache: &Cache, database: &Database| {
        let version = database.commit();
        invalidate_all(cache, &SITE).unwrap();
        database.acknowledge(version);
    };
    explore(5_000, 2, read, write);
}

/// Two tables that are written together, and a result that reads one after the other.
fn explore_two_tables(iterations: usize, depends: fn(&Cache) -> Dependencies, meanwhile: fn(&Cache)) {
    let body = move || {
        let cache = Cache::in_memory();
        let tables = Arc::new([Database::default(), Database::default()]);
        let read = move |cache: &Cache, tables: &[Database; 2]| {
            cache.entry(Key::new("both")).depends_on(|| depends(cache)).get_or_fill(|| {
                let left = tables[0].read();
                meanwhile(cache);
                (left, tables[1].read())
            })
        };
        let mut threads = Vec::new();
        for _ in 0..2 {
            let (cache, tables) = (cache.clone(), Arc::clone(&tables));
            threads.push(thread::spawn(move || {
                let least = tables[1].least();
                let (left, right) = read(&cache, &tables);
                assert!(left.min(right) >= least, "stale: read {left} and {right} after {least} was acknowledged");
            }));
        }
        for _ in 0..2 {
            let (cache, tables) = (cache.clone(), Arc::clone(&tables));
            threads.push(thread::spawn(move || {
                let version = {
                    let (mut left, mut right) = (tables[0].version.lock().unwrap(), tables[1].version.lock().unwrap());
                    (*left, *right) = (*left + 1, *right + 1);
                    *right
                };
                cache.invalidate([Change::table("left"), Change::table("right")]).unwrap();
                tables[1].acknowledge(version);
            }));
        }
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(read(&cache, &tables), (2, 2), "stale or torn in the end");
    };
    shuttle::check_random(body, iterations / 2);
    shuttle::check_pct(body, iterations / 2, 3);
}

#[test]
fn two_tables_are_never_torn_after_the_acknowledgement() {
    let both = |_: &Cache| Dependencies::table("left") | Dependencies::table("right");
    explore_two_tables(4_000, both, |_| ());
    let found = |_: &Cache| Dependencies::table("left");
    let on_the_way = |cache: &Cache| cache_core::context::add_dependencies(cache, &Dependencies::table("right"));
    explore_two_tables(4_000, found, on_the_way);
}

/// A table that is read and not declared is caught.
#[test]
#[should_panic(expected = "stale")]
fn a_forgotten_table_is_caught() {
    let write: fn(&Cache, &Database) = |cache, database| {
        let version = database.commit();
        cache.invalidate(Change::table("another")).unwrap();
        database.acknowledge(version);
    };
    explore(10_000, 2, read_through, write);
}

/// An acknowledgement before the invalidation is caught.
#[test]
#[should_panic(expected = "stale")]
fn acknowledging_first_is_caught() {
    let write: fn(&Cache, &Database) = |cache, database| {
        let version = database.commit();
        database.acknowledge(version);
        cache.invalidate(change()).unwrap();
    };
    explore(10_000, 2, read_through, write);
}

/// Dependencies that are found after their statement are caught.
#[test]
#[should_panic(expected = "stale")]
fn stamping_after_the_statement_is_caught() {
    let read: fn(&Cache, &Database) -> u64 = |cache, database| {
        cache.entry(Key::new("row")).get_or_fill(|| {
            let value = database.read();
            cache_core::context::add_dependencies(cache, &depends(1));
            value
        })
    };
    explore(20_000, 2, read, write);
}

/// A snapshot without its read point is caught.
#[test]
#[should_panic(expected = "stale")]
fn a_snapshot_without_its_read_point_is_caught() {
    let read: fn(&Cache, &Database) -> u64 = |cache, database| {
        let snapshot = database.read();
        cache.entry(Key::new("row")).depends_on(|| depends(1)).get_or_fill(|| snapshot);
        read_through(cache, database)
    };
    explore(20_000, 2, read, write);
}

/// The explorer sees what it claims to see: a cache that reads first and stores later is caught.
#[test]
#[should_panic(expected = "stale")]
fn storing_without_stamps_is_caught() {
    let read: fn(&Cache, &Database) -> u64 = |cache, database| {
        let key = Key::new("row");
        if let Some(value) = cache.get(&key) {
            return value;
        }
        let value = database.read();
        cache.set(&key, value, None);
        value
    };
    let write: fn(&Cache, &Database) = |cache, database| {
        let version = database.commit();
        cache.delete(&Key::new("row"));
        database.acknowledge(version);
    };
    explore(20_000, 3, read, write);
}

/// How long the stale values of these tests may be served.
const CEILING: Duration = Duration::from_secs(5);

/// Writers let the ceiling pass before they take their write for acknowledged; whatever is served then is newer.
fn explore_refreshes(iterations: usize, unlocked: bool) {
    let served = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counting = Arc::clone(&served);
    let body = move || {
        let clock = Clock::manual();
        let spawn = |run| drop(shuttle::future::spawn(run));
        let cache = Cache::builder().clock(clock.clone()).background(spawn).build();
        let database = Arc::new(Database::default());
        let read = move |cache: &Cache, database: &Arc<Database>| {
            let database = Arc::clone(database);
            let entry = cache.entry(Key::new("row")).depends_on(|| depends(1)).ttl(Duration::from_secs(60));
            let owned = entry.lock(if unlocked { Lock::None } else { Lock::Local }).owned_async(move || async move {
                shuttle::future::yield_now().await;
                Ok::<u64, TimedOut>(database.read())
            });
            owned.stale_while_revalidate(CEILING).refresh_ahead(Duration::from_secs(60)).get_or_fill().unwrap()
        };
        read(&cache, &database);
        let mut threads = Vec::new();
        for _ in 0..2 {
            let (cache, database) = (cache.clone(), Arc::clone(&database));
            threads.push(thread::spawn(move || {
                for _ in 0..3 {
                    let least = database.least();
                    let seen = read(&cache, &database);
                    assert!(seen >= least, "stale beyond the ceiling: read {seen}, {least} was longer ago");
                }
            }));
        }
        let (writing, written) = (cache.clone(), Arc::clone(&database));
        threads.push(thread::spawn(move || {
            for _ in 0..2 {
                let version = written.commit();
                writing.invalidate(change()).unwrap();
                thread::yield_now();
                clock.advance(CEILING + Duration::from_nanos(1));
                written.acknowledge(version);
            }
        }));
        for thread in threads {
            thread.join().unwrap();
        }
        let least = database.least();
        assert!(read(&cache, &database) >= least, "stale in the end");
        counting.fetch_add(cache.counters().stale, Ordering::SeqCst);
    };
    shuttle::check_random(body.clone(), iterations / 2);
    shuttle::check_pct(body, iterations / 2, 3);
    assert!(served.load(Ordering::SeqCst) > 100, "hardly anything was served stale");
}

#[test]
fn refreshes_in_the_background() {
    explore_refreshes(4_000, false);
}

#[test]
fn refreshes_without_a_lock() {
    explore_refreshes(2_000, true);
}

#[test]
fn refreshes_on_threads() {
    let body = || {
        let cache = Cache::in_memory();
        let database = Arc::new(Database::default());
        let read = |cache: &Cache, database: &Arc<Database>| {
            let database = Arc::clone(database);
            let entry = cache.entry(Key::new("row")).depends_on(|| depends(1)).ttl(Duration::from_secs(60));
            let owned = entry.owned(move || Ok::<u64, TimedOut>(database.read()));
            // Nothing is ever stale here, and every hit refreshes.
            owned.refresh_ahead(Duration::from_secs(60)).get_or_fill().unwrap()
        };
        let mut threads = Vec::new();
        for _ in 0..2 {
            let (cache, database) = (cache.clone(), Arc::clone(&database));
            threads.push(thread::spawn(move || {
                for _ in 0..2 {
                    let least = database.least();
                    assert!(read(&cache, &database) >= least, "stale");
                }
            }));
        }
        let (writing, written) = (cache.clone(), Arc::clone(&database));
        threads.push(thread::spawn(move || write(&writing, &written)));
        for thread in threads {
            thread.join().unwrap();
        }
    };
    shuttle::check_random(body, 2_000);
    shuttle::check_pct(body, 1_000, 3);
}
