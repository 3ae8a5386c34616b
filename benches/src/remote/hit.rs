//! A hit against a bare GET of the same bytes.

use std::hint::black_box;

use cache_core::{Mode, NearMode, Strict};
use futures::executor;
use futures::future::join_all;
use test_servers::Redis;

use super::ROUND;
use super::page::{read, read_async};
use super::peer::{Peer, runtime};
use super::servers::{Servers, Site};
use crate::harness::pair_of_many;
use crate::report::{Line, Report};

/// How many are in flight at once.
const LANES: usize = 64;

const GET: &str = "GET, redis-rs driven alike";
const GET_WITHIN: &str = "GET, driven by the caller's runtime";

pub fn run(report: &mut Report) {
    on(report, "", Servers::one);
    on(report, "_cluster", Servers::three);
}

fn on(report: &mut Report, place: &str, start: fn() -> Servers) {
    let mut servers = None;
    for (mode, of_mode, target) in [("fresh", Mode::Fresh, 1.10), ("strict", Mode::Strict(Strict::new()), 1.30)] {
        for (near, of_near) in [("", NearMode::Off), ("_near", NearMode::Validated)] {
            let name = |door: &str| format!("remote_hit_{mode}{near}_{door}{place}");
            if ["async", "sync", "64", "async_within", "64_within"].iter().any(|door| report.wants(&name(door))) {
                let servers = servers.get_or_insert_with(start);
                let site = servers.site(of_mode, of_near);
                let (server, key) = servers.entry(&site);
                of(report, &name, &site, server, &key, target);
            }
        }
    }
}

fn of(report: &mut Report, name: &dyn Fn(&str) -> String, site: &Site, server: &Redis, key: &str, target: f64) {
    let cache = &site.cache;
    let runtime = runtime();
    let (apart, within) = (Peer::apart(server), Peer::within(&runtime, server));
    let before = cache.counters();

    let sync = |calls| (0..calls).for_each(|_| drop(black_box(read(cache, 1, 3))));
    let get_sync = |calls| (0..calls).for_each(|_| drop(black_box(executor::block_on(apart.get(key)))));
    let serial = |calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                black_box(read_async(cache, 1, 3).await);
            }
        });
    };
    let many = |calls| {
        let lane = async |_| {
            for _ in 0..calls {
                black_box(read_async(cache, 1, 3).await);
            }
        };
        runtime.block_on(join_all((0..LANES).map(lane)));
    };
    let get_serial = |peer: &Peer, calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                black_box(peer.get(key).await);
            }
        });
    };
    let get_many = |peer: &Peer, calls| {
        let lane = async |_| {
            for _ in 0..calls {
                black_box(peer.get(key).await);
            }
        };
        runtime.block_on(join_all((0..LANES).map(lane)));
    };
    let mut print = |door: &str, peer: &str, target, lanes: usize, pair: &dyn Fn() -> (f64, f64)| {
        if report.wants(&name(door)) {
            let (ours, theirs) = pair();
            let (ours, peer_value) = (ours / lanes as f64, theirs / lanes as f64);
            report.print(&Line { name: &name(door), unit: "ns", ours, peer, peer_value, target });
        }
    };
    let target = Some(target);
    print("async", GET, target, 1, &|| pair_of_many(ROUND, serial, |calls| get_serial(&apart, calls)));
    print("sync", GET, target, 1, &|| pair_of_many(ROUND, sync, get_sync));
    print("64", GET, target, LANES, &|| pair_of_many(ROUND, many, |calls| get_many(&apart, calls)));
    print("async_within", GET_WITHIN, None, 1, &|| pair_of_many(ROUND, serial, |calls| get_serial(&within, calls)));
    print("64_within", GET_WITHIN, None, LANES, &|| pair_of_many(ROUND, many, |calls| get_many(&within, calls)));

    let counters = cache.counters();
    let (hits, misses) = (counters.hits - before.hits, counters.misses - before.misses);
    assert!(misses <= hits / 1000, "{misses} misses among {hits} hits");
}
