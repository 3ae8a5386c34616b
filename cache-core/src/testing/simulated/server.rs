//! What a simulated store keeps, and the scripts over it.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use super::Lost;
use crate::change::Row;
use crate::dependency::Table;
use crate::key::ConjunctionHasher;
use crate::observe::ShapeMet;
use crate::shape::{Meets, Named, Token};
use crate::store::shared::{Footprint, Stamping, Standing, TableFootprint, TableStanding, Voided, Written};

#[derive(Clone, Debug, Default)]
pub(super) struct Server {
    pub(super) fails: bool,
    pub(super) round_trips: u64,
    pub(super) entries: HashMap<[u8; 16], (Vec<u8>, Instant)>,
    pub(super) leases: HashMap<[u8; 16], (u64, Instant)>,
    tables: BTreeMap<Table, Kept>,
    /// Announcements of everything.
    announced: HashMap<u64, Instant>,
    incarnation: u64,
    nonce: u64,
}

/// What is kept of one table.
#[derive(Clone, Debug, Default)]
struct Kept {
    shapes: BTreeMap<String, u64>,
    stamps: HashMap<u64, u64>,
    intents: HashMap<u64, (Instant, Vec<String>)>,
    /// What shows that intents were lost: the two have to agree, and the incarnation to be this one.
    sentinels: (u64, u64, u64),
    dark_until: Option<Instant>,
    last_void: u64,
}

impl Server {
    fn next(&mut self) -> u64 {
        self.nonce += 1;
        self.nonce
    }

    pub(super) fn standing(&self, footprint: &Footprint, strict: bool) -> Standing {
        let none = Kept::default();
        let tables = footprint.tables.iter().map(|of| {
            let kept = self.tables.get(&of.table).unwrap_or(&none);
            let read = |number: Option<&u64>| number.copied().unwrap_or(0);
            TableStanding {
                incarnation: self.incarnation,
                settled: !strict
                    || (self.announced.is_empty() && kept.intents.is_empty() && kept.is_whole(self.incarnation)),
                nonces: of.shapes.iter().map(|shape| read(kept.shapes.get(&*shape.name))).collect(),
                stamps: of
                    .shapes
                    .iter()
                    .flat_map(|shape| &shape.slots)
                    .map(|slot| read(kept.stamps.get(slot)))
                    .collect(),
            }
        });
        Standing { tables: tables.collect() }
    }

    /// Registers shapes and makes stamps, unless an intent that may concern them is open: then they are missing.
    pub(super) fn stamp(&mut self, stamping: &Stamping, quarantine: Option<Duration>) -> Standing {
        let now = Instant::now();
        let mut asked = stamping.tokens.iter().map(|tokens| tokens.iter().map(Token::to_string).collect::<Vec<_>>());
        self.announced.retain(|_, deadline| *deadline > now);
        let everything = !self.announced.is_empty();
        let mut blocked = Vec::new();
        for of in &stamping.footprint.tables {
            let (nonce, incarnation) = (self.next(), self.incarnation);
            let kept = self.tables.entry(of.table.clone()).or_default();
            if let Some(quarantine) = quarantine {
                kept.watch(incarnation, nonce, now + quarantine);
            }
            kept.intents.retain(|_, (deadline, _)| *deadline > now);
            kept.register(of, nonce);
            let dark = everything || quarantine.is_some() && kept.dark_until.is_some_and(|until| until > now);
            for slot in of.shapes.iter().flat_map(|shape| &shape.slots) {
                let asked = asked.next().unwrap_or_default();
                let forbidden = kept.intents.values().any(|(_, rows)| rows.iter().any(|row| meets(row, &asked)));
                blocked.push(dark || forbidden);
                if !dark && !forbidden {
                    kept.stamps.entry(*slot).or_insert(nonce);
                }
            }
        }
        let mut standing = self.standing(&stamping.footprint, quarantine.is_some());
        let stamps = standing.tables.iter_mut().flat_map(|table| &mut table.stamps);
        stamps.zip(blocked).filter(|(_, blocked)| *blocked).for_each(|(stamp, _)| *stamp = 0);
        standing
    }

    pub(super) fn announce(
        &mut self,
        transaction: u64,
        writes: &[Written],
        lease: Duration,
        hasher: &ConjunctionHasher,
    ) {
        self.void(None, writes, hasher);
        for write in writes {
            let of_table = crate::store::shared::table_hasher(hasher, &write.table);
            let rows = write.images.iter().map(|row| Token::line_of_row(row, &of_table)).collect();
            let kept = self.tables.entry(write.table.clone()).or_default();
            kept.intents.insert(transaction, (Instant::now() + lease, rows));
        }
    }

