//! Suites that other crates run against their own code. Feature `testing`.

pub mod conformance;
