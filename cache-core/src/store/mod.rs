//! Where entries and stamps live.

mod memory;
mod stored;

pub use memory::MemoryStore;
pub(crate) use stored::Idle;
pub use stored::Stored;

use std::fmt;
use std::sync::Arc;

use crate::change::Change;
use crate::dependency::{Dependencies, Table};
use crate::engine::{Refusal, Stamps};
use crate::key::{ConjunctionHasher, Key};
use crate::observe::ShapeMet;

/// A place for entries and stamps.
///
/// The contract is between the engine, which calls, and a store, which keeps. It is sealed: it grows with
/// the kinds of store.
///
/// - `stamp` is atomic with `void` for each table: a void either sees the stamp or comes before it.
/// - when `void` returns, no lookup that starts later finds an entry valid whose stamps it concerned.
/// - losing anything (an entry, a stamp, all of a table) makes misses, never a valid entry.
pub trait Store: private::Operations + fmt::Debug + Send + Sync + 'static {}

pub(crate) mod private {
    use super::*;

    pub trait Operations {
        /// Gives the store what its keys are hashed with, once, before anything else.
        #[doc(hidden)]
        fn open(&mut self, opening: Opening);

        /// An entry, valid or not.
        #[doc(hidden)]
        fn lookup(&self, key: &Key) -> Option<Arc<Stored>>;

        /// The stamps of a set of dependencies, refused when one of its tables was invalidated after `as_of`.
        #[doc(hidden)]
        fn stamp(&self, dependencies: &Dependencies, as_of: Option<u64>) -> Result<Stamps, Refusal>;

        /// Keeps an entry, if it is still valid.
        #[doc(hidden)]
        fn insert(&self, key: Key, stored: Arc<Stored>);

        /// Drops an entry; whether there was one.
        #[doc(hidden)]
        fn remove(&self, key: &Key) -> bool;

        /// Drops an entry that turned out to be void, unless another has taken its place.
        #[doc(hidden)]
        fn discard(&self, key: &Key, stored: &Arc<Stored>);

        /// Voids what the changes concern, under a number that is higher than every earlier one.
        #[doc(hidden)]
        fn void(&self, changes: &[Change]) -> (u64, Vec<ShapeMet>);

        /// The number of the last invalidation.
        #[doc(hidden)]
        fn now(&self) -> u64;

        /// The number of the last invalidation that a table was part of; 0 before the first.
        #[doc(hidden)]
        fn last_void(&self, table: &Table) -> u64;

        #[doc(hidden)]
        fn size(&self) -> StoreSize;
    }
}

/// What a store is given when its cache is built.
#[derive(Debug)]
#[doc(hidden)]
pub struct Opening {
    pub(crate) hasher: ConjunctionHasher,
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreSize {
    /// Entries, those included that are void and not yet found out.
    pub entries: u64,
    /// What the entries are taken to weigh, in bytes.
    pub bytes: u64,
    /// Most bytes that the store keeps.
    pub capacity: u64,
    /// Tables and free tags that the store keeps stamps for, or lately did.
    pub tables: u64,
    /// Live shapes over all tables.
    pub shapes: u64,
    /// Live stamps over all shapes.
    pub stamps: u64,
}
