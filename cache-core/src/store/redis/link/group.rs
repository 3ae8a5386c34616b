//! Commands that go together, and their answers.

use redis::{Cmd, Value};

use super::address::NodeId;
use super::fault::{Fault, FaultKind};

/// Commands that go to one node in one pipeline, one after the other, and are answered in order.
///
/// Commands of several groups may be in one pipeline; nothing makes a group atomic.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// The slot of all keys of all commands.
    pub(crate) slot: u16,
    pub(crate) commands: Vec<Cmd>,
}

impl Group {
    pub(crate) fn new(slot: u16) -> Self {
        Group { slot, commands: Vec::new() }
    }

    pub(crate) fn with(mut self, command: Cmd) -> Self {
        self.commands.push(command);
        self
    }
}

/// A group as it is sent, in bytes that can be sent again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'q> {
    /// The slot of all keys of all commands.
    pub(crate) slot: u16,
    pub(crate) bytes: &'q [u8],
    /// How many commands they are.
    pub(crate) replies: usize,
}

/// Whatever goes to the node of a slot.
pub(super) trait HasSlot {
    fn slot(&self) -> u16;
}

impl HasSlot for Group {
    fn slot(&self) -> u16 {
        self.slot
    }
}

impl HasSlot for Question<'_> {
    fn slot(&self) -> u16 {
        self.slot
    }
}

/// One value a command, and the incarnation of the node that answered.
///
/// An error reply to one command is a [`Value::ServerError`] in its place, to be looked at by whoever asked; those
/// that say that the wrong node was asked make the whole group a [`Fault`] instead.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answered {
    pub(crate) incarnation: u64,
    pub(crate) values: Vec<Value>,
}

/// The fault that one of the values tells of, if any says that this node should not have been asked.
pub(super) fn misdirected(node: &NodeId, values: &[Value]) -> Option<Fault> {
    values.iter().find_map(|value| {
        let Value::ServerError(error) = value else { return None };
        let kind = match error.code() {
            "MOVED" | "ASK" | "TRYAGAIN" | "CLUSTERDOWN" => FaultKind::Moved,
            "READONLY" | "MASTERDOWN" => FaultKind::NotPrimary,
            "LOADING" => FaultKind::Server,
            _ => return None,
        };
        Some(Fault::new(kind, node, format!("{} {}", error.code(), error.details().unwrap_or_default())))
    })
}
