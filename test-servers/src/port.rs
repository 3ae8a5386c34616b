//! Ports for servers that are killed and come back.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::Error;

/// The ports that are given out. All of them, and those of the cluster bus above them, are below those that systems give
/// to outgoing connections: while a server is down, nobody gets its port by chance, not even the client that tries to
/// reach it again.
const PORTS: std::ops::Range<u16> = 10_000..20_000;

/// How far above its port a node of a cluster listens for the others.
pub(crate) const BUS: u16 = 10_000;

/// A port that was free a moment ago, and the one of the cluster bus above it as well; this process gets each only once
/// in a long time.
pub(crate) fn lasting_port() -> Result<u16, Error> {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    let count = PORTS.end - PORTS.start;
    // Processes start at different places.
    let next = NEXT.get_or_init(|| AtomicU16::new(RandomState::new().hash_one(std::process::id()) as u16));
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (0..count)
        .map(|_| PORTS.start + next.fetch_add(1, Ordering::Relaxed) % count)
        .find(|port| is_free(port) && is_free(&(port + BUS)))
        .ok_or_else(|| Error::waited(format_args!("one of the ports {PORTS:?} is free")))
}

/// Starts a server on a lasting port, and on another one if somebody was faster.
pub(crate) fn on_lasting_port<S>(start: impl Fn(u16) -> Result<S, Error>) -> Result<S, Error> {
    let mut outcome = start(lasting_port()?);
    for _ in 0..2 {
        if outcome.is_err() {
            outcome = start(lasting_port()?);
        }
    }
    outcome
}
