//! One guard for a whole suite of tests; alone in its process, for it concerns all of it.
#![cfg(not(feature = "shuttle"))]

mod toy;

use cache_core::{Verify, cached_as};

use toy::{Toy, in_category};

#[cached_as(in_category(1), cache = &db.cache)]
fn ids(db: &Toy) -> Vec<i32> {
    db.ids(2)
}

#[test]
fn a_guard_switches_the_check_on_for_every_cache_and_thread() {
    let run = || {
        let db = Toy::new();
        std::thread::spawn(move || ids(&db)).join()
    };
    assert_eq!(run().unwrap(), [2]);
    let guard = Verify::panic().everywhere();
    run().unwrap_err();
    let inner = Verify::log().everywhere();
    drop(guard);
    assert_eq!(run().unwrap(), [2], "told, and not kept");
    drop(inner);
    let db = Toy::new();
    ids(&db);
    assert_eq!(db.cache.counters().fills, 1);
}
