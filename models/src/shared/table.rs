//! The bookkeeping of one table on its node, and the scripts that change it.

use super::bounds::Images;
use super::entry::Evidence;
use super::nonce::{Draw, Nonce, Nonces};
use super::protocol::{Binding, Mode, Protocol, Source};
use crate::set::Set;

/// The keys of one table, with one shape and one conjunction. Every method is one script: atomic on its node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Table {
    /// Changes whenever the node may have lost writes.
    pub incarnation: u8,
    /// The nonce of the shape; missing while the shape is not registered.
    pub shape: Nonce,
    /// The stamp of the conjunction.
    pub stamp: Nonce,
    /// The writers that have announced themselves.
    pub intents: Set,
    /// The writers whose write a replica of the database may not have yet.
    pub hold_offs: Set,
    /// The writers whose intents were lost, as long as they are undecided.
    pub quarantine: Set,
    /// Whether the entry is in the set of dependants.
    pub dependant: bool,
}

impl Table {
    /// What a lookup reads.
    pub fn evidence(&self) -> Evidence {
        Evidence { incarnation: self.incarnation, shape: self.shape, stamp: self.stamp }
    }

    /// Whether nothing may be filled now.
    pub fn is_blocked(&self) -> bool {
        !(self.intents.is_empty() && self.hold_offs.is_empty() && self.quarantine.is_empty())
    }

    /// Registers the shape and, unless fills are blocked, makes the stamp. The evidence is none when blocked.
    pub fn fill(&mut self, draw: &mut Draw) -> Option<Evidence> {
        if !self.shape.exists() {
            self.shape = draw.nonce();
        }
        if self.is_blocked() {
            return None;
        }
        if !self.stamp.exists() {
            self.stamp = draw.nonce();
        }
        Some(self.evidence())
    }

    /// Announces a writer and voids what it is about to change.
    pub fn intent(&mut self, writer: usize, images: Images, protocol: &Protocol, draw: &mut Draw) {
        self.intents.insert(writer);
        self.void(images, protocol, draw);
    }

    /// Voids what a writer has changed and takes its intent back. Whether the entry goes with its set of dependants is
    /// the answer.
    #[must_use = "a set of dependants takes its entry along"]
    pub fn release(&mut self, writer: usize, images: Images, protocol: &Protocol, draw: &mut Draw) -> bool {
        if protocol.binding == Binding::DependantSets {
            return std::mem::take(&mut self.dependant);
        }
        self.void(images, protocol, draw);
        if protocol.mode == Mode::Strict {
            self.intents.remove(writer);
        }
        if protocol.source == Source::ReplicaHeldOff {
            self.hold_offs.insert(writer);
        }
        false
    }

    /// A writer learns the conjunctions from the registered shapes: of a shape that is not there it knows no stamp.
    fn void(&mut self, images: Images, protocol: &Protocol, draw: &mut Draw) {
        if !self.shape.exists() {
            return;
        }
        match images {
            Images::Known => self.stamp = Nonce::MISSING,
            Images::Unknown | Images::EveryTable if protocol.wild => self.shape = draw.nonce(),
            Images::Unknown | Images::EveryTable => {}
        }
    }
}

impl Nonces for Table {
    fn each_nonce(&mut self, visit: &mut impl FnMut(&mut Nonce)) {
        visit(&mut self.shape);
        visit(&mut self.stamp);
    }
}
