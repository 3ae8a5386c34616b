//! A hit in the near cache against one in the embedded store.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cache_core::{Cache, Mode, NearMode};

use super::page::{read, read_async};
use super::servers::Servers;
use crate::harness::ready;
use crate::report::Report;

/// The store has to be heard twice before it is trusted.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn run(report: &mut Report) {
    let names = ["near_hit_bounded_sync", "near_hit_bounded_async"];
    if !names.iter().any(|name| report.wants(name)) {
        return;
    }
    let servers = Servers::one();
    let bounded = NearMode::Bounded { staleness: Duration::from_secs(30) };
    let site = servers.site(Mode::Fresh, bounded);
    let end = Instant::now() + PATIENCE;
    let unasked = || {
        let before = servers.nodes()[0].info("total_commands_processed");
        (0..1000).for_each(|_| drop(read(&site.cache, 1, 3)));
        let count = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok()).unwrap_or(u64::MAX);
        count(servers.nodes()[0].info("total_commands_processed")).saturating_sub(count(before)) < 100
    };
    while !unasked() {
        assert!(Instant::now() < end, "the near cache is not trusted");
        std::thread::sleep(Duration::from_millis(50));
    }
    let embedded = Cache::in_memory();
    read(&embedded, 1, 3);

    let peer = "the same in the embedded store";
    let ours = || drop(black_box(read(&site.cache, black_box(1), 3)));
    let theirs = || drop(black_box(read(&embedded, black_box(1), 3)));
    report.compare(names[0], peer, Some(1.5), ours, theirs);
    let ours = || drop(black_box(ready(read_async(&site.cache, black_box(1), 3))));
    let theirs = || drop(black_box(ready(read_async(&embedded, black_box(1), 3))));
    report.compare(names[1], peer, Some(1.5), ours, theirs);
}
