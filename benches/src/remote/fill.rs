//! A miss with its fill against GET and SET by hand.

use std::cell::Cell;
use std::time::{Duration, Instant};

use cache_core::{Mode, NearMode, Strict};
use test_servers::Redis;

use super::ROUND;
use super::page::{page, read_async};
use super::peer::{Peer, runtime};
use super::servers::{Servers, Site};
use crate::harness::pair_of_many;
use crate::report::{Line, Report};

/// How many fills are counted.
const COUNTED: u64 = 100;

pub fn run(report: &mut Report) {
    let mut servers = None;
    for (mode, of_mode) in [("fresh", Mode::Fresh), ("strict", Mode::Strict(Strict::new()))] {
        let [time, trips] = ["", "_round_trips"].map(|what| format!("remote_fill_{mode}{what}"));
        if !report.wants(&time) && !report.wants(&trips) {
            continue;
        }
        let servers = servers.get_or_insert_with(Servers::one);
        let site = servers.site(of_mode, NearMode::Validated);
        let (server, _) = servers.entry(&site);
        if report.wants(&time) {
            let (ours, peer_value) = times(&site, server);
            let peer = "GET, then SET, driven alike";
            report.print(&Line { name: &time, unit: "ns", ours, peer, peer_value, target: None });
        }
        if report.wants(&trips) {
            let ours = round_trips(servers, &site, server);
            // Two before the result is there, two after it, in the background.
            let peer = "GET, then SET";
            report.print(&Line { name: &trips, unit: "count", ours, peer, peer_value: 2.0, target: Some(2.0) });
        }
    }
}

/// Until the caller has its result: entries are stored in the background.
fn times(site: &Site, server: &Redis) -> (f64, f64) {
    let (runtime, peer) = (runtime(), Peer::apart(server));
    let (next, bytes) = (Cell::new(1_000), page());
    let number = || next.replace(next.get() + 1);
    let ours = |calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                read_async(&site.cache, number(), 3).await;
            }
        });
    };
    let theirs = |calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                let key = format!("by-hand:{}", number());
                peer.get(&key).await;
                peer.set(&key, bytes.as_bytes()).await;
            }
        });
    };
    pair_of_many(ROUND, ours, theirs)
}

/// How many requests a fill sends, with those in the background: each that is sent alone is one read of the server.
fn round_trips(servers: &Servers, site: &Site, server: &Redis) -> f64 {
    let runtime = runtime();
    let entries = || servers.keys(&format!("e:{}:*", site.namespace)).len() as u64;
    let reads = || server.info("total_reads_processed").and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let (before, first) = (entries(), reads());
    for number in 0..COUNTED {
        runtime.block_on(read_async(&site.cache, u64::MAX - number, 3));
        // So that what goes on in the background is not sent together with the next fill.
        std::thread::sleep(Duration::from_millis(5));
    }
    let last = reads();
    let end = Instant::now() + Duration::from_secs(30);
    while entries() < before + COUNTED {
        assert!(Instant::now() < end, "not all was stored");
    }
    // One of them has asked for the number.
    (last - first - 1) as f64 / COUNTED as f64
}
