//! What the benchmarks measure, and how.

pub mod fragment;
pub mod harness;
pub mod hit;
pub mod invalidation;
pub mod precision;
pub mod query;
pub mod remote;
pub mod report;
pub mod stampede;
pub mod wrapper;
