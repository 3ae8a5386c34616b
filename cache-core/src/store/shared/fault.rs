//! Why a shared store did not do what it was asked for.

use std::fmt;

/// A failure of a shared store: the question is then treated as not answered, and nothing is served or stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// For people, without secrets: where, what, and what to do about it.
    pub(crate) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// There is no connection, or it was lost before the answer.
    Unreachable,
    /// No answer came in time.
    TimedOut,
    /// It was not asked, because it failed too often lately.
    BreakerOpen,
    /// The server refuses this client: password, permission, protocol.
    Refused,
    /// Another node has to be asked: slots moved, or the primary changed.
    Moved,
    /// The server answered with an error, or with something that makes no sense.
    Server,
}

impl Fault {
    pub(crate) fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Fault { kind, message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
