//! Reads and writes of several processes under faults, and a checker of what readers were told.
//!
//! A run starts servers, a database and several worker processes, which read through caches and write; meanwhile a coordinator
//! injects faults by a seeded schedule. Each row of the database carries a version that every commit raises, and a ledger
//! that all processes share says which versions were acknowledged and which have been read, so that each
//! answer is checked against what was known when its read began:
//!
//! | property | a violation is an answer |
//! |---|---|
//! | P | older than a write that was acknowledged before its read began |
//! | L | older than an answer of a read that had ended before this one began |
//! | T | that was served, and mixes two transactions |
//! | D | older than a write that was acknowledged longer ago than the bound of a near cache |
//! | C | with a write that was rolled back |
//!
//! A write whose writer died, or was told of an error, is not acknowledged: answers with it and answers without it are
//! right. No property is checked where the mode does not promise it.

#![deny(missing_docs)]

mod check;
mod control;
mod coordinator;
mod counts;
mod fault;
mod ledger;
mod plan;
mod worker;
mod world;

pub use coordinator::run;
pub use counts::{Counts, Report};
pub use fault::Fault;
pub use plan::{Database, Near, Plan, Protocol, Topology};
pub use worker::work;
