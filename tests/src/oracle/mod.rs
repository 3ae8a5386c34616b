//! Random queries and random writes on a real database: a result that changed must have been invalidated.
//!
//! Each round makes a schema and a set of queries, keeps the queries' results, and writes. After every write all queries run
//! again. Where a result differs, the write's changes must match the query's dependencies, both by the exact predicate and by the index of
//! the embedded store.

mod catalogue;
mod choice;
mod database;
mod exact;
mod predicate;
mod query;
mod run;
mod schema;
mod write;

pub use catalogue::Fault;
pub use run::{Counts, Miss, Options, run};