    pub(super) fn void(&mut self, transaction: Option<u64>, writes: &[Written], hasher: &ConjunctionHasher) -> Voided {
        let mut voided = Voided::default();
        for write in writes {
            let nonce = self.next();
            let of_table = crate::store::shared::table_hasher(hasher, &write.table);
            let kept = self.tables.entry(write.table.clone()).or_default();
            kept.void(&write.table, &write.images, nonce, &of_table, &mut voided.shapes);
            if let Some(transaction) = transaction {
                kept.intents.remove(&transaction);
            }
        }
        voided
    }

    pub(super) fn announce_everything(&mut self, transaction: u64, lease: Duration) {
        self.void_everything(None);
        self.announced.insert(transaction, Instant::now() + lease);
    }

    pub(super) fn void_everything(&mut self, transaction: Option<u64>) {
        if let Some(transaction) = transaction {
            self.announced.remove(&transaction);
        }
        let nonce = self.next();
        for kept in self.tables.values_mut() {
            kept.shapes.values_mut().for_each(|known| *known = nonce);
            kept.last_void = nonce;
        }
    }

    pub(super) fn last_void(&mut self, table: &Table) -> u64 {
        let fresh = self.next();
        let number = self.tables.get(table).map_or(0, |kept| kept.last_void);
        if number == 0 { fresh } else { number.rotate_left(32) ^ self.incarnation }
    }

    pub(super) fn forget(&mut self, table: &str, what: Lost) {
        if let Some(kept) = self.tables.get_mut(&Table::from(table)) {
            match what {
                Lost::Stamps => kept.stamps.clear(),
                Lost::Shapes => {
                    kept.shapes.clear();
                    kept.sentinels.0 = 0;
                    kept.last_void = 0;
                }
                Lost::Intents => {
                    kept.intents.clear();
                    kept.sentinels.1 = 0;
                }
            }
        }
    }

    pub(super) fn restart_from(&mut self, copy: &Server) {
        let (nonce, incarnation) = (self.nonce, self.incarnation);
        *self = Server { nonce, incarnation: incarnation + 1, ..copy.clone() };
    }
}

impl Kept {
    fn is_whole(&self, incarnation: u64) -> bool {
        let (of_shapes, of_intents, of) = self.sentinels;
        of_shapes != 0
            && of_shapes == of_intents
            && of == incarnation + 1
            && self.dark_until.is_none_or(|until| until <= Instant::now())
    }

    /// Notices lost intents, and lets nothing be stamped until they would be over.
    fn watch(&mut self, incarnation: u64, nonce: u64, until: Instant) {
        let (of_shapes, of_intents, of) = self.sentinels;
        if of_shapes == 0 || of_shapes != of_intents || of != incarnation + 1 {
            // Nothing can have been announced before the first time.
            self.dark_until = (of != 0).then_some(until);
            self.sentinels = (nonce, nonce, incarnation + 1);
        }
    }

    fn register(&mut self, of: &TableFootprint, nonce: u64) {
        for shape in &of.shapes {
            self.shapes.entry(shape.name.to_string()).or_insert(nonce);
        }
        if self.last_void == 0 {
            self.last_void = nonce;
        }
    }

    fn void(&mut self, table: &Table, images: &[Row], nonce: u64, hasher: &ConjunctionHasher, met: &mut Vec<ShapeMet>) {
        self.last_void = nonce;
        let mut names = Vec::new();
        for (name, known) in &mut self.shapes {
            let (mut gone, mut whole) = (0, false);
            match Named::parse(name) {
                None => whole = true,
                Some(_) if images.iter().any(Row::is_empty) => whole = true,
                Some(named) => {
                    for image in images {
                        match named.meets(image, hasher) {
                            Meets::Nothing => {}
                            Meets::Anything => whole = true,
                            Meets::Slots(slots) => {
                                gone += slots.iter().filter(|(_, slot)| self.stamps.remove(slot).is_some()).count();
                            }
                        }
                    }
                }
            }
            if whole {
                *known = nonce;
            }
            if whole || gone > 0 {
                names.push((name.as_str(), gone, whole));
            }
        }
        met.extend(ShapeMet::of_names(table, names));
    }
}

/// Whether a row may be one of those that the tokens ask for: a column that it does not tell may be anything.
fn meets(row: &str, asked: &[String]) -> bool {
    asked.iter().all(|token| {
        let column = token.split_inclusive('=').next().unwrap_or_default();
        row.contains(&format!("|{token}|")) || !row.contains(&format!("|{column}"))
    })
}
