//! The embedded store: decoded values and stamps in this process.

mod index;

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;
use quick_cache::Weighter;
use quick_cache::sync::Cache as Entries;

use self::index::TableIndex;
use super::private::Backed;
use super::{Backend, Opening, Store, StoreSize, Stored};
use crate::change::{Change, Kind, Row};
use crate::clock::{Clock, Instant};
use crate::dependency::{Conjunction, Dependencies, Table};
use crate::engine::{Refusal, Stamp, Stamps};
use crate::key::{ConjunctionHasher, FunctionId, Key, Secret};
use crate::observe::ShapeMet;
use crate::sync::{AtomicU64, Mutex, Ordering, RwLock, lock, read, write};

const DEFAULT_CAPACITY: u64 = 64 << 20;

/// Mean weight that the number of entries is first guessed from.
const TYPICAL_WEIGHT: u64 = 512;

/// The embedded store, the default: values stay decoded, so a hit is a look-up and a clone.
///
/// - Bounded in bytes: entries are evicted by recency and frequency, and eviction only makes misses.
/// - Equality, lists, NULL, ranges and prefixes are answered by index. An invalidation looks at the shapes of
///   the table, at most 64, and never at the entries: it costs the same whether ten or ten million results hang on
///   the row.
/// - Nothing survives the process, and nothing is shared with another one.
///
/// ```
/// use cache_core::{Cache, MemoryStore};
/// let cache = Cache::builder().store(MemoryStore::with_capacity(16 << 20)).build();
/// # let _ = cache;
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    entries: Entries<Key, Arc<Stored>, ByWeight, RandomState>,
    tables: RwLock<Tables>,
    generation: RwLock<Generation>,
    /// The number of the last invalidation.
    clock: AtomicU64,
    time: Clock,
    hasher: ConjunctionHasher,
}

/// The stamp of everything: part of every entry, replaced when all of them go.
#[derive(Debug)]
struct Generation {
    stamp: Arc<Stamp>,
    since: u64,
}

/// The tables and free tags that something depends on, or was found to depend on lately.
#[derive(Debug)]
struct Tables {
    known: HashMap<Table, Arc<Mutex<TableIndex>>>,
    /// No table that is not known was invalidated after this.
    last_void: u64,
    sweep_at: usize,
}

const FIRST_SWEEP: usize = 256;

impl Default for Tables {
    fn default() -> Self {
        Tables { known: HashMap::new(), last_void: 0, sweep_at: FIRST_SWEEP }
    }
}

impl Tables {
    fn index(&mut self, table: &Table) -> Arc<Mutex<TableIndex>> {
        if self.known.len() >= self.sweep_at {
            self.sweep();
        }
        let index = self.known.entry(table.clone());
        Arc::clone(index.or_insert_with(|| Arc::new(Mutex::new(TableIndex::since(self.last_void)))))
    }

    /// Forgets tables without stamps, so that free tags do not pile up. An index that somebody is about to use is kept:
    /// it is handed out under the lock that this is called under.
    fn sweep(&mut self) {
        let mut last_void = self.last_void;
        self.known.retain(|_, index| {
            if Arc::strong_count(index) > 1 {
                return true;
            }
            let mut index = lock(index);
            let unused = index.is_unused();
            if unused {
                last_void = last_void.max(index.last_void());
            }
            !unused
        });
        self.last_void = last_void;
        self.sweep_at = FIRST_SWEEP.max(2 * self.known.len());
    }
}

#[derive(Clone, Debug)]
struct ByWeight;

impl Weighter<Key, Arc<Stored>> for ByWeight {
    fn weight(&self, key: &Key, stored: &Arc<Stored>) -> u64 {
        let overhead = size_of::<Stored>() + size_of::<Key>() + key.as_bytes().len() + 32 * stored.stamps.len();
        stored.weight.saturating_add(overhead as u64)
    }
}

