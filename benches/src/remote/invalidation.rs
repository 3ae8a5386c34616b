//! Invalidations of batches of rows against the number of their dependants.
//!
//! One entry of each row is made by a fill; the others are copies of it under other names, as many entries with the same
//! stamps are. After each round the stamps are put back to what they were, so that all of it hangs on the rows again.

use std::time::Instant;

use cache_core::{Change, Mode, NearMode};
use redis::Connection;
use test_servers::Redis;

use super::page::{changed, read};
use super::servers::{Servers, Site};
use crate::harness::median;
use crate::report::{Line, Report};

const ROUNDS: usize = 25;
const AT_ONCE: u64 = 5_000;

pub fn run(report: &mut Report) {
    let mut servers = None;
    let mut of_one_row = None;
    for rows in [1, 100, 10_000] {
        let name = |dependants: u64| format!("remote_invalidation_{rows}_{dependants}");
        let batch = format!("remote_invalidation_{rows}_rows");
        let counts = [10_000, 1_000_000];
        if !report.wants(&batch) && !counts.iter().any(|count| report.wants(&name(*count))) {
            continue;
        }
        let servers = servers.get_or_insert_with(Servers::one);
        let alone = time(servers, rows, rows);
        let one_row = *of_one_row.get_or_insert_with(|| if rows == 1 { alone } else { time(servers, 1, 1) });
        if rows > 1 && report.wants(&batch) {
            let (peer, peer_value) = ("the same of one row", one_row);
            report.print(&Line { name: &batch, unit: "ns", ours: alone, peer, peer_value, target: None });
        }
        for count in counts.into_iter().filter(|count| *count > rows) {
            if report.wants(&name(count)) {
                let ours = time(servers, rows, count);
                let (peer, peer_value) = ("the same with 1 dependant a row", alone);
                report.print(&Line { name: &name(count), unit: "ns", ours, peer, peer_value, target: Some(1.2) });
            }
        }
    }
}

/// The median time of an invalidation of so many rows, each with a condition of its own on it, at least as many dependants,
/// and stamps for all of them.
fn time(servers: &Servers, rows: u64, dependants: u64) -> f64 {
    let site = servers.site(Mode::Fresh, NearMode::Off);
    let (server, _) = servers.entry(&site);
    let mut connection =
        redis::Client::open(server.url()).and_then(|client| client.get_connection()).expect("it answers");
    fill(servers, &site, &mut connection, rows, dependants);
    let stamps = stamps(servers, &site, &mut connection);
    let changes: Vec<Change> = (10..10 + rows).map(changed).collect();
    let mut rounds = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let batch = changes.clone();
        let started = Instant::now();
        site.cache.invalidate(batch).expect("the server is told");
        rounds.push(started.elapsed().as_nanos() as f64);
        if round == 0 {
            // That of the entry that no row concerns.
            assert_eq!(of(servers, &site, 'c').len(), 1, "stamps are left");
        }
        put_back(&mut connection, &stamps);
    }
    of(servers, &site, 'e').chunks(AT_ONCE as usize).for_each(|keys| {
        redis::cmd("UNLINK").arg(keys).query::<()>(&mut connection).expect("an answer");
    });
    median(rounds)
}

fn of(servers: &Servers, site: &Site, kind: char) -> Vec<String> {
    let name = &site.namespace;
    let pattern = if kind == 'e' { format!("e:{name}:*") } else { format!("{kind}{{{name}:*") };
    servers.keys(&pattern).into_iter().map(|(_, key): (&Redis, String)| key).collect()
}

fn fill(servers: &Servers, site: &Site, connection: &mut Connection, rows: u64, dependants: u64) {
    for number in 0..rows {
        read(&site.cache, 10 + number, 10 + number);
    }
    let mut made = of(servers, site, 'e');
    while (made.len() as u64) < rows + 1 {
        made = of(servers, site, 'e');
    }
    let entries: Vec<Vec<u8>> = redis::cmd("MGET").arg(&made).query(connection).expect("an answer");
    for first in (rows..dependants).step_by(AT_ONCE as usize) {
        let mut copies = redis::pipe();
        for number in first..dependants.min(first + AT_ONCE) {
            let name = format!("e:{}:{number:032x}", site.namespace);
            let entry = &entries[number as usize % entries.len()];
            copies.cmd("SET").arg(name).arg(entry).arg("PX").arg(86_400_000).ignore();
        }
        copies.query::<()>(connection).expect("an answer");
    }
}

fn stamps(servers: &Servers, site: &Site, connection: &mut Connection) -> Vec<(String, Vec<u8>)> {
    let keys = of(servers, site, 'c');
    let values: Vec<Vec<u8>> = redis::cmd("MGET").arg(&keys).query(connection).expect("an answer");
    keys.into_iter().zip(values).collect()
}

fn put_back(connection: &mut Connection, stamps: &[(String, Vec<u8>)]) {
    let mut sets = redis::pipe();
    for (key, value) in stamps {
        sets.cmd("SET").arg(key).arg(value).arg("PX").arg(86_400_000).ignore();
    }
    sets.query::<()>(connection).expect("an answer");
}
