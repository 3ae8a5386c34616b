//! Caching with invalidation by conditions: results go when a row that they depend on changes, and only then.
//!
//! A result is kept together with its [`Dependencies`]: which tables it has read, and under which conditions. A write is
//! told as a [`Change`]: a table, the row before and the row after. A change takes those results whose conditions the
//! row, as it was or as it became, may satisfy.
//!
//! ```
//! use cache_core::{Cache, Change, Dependencies, Key, Row, column};
//!
//! let cache = Cache::in_memory();
//! let open_orders = |customer: i32| {
//!     cache
//!         .entry(Key::new("open orders").with(&customer))
//!         .depends_on(move || {
//!             Dependencies::on("orders", column("customer_id").eq(customer) & column("status").is_in(["new", "paid"]))
//!         })
//!         .get_or_fill(|| vec!["as your database tells"])
//! };
//! open_orders(7);
//!
//! let sent = Row::from([("customer_id", 7)]).with("status", "sent");
//! cache.invalidate(Change::inserted("orders", sent))?; // not an open order: the result stays
//! open_orders(7);
//! assert_eq!(cache.counters().hits, 1);
//! # Ok::<(), cache_core::Error>(())
//! ```
//!
//! # Consistency
//!
//! When [`Cache::invalidate`] has returned, no read that starts later is served a result made before the change. It holds
//! for results that were being made meanwhile (they go to their callers and are not stored), for callers that waited for
//! somebody else's result, for results made of other cached results, and under eviction. No clock and no lock around the work is needed
//! for it; see [`Cache`] and [`Store`].
//!
//! # Parts
//!
//! - [`Cache`], [`Entry`], [`OwnedEntry`], [`Batch`]: reads of one result or many, by blocking and by awaiting, through one state machine.
//! - [`Dependencies`], [`Predicate`], [`column()`]: what results depend on.
//! - [`Change`], [`Row`], [`Transaction`]: what writes did, and when it counts.
//! - [`Store`], [`Mode`], [`NearMode`], [`Codec`]: where results live; what is promised when processes share them.
//! - [`Profiles`]: which tables' queries are cached without anybody asking for it.
//! - [`context`]: what surrounds the running code; how an adapter takes part.
//! - [`observe`]: events, counters, measurements, verification, and what is held of one result ([`Cache::explain`]).
//! - [`dependency::query`]: the shape of a query and its projection to dependencies, for adapters.
//!
//! # Features
//!
//! | feature | default | what it brings | cost |
//! |---|---|---|---|
//! | `macros` | yes | `#[cached_as]`, `#[cached]`, `#[derive(CacheKey)]`, `dependencies!` | syn at build time |
//! | `chrono` | | chrono's types as values and in keys | chrono |
//! | `uuid` | | `Uuid` as a value and in keys | uuid |
//! | `shared` | | what stores need that processes share: MessagePack for values | rmp-serde |
//! | `tokio` | | background runs of awaited work on tokio, where it is the caller's runtime | tokio, without its threads; implied by `redis` |
//! | `redis` | | `RedisStore`: Redis and Valkey, with Sentinel, Cluster and TLS | redis, rustls, one thread of tokio; implies `shared` and `tokio` |
//! | `compression` | | values of more than 1 KiB are compressed in shared stores | lz4_flex |
//! | `testing` | | `testing::conformance`, the suite that adapters pass; `testing::SimulatedStore`, a shared store in memory | none |
//! | `shuttle` | | locks and atomics of a scheduler test, in place of the real ones; not for programs | shuttle |

#![deny(missing_docs)]
// Without a shared store its side of the engine is idle, and small.
#![cfg_attr(not(feature = "redis"), allow(dead_code, unused_imports))]

mod background;
mod cache;
mod change;
mod clock;
mod codec;
pub mod context;
pub mod dependency;
mod engine;
mod error;
mod key;
mod near;
pub mod observe;
mod profile;
mod shape;
mod store;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod value;

#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;

pub use background::BackgroundRun;
pub use cache::{
    Batch, Begin, Cache, CacheBuilder, CacheId, Entry, FillGuard, Guard, OwnedEntry, ShallowWeight, TimedOut, Weigh,
    WeighValue,
};
pub use change::{Announcing, Applying, Change, Changes, Intent, Kind, Permission, Row, Transaction};
pub use clock::Clock;
pub use codec::{Codec, Coding};
pub use context::{Connection, ReadPoint};
pub use dependency::{
    Column, ColumnRef, Condition, Conjunction, Dependencies, MAX_CLAUSES, MAX_VALUES, Predicate, Table, Test, column,
};
pub use engine::{Lock, MissReason, Refusal};
pub use error::{Error, ErrorKind};
pub use key::*;
pub use near::NearMode;
pub use observe::{Verify, VerifyGuard};
pub use profile::{Operation, Operations, Policy, Profile, Profiles, ProfilesBuilder};
pub use store::shared::{Mode, Strict};
#[cfg(feature = "redis")]
pub use store::{Advice, Breaker, RedisHealth, RedisListening, RedisNode, RedisStore, RedisStoreBuilder, RedisTally};
pub use store::{MemoryStore, Store, StoreSize};
pub use value::*;

#[cfg(feature = "macros")]
pub use cache_macros::{CacheKey, cached, cached_as, dependencies};
