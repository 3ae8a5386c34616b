//! The scripts as plain functions on plain maps.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::Row;
use crate::key::ConjunctionHasher;
use crate::shape::{Meets, Named, Token};
use crate::store::shared::{Stamping, Written};

/// A number that was given out once, at one place; 0 for none.
pub(super) type Number = u64;

/// What a footprint stands at: for each table whether it is settled, then its nonces, then its stamps.
pub(super) type Stands = Vec<(bool, Vec<Number>, Vec<Number>)>;

/// All tables.
pub(super) struct Model {
    hasher: ConjunctionHasher,
    last: Number,
    pub(super) tables: BTreeMap<String, ModelTable>,
}

#[derive(Default)]
pub(super) struct ModelTable {
    shapes: BTreeMap<String, Number>,
    /// The shapes that the writer remembers; it unlinks stamps of those, too, that are gone since.
    remembered: BTreeSet<String>,
    pub(super) stamps: BTreeMap<u64, Number>,
    pub(super) intents: BTreeMap<u64, Vec<String>>,
    /// Intents may be missing, and no fill was told so yet.
    doubtful: bool,
    /// A fill has been told that none are missing.
    complete: bool,
}

impl Model {
    pub(super) fn new(hasher: ConjunctionHasher, tables: &[&str]) -> Self {
        let fresh = || ModelTable { doubtful: true, ..ModelTable::default() };
        Model { hasher, last: 0, tables: tables.iter().map(|table| ((*table).to_owned(), fresh())).collect() }
    }

    fn hasher(&self, table: &str) -> ConjunctionHasher {
        let mut hasher = self.hasher.clone();
        hasher.write_bytes(table.as_bytes());
        hasher
    }

    fn next(&mut self) -> Number {
        self.last += 1;
        self.last
    }

    pub(super) fn fill(&mut self, stamping: &Stamping) -> Stands {
        let mut tokens = stamping.tokens.iter();
        let mut stands = Vec::new();
        for of in &stamping.footprint.tables {
            let number = self.next();
            let table = self.tables.get_mut(of.table.as_str()).unwrap();
            let quarantined = std::mem::take(&mut table.doubtful);
            table.complete = !quarantined;
            let mut nonces = Vec::new();
            let mut stamps = Vec::new();
            for shape in &of.shapes {
                nonces.push(*table.shapes.entry(shape.name.to_string()).or_insert(number));
                for slot in &shape.slots {
                    let tokens: Vec<String> = tokens.next().unwrap().iter().map(Token::to_string).collect();
                    let rows: BTreeSet<&String> = table.intents.values().flatten().collect();
                    let forbidden = quarantined || rows.iter().any(|row| may_satisfy(row, &tokens));
                    stamps.push(if forbidden { 0 } else { *table.stamps.entry(*slot).or_insert(number) });
                }
            }
            stands.push((!quarantined, nonces, stamps));
        }
        stands
    }

    pub(super) fn lookup(&self, stamping: &Stamping) -> Stands {
        let tables = stamping.footprint.tables.iter().map(|of| {
            let table = &self.tables[of.table.as_str()];
            let nonces = of.shapes.iter().map(|shape| table.shapes.get(&*shape.name).copied().unwrap_or(0));
            let slots = of.shapes.iter().flat_map(|shape| &shape.slots);
            let stamps = slots.map(|slot| table.stamps.get(slot).copied().unwrap_or(0));
            (table.complete && table.intents.is_empty(), nonces.collect(), stamps.collect())
        });
        tables.collect()
    }

    pub(super) fn announce(&mut self, transaction: u64, written: &Written) {
        let hasher = self.hasher(written.table.as_str());
        let lines = written.images.iter().map(|image| Token::line_of_row(image, &hasher)).collect();
        self.unlink(written);
        self.tables.get_mut(written.table.as_str()).unwrap().intents.insert(transaction, lines);
    }

    pub(super) fn void(&mut self, transaction: Option<u64>, written: &Written) {
        self.unlink(written);
        if let Some(transaction) = transaction {
            self.tables.get_mut(written.table.as_str()).unwrap().intents.remove(&transaction);
        }
    }

    fn unlink(&mut self, written: &Written) {
        let (number, hasher) = (self.next(), self.hasher(written.table.as_str()));
        let table = self.tables.get_mut(written.table.as_str()).unwrap();
        if written.images.iter().any(Row::is_empty) {
            table.shapes.values_mut().for_each(|nonce| *nonce = number);
            return;
        }
        let live: BTreeSet<String> = table.shapes.keys().cloned().collect();
        let remembered = std::mem::replace(&mut table.remembered, live.clone());
        for name in live.union(&remembered) {
            let named = Named::parse(name).unwrap();
            let met: Vec<Meets> = written.images.iter().map(|image| named.meets(image, &hasher)).collect();
            if met.iter().any(|met| matches!(met, Meets::Anything)) {
                table.shapes.entry(name.clone()).and_modify(|nonce| *nonce = number);
                continue;
            }
            for met in met {
                if let Meets::Slots(slots) = met {
                    slots.iter().for_each(|(_, slot)| _ = table.stamps.remove(slot));
                }
            }
        }
    }

    pub(super) fn void_everything(&mut self) {
        let number = self.next();
        self.tables.values_mut().flat_map(|table| table.shapes.values_mut()).for_each(|nonce| *nonce = number);
    }

    pub(super) fn lose_stamp(&mut self, table: &str, slot: u64) {
        self.tables.get_mut(table).unwrap().stamps.remove(&slot);
    }

    pub(super) fn lose_shapes(&mut self, table: &str) {
        let table = self.tables.get_mut(table).unwrap();
        table.shapes.clear();
        (table.doubtful, table.complete) = (true, false);
    }

    pub(super) fn lose_intents(&mut self, table: &str) {
        let table = self.tables.get_mut(table).unwrap();
        table.intents.clear();
        (table.doubtful, table.complete) = (true, false);
    }
}

/// Whether a row may hold all of the tokens: it holds them, or tells nothing of their columns in their classes.
fn may_satisfy(row: &str, tokens: &[String]) -> bool {
    let held: Vec<&str> = row.split('|').filter(|token| !token.is_empty()).collect();
    tokens.iter().all(|token| {
        let (column, _) = token.split_once('=').unwrap();
        held.contains(&token.as_str()) || !held.iter().any(|held| held.split_once('=').unwrap().0 == column)
    })
}
