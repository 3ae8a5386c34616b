//! Caches that share a real server.
#![cfg(all(feature = "redis", not(feature = "shuttle")))]

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cache_core::{Cache, Change, Codec, Dependencies, ErrorKind, Key, Mode, NearMode, RedisStore, Strict, Transaction};
use common::{read, row};
use proptest::prelude::*;
use test_servers::{Redis, RedisCluster};

fn namespace() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("shop-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn cache(store: RedisStore, namespace: &str) -> Cache {
    Cache::builder().namespace(namespace).store(store).build()
}

/// Waits until a read of another process is a hit: entries are stored off the path of whoever made them.
fn until_stored(cache: &Cache, category: i32, value: u64) {
    let end = Instant::now() + Duration::from_secs(10);
    while read(cache, category, || value) == value && cache.counters().hits == 0 {
        assert!(Instant::now() < end, "nothing was stored");
    }
}

fn left_out() -> bool {
    test_servers::left_out()
}

#[test]
fn a_result_is_shared_and_goes_with_its_rows() {
    if left_out() {
        return;
    }
    let (url, name) = (Redis::shared().url(), namespace());
    let store = || RedisStore::connect_blocking(&url).unwrap();
    let (here, there) = (cache(store(), &name), cache(store(), &name));
    read(&here, 3, || 1);
    until_stored(&there, 3, 1);
    here.invalidate(Change::inserted("article", row(4))).unwrap();
    assert_eq!(read(&there, 3, || 2), 1);
    here.invalidate(Change::inserted("article", row(3))).unwrap();
    assert_eq!(read(&there, 3, || 2), 2);
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_blocks_a_runtime_of_one_thread() {
    if left_out() {
        return;
    }
    let name = namespace();
    let store = RedisStore::connect(Redis::shared().url()).await.unwrap();
    let cache = cache(store, &name);
    let read = async |made: u64| {
        let entry = cache.entry(Key::new("answer")).codec(Codec::serde::<u64>());
        entry.depends_on(|| Dependencies::table("article")).get_or_fill_async(async || made).await
    };
    let (one, two) = tokio::join!(read(1), read(2));
    assert_eq!(one, two);
    cache.invalidation(Change::table("article")).await.unwrap();
    assert_eq!(read(3).await, 3);
}

#[test]
fn a_bounded_near_cache_serves_from_memory_and_hears_of_others() {
    if left_out() {
        return;
    }
    let (url, name) = (Redis::shared().url(), namespace());
    let near = NearMode::Bounded { staleness: Duration::from_secs(5) };
    let here = cache(RedisStore::builder().url(&url).near(near).connect_blocking().unwrap(), &name);
    let there = cache(RedisStore::connect_blocking(&url).unwrap(), &name);
    read(&here, 3, || 1);
    let end = Instant::now() + Duration::from_secs(20);
    // In force once the server was heard twice; asked for once more, the value is trusted.
    while here.staleness().is_zero() || {
        read(&here, 3, || 1);
        false
    } {
        assert!(Instant::now() < end, "no lease");
        std::thread::sleep(Duration::from_millis(5));
    }
    read(&here, 3, || 1);
    assert!(here.staleness() <= Duration::from_secs(5));
    here.invalidate(Change::inserted("article", row(3))).unwrap();
    assert_eq!(read(&here, 3, || 2), 2, "own writes are seen at once");
    there.invalidate(Change::inserted("article", row(3))).unwrap();
    while read(&here, 3, || 3) != 3 {
        assert!(Instant::now() < end, "nothing was heard");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_server_that_is_gone_refuses_strict_writes_and_delays_fresh_ones() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let name = namespace();
    let build = |mode| {
        let store = RedisStore::builder().url(server.url()).mode(mode).patience(Duration::from_millis(100));
        cache(store.connect_blocking().unwrap(), &name)
    };
    let (fresh, strict) = (build(Mode::Fresh), build(Mode::Strict(Strict::new())));
    read(&fresh, 3, || 1);
    server.kill();
    assert_eq!(read(&fresh, 3, || 2), 2);
    let error = fresh.invalidate(Change::inserted("article", row(3))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Undelivered);
    let transaction = Transaction::begin(&strict);
    transaction.record(Change::inserted("article", row(3)));
    assert_eq!(transaction.permission().wait().unwrap_err().kind(), ErrorKind::Refused);
    transaction.rollback();
    server.restart();
    let end = Instant::now() + Duration::from_secs(20);
    while fresh.counters().undelivered > 0 {
        assert!(Instant::now() < end, "not told when it was back");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(read(&fresh, 3, || 3), 3);
}

#[derive(Clone, Debug)]
enum Step {
    Read { cache: usize, category: i32 },
    Write { cache: usize, from: i32, to: i32 },
    Transact { cache: usize, category: i32, commits: bool },
    Everything { cache: usize },
    Flush,
    Scripts,
    Unlink(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (cache, category) = (0..3usize, 0..4i32);
    let step = prop_oneof![
        12 => (cache.clone(), category.clone()).prop_map(|(cache, category)| Step::Read { cache, category }),
        3 => (cache.clone(), category.clone(), category.clone())
            .prop_map(|(cache, from, to)| Step::Write { cache, from, to }),
        2 => (cache.clone(), category, any::<bool>())
            .prop_map(|(cache, category, commits)| Step::Transact { cache, category, commits }),
        1 => cache.prop_map(|cache| Step::Everything { cache }),
        1 => Just(Step::Flush),
        1 => Just(Step::Scripts),
        2 => (0..3u8).prop_map(Step::Unlink),
    ];
    prop::collection::vec(step, 1..40)
}

/// Every read returns what is true now, whoever wrote last, whatever was lost.
fn check(caches: &[Cache; 3], nodes: &[&Redis], namespace: &str, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut versions: BTreeMap<i32, u64> = BTreeMap::new();
    // Another case may have left something behind.
    caches[0].invalidate_all().unwrap();
    for step in steps {
        match step {
            Step::Read { cache, category } => {
                let now = *versions.entry(category).or_default();
                prop_assert_eq!(read(&caches[cache], category, || now), now);
            }
            Step::Write { cache, from, to } => {
                for category in [from, to] {
                    *versions.entry(category).or_default() += 1;
                }
                caches[cache].invalidate(Change::updated("article", row(from), row(to))).unwrap();
            }
            Step::Transact { cache, category, commits } => {
                let transaction = Transaction::begin(&caches[cache]);
                transaction.record(Change::updated("article", row(category), row(category)));
                transaction.permission().wait().unwrap();
                if commits {
                    *versions.entry(category).or_default() += 1;
                    transaction.commit().unwrap();
                } else {
                    transaction.rollback();
                }
                let now = *versions.entry(category).or_default();
                prop_assert_eq!(read(&caches[(cache + 1) % 3], category, || now), now);
            }
            Step::Everything { cache } => {
                versions.values_mut().for_each(|version| *version += 1);
                caches[cache].invalidate_all().unwrap();
            }
            Step::Flush => nodes.iter().for_each(|node| drop(node.cli(&["FLUSHALL"]))),
            Step::Scripts => nodes.iter().for_each(|node| drop(node.cli(&["SCRIPT", "FLUSH"]))),
            Step::Unlink(kind) => {
                let pattern = format!("{}*{namespace}*", ["m", "c", "x"][usize::from(kind)]);
                for node in nodes {
                    for key in node.cli(&["KEYS", &pattern]).lines().filter(|key| !key.is_empty()) {
                        node.cli(&["DEL", key]);
                    }
                }
            }
        }
    }
    Ok(())
}

fn property(mode: Mode, build: impl Fn(Mode, NearMode) -> RedisStore, nodes: &[&Redis]) {
    let name = namespace();
    let caches = [NearMode::Validated, NearMode::Off, NearMode::Validated].map(|near| cache(build(mode, near), &name));
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner.run(&steps(), |steps| check(&caches, nodes, &name, steps)).unwrap();
}

#[test]
fn no_process_serves_what_another_has_changed() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let build = |mode, near| RedisStore::builder().url(server.url()).mode(mode).near(near).connect_blocking().unwrap();
    property(Mode::Fresh, build, &[&server]);
    property(Mode::Strict(Strict::new().lease(Duration::from_millis(500))), build, &[&server]);
}

#[test]
fn nor_in_a_cluster() {
    if left_out() {
        return;
    }
    let cluster = RedisCluster::start(3, 0).unwrap();
    let build =
        |mode, near| RedisStore::builder().cluster(cluster.urls()).mode(mode).near(near).connect_blocking().unwrap();
    let nodes = [0, 1, 2].map(|node| cluster.node(node));
    property(Mode::Fresh, build, &nodes);
}
