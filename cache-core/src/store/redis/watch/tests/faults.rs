//! Connections and servers that go, and come back.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use redis::{Cmd, Value};

use super::*;
use crate::store::redis::link::Group;

#[test]
fn a_lost_connection_makes_all_suspect() {
    if test_servers::left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let stage = Stage::of(&server);
    for round in 1..=10 {
        let kept = stage.keep_served(&["c{shop:orders}01"]);
        server.cli(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        server.cli(&["SET", "c{shop:orders}01", &round.to_string()]);
        stage.becomes_suspect("a value from before", &kept);
        eventually("a loss", || (stage.watch.health().losses >= round).then_some(()));
        stage.comes_back();
        assert!(!stage.near.may_serve(&kept));
        eventually("one listener", || (listening(&server).len() == 1).then_some(()));
    }
}

#[test]
fn a_silent_server_is_trusted_no_longer_than_the_bound() {
    if test_servers::left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let stage = Stage::impatient(&server);
    let kept = stage.keep_served(&["c{shop:orders}01"]);
    server.pause();
    stage.clock.advance(BOUND);
    assert!(!stage.near.may_serve(&kept) && stage.near.staleness().is_none());
    eventually("a fault", || stage.watch.health().fault);
    assert!(!stage.near.may_serve(&kept));
    server.resume();
    stage.comes_back();
    assert!(!stage.near.may_serve(&kept), "the connection was given up");
}

#[test]
fn a_lease_follows_the_clock() {
    if test_servers::left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let stage = Stage::of(&server);
    let kept = stage.keep_served(&["c{shop:orders}01"]);
    for _ in 0..20 {
        stage.clock.advance(BOUND / 2);
        eventually("a new lease", || stage.near.staleness().filter(|staleness| staleness.is_zero()));
        assert!(stage.near.may_serve(&kept));
    }
    assert_eq!(stage.watch.health().losses, 0);
}

#[test]
fn a_restarted_server_makes_all_suspect() {
    if test_servers::left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let stage = Stage::of(&server);
    let kept = stage.keep_served(&["c{shop:orders}01"]);
    server.kill();
    eventually("the end of the lease", || stage.near.staleness().is_none().then_some(()));
    eventually("a fault", || stage.watch.health().fault);
    server.restart();
    stage.comes_back();
    assert!(!stage.near.may_serve(&kept));
}

#[test]
fn a_server_that_follows_another_is_not_listened_to() {
    if test_servers::left_out() {
        return;
    }
    let (server, other) = (Redis::start().unwrap(), Redis::start().unwrap());
    let stage = Stage::of(&server);
    let kept = stage.keep_served(&["c{shop:orders}01"]);
    server.follow(&other);
    eventually("the end of the lease", || stage.near.staleness().is_none().then_some(()));
    let fault = eventually("a fault", || stage.watch.health().fault);
    assert_eq!(fault.kind(), FaultKind::NotPrimary, "{fault}");
    server.promote();
    stage.comes_back();
    assert!(!stage.near.may_serve(&kept));
}

#[test]
fn another_history_makes_all_suspect() {
    if test_servers::left_out() {
        return;
    }
    let server = Redis::builder().config("enable-debug-command", "local").start().unwrap();
    let stage = Stage::of(&server);
    let kept = stage.keep_served(&["c{shop:orders}01"]);
    server.cli(&["DEBUG", "CHANGE-REPL-ID"]);
    stage.becomes_suspect("a value from before", &kept);
    stage.comes_back();
}

/// So many that each is written again only long after the bound: what is missed stays wrong for a while.
const ROWS: usize = 100;

fn name(row: usize) -> String {
    format!("c{{shop:orders}}{row:02}")
}

fn command(words: &[&str]) -> Group {
    let mut command = Cmd::new();
    command.arg(words);
    Group::new(0).with(command)
}

/// Writes versions of rows one after the other; each is acknowledged at a moment of the clock.
struct Writer {
    links: Links,
    clock: Clock,
    acknowledged: [Mutex<Vec<(crate::clock::Instant, u64)>>; ROWS],
}

impl Writer {
    fn run(&self, stop: &AtomicBool) {
        for (version, row) in (1_u64..).zip((0..ROWS).cycle()) {
            let (name, text) = (name(row), version.to_string());
            let set = || self.links.block(self.links.run_one(command(&["SET", &name, &text])));
            while !set().is_ok_and(|answered| answered.values == [Value::Okay]) {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                thread::sleep(Duration::from_millis(5));
            }
            let now = self.clock.now();
            lock(&self.acknowledged[row]).push((now, version));
            if stop.load(Ordering::Relaxed) {
                return;
            }
            thread::sleep(Duration::from_millis(version % 11));
        }
    }

    /// The least version that may be seen by a read that began at this moment.
    fn least(&self, row: usize, began: crate::clock::Instant) -> u64 {
        let acknowledged = lock(&self.acknowledged[row]);
        let old_enough = acknowledged.iter().rev().find(|(at, _)| at.after(BOUND) < began);
        old_enough.map_or(0, |(_, version)| *version)
    }
}

/// Ends the threads, also when something fails.
struct Stop<'s>(&'s AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn read(stage: &Stage, writer: &Writer, row: usize, served: &AtomicU64) {
    let began = stage.clock.now();
    let key = Key::new("row").with(&(row as u64));
    if let Some(kept) = stage.near.lookup(&key)
        && stage.near.may_serve(&kept)
    {
        let version: u64 = *kept.value.downcast_ref().unwrap();
        let least = writer.least(row, began);
        assert!(version >= least, "served {version} unasked, {least} was acknowledged before the bound");
        served.fetch_add(1, Ordering::Relaxed);
        return;
    }
    let name = name(row);
    let stamps = stage.near.expect(&[mark(name.as_bytes())]);
    let answered = stage.links.block(stage.links.run_one(command(&["GET", &name])));
    match answered.ok().as_ref().and_then(|answered| answered.values.first()) {
        Some(Value::BulkString(text)) => {
            let version: u64 = str::from_utf8(text).unwrap().parse().unwrap();
            stage.near.insert(key, stored(version, stamps));
        }
        _ => thread::sleep(Duration::from_millis(1)),
    }
}

#[test]
fn no_hit_is_staler_than_the_bound_whatever_fails() {
    if test_servers::left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let settings = || Settings::standalone(&server.url()).unwrap();
    let stage = Stage::new(settings(), NearMode::Bounded { staleness: BOUND }, Clock::system());
    let links = super::super::super::runtime::block(Links::open(settings())).unwrap();
    let writer = Writer { links, clock: Clock::system(), acknowledged: std::array::from_fn(|_| Mutex::default()) };
    let (stop, served) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let _stop = Stop(&stop);
        scope.spawn(|| writer.run(&stop));
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    for row in (0..ROWS).cycle() {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                        read(&stage, &writer, row, &served);
                        thread::yield_now();
                    }
                })
            })
            .collect();
        for round in 0..21 {
            let before = served.load(Ordering::Relaxed);
            let serving = || (served.load(Ordering::Relaxed) > before + 10 * ROWS as u64).then_some(());
            eventually("hits", || if readers.iter().any(|reader| reader.is_finished()) { Some(()) } else { serving() });
            // So long that what was missed is out of bounds.
            thread::sleep(2 * BOUND);
            match round % 7 {
                0 => drop(server.cli(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])),
                1 => drop(server.cli(&["FLUSHALL"])),
                2 => {
                    server.pause();
                    thread::sleep(BOUND / 2);
                    server.resume();
                }
                3 => {
                    server.pause();
                    thread::sleep(3 * BOUND);
                    server.resume();
                }
                4 => drop(server.cli(&["CLIENT", "PAUSE", "100"])),
                // Others go on meanwhile.
                5 => (0..20).for_each(|_| {
                    for id in listening(&server) {
                        server.try_cli(&["CLIENT", "KILL", "ID", &id]).ok();
                    }
                    thread::sleep(Duration::from_millis(5));
                }),
                _ => {
                    server.kill();
                    server.restart();
                }
            }
        }
    });
    let writes: usize = writer.acknowledged.iter().map(|acknowledged| lock(acknowledged).len()).sum();
    assert!(writes > ROWS, "{writes} writes");
}
