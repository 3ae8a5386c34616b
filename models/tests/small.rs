//! Every small configuration keeps and breaks exactly what it is said to.

use std::thread::available_parallelism;

use models::configurations::{Size, all};

#[test]
fn small_configurations_break_exactly_what_is_expected() {
    let threads = available_parallelism().map_or(1, |threads| threads.get());
    let surprises: Vec<String> = all()
        .iter()
        .filter(|one| one.size == Size::Small)
        .filter_map(|one| one.surprise(&one.check(threads)))
        .collect();
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}
