//! How a store's connections are.

use std::time::Duration;

use super::link::{CircuitState, Health};
use super::store::RedisStore;
use super::watch::WatchHealth;
use crate::sync::lock;

/// How the connections of a [`RedisStore`] are at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RedisHealth {
    /// The primaries.
    pub nodes: Vec<RedisNode>,
    /// The streams of changes that near caches are fed by, one for each cache with a bounded one.
    pub listening: Vec<RedisListening>,
}

/// How the connection to one primary is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RedisNode {
    /// Host and port, or the path of a socket.
    pub address: String,
    /// Whether there is a connection.
    pub connected: bool,
    /// Whether it is asked.
    pub breaker: Breaker,
    /// How long it has been as it is.
    pub since: Duration,
    /// Why there is no connection.
    pub fault: Option<String>,
    /// Failures ever: attempts to connect, answers overdue, connections lost.
    pub failures: u64,
    /// How often the breaker has opened.
    pub openings: u64,
}

/// Whether a node is asked: after five failures in a row it is left alone for a while that grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Breaker {
    /// It is asked.
    Closed,
    /// It is not: questions fail at once.
    Open,
    /// It is being found out whether it is back.
    Probing,
}

/// How the stream of changes of a bounded near cache is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RedisListening {
    /// Why not all primaries are listened to, and every hit asks; `None` while they are.
    pub fault: Option<String>,
    /// Names of changed keys that were heard.
    pub keys: u64,
    /// Connections that were lost, or given up because something might have been missed.
    pub losses: u64,
}

impl RedisStore {
    /// How its connections are.
    pub fn health(&self) -> RedisHealth {
        let nodes = self.links().health().into_iter().map(RedisNode::from).collect();
        let listening = lock(self.watches()).iter().map(|watch| watch.health().into()).collect();
        RedisHealth { nodes, listening }
    }
}

impl From<Health> for RedisNode {
    fn from(health: Health) -> Self {
        RedisNode {
            address: health.node.to_string(),
            connected: health.connected,
            breaker: match health.circuit {
                CircuitState::Closed => Breaker::Closed,
                CircuitState::Open => Breaker::Open,
                CircuitState::Probing => Breaker::Probing,
            },
            since: health.since,
            fault: health.fault.map(|fault| fault.to_string()),
            failures: health.failures,
            openings: health.openings,
        }
    }
}

impl From<WatchHealth> for RedisListening {
    fn from(health: WatchHealth) -> Self {
        RedisListening { fault: health.fault.map(|fault| fault.to_string()), keys: health.keys, losses: health.losses }
    }
}
