//! Caches on Redis against what a program would do with redis-rs by hand, on the same server.
//!
//! The servers are started for the run and stopped after it. The peer has a multiplexed connection of its own; where it is
//! said to be driven alike, a thread of its own reads and writes it, as that of a store does.

mod cost;
mod fill;
mod hit;
mod invalidation;
mod near;
mod page;
mod peer;
mod servers;

use std::time::Duration;

use crate::report::Report;

/// Round trips are slow and uneven.
const ROUND: Duration = Duration::from_millis(40);

pub fn run(report: &mut Report) {
    if test_servers::left_out() {
        return;
    }
    hit::run(report);
    near::run(report);
    fill::run(report);
    invalidation::run(report);
    cost::run(report);
}
