//! Why commands were not answered.

use std::fmt;
use std::sync::Arc;

use super::address::NodeId;

/// What kind of failure a [`Fault`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FaultKind {
    /// There is no connection, or it was lost; what was sent may have been executed or not.
    Unreachable,
    /// The answer did not come in time, and the connection was given up; what was sent may have been executed or not.
    TimedOut,
    /// The server refused the credentials, the database, the protocol, or a command of the handshake.
    Refused,
    /// The slot is not, or not wholly, served by the node that was asked.
    Moved,
    /// The node is a replica, or has lost its primary.
    NotPrimary,
    /// The circuit of the node is open: nothing was sent.
    Overloaded,
    /// The server said something else than it should.
    Server,
}

/// A failure of a node to answer: its kind, the node, and a text that names the remedy where there is one; never a
/// password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    kind: FaultKind,
    node: Option<NodeId>,
    text: Arc<str>,
}

impl Fault {
    pub(crate) fn new(kind: FaultKind, node: &NodeId, text: impl Into<Arc<str>>) -> Self {
        Fault { kind, node: Some(node.clone()), text: text.into() }
    }

    /// A failure before any node was chosen.
    pub(crate) fn nowhere(kind: FaultKind, text: impl Into<Arc<str>>) -> Self {
        Fault { kind, node: None, text: text.into() }
    }

    /// The same failure as another kind.
    pub(crate) fn as_kind(&self, kind: FaultKind) -> Self {
        Fault { kind, ..self.clone() }
    }

    pub(crate) fn kind(&self) -> FaultKind {
        self.kind
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Some(node) => write!(f, "{node}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl std::error::Error for Fault {}
