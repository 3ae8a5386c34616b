//! A result that changed must have been invalidated; and the test that says so must be able to fail.

use cache_core::dependency::query::Fault as Projection;
use cache_sql::Fault as Write;
use end_to_end::oracle::{Fault, Options, run};

#[test]
fn no_change_goes_unnoticed() {
    let workers = 2;
    let counts = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..workers).map(|seed| scope.spawn(move || run(&Options::new(200_000, 100 + seed)))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
    });
    let mut pairs = 0;
    for result in counts {
        let counts = result.unwrap_or_else(|miss| panic!("{miss}"));
        println!("{counts:?}");
        pairs += counts.pairs;
        assert_eq!(counts.missed, 0);
        assert!(counts.changed * 100 > counts.pairs, "too few results change to prove anything: {counts:?}");
        assert!(counts.invalidated < counts.by_table, "no better than invalidation by table: {counts:?}");
    }
    assert!(pairs >= 200_000);
}

#[track_caller]
fn is_caught(fault: Fault) {
    let found = (0..6).any(|seed| run(&Options { fault: Some(fault), ..Options::new(300_000, seed) }).is_err());
    assert!(found, "{fault:?} went unnoticed");
}

macro_rules! planted {
    ($($name:ident: $fault:expr;)*) => {$(
        #[test]
        fn $name() {
            is_caught($fault);
        }
    )*};
}

planted! {
    where_on_the_extended_side_is_caught: Fault::Projection(Projection::TrustsExtendedRows);
    on_for_the_preserved_side_is_caught: Fault::Projection(Projection::RestrictsPreservedSide);
    on_of_a_full_join_is_caught: Fault::Projection(Projection::RestrictsFullJoin);
    negation_of_the_unknown_is_caught: Fault::Projection(Projection::NegatesLate);
    forgotten_subqueries_are_caught: Fault::Projection(Projection::ForgetsParts);
    or_taken_for_and_is_caught: Fault::Projection(Projection::JoinsAlternatives);
    ignored_collation_is_caught: Fault::Write(Write::IgnoresCollation);
    forgotten_cascades_are_caught: Fault::Write(Write::ForgetsCascades);
    forgotten_assignments_are_caught: Fault::Write(Write::ForgetsAssignments);
}
