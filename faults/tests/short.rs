//! A short run of every mode under faults, and runs in which the checker has to find something.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use faults::{Near, Plan, Protocol, Report, Topology};

/// A plan that ends when something has happened; the time is for when it never does.
fn plan(protocol: Protocol, near: Near) -> Plan {
    test_servers::end_if_left_out();
    Plan::new(protocol, near, Topology::Single, 900)
}

fn run(plan: &Plan) -> Report {
    // Each has the machine for itself.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let report = faults::run(plan, Path::new(env!("CARGO_BIN_EXE_faults"))).unwrap();
    println!("{report}");
    report
}

/// Runs under faults, and finds nothing.
fn holds(plan: Plan, operations: u64) {
    let report = run(&Plan { operations: Some(operations), ..plan });
    assert_eq!(report.violations(), 0, "{report}");
    assert!(report.counts.operations() >= operations, "{report}");
    assert!(report.counts.hits > 0 && report.counts.writes > 0 && report.faults.len() > 2, "{report}");
}

/// Runs without faults of servers until what is known to be wrong is found.
fn finds(plan: Plan, property: &str) -> Report {
    let until = Some(property.to_owned());
    let report = run(&Plan { until, faults: Some("slow".to_owned()), rest: Some(5), ..plan });
    assert!(report.counts.violations.contains_key(property), "{report}");
    report
}

#[test]
fn fresh_keeps_its_promise() {
    holds(Plan { every: Some(500), ..plan(Protocol::Fresh, Near::Validated) }, 60_000);
}

#[test]
fn strict_keeps_its_promise() {
    holds(Plan { every: Some(2500), ..plan(Protocol::Strict, Near::Off) }, 40_000);
}

#[test]
fn a_bounded_near_cache_keeps_its_promise() {
    holds(Plan { every: Some(500), ..plan(Protocol::Fresh, Near::Bounded(400)) }, 100_000);
}

#[test]
fn sets_of_dependants_are_found_out() {
    finds(plan(Protocol::ControlSets, Near::Off), "P");
}

#[test]
fn late_stamps_are_found_out() {
    finds(plan(Protocol::ControlLate, Near::Off), "P");
}

#[test]
fn fresh_is_found_out_when_it_is_taken_for_strict() {
    let plan = Plan { promise: Some(Protocol::Strict), ..plan(Protocol::Fresh, Near::Off) };
    let report = finds(plan, "L");
    assert!(!report.counts.violations.contains_key("P"), "{report}");
}

#[test]
fn a_near_cache_that_is_not_told_is_found_out() {
    finds(Plan { promise: Some(Protocol::Fresh), ..plan(Protocol::Ttl, Near::Bounded(300)) }, "D");
}
