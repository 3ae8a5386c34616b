//! A writer between two steps.

use super::bounds::{Images, Write};
use super::protocol::{Mode, Protocol, Scan};
use super::{PerTable, Version};
use crate::set::Set;

/// What a writer is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Doing {
    /// Announces itself to these tables.
    Announcing(Set),
    /// Its transaction is complete but for COMMIT.
    Committing,
    /// Is about to list the shape hashes.
    AboutToList,
    /// Lists the shape hashes; these have existed since it began.
    Listing(Set),
    /// Has these tables to invalidate before it acknowledges.
    Invalidating(Set),
    /// Has told its caller how the commit ended, and still has these tables to invalidate.
    Queued(Set),
    /// Is dead, its COMMIT on the way.
    InDoubt,
    /// Is dead; these tables it has not invalidated, if it has committed at all.
    Dead(Set),
    /// Has done all.
    #[default]
    Done,
}

/// A writer that commits once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Writer {
    /// What it is doing.
    pub doing: Doing,
    /// The tables that it has announced itself to.
    pub announced: Set,
    /// The tables that its listing has found.
    pub found: Set,
    /// The versions that it has committed; 0 where it has none.
    pub version: PerTable<Version>,
}

impl Writer {
    /// A writer that has its transaction open.
    pub fn open(write: &Write, protocol: &Protocol) -> Writer {
        let doing = match (protocol.mode, write.images, protocol.scan) {
            (_, Images::EveryTable, Scan::BeforeCommit) => Doing::AboutToList,
            (Mode::Strict, Images::Known | Images::Unknown, _) => Doing::Announcing(write.tables),
            _ => Doing::Committing,
        };
        Writer { doing, ..Writer::default() }
    }

    /// Whether its transaction may still come to take effect although it has announced itself.
    pub fn is_undecided(&self) -> bool {
        matches!(self.doing, Doing::Announcing(_) | Doing::Committing | Doing::InDoubt)
    }

    /// Whether it has changed the table, and it or an outbox is going to invalidate it.
    pub fn owes(&self, table: usize, outbox: bool) -> bool {
        self.version[table] != 0
            && match self.doing {
                Doing::AboutToList | Doing::Listing(_) => true,
                Doing::Invalidating(tables) | Doing::Queued(tables) => tables.contains(table),
                Doing::Dead(tables) => outbox && tables.contains(table),
                Doing::Announcing(_) | Doing::Committing | Doing::InDoubt | Doing::Done => false,
            }
    }
}
