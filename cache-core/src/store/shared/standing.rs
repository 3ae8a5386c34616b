//! What a footprint stands at: the nonces and stamps that make an entry valid.

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use super::{Footprint, ShapeFootprint, TableFootprint};
use crate::dependency::Table;

/// The nonces and stamps of a footprint at one moment, in its order. Zero stands for one that is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) tables: Vec<TableStanding>,
}

/// What one table's part of a footprint stands at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TableStanding {
    /// What tells the state of the node that serves the table from that after a restart or failover.
    pub(crate) incarnation: u64,
    /// No intent is open on the table, and none was lost: a fill may go on from these stamps.
    pub(crate) settled: bool,
    /// One for each shape.
    pub(crate) nonces: Vec<u64>,
    /// One for each conjunction, shape by shape.
    pub(crate) stamps: Vec<u64>,
}

impl Standing {
    /// Whether nothing is missing.
    pub(crate) fn is_whole(&self) -> bool {
        self.tables.iter().all(|table| table.nonces.iter().chain(&table.stamps).all(|number| *number != 0))
    }

    /// Whether a fill may go on from these stamps without asking for others.
    pub(crate) fn is_settled(&self) -> bool {
        self.is_whole() && self.tables.iter().all(|table| table.settled)
    }

    /// Whether nothing is missing and all numbers are those of another.
    pub(crate) fn is_as(&self, other: &Standing) -> bool {
        let same = |(one, two): (&TableStanding, &TableStanding)| {
            one.incarnation == two.incarnation && one.nonces == two.nonces && one.stamps == two.stamps
        };
        self.is_whole() && self.tables.len() == other.tables.len() && self.tables.iter().zip(&other.tables).all(same)
    }

    /// 128 bits for a footprint and what it stands at; `None` while anything is missing, which never equals anything.
    pub(crate) fn sum(&self, footprint: &Footprint) -> Option<[u8; 16]> {
        if !self.is_whole() || self.tables.len() != footprint.tables.len() {
            return None;
        }
        // Hashed in one piece: the state of a hasher is larger than most of what it would be fed.
        let mut bytes: SmallVec<[u8; 256]> = SmallVec::new();
        for (of, stands) in footprint.tables.iter().zip(&self.tables) {
            let slots = of.shapes.iter().map(|shape| shape.slots.len()).sum::<usize>();
            if stands.nonces.len() != of.shapes.len() || stands.stamps.len() != slots {
                return None;
            }
            bytes.extend_from_slice(&stands.incarnation.to_le_bytes());
            bytes.extend_from_slice(&(of.table.as_str().len() as u64).to_le_bytes());
            bytes.extend_from_slice(of.table.as_str().as_bytes());
            let mut stamps = stands.stamps.iter();
            for (shape, nonce) in of.shapes.iter().zip(&stands.nonces) {
                bytes.extend_from_slice(&(shape.name.len() as u64).to_le_bytes());
                bytes.extend_from_slice(shape.name.as_bytes());
                bytes.extend_from_slice(&nonce.to_le_bytes());
                bytes.extend_from_slice(&(shape.slots.len() as u64).to_le_bytes());
                for (slot, stamp) in shape.slots.iter().zip(&mut stamps) {
                    bytes.extend_from_slice(&slot.to_le_bytes());
                    bytes.extend_from_slice(&stamp.to_le_bytes());
                }
            }
        }
        let mut sum = [0; 16];
        sum.copy_from_slice(&blake3::hash(&bytes).as_bytes()[..16]);
        Some(sum)
    }

    /// Both footprints and what they stand at; `None` when they contradict each other, so that something was voided
    /// between the two.
    pub(crate) fn join(parts: &[(Arc<Footprint>, Arc<Standing>)]) -> Option<(Arc<Footprint>, Arc<Standing>)> {
        if let [one] = parts {
            return Some(one.clone());
        }
        let mut joined = Joined::default();
        for (footprint, standing) in parts {
            for (of, stands) in footprint.tables.iter().zip(&standing.tables) {
                joined.add(of, stands)?;
            }
        }
        Some(joined.finish())
    }
}

type Numbers = BTreeMap<Arc<str>, (u64, BTreeMap<u64, u64>)>;

#[derive(Default)]
struct Joined {
    tables: BTreeMap<Table, (u64, bool, Numbers)>,
}

impl Joined {
    fn add(&mut self, of: &TableFootprint, stands: &TableStanding) -> Option<()> {
        let fresh = || (stands.incarnation, true, Numbers::new());
        let (incarnation, settled, shapes) = self.tables.entry(of.table.clone()).or_insert_with(fresh);
        if *incarnation != stands.incarnation {
            return None;
        }
        *settled &= stands.settled;
        let mut stamps = stands.stamps.iter();
        for (shape, nonce) in of.shapes.iter().zip(&stands.nonces) {
            let (known, slots) = shapes.entry(Arc::clone(&shape.name)).or_insert_with(|| (*nonce, Default::default()));
            if known != nonce {
                return None;
            }
            for (slot, stamp) in shape.slots.iter().zip(&mut stamps) {
                if *slots.entry(*slot).or_insert(*stamp) != *stamp {
                    return None;
                }
            }
        }
        Some(())
    }

    fn finish(self) -> (Arc<Footprint>, Arc<Standing>) {
        let (mut footprint, mut standing) = (Footprint::default(), Standing::default());
        for (table, (incarnation, settled, shapes)) in self.tables {
            let mut stands = TableStanding { incarnation, settled, ..TableStanding::default() };
            let mut of = TableFootprint { table, shapes: Vec::new() };
            for (name, (nonce, slots)) in shapes {
                stands.nonces.push(nonce);
                stands.stamps.extend(slots.values());
                of.shapes.push(ShapeFootprint { name, slots: slots.into_keys().collect() });
            }
            footprint.tables.push(of);
            standing.tables.push(stands);
        }
        (Arc::new(footprint), Arc::new(standing))
    }
}
