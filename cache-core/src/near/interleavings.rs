//! Readers, writers and the stream of pushes under a scheduler that decides which thread goes on at every lock and atomic.
//!
//! Run with `--no-default-features --features shuttle --lib near::`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use shuttle::sync::Mutex;
use shuttle::thread;

use super::{Near, NearMode};
use crate::clock::{Clock, Instant};
use crate::dependency::Dependencies;
use crate::key::Key;
use crate::store::{Made, Stored};

const MARK: u64 = 7;

const TICK: Duration = Duration::from_nanos(1);

/// A server with one row: every version with the moment of its acknowledgement, and the pushes that wait to be sent.
struct Server {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    version: u64,
    acknowledged: Vec<(Instant, u64)>,
    /// Whether there is a connection that pushes go to.
    listening: bool,
    /// Pushes by the turn of the event loop that they belong to.
    waiting: VecDeque<u64>,
    turn: u64,
}

impl Server {
    fn read(&self) -> u64 {
        self.clock.advance(TICK);
        self.state.lock().unwrap().version
    }

    fn write(&self) {
        let version = {
            let mut state = self.state.lock().unwrap();
            state.version += 1;
            if state.listening {
                let turn = state.turn;
                state.waiting.push_back(turn);
            }
            state.version
        };
        self.clock.advance(TICK);
        let acknowledged = (self.clock.now(), version);
        self.state.lock().unwrap().acknowledged.push(acknowledged);
    }

    /// Lets time go by.
    fn pass(&self, ticks: u32) {
        for _ in 0..ticks {
            self.clock.advance(TICK);
            thread::yield_now();
        }
    }

    fn listen(&self) {
        self.state.lock().unwrap().listening = true;
    }

    /// The connection breaks: pushes on their way are lost.
    fn lose(&self) {
        let mut state = self.state.lock().unwrap();
        state.listening = false;
        state.waiting.clear();
    }

    /// Answers a ping: what comes before the answer are the pushes of earlier turns, not those of this one.
    fn ping(&self) -> u64 {
        self.clock.advance(TICK);
        let mut state = self.state.lock().unwrap();
        let turn = state.turn;
        state.turn += 1;
        let before = state.waiting.len();
        state.waiting.retain(|of| *of >= turn);
        (before - state.waiting.len()) as u64
    }

    /// The least version that a read may see that began at this moment.
    fn least(&self, began: Instant, bound: Duration) -> u64 {
        let state = self.state.lock().unwrap();
        let old_enough = state.acknowledged.iter().filter(|(at, _)| at.after(bound) < began);
        old_enough.map(|(_, version)| *version).max().unwrap_or(0)
    }
}

fn read(near: &Near, server: &Server, bound: Duration) -> bool {
    let began = near.clock().now();
    let kept = near.lookup(&Key::new("row"));
    if let Some(kept) = kept
        && near.may_serve(&kept)
    {
        let version = *kept.value.downcast_ref::<u64>().unwrap();
        let least = server.least(began, bound);
        assert!(version >= least, "served {version} unasked, {least} was acknowledged before the bound");
        return true;
    }
    let stamps = near.expect(&[MARK]);
    let value = Arc::new(server.read());
    let (dependencies, expires, idle) = (Dependencies::none(), None, None);
    let made = Made::at(Instant::from_nanos(0));
    near.insert(
        Key::new("row"),
        Arc::new(Stored { value, stamps, dependencies, expires, idle, weight: 8, made, proof: None, reserve: None }),
    );
    false
}

/// The ping that a lease counts from.
#[derive(Clone, Copy, PartialEq)]
enum From {
    TheOneBefore,
    TheLast,
}

/// Listens, pings, breaks, and does it again.
fn follow(near: &Near, server: &Server, from: From) {
    for _ in 0..2 {
        let mut previous = near.clock().now();
        server.listen();
        near.suspect_all();
        for _ in 0..4 {
            let sent = near.clock().now();
            let pushes = server.ping();
            near.suspect((0..pushes).map(|_| MARK));
            near.renew(if from == From::TheLast { sent } else { previous });
            previous = sent;
            server.pass(2);
        }
        server.lose();
        near.end_lease();
    }
}

/// How many reads were served unasked.
fn scenario(bound: Duration, from: From) -> u64 {
    let clock = Clock::manual();
    let near = Arc::new(Near::new(NearMode::Bounded { staleness: bound }, 1 << 16, clock.clone()));
    let server = Arc::new(Server { clock, state: Mutex::default() });
    let mut readers = Vec::new();
    for _ in 0..2 {
        let (near, server) = (Arc::clone(&near), Arc::clone(&server));
        readers.push(thread::spawn(move || (0..8).filter(|_| read(&near, &server, bound)).count() as u64));
    }
    let writer = {
        let server = Arc::clone(&server);
        thread::spawn(move || {
            for _ in 0..2 {
                server.pass(3);
                server.write();
                server.pass(3);
            }
        })
    };
    follow(&near, &server, from);
    writer.join().unwrap();
    readers.into_iter().map(|reader| reader.join().unwrap()).sum()
}

fn explore(bound: Duration, from: From, iterations: usize) {
    let served = Arc::new(AtomicU64::new(0));
    let counting = {
        let served = Arc::clone(&served);
        move || {
            served.fetch_add(scenario(bound, from), Ordering::Relaxed);
        }
    };
    shuttle::check_random(counting.clone(), iterations / 2);
    shuttle::check_pct(counting, iterations / 2, 3);
    assert!(served.load(Ordering::Relaxed) > 1_000, "hardly anything is served unasked");
}

#[test]
fn no_hit_is_staler_than_the_bound() {
    for bound in [8, 12] {
        explore(Duration::from_nanos(bound), From::TheOneBefore, 3_000);
    }
}

/// An answer to a ping says nothing of what was written in the same turn as the ping.
#[test]
#[should_panic(expected = "was acknowledged before the bound")]
fn a_lease_from_the_last_ping_would_be_too_long() {
    for bound in [8, 12] {
        explore(Duration::from_nanos(bound), From::TheLast, 20_000);
    }
}
