//! From `cargo metadata` to rows.
//!
//! [`graph`] asks Cargo, [`rows`] turns the answer into rows of the tables, [`load`] writes them.

pub mod graph;
pub mod licence;
pub mod load;
pub mod rows;
pub mod schema;

pub use graph::Graph;
