//! Against real servers, which are left out together with all others.

mod clusters;
mod faults;
mod one_server;
mod sentinels;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use test_servers::Redis;

use super::*;
use crate::clock::{Clock, Instant};
use crate::dependency::Dependencies;
use crate::engine::Stamps;
use crate::key::Key;
use crate::near::{NearMode, mark};
use crate::store::redis::keys::Keys;
use crate::store::redis::settings::Settings;
use crate::store::{Made, Stored};

const BOUND: Duration = Duration::from_millis(200);

/// A near cache that is told of what changes.
struct Stage {
    links: Links,
    near: Arc<Near>,
    watch: Watch,
    clock: Clock,
}

impl Stage {
    fn new(settings: Settings, mode: NearMode, clock: Clock) -> Stage {
        let open = Links::open(settings);
        let links = super::super::runtime::block(open).unwrap();
        let near = Arc::new(Near::new(mode, 1 << 20, clock.clone()));
        let watch = Watch::start(&links, &near, Keys::new("shop").watched_prefixes());
        Stage { links, near, watch, clock }
    }

    /// With a clock that stands, so that a lease that is not ended lasts, and a connection that is not given up because the
    /// machine is busy.
    fn of(server: &Redis) -> Stage {
        let settings = Settings::standalone(&server.url()).unwrap().timeout(Duration::from_secs(20));
        Stage::new(settings, NearMode::Bounded { staleness: BOUND }, Clock::manual())
    }

    /// The same, but silence is noticed.
    fn impatient(server: &Redis) -> Stage {
        let settings = Settings::standalone(&server.url()).unwrap();
        Stage::new(settings, NearMode::Bounded { staleness: BOUND }, Clock::manual())
    }

    /// Keeps a value that hangs on keys.
    fn keep(&self, keys: &[&str]) -> Arc<Stored> {
        let marks: Vec<u64> = keys.iter().map(|key| mark(key.as_bytes())).collect();
        stored(0, self.near.expect(&marks))
    }

    /// Keeps a value when there is a lease, so that it is served unasked.
    fn keep_served(&self, keys: &[&str]) -> Arc<Stored> {
        eventually("a value that is served", || {
            let kept = self.keep(keys);
            self.near.may_serve(&kept).then_some(kept)
        })
    }

    /// Waits until everything has been heard that the server was told to do so far.
    fn catches_up(&self, server: &Redis) {
        let last = self.keep_served(&["c{shop:last}01"]);
        server.cli(&["SET", "c{shop:last}01", "1"]);
        self.becomes_suspect("the last change", &last);
    }

    fn becomes_suspect(&self, what: &str, kept: &Stored) {
        eventually(what, || kept.stamps.voided_by());
    }

    fn comes_back(&self) {
        self.keep_served(&["m{shop:back}"]);
        eventually("health", || self.watch.health().fault.is_none().then_some(()));
    }
}

fn stored(value: u64, stamps: Stamps) -> Arc<Stored> {
    let (dependencies, expires, idle) = (Dependencies::none(), None, None);
    let made = Made::at(Instant::from_nanos(0));
    Arc::new(Stored {
        value: Arc::new(value),
        stamps,
        dependencies,
        expires,
        idle,
        weight: 8,
        made,
        proof: None,
        reserve: None,
    })
}

/// Tries until it gives something; the bound is for tests that fail.
fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = std::time::Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "in vain: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// The connections that a server tells of changed keys.
fn listening(server: &Redis) -> Vec<String> {
    let clients = server.cli(&["CLIENT", "LIST"]);
    let field = |line: &str, name: &str| line.split(' ').find_map(|field| field.strip_prefix(name)).map(str::to_owned);
    let told = clients.lines().filter(|line| field(line, "flags=").is_some_and(|flags| flags.contains('t')));
    told.filter_map(|line| field(line, "id=")).collect()
}
