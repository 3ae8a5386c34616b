//! Suites that other crates run against their own code. Feature `testing`.

pub mod conformance;
mod simulated;

pub use simulated::{Lost, SimulatedCopy, SimulatedStore};
