//! Who takes part, and how much may go wrong.

use crate::set::Set;

/// How many tables an entry may depend on.
pub const TABLES: usize = 2;
/// How many readers and how many writers there may be.
pub const CROWD: usize = 3;

/// The bounds within which the search is exhaustive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The tables that the one entry depends on, each on a node of its own: 1 or 2.
    pub tables: usize,
    /// The readers, at most [`CROWD`].
    pub readers: Vec<Reads>,
    /// The writers, at most [`CROWD`].
    pub writers: Vec<Write>,
    /// What may go wrong.
    pub faults: Faults,
}

/// A reader that reads the same key several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// How many reads, one after the other.
    pub times: u8,
    /// Whether it lives in the process whose own writes are observed.
    pub home: bool,
}

/// A writer that commits once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// The tables whose rows it changes.
    pub tables: Set,
    /// What it knows about the rows.
    pub images: Images,
    /// Whether it lives in the process whose own writes are observed.
    pub home: bool,
}

/// What a writer knows about the rows that it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Images {
    /// Every column: it can name the stamps.
    Known,
    /// Not the columns of the shape: it can name the shape only.
    Unknown,
    /// Nothing, not even the tables: it lists the shape hashes and invalidates all that it finds. It does so in mode
    /// `Fresh` only.
    EveryTable,
}

/// How often each thing may go wrong in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    /// The process of a writer dies, anywhere; also with its COMMIT in flight, which then takes effect or not.
    pub crashes: u8,
    /// A writer that has announced itself rolls back.
    pub rollbacks: u8,
    /// A stamp is evicted.
    pub stamp_evictions: u8,
    /// The entry is evicted.
    pub entry_evictions: u8,
    /// A table's hash of shapes is evicted.
    pub shape_evictions: u8,
    /// A table's intents are evicted.
    pub intent_evictions: u8,
    /// A node goes on from an earlier state of itself: failover to a replica that lags, restart from an old dump.
    pub relapses: u8,
    /// After a relapse the former primary goes on serving whoever still reaches it.
    pub split_brain: bool,
    /// The store cannot be reached by a writer that has committed.
    pub outages: u8,
    /// The lease of an intent ends before its transaction is decided.
    pub early_leases: bool,
    /// The lease of a fill ends before the fill.
    pub lease_losses: u8,
}

impl Bounds {
    /// Readers with that many reads each and writers of those tables, nothing going wrong.
    pub fn new<const R: usize, const W: usize>(tables: usize, reads: [u8; R], writes: [&[usize]; W]) -> Bounds {
        const { assert!(R <= CROWD && W <= CROWD, "there is room for three readers and three writers") };
        Bounds {
            tables,
            readers: reads.map(|times| Reads { times, home: false }).to_vec(),
            writers: writes
                .map(|touched| Write {
                    tables: touched.iter().fold(Set::EMPTY, |set, table| set.union(Set::one(*table))),
                    images: Images::Known,
                    home: false,
                })
                .to_vec(),
            faults: Faults::default(),
        }
    }

    /// The same with these faults.
    pub fn with(mut self, faults: Faults) -> Bounds {
        self.faults = faults;
        self
    }

    /// The same with all writers knowing this much.
    pub fn knowing(mut self, images: Images) -> Bounds {
        for writer in &mut self.writers {
            writer.images = images;
        }
        self
    }

    /// The same with the first reader and the first writer in one process.
    pub fn at_home(mut self) -> Bounds {
        if let Some(reader) = self.readers.first_mut() {
            reader.home = true;
        }
        if let Some(writer) = self.writers.first_mut() {
            writer.home = true;
        }
        self
    }
}
