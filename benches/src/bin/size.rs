//! Bytes per entry and per dependency, by an allocator that counts.

use cache_core::{Cache, Dependencies, Key, MemoryStore, column};

use benches::report::{self, Line};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

const ENTRIES: u64 = 100_000;

fn main() {
    let mut report = report::from_arguments();
    let peer = memory(|| {
        let cache = quick_cache::sync::Cache::<u64, u64>::new(2 * ENTRIES as usize);
        (0..ENTRIES).for_each(|number| cache.insert(number, number));
        Box::new(cache)
    });
    let filled = |distinct: u64| {
        memory(move || {
            let cache = Cache::builder().store(MemoryStore::with_capacity(4 << 30)).build();
            for number in 0..ENTRIES {
                let depends = || match distinct {
                    0 => Dependencies::none(),
                    distinct => Dependencies::on("article", column("id").eq(number % distinct)),
                };
                cache.entry(Key::new("k").with(&number)).depends_on(depends).get_or_fill(|| number);
            }
            Box::new(cache)
        })
    };
    let plain = filled(0);
    let shared = filled(100);
    let own = filled(ENTRIES);
    let mut print = |name: &str, ours: f64, peer: &str, peer_value: f64| {
        if report.wants(name) {
            report.print(&Line { name, unit: "bytes", ours, peer, peer_value, target: None });
        }
    };
    print("bytes_per_entry", plain, "quick_cache, u64 to u64", peer);
    print("bytes_per_shared_dependency", shared - plain, "an entry without dependencies", plain);
    print("bytes_per_own_dependency", own - plain, "an entry without dependencies", plain);
    report.finish();
}

/// Bytes per entry that a structure holds.
fn memory(build: impl FnOnce() -> Box<dyn std::any::Any>) -> f64 {
    let region = Region::new(ALLOCATOR);
    let built = build();
    let change = region.change();
    drop(built);
    change.bytes_allocated.saturating_sub(change.bytes_deallocated) as f64 / ENTRIES as f64
}
