//! Models of the cache's protocol, searched exhaustively.
//!
//! - [`shared`]: readers, writers, a database and a shared store that loses keys, nodes and connections.
//! - [`near`]: a near cache that is told of invalidations by pushes.
//! - [`configurations`]: which mechanisms, participants and faults are put together, and what must come out.
//! - [`property`], [`verdict`], [`counterexample`]: what is promised, what a search has found, how it came to that.
//!
//! Every mechanism is a switch. A configuration with one switch off shows what that mechanism is for:
//!
//! ```
//! use models::property::Property;
//! use models::shared::{Bounds, Faults, Protocol, SharedStore};
//! use models::verdict::check;
//!
//! let restarts = Faults { relapses: 1, ..Faults::default() };
//! let whole = SharedStore { protocol: Protocol::fresh(), bounds: Bounds::new(1, [2, 1], [&[0]]).with(restarts) };
//! assert!(!check(whole.clone(), 1).violated.contains(&Property::Fresh));
//!
//! let protocol = Protocol { incarnation: false, ..whole.protocol.clone() };
//! assert!(check(SharedStore { protocol, ..whole }, 1).violated.contains(&Property::Fresh));
//! ```
#![deny(missing_docs)]

pub mod configurations;
pub mod counterexample;
pub mod near;
pub mod property;
mod set;
pub mod shared;
pub mod verdict;

pub use set::Set;
