//! The stamps of one table.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use crate::change::Row;
use crate::clock::Instant;
use crate::dependency::{Conjunction, Table};
use crate::engine::{Stamp, Stamps};
use crate::key::ConjunctionHasher;
use crate::observe::ShapeMet;
use crate::shape::{Meets, Shape, Slot};

/// Most shapes of one table; a conjunction of a further shape is stamped under a wider one.
pub(super) const MAX_SHAPES: usize = 64;

const FIRST_SWEEP: usize = 64;

/// The live shapes of a table, each with its own stamp and the stamps of its conjunctions.
///
/// Nothing here knows of entries: an invalidation unlinks and voids stamps, and an entry whose stamp is
/// void is found out at its next lookup. So the cost of an invalidation is that of the shapes, whatever
/// hangs on them.
#[derive(Debug, Default)]
pub(super) struct TableIndex {
    shapes: Vec<ShapeIndex>,
    last_void: u64,
    /// Conjunctions of further shapes to come before the next sweep, so that a full table is not swept for each.
    sweep_in: usize,
}

#[derive(Debug)]
struct ShapeIndex {
    shape: Shape,
    /// The beginning of every hash of the shape.
    hasher: ConjunctionHasher,
    stamp: Arc<Stamp>,
    conjunctions: HashMap<Slot, Arc<Stamp>, BuildHasherDefault<SlotHasher>>,
    levels: u64,
    sweep_at: usize,
}

impl TableIndex {
    /// No stamps yet, for a table that may have been invalidated up to this number.
    pub(super) fn since(last_void: u64) -> Self {
        TableIndex { last_void, ..TableIndex::default() }
    }

    /// The number of the last invalidation that reached this table.
    pub(super) fn last_void(&self) -> u64 {
        self.last_void
    }

    /// The stamps of a conjunction, made where there are none.
    pub(super) fn stamp(&mut self, conjunction: &Conjunction, key: &ConjunctionHasher, stamps: &mut Stamps) {
        let (shape, slots) = Shape::of(conjunction, key);
        if let Some(known) = self.shapes.iter_mut().find(|known| known.shape == shape) {
            return known.stamp(&slots, stamps);
        }
        if self.shapes.len() >= MAX_SHAPES {
            self.sweep_in_time();
        }
        if self.shapes.len() >= MAX_SHAPES - 1 && shape != Shape::default() {
            let wider = self.shapes.iter().filter(|known| known.shape.is_wider_than(&shape));
            let conjunction = match wider.max_by_key(|known| known.shape.len()) {
                Some(known) => known.shape.restrict(conjunction),
                None => Shape::default().restrict(conjunction),
            };
            let (narrowed, slots) = Shape::of(&conjunction, key);
            let (shape, slots) = match self.shapes.iter().any(|known| known.shape == narrowed) {
                true => (narrowed, slots),
                false => Shape::of(&Shape::default().restrict(&conjunction), key),
            };
            return self.register(shape, key).stamp(&slots, stamps);
        }
        self.register(shape, key).stamp(&slots, stamps);
    }

    fn register(&mut self, shape: Shape, key: &ConjunctionHasher) -> &mut ShapeIndex {
        let at = match self.shapes.iter().position(|known| known.shape == shape) {
            Some(at) => at,
            None => {
                self.shapes.push(ShapeIndex::new(shape, key));
                self.shapes.len() - 1
            }
        };
        &mut self.shapes[at]
    }

    /// Voids every stamp that a row with one of these images may concern, and tells which shapes were met.
    pub(super) fn void<'a>(
        &mut self,
        table: &Table,
        images: impl Iterator<Item = &'a Row> + Clone,
        (invalidation, began): (u64, Instant),
        met: &mut Vec<ShapeMet>,
    ) {
        self.last_void = self.last_void.max(invalidation);
        self.shapes.retain_mut(|known| {
            let mut voided = 0;
            for image in images.clone() {
                match known.shape.meets(image, known.levels, &known.hasher) {
                    Meets::Nothing => {}
                    Meets::Anything => {
                        known.stamp.void(invalidation, began);
                        met.push(ShapeMet::new(table, &known.shape, known.live(), true));
                        return false;
                    }
                    Meets::Slots(slots) => {
                        for slot in slots {
                            if let Some(stamp) = known.conjunctions.remove(&slot) {
                                stamp.void(invalidation, began);
                                voided += 1;
                            }
                        }
                    }
                }
            }
            if voided > 0 {
                met.push(ShapeMet::new(table, &known.shape, voided, false));
            }
            true
        });
    }

    fn sweep_in_time(&mut self) {
        if self.sweep_in == 0 {
            self.sweep();
            self.sweep_in = self.size().1;
        } else {
            self.sweep_in -= 1;
        }
    }

    /// Whether nothing hangs on this table any more.
    pub(super) fn is_unused(&mut self) -> bool {
        self.sweep();
        self.shapes.is_empty()
    }

    /// Forgets stamps and shapes that no entry and no fill holds any more.
    pub(super) fn sweep(&mut self) {
        self.shapes.retain_mut(|known| {
            known.sweep();
            !known.conjunctions.is_empty() || Arc::strong_count(&known.stamp) > 1
        });
    }

    pub(super) fn size(&self) -> (usize, usize) {
        (self.shapes.len(), self.shapes.iter().map(|known| known.conjunctions.len()).sum())
    }
}

impl ShapeIndex {
    fn new(shape: Shape, key: &ConjunctionHasher) -> Self {
        ShapeIndex {
            hasher: shape.hasher(key),
            shape,
            stamp: Stamp::new(),
            conjunctions: HashMap::default(),
            levels: 0,
            sweep_at: FIRST_SWEEP,
        }
    }

    fn stamp(&mut self, slots: &[Slot], stamps: &mut Stamps) {
        if self.conjunctions.len() + slots.len() > self.sweep_at {
            self.sweep();
            self.sweep_at = FIRST_SWEEP.max(2 * (self.conjunctions.len() + slots.len()));
        }
        stamps.push(Arc::clone(&self.stamp));
        for slot in slots {
            self.levels |= 1 << slot.0;
            stamps.push(Arc::clone(self.conjunctions.entry(*slot).or_default()));
        }
    }

    fn sweep(&mut self) {
        self.conjunctions.retain(|_, stamp| Arc::strong_count(stamp) > 1);
    }

    fn live(&self) -> usize {
        self.conjunctions.len()
    }
}

/// The hash of a slot is already uniform.
#[derive(Debug, Default)]
pub(super) struct SlotHasher(u64);

impl Hasher for SlotHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u8(*byte);
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.0 = self.0.rotate_left(8) ^ u64::from(number);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = self.0.rotate_left(8) ^ number;
    }
}
