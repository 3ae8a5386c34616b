//! The steps of the model, as a counterexample tells them.

use std::fmt;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Time passes.
    Tick,
    /// The near cache serves what it keeps.
    Hit,
    /// The near cache asks the shared store.
    Fetch,
    /// The shared store answers.
    Answer,
    /// The answer arrives.
    Receive,
    /// The near cache sends a ping.
    Ping,
    /// The server executes the ping.
    ExecutePing,
    /// The server's turn ends: its pushes leave.
    EndTurn,
    /// The next message on the connection for pushes arrives.
    Deliver,
    /// A write begins, of this process or of another; with intents its intent is executed, else it commits.
    Begin {
        /// Whether it is a write of this process.
        own: bool,
    },
    /// The write commits.
    Commit,
    /// Its invalidation is executed.
    Invalidate,
    /// The write is acknowledged.
    Acknowledge,
    /// Somebody else reads the database.
    OtherReads,
    /// The connection for pushes is lost.
    Lose,
    /// The near cache notices, and connects again.
    Notice,
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Action::Tick => "a tick",
            Action::Hit => "near: hit",
            Action::Fetch => "near: asks the shared store",
            Action::Answer => "store: answers the lookup",
            Action::Receive => "near: the answer arrives",
            Action::Ping => "near: sends a ping",
            Action::ExecutePing => "store: executes the ping",
            Action::EndTurn => "store: ends its turn, its pushes leave",
            Action::Deliver => "near: the next push or pong arrives",
            Action::Begin { own: true } => "writer: begins, in the same process",
            Action::Begin { own: false } => "writer: begins, elsewhere",
            Action::Commit => "writer: COMMITS",
            Action::Invalidate => "store: executes the invalidation",
            Action::Acknowledge => "writer: acknowledges",
            Action::OtherReads => "somebody reads the database",
            Action::Lose => "the connection for pushes IS LOST",
            Action::Notice => "near: notices the loss and connects again",
        })
    }
}
