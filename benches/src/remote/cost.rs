//! What entries and operations cost the server: bytes and processor time.

use cache_core::{Mode, NearMode, Strict};
use futures::future::join_all;
use test_servers::Redis;

use super::page::{changed, page, read_async};
use super::peer::{Peer, runtime};
use super::servers::{Servers, Site};
use crate::report::{Line, Report};

/// How many operations the processor time is taken over, and how many of them at once.
const OPERATIONS: u64 = 40_000;
const LANES: u64 = 64;

pub fn run(report: &mut Report) {
    memory(report);
    processor(report);
}

fn memory(report: &mut Report) {
    let names = ["remote_bytes_per_entry", "remote_bytes_per_stamp", "remote_bytes_per_shape"];
    if !names.iter().any(|name| report.wants(name)) {
        return;
    }
    let servers = Servers::one();
    let site = servers.site(Mode::Fresh, NearMode::Off);
    let (server, entry) = servers.entry(&site);
    let key_of = |kind: char| {
        let found = servers.keys(&format!("{kind}{{{}:article}}*", site.namespace)).pop();
        found.expect("it was filled").1
    };
    let usage = |key: &str| server.cli(&["MEMORY", "USAGE", key]).parse::<f64>().expect("a number");
    server.cli(&["SET", "page:1", &page(), "PX", "86400000"]);
    server.cli(&["SET", "version:1", "1234567890", "PX", "86400000"]);
    let mut print = |name: &str, ours: f64, peer: &str, peer_value: f64| {
        if report.wants(name) {
            report.print(&Line { name, unit: "bytes", ours, peer, peer_value, target: None });
        }
    };
    print(names[0], usage(&entry), "the page alone, by SET", usage("page:1"));
    print(names[1], usage(&key_of('c')), "a short key with a number", usage("version:1"));
    // The hash of a table with one of them.
    print(names[2], usage(&key_of('m')), "a short key with a number", usage("version:1"));
}

/// Nanoseconds of processor time for each operation: the server's and those of this process, with its store's thread.
#[derive(Clone, Copy)]
struct Cost {
    server: f64,
    client: f64,
}

fn processor(report: &mut Report) {
    let mut servers = None;
    for (mode, of_mode) in [("fresh", Mode::Fresh), ("strict", Mode::Strict(Strict::new()))] {
        let names = ["hit", "hit_near", "fill", "invalidation"].map(|what| format!("remote_cpu_{what}_{mode}"));
        if !names.iter().any(|name| SIDES.iter().any(|side| report.wants(&format!("{name}{side}")))) {
            continue;
        }
        let servers = servers.get_or_insert_with(Servers::one);
        let [off, validated] = [NearMode::Off, NearMode::Validated].map(|near| servers.site(of_mode, near));
        let (server, key) = servers.entry(&off);
        servers.entry(&validated);
        let peer = Peer::apart(server);
        let get = per_operation(server, async |_| drop(peer.get(&key).await));
        let bytes = page();
        let by_hand = per_operation(server, async |number| {
            let key = format!("by-hand:{number}");
            peer.get(&key).await;
            peer.set(&key, bytes.as_bytes()).await;
        });
        let read = |site: &Site| per_operation(server, async |_| drop(read_async(&site.cache, 1, 3).await));
        let filling = async |number| drop(read_async(&off.cache, 1_000 + number, 3).await);
        let voiding = async |number| off.cache.invalidation(changed(number)).await.expect("the server is told");
        print(report, &names[0], "GET", get, &|| read(&off));
        print(report, &names[1], "GET", get, &|| read(&validated));
        print(report, &names[2], "GET, then SET", by_hand, &|| per_operation(server, filling));
        print(report, &names[3], "GET", get, &|| per_operation(server, voiding));
    }
}

const SIDES: [&str; 2] = ["_server", "_client"];

fn print(report: &mut Report, name: &str, peer: &str, theirs: Cost, operation: &dyn Fn() -> Cost) {
    let names = SIDES.map(|side| format!("{name}{side}"));
    if !names.iter().any(|name| report.wants(name)) {
        return;
    }
    let ours = operation();
    for (name, ours, peer_value) in [(&names[0], ours.server, theirs.server), (&names[1], ours.client, theirs.client)] {
        if report.wants(name) {
            report.print(&Line { name, unit: "ns", ours, peer, peer_value, target: None });
        }
    }
}

/// Many at once.
fn per_operation(server: &Redis, operation: impl AsyncFn(u64)) -> Cost {
    let lane = |lane: u64| {
        let operation = &operation;
        async move {
            for number in (lane..OPERATIONS).step_by(LANES as usize) {
                operation(number).await;
            }
        }
    };
    let (server_before, client_before) = (of_server(server), of_this_process());
    runtime().block_on(join_all((0..LANES).map(lane)));
    // What goes on in the background ends soon after.
    std::thread::sleep(std::time::Duration::from_millis(100));
    let (server, client) = (of_server(server) - server_before, of_this_process() - client_before);
    Cost { server: server / OPERATIONS as f64, client: client / OPERATIONS as f64 }
}

fn of_server(server: &Redis) -> f64 {
    let seconds = |field: &str| server.info(field).and_then(|text| text.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (seconds("used_cpu_user") + seconds("used_cpu_sys")) * 1e9
}

/// As Linux tells it of each thread; not a number elsewhere.
fn of_this_process() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return f64::NAN };
    let of = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(path.join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    };
    threads.filter_map(|thread| of(thread.ok()?.path())).sum()
}
