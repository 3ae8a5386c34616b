//! Where entries and stamps live.

mod memory;
#[cfg(feature = "redis")]
mod redis;
pub(crate) mod shared;
mod stored;

pub use memory::MemoryStore;
#[cfg(feature = "redis")]
pub use redis::{Advice, Breaker, RedisHealth, RedisListening, RedisNode, RedisStore, RedisStoreBuilder, RedisTally};
pub use stored::Stored;
pub(crate) use stored::{Idle, Made, Reserve};

use std::fmt;
use std::sync::Arc;

use crate::clock::Clock;
use crate::engine::shared::Tier;
use crate::key::Secret;

/// A place for entries and stamps: [`MemoryStore`], or one that several processes share.
///
/// The contract is between the engine, which calls, and a store, which keeps. It is sealed: it grows with
/// the kinds of store. Of all of them it holds that losing anything (an entry, a stamp, all of a table) makes misses, never
/// a valid entry.
pub trait Store: private::Backed + fmt::Debug + Send + Sync + 'static {}

pub(crate) mod private {
    use super::{Backend, Opening};

    pub trait Backed {
        /// What the cache works with.
        #[doc(hidden)]
        fn open(self, opening: Opening) -> Backend;
    }
}

/// What a cache works with.
#[derive(Debug)]
#[doc(hidden)]
pub enum Backend {
    /// Values and stamps in this process.
    Memory(Box<MemoryStore>),
    /// A store that other processes share.
    Shared(Shared),
}

/// A shared store with what this process keeps beside it.
#[derive(Debug)]
#[doc(hidden)]
pub struct Shared(pub(crate) Arc<Tier>);

/// What a store is given when its cache is built.
#[derive(Clone, Debug)]
#[doc(hidden)]
pub struct Opening {
    pub(crate) namespace: String,
    pub(crate) secret: Secret,
    pub(crate) clock: Clock,
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
