//! What the pages ask, cached.
//!
//! Three ways, by what is asked: one query object is cached in place with `.cached(..)`; a function that runs
//! several statements, or turns rows into something else, carries `#[cached_as]`; nothing here ever
//! invalidates, because writes go through the same [`Db`].

pub mod edges;
pub mod group;
pub mod krate;
pub mod list;
pub mod statistics;

use cache_sea_orm::CachedConnection;

/// The connection that all queries and writes go through.
pub type Db = CachedConnection;
