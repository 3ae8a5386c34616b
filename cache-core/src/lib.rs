//! Caching with invalidation by conditions: results go when a row that they depend on changes, and only then.

#![deny(missing_docs)]

mod cache;
mod change;
mod clock;
pub mod context;
pub mod dependency;
mod engine;
mod error;
mod key;
pub mod observe;
mod store;
mod sync;
mod value;

#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;

pub use cache::{Begin, Cache, CacheBuilder, CacheId, Entry, FillGuard, Guard, ShallowWeight, Weigh, WeighValue};
pub use change::{Change, Changes, Kind, Row, Transaction};
pub use clock::Clock;
pub use context::{Connection, ReadPoint};
pub use dependency::{
    Column, ColumnRef, Condition, Conjunction, Dependencies, MAX_CLAUSES, MAX_VALUES, Predicate, Table, Test, column,
};
pub use engine::{MissReason, Refusal};
pub use error::{Error, ErrorKind};
pub use key::*;
pub use store::{MemoryStore, Store, StoreSize};
pub use value::*;

#[cfg(feature = "macros")]
pub use cache_macros::{CacheKey, cached, cached_as, dependencies};
