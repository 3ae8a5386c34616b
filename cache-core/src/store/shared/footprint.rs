//! What an entry depends on, in the words of a shared store.

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use super::Notes;
use crate::dependency::{Conjunction, Dependencies, Table};
use crate::key::ConjunctionHasher;
use crate::shape::{Named, Shape, Token};

/// The conjunction keys of an entry: tables, their shapes, and the hashes of the conjunctions. Everything is sorted and
/// stands once, so that two footprints are equal when they mean the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Footprint {
    pub(crate) tables: Vec<TableFootprint>,
    /// What the store wants to find again when it is asked about the same footprint.
    pub(crate) notes: Notes,
}

/// The part of a footprint in one table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TableFootprint {
    pub(crate) table: Table,
    pub(crate) shapes: Vec<ShapeFootprint>,
}

/// The part of a footprint under one shape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ShapeFootprint {
    /// As [`Named`] writes it.
    pub(crate) name: Arc<str>,
    /// Hashes of conjunctions, sorted.
    pub(crate) slots: Vec<u64>,
}

/// A footprint to be stamped, with what intents are matched by.
#[derive(Clone, Debug)]
pub(crate) struct Stamping {
    pub(crate) footprint: Arc<Footprint>,
    /// For each conjunction, in the order of the footprint, what a row has to hold to concern it. None means any row.
    pub(crate) tokens: Vec<SmallVec<[Token; 2]>>,
}

type Shapes = BTreeMap<Arc<str>, BTreeMap<u64, SmallVec<[Token; 2]>>>;

/// Most conjunctions of one table under a footprint; more of them depend on the whole table.
pub(crate) const MAX_SLOTS: usize = 256;

impl Stamping {
    /// The footprint of dependencies. `hasher` is that of the namespace, without a table.
    ///
    /// Dependencies on nothing depend on [`nothing`](Footprint::nothing), which goes when everything does.
    pub(crate) fn of(dependencies: &Dependencies, hasher: &ConjunctionHasher) -> Self {
        let mut tables = Vec::new();
        let mut tokens = Vec::new();
        for conjunctions in dependencies.conjunctions().chunk_by(|a, b| a.table() == b.table()) {
            let Some(table) = conjunctions.first().map(Conjunction::table) else { continue };
            let of_table = table_hasher(hasher, table);
            let mut shapes = shapes(conjunctions, &of_table);
            if shapes.values().map(BTreeMap::len).sum::<usize>() > MAX_SLOTS {
                shapes = whole(&of_table);
            }
            let mut stamped = TableFootprint { table: table.clone(), shapes: Vec::new() };
            for (name, slots) in shapes {
                stamped.shapes.push(ShapeFootprint { name, slots: slots.keys().copied().collect() });
                tokens.extend(slots.into_values());
            }
            tables.push(stamped);
        }
        if tables.is_empty() {
            return Stamping { footprint: Arc::new(Footprint::nothing(hasher)), tokens: vec![SmallVec::new()] };
        }
        Stamping { footprint: Arc::new(Footprint::of(tables)), tokens }
    }
}

fn shapes(conjunctions: &[Conjunction], hasher: &ConjunctionHasher) -> Shapes {
    let mut shapes = Shapes::new();
    for conjunction in conjunctions {
        let (shape, slots) = Shape::of(conjunction, hasher);
        let tokens = Token::of_conjunction(conjunction, hasher);
        for (level, hash) in slots {
            let name: Arc<str> = Named::new(&shape, level).to_string().into();
            let known = shapes.entry(name).or_default();
            // Two conjunctions in one slot: only what both ask of a row may be asked.
            known
                .entry(hash)
                .and_modify(|both| both.retain(|token| tokens.contains(token)))
                .or_insert_with(|| tokens.clone());
        }
    }
    shapes
}

fn whole(hasher: &ConjunctionHasher) -> Shapes {
    let hash = Shape::default().hasher(hasher).finish();
    Shapes::from([(Arc::from(""), BTreeMap::from([(hash, SmallVec::new())]))])
}

/// The hasher of one table's conjunctions.
pub(crate) fn table_hasher(hasher: &ConjunctionHasher, table: &Table) -> ConjunctionHasher {
    let mut hasher = hasher.clone();
    hasher.write_bytes(table.as_str().as_bytes());
    hasher
}

impl Footprint {
    pub(crate) fn of(tables: Vec<TableFootprint>) -> Self {
        Footprint { tables, notes: Notes::default() }
    }

    /// What entries depend on that depend on no table: a table that no change names.
    pub(crate) fn nothing(hasher: &ConjunctionHasher) -> Self {
        let table = Table::tag("");
        let shapes = whole(&table_hasher(hasher, &table));
        let shapes =
            shapes.into_iter().map(|(name, slots)| ShapeFootprint { name, slots: slots.into_keys().collect() });
        Footprint::of(vec![TableFootprint { shapes: shapes.collect(), table }])
    }

    /// Whether this is what entries depend on that depend on no table.
    pub(crate) fn is_nothing(&self) -> bool {
        self.tables.iter().all(|table| table.table == Table::tag(""))
    }

    /// The same table under its empty shape alone: what takes the place of shapes that pass a cap.
    pub(crate) fn widened(table: &Table, hasher: &ConjunctionHasher) -> TableFootprint {
        let shapes = whole(&table_hasher(hasher, table));
        let shapes =
            shapes.into_iter().map(|(name, slots)| ShapeFootprint { name, slots: slots.into_keys().collect() });
        TableFootprint { table: table.clone(), shapes: shapes.collect() }
    }

    /// How many conjunctions it has.
    pub(crate) fn len(&self) -> usize {
        self.tables.iter().flat_map(|table| &table.shapes).map(|shape| shape.slots.len()).sum()
    }
}