impl MemoryStore {
    /// A store of 64 MiB.
    pub fn new() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }

    /// A store that keeps at most about this many bytes of keys, values and bookkeeping.
    ///
    /// What a value weighs is estimated when it is stored. The store is divided into shards, and an entry that is heavier
    /// than a shard may be is not kept.
    pub fn with_capacity(bytes: u64) -> Self {
        let entries = usize::try_from(bytes / TYPICAL_WEIGHT).unwrap_or(usize::MAX).clamp(16, 1 << 20);
        MemoryStore {
            entries: Entries::with(entries, bytes, ByWeight, RandomState::default(), Default::default()),
            tables: RwLock::default(),
            generation: RwLock::new(Generation { stamp: Stamp::new(), since: 0 }),
            clock: AtomicU64::new(0),
            time: Clock::system(),
            hasher: Secret::for_namespace("").conjunction_hasher(""),
        }
    }

    fn index(&self, table: &Table) -> Arc<Mutex<TableIndex>> {
        if let Some(index) = read(&self.tables).known.get(table) {
            return Arc::clone(index);
        }
        write(&self.tables).index(table)
    }

    fn table_hasher(&self, table: &Table) -> ConjunctionHasher {
        let mut hasher = self.hasher.clone();
        hasher.write_bytes(table.as_str().as_bytes());
        hasher
    }

    fn void_everything(&self, invalidation: u64, began: Instant) {
        let mut generation = write(&self.generation);
        generation.stamp.void(invalidation, began);
        // Two at once may come here in either order.
        *generation = Generation { stamp: Stamp::new(), since: generation.since.max(invalidation) };
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for MemoryStore {}

impl Backed for MemoryStore {
    fn open(mut self, opening: Opening) -> Backend {
        self.hasher = opening.secret.conjunction_hasher("");
        self.time = opening.clock;
        Backend::Memory(Box::new(self))
    }
}

/// What the engine asks of it.
///
/// - `stamp` is atomic with `void` for each table: a void either sees the stamp or comes before it.
/// - when `void` returns, no lookup that starts later finds an entry valid whose stamps it concerned.
impl MemoryStore {
    /// An entry, valid or not.
    pub(crate) fn lookup(&self, key: &Key) -> Option<Arc<Stored>> {
        self.entries.get(key)
    }

    /// The stamps of a set of dependencies, refused when one of its tables was invalidated after `as_of`.
    pub(crate) fn stamp(&self, dependencies: &Dependencies, as_of: Option<u64>) -> Result<Stamps, Refusal> {
        let mut stamps = Stamps::default();
        {
            let generation = read(&self.generation);
            if as_of.is_some_and(|point| generation.since > point) {
                return Err(Refusal::OlderSnapshot);
            }
            stamps.push(Arc::clone(&generation.stamp));
        }
        for conjunctions in dependencies.conjunctions().chunk_by(|a, b| a.table() == b.table()) {
            let Some(table) = conjunctions.first().map(Conjunction::table) else { continue };
            let hasher = self.table_hasher(table);
            let index = self.index(table);
            let mut index = lock(&index);
            if as_of.is_some_and(|point| index.last_void() > point) {
                return Err(Refusal::OlderSnapshot);
            }
            for conjunction in conjunctions {
                index.stamp(conjunction, &hasher, &mut stamps);
            }
        }
        stamps.deduplicate();
        Ok(stamps)
    }

    /// Keeps an entry.
    pub(crate) fn insert(&self, key: Key, stored: Arc<Stored>) {
        self.entries.insert(key, stored);
    }

    /// Drops an entry; whether there was one.
    pub(crate) fn remove(&self, key: &Key) -> bool {
        self.entries.remove(key).is_some()
    }

    /// Drops all entries of a function; how many there were. Looks at every key, one shard at a time.
    pub(crate) fn remove_function(&self, id: FunctionId) -> u64 {
        let removed = Cell::new(0);
        self.entries.retain(|key, _| {
            let stays = key.function() != Some(id);
            removed.set(removed.get() + u64::from(!stays));
            stays
        });
        removed.get()
    }

    /// An entry, valid or not, without counting as a look-up.
    pub(crate) fn peek(&self, key: &Key) -> Option<Arc<Stored>> {
        self.entries.peek(key)
    }

    /// Drops an entry that turned out to be void, unless another has taken its place.
    pub(crate) fn discard(&self, key: &Key, stored: &Arc<Stored>) {
        self.entries.remove_if(key, |current| Arc::ptr_eq(current, stored));
    }

    /// Voids what the changes concern, under a number that is higher than every earlier one.
    pub(crate) fn void(&self, changes: &[Change]) -> (u64, Vec<ShapeMet>) {
        let began = self.time.now();
        let invalidation = self.clock.fetch_add(1, Ordering::AcqRel) + 1;
        let mut met = Vec::new();
        if changes.iter().any(|change| change.kind() == Kind::Everything) {
            self.void_everything(invalidation, began);
            met.push(ShapeMet::everything());
        }
        let mut tables: BTreeMap<&Table, Vec<&Row>> = BTreeMap::new();
        for change in changes {
            if let Some(table) = change.table_name() {
                tables.entry(table).or_default().extend(change.images());
            }
        }
        for (table, mut images) in tables {
            if images.iter().any(|image| image.is_empty()) {
                images.retain(|image| image.is_empty());
                images.truncate(1);
            }
            let index = self.index(table);
            lock(&index).void(table, images.iter().copied(), (invalidation, began), &mut met);
        }
        (invalidation, met)
    }

    /// The number of the last invalidation.
    pub(crate) fn now(&self) -> u64 {
        self.clock.load(Ordering::Acquire)
    }

    /// The number of the last invalidation that a table was part of; 0 before the first.
    pub(crate) fn last_void(&self, table: &Table) -> u64 {
        let tables = read(&self.tables);
        let of_table = tables.known.get(table).map_or(tables.last_void, |index| lock(index).last_void());
        of_table.max(read(&self.generation).since)
    }

    pub(crate) fn size(&self) -> StoreSize {
        let tables = read(&self.tables);
        let sizes = tables.known.values().map(|index| lock(index).size());
        let (shapes, stamps) = sizes.fold((0, 0), |(a, b), (c, d)| (a + c as u64, b + d as u64));
        StoreSize {
            entries: self.entries.len() as u64,
            bytes: self.entries.weight(),
            capacity: self.entries.capacity(),
            tables: tables.known.len() as u64,
            shapes,
            stamps,
        }
    }
}
