//! Entries and what they are bound to.

use super::nonce::{Nonce, Nonces};
use super::protocol::Protocol;
use super::{PerTable, Version};

/// What a read of one table's bookkeeping shows, and what an entry keeps of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// The incarnation of the server that answered.
    pub incarnation: u8,
    /// The nonce of the shape in the table's hash.
    pub shape: Nonce,
    /// The stamp of the conjunction.
    pub stamp: Nonce,
}

impl Evidence {
    /// Whether what was bound to this evidence is valid where `now` is found. What is missing is never equal.
    pub fn stands(&self, now: &Evidence, protocol: &Protocol) -> bool {
        now.stamp.exists()
            && now.stamp == self.stamp
            && (!protocol.shape_nonces || (now.shape.exists() && now.shape == self.shape))
            && (!protocol.incarnation || now.incarnation == self.incarnation)
    }
}

impl Nonces for Evidence {
    fn each_nonce(&mut self, visit: &mut impl FnMut(&mut Nonce)) {
        visit(&mut self.shape);
        visit(&mut self.stamp);
    }
}

/// A stored result: the versions of the rows that it was made from, and the evidence it was made under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The version of the row of each table.
    pub value: PerTable<Version>,
    /// One piece of evidence for each table.
    pub evidence: PerTable<Evidence>,
}

impl Nonces for Entry {
    fn each_nonce(&mut self, visit: &mut impl FnMut(&mut Nonce)) {
        self.evidence.iter_mut().for_each(|evidence| evidence.each_nonce(visit));
    }
}
