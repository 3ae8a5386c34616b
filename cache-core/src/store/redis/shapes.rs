//! What this process remembers of each table.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use redis::Value;

use super::keys::{Keys, TableKeys};
use super::reply;
use crate::dependency::Table;
use crate::key::ConjunctionHasher;
use crate::shape::Named;
use crate::store::shared::table_hasher;
use crate::sync::{AtomicU64, Mutex, Ordering, RwLock, lock, read, write};

/// Tables are forgotten when there are more: it costs round trips, and a table's memory is all that is lost.
const MOST_TABLES: usize = 1 << 14;

/// The tables of one namespace.
#[derive(Debug)]
pub(super) struct Tables {
    keys: Keys,
    hasher: ConjunctionHasher,
    known: RwLock<HashMap<Table, Arc<TableMemory>, RandomState>>,
}

impl Tables {
    pub(super) fn new(keys: Keys, hasher: ConjunctionHasher) -> Self {
        Tables { keys, hasher, known: RwLock::default() }
    }

    pub(super) fn get(&self, table: &Table) -> Arc<TableMemory> {
        if let Some(memory) = read(&self.known).get(table) {
            return Arc::clone(memory);
        }
        let mut known = write(&self.known);
        if known.len() >= MOST_TABLES {
            known.clear();
        }
        let fresh = || Arc::new(TableMemory::new(self.keys.table(table), &self.hasher, table));
        Arc::clone(known.entry(table.clone()).or_insert_with(fresh))
    }
}

/// One table: its keys, its shapes as last heard of, and whether stamps may be taken without asking for them.
#[derive(Debug)]
pub(super) struct TableMemory {
    pub(super) keys: TableKeys,
    /// The beginning of every hash of a conjunction of the table.
    pub(super) hasher: ConjunctionHasher,
    shapes: Mutex<Arc<KnownShapes>>,
    incarnation: AtomicU64,
    /// The incarnation and the sentinel under which intents were last seen to be complete.
    complete: Mutex<Option<(u64, u64)>>,
}

/// The shapes of a table at one moment. A server that has others tells them.
#[derive(Debug, Default)]
pub(super) struct KnownShapes {
    /// The nonce of the set; 0 for the empty one.
    pub(super) set: u64,
    pub(super) shapes: Vec<KnownShape>,
}

#[derive(Debug)]
pub(super) struct KnownShape {
    pub(super) name: Arc<str>,
    /// `None` for a shape of another release.
    pub(super) named: Option<Named>,
}

impl KnownShapes {
    /// Reads the fields of the shapes that a script has told.
    pub(super) fn read(set: u64, fields: &[Value]) -> Self {
        let names = fields.iter().filter_map(|field| reply::text(field)?.strip_prefix('s'));
        let shapes = names.map(|name| KnownShape { name: name.into(), named: Named::parse(name) }).collect();
        KnownShapes { set, shapes }
    }
}

impl TableMemory {
    fn new(keys: TableKeys, hasher: &ConjunctionHasher, table: &Table) -> Self {
        TableMemory {
            keys,
            hasher: table_hasher(hasher, table),
            shapes: Mutex::default(),
            incarnation: AtomicU64::new(0),
            complete: Mutex::new(None),
        }
    }

    pub(super) fn shapes(&self) -> Arc<KnownShapes> {
        Arc::clone(&lock(&self.shapes))
    }

    pub(super) fn learn(&self, shapes: Arc<KnownShapes>) {
        *lock(&self.shapes) = shapes;
    }

    /// The incarnation of the server that has last answered for the table; 0 before the first.
    pub(super) fn incarnation(&self) -> u64 {
        self.incarnation.load(Ordering::Relaxed)
    }

    pub(super) fn met(&self, incarnation: u64) {
        self.incarnation.store(incarnation, Ordering::Relaxed);
    }

    /// A fill was told that no intent is missing.
    pub(super) fn found_complete(&self, incarnation: u64, sentinel: u64) {
        *lock(&self.complete) = Some((incarnation, sentinel));
    }

    /// Whether no intent has got lost since a fill was told so: the server is the same, and so is the sentinel, which a loss
    /// of intents or shapes takes along.
    pub(super) fn is_complete(&self, incarnation: u64, sentinel: u64) -> bool {
        sentinel != 0 && *lock(&self.complete) == Some((incarnation, sentinel))
    }
}

/// The field of a shape's nonce.
pub(super) fn field(name: &str) -> String {
    let mut field = String::with_capacity(1 + name.len());
    field.push('s');
    field.push_str(name);
    field
}
