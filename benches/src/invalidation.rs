//! Invalidations against many dependants, and against many shapes.

use std::time::Instant;

use cache_core::{Cache, Change, Dependencies, Key, MemoryStore, Row, column};

use crate::report::{Line, Report};

const ROUNDS: usize = 200;

pub fn run(report: &mut Report) {
    let alone = dependants(1);
    for count in [1_000, 100_000, 1_000_000] {
        let name = format!("invalidation_{count}_dependants");
        if report.wants(&name) {
            let target = (count == 1_000_000).then_some(1.2);
            let ours = dependants(count);
            report.print(&Line { name: &name, unit: "ns", ours, peer: "1 dependant", peer_value: alone, target });
        }
    }
    let one = shapes(1);
    for count in [10, 64, 1_000] {
        let name = format!("invalidation_{count}_shapes");
        if report.wants(&name) {
            let ours = shapes(count);
            report.print(&Line { name: &name, unit: "ns", ours, peer: "1 shape", peer_value: one, target: None });
        }
    }
}

fn cache() -> Cache {
    Cache::builder().store(MemoryStore::with_capacity(4 << 30)).build()
}

/// The median time of an invalidation that one row causes, when this many results hang on it.
fn dependants(count: u64) -> f64 {
    let cache = cache();
    let dependencies = Dependencies::on("article", column("category_id").eq(3));
    for number in 0..count {
        cache.entry(Key::new("k").with(&number)).depends_on(|| dependencies.clone()).get_or_fill(|| number);
    }
    let change = Change::inserted("article", Row::from([("id", 1), ("category_id", 3)]));
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|round| {
            let started = Instant::now();
            cache.invalidate(change.clone()).expect("the embedded store does not fail");
            let elapsed = started.elapsed().as_nanos() as f64;
            // Hang something on the row again, outside of the time taken.
            let key = Key::new("again").with(&round);
            cache.entry(key).depends_on(|| dependencies.clone()).get_or_fill(|| 1);
            elapsed
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

/// The median time of an invalidation of a table with this many kinds of conditions on it.
fn shapes(count: usize) -> f64 {
    let cache = cache();
    let names: Vec<String> = (0..count).map(|number| format!("c{number}")).collect();
    for name in &names {
        let dependencies = Dependencies::on("article", column(name).eq(1));
        cache.entry(Key::new(name)).depends_on(|| dependencies).get_or_fill(|| 1);
    }
    let row: Row = names.iter().map(|name| (name, 2)).collect();
    let change = Change::inserted("article", row);
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            cache.invalidate(change.clone()).expect("the embedded store does not fail");
            started.elapsed().as_nanos() as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}
