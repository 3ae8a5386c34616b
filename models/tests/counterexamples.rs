//! A counterexample is the shortest there is, told step by step.

use models::configurations::{Configuration, all};
use models::property::Property;

fn configuration(name: &str) -> Configuration {
    all().into_iter().find(|one| one.name == name).unwrap_or_else(|| panic!("there is no configuration {name}"))
}

#[test]
fn a_late_fill_needs_eight_steps_to_be_served_stale() {
    let steps = configuration("stamps-after-work").shortest(Property::Fresh);
    let expected = [
        "reader 1 looks up the entry",
        "reader 1 looks up the stamp of table 1",
        "reader 1 queries table 1",
        "writer 1 COMMITS",
        "writer 1 invalidates table 1 (and acknowledges after its last)",
        "reader 1 stores",
        "reader 1 looks up the entry",
        "reader 1 looks up the stamp of table 1",
    ];
    assert_eq!(steps, Some(expected.map(str::to_owned).to_vec()));
}

#[test]
fn a_promise_that_is_kept_has_no_counterexample() {
    assert_eq!(configuration("stamps").shortest(Property::Fresh), None);
    assert_eq!(configuration("near-pushes").shortest(Property::Quiescent), None);
}

#[test]
fn a_promise_that_is_not_made_has_no_counterexample() {
    assert_eq!(configuration("stamps").shortest(Property::Bounded), None);
}
