//! The state of everything around one near cache.

use super::age::Age;
use super::options::{NearCache, WRITES};

/// How many commits have changed the row.
pub type Version = u8;

/// The most messages that are on the wire at once: two pushes a write, and a pong.
const WIRE: usize = 2 * WRITES + 1;

/// What the server sends on the connection for pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// The answer to a ping.
    Pong,
    /// The key was changed.
    Push,
}

/// Messages that arrive in order, each at any time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wire {
    messages: [Option<Message>; WIRE],
}

impl Wire {
    /// Whether nothing is on the way.
    pub fn is_empty(&self) -> bool {
        self.messages[0].is_none()
    }

    /// Sends a message behind all others.
    pub fn send(&mut self, message: Message) {
        if let Some(free) = self.messages.iter_mut().find(|place| place.is_none()) {
            *free = Some(message);
        }
    }

    /// Takes the first message off.
    pub fn receive(&mut self) -> Option<Message> {
        let first = self.messages[0].take();
        self.messages.rotate_left(1);
        first
    }
}

/// One turn of the server's loop.
///
/// Replies leave as soon as their command was executed, the pushes of a turn together at its end. In one turn a connection
/// is read once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Turn {
    /// The connection for pushes was read: a ping was executed.
    pub pinged: bool,
    /// The key was changed.
    pub push: bool,
}

/// The one ping that may be on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ping {
    /// There is none.
    None,
    /// It was sent that long ago and has not reached the server.
    Sent(Age),
    /// It was sent that long ago and was executed.
    Executed(Age),
}

/// The one fetch that may be on its way, on a connection of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fetch {
    /// There is none.
    None,
    /// It has not reached the server.
    Sent,
    /// It was answered with a value, or without because of an intent.
    Answered(Option<Version>),
}

/// What the one writer is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Writing {
    /// Nothing.
    Nothing,
    /// Its intent was executed that long ago.
    BeforeCommit(Age),
    /// Has committed.
    Committed,
    /// Its invalidation was executed that long ago.
    BeforeAcknowledging(Age),
}

/// What the last step has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shown {
    /// A hit was older than what was acknowledged.
    pub stale: bool,
    /// A hit was older than what was acknowledged or read by anybody.
    pub regressed: bool,
    /// A hit was older than what was acknowledged longer ago than the bound.
    pub beyond_bound: bool,
    /// A hit was older than what its own process had been told is acknowledged.
    pub missed_own: bool,
    /// There was a hit.
    pub hit: bool,
    /// There was a hit on a value made after a write.
    pub hit_after_write: bool,
}

/// The state of everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// The version in the database.
    pub database: Version,
    /// The oldest version that a lookup in the shared store may answer with: that of the last invalidation.
    pub shared: Version,
    /// There is an intent: the shared store answers, but what it answers must not be kept.
    pub intent: bool,
    /// The version that was acknowledged.
    pub acknowledged: Version,
    /// The version that was acknowledged longer ago than the bound.
    pub due: Version,
    /// How long ago each version was acknowledged.
    pub acknowledged_ago: [Age; WRITES + 1],
    /// The version that this process was told is acknowledged.
    pub own: Version,
    /// The greatest version that anybody has read.
    pub observed: Version,
    /// What the writer is doing.
    pub writing: Writing,
    /// Whether the write that is going on is one of this process.
    pub writes_own: bool,
    /// How many writes have not begun.
    pub left: u8,
    /// The turn that the server is in.
    pub turn: Turn,
    /// What is on the way to the near cache.
    pub wire: Wire,
    /// Whether the connection for pushes stands. The near cache does not know.
    pub connected: bool,
    /// How often it may still be lost.
    pub losses: u8,
    /// The ping on its way.
    pub ping: Ping,
    /// How long ago the last answered ping was sent.
    pub last_ping: Age,
    /// How long ago the ping before it was sent.
    pub ping_before: Age,
    /// The fetch on its way.
    pub fetch: Fetch,
    /// No push has come since the fetch was sent.
    pub placeholder: bool,
    /// What is kept.
    pub value: Option<Version>,
    /// What the last step has shown.
    pub shown: Shown,
}

impl World {
    /// Nothing was written, nothing is kept.
    pub fn new(near: &NearCache) -> World {
        World {
            database: 0,
            shared: 0,
            intent: false,
            acknowledged: 0,
            due: 0,
            acknowledged_ago: [Age::LONG; WRITES + 1],
            own: 0,
            observed: 0,
            writing: Writing::Nothing,
            writes_own: false,
            left: near.writes,
            turn: Turn::default(),
            wire: Wire::default(),
            connected: true,
            losses: near.losses,
            ping: Ping::None,
            last_ping: Age::LONG,
            ping_before: Age::LONG,
            fetch: Fetch::None,
            placeholder: false,
            value: None,
            shown: Shown::default(),
        }
    }

    /// A tick: everything is older.
    pub fn grow_older(&mut self, bound: u8) {
        self.last_ping = self.last_ping.later(bound);
        self.ping_before = self.ping_before.later(bound);
        if let Ping::Sent(age) | Ping::Executed(age) = &mut self.ping {
            *age = age.later(bound);
        }
        if let Writing::BeforeCommit(age) | Writing::BeforeAcknowledging(age) = &mut self.writing {
            *age = age.later(bound);
        }
        for (version, age) in self.acknowledged_ago.iter_mut().enumerate() {
            if *age != Age::LONG {
                *age = age.later(bound);
                if *age == Age::LONG {
                    self.due = self.due.max(version as Version);
                }
            }
        }
    }

    /// Whether nothing at all is on the way or going on.
    pub fn is_quiet(&self) -> bool {
        self.connected
            && self.wire.is_empty()
            && self.turn == Turn::default()
            && self.fetch == Fetch::None
            && self.writing == Writing::Nothing
    }
}
