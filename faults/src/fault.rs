//! What can go wrong.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::plan::Topology;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lowercase")]
pub enum Fault {
    /// A server is killed and started again, from what it had saved some time before.
    Kill9,
    /// A server stands still for a while.
    Stop,
    /// Connections are cut by the server.
    ConnKill,
    /// A server loses everything, or its scripts.
    Flush,
    /// A server drops keys of its own choice.
    Evict,
    /// A replica that has missed writes takes the place of its primary.
    Promote,
    /// A slot moves to another node, with its keys.
    Migrate,
    /// A node is lost for good, and its replica stands in.
    NodeLoss,
    /// A process dies at a step of a write, or anywhere.
    Crash,
    /// The wall clock of a process jumps by up to forty days, either way.
    Clock,
    /// A writer is not told whether its COMMIT was carried out.
    Unknown,
    /// A reader sleeps between its query and the end of its work.
    Slow,
}

impl Fault {
    /// All kinds.
    pub const ALL: [Fault; 12] = [
        Fault::Kill9,
        Fault::Stop,
        Fault::ConnKill,
        Fault::Flush,
        Fault::Evict,
        Fault::Promote,
        Fault::Migrate,
        Fault::NodeLoss,
        Fault::Crash,
        Fault::Clock,
        Fault::Unknown,
        Fault::Slow,
    ];

    /// Whether servers of this topology can be brought to it.
    pub fn is_possible(self, topology: Topology) -> bool {
        match self {
            Fault::Promote => topology != Topology::Single,
            Fault::Migrate | Fault::NodeLoss => topology == Topology::Cluster,
            _ => true,
        }
    }

    /// Whether it is injected by the coordinator, one at a time; others are up to the workers, all the time.
    pub fn is_scheduled(self) -> bool {
        !matches!(self, Fault::Unknown | Fault::Slow)
    }

    /// As it is written on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
