//! A result that changed must have been invalidated; and the test that says so must be able to fail.

use cache_core::dependency::query::Fault as Projection;
use cache_sql::{Dialect, Fault as Write};
use end_to_end::oracle::{Fault, Options, run};
use test_servers::left_out;

fn is_silent(options: &[Options]) {
    let counts = std::thread::scope(|scope| {
        let threads: Vec<_> = options.iter().map(|options| scope.spawn(move || run(options))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
    });
    for (result, options) in counts.into_iter().zip(options) {
        let counts = result.unwrap_or_else(|miss| panic!("{miss}"));
        println!("{:?}: {counts:?}", options.dialect);
        assert_eq!(counts.missed, 0);
        assert!(counts.pairs >= options.pairs);
        let rare = if options.dialect == Dialect::Sqlite { 100 } else { 200 };
        assert!(counts.changed * rare > counts.pairs, "too few results change to prove anything: {counts:?}");
        let needless = if options.exact { counts.needless_exact } else { 0 };
        assert!(needless < counts.needless, "exact rows bring nothing: {counts:?}");
        assert!(counts.invalidated < counts.by_table, "no better than invalidation by table: {counts:?}");
    }
}

#[test]
fn no_change_goes_unnoticed() {
    is_silent(&[Options::new(200_000, 100), Options::new(200_000, 101)]);
}

#[test]
fn no_change_goes_unnoticed_on_postgresql() {
    if !left_out() {
        is_silent(&[Options { dialect: Dialect::Postgres, ..Options::new(10_000, 100) }]);
    }
}

#[test]
fn no_change_goes_unnoticed_on_mariadb() {
    if !left_out() {
        is_silent(&[Options { dialect: Dialect::MySql, ..Options::new(10_000, 100) }]);
    }
}

#[test]
fn no_change_goes_unnoticed_where_rows_are_exact() {
    let exact = |dialect, pairs| Options { dialect, exact: true, ..Options::new(pairs, 102) };
    is_silent(&[exact(Dialect::Sqlite, 200_000)]);
    if !left_out() {
        is_silent(&[exact(Dialect::Postgres, 10_000), exact(Dialect::MySql, 10_000)]);
    }
}

#[track_caller]
fn is_caught(dialect: Dialect, fault: Fault) {
    if dialect != Dialect::Sqlite && left_out() {
        return;
    }
    let pairs = if dialect == Dialect::Sqlite { 300_000 } else { 60_000 };
    let found = (0..6).any(|seed| run(&Options { dialect, fault: Some(fault), ..Options::new(pairs, seed) }).is_err());
    assert!(found, "{fault:?} went unnoticed");
}

macro_rules! planted {
    ($($name:ident: $dialect:ident, $fault:expr;)*) => {$(
        #[test]
        fn $name() {
            is_caught(Dialect::$dialect, $fault);
        }
    )*};
}

planted! {
    where_on_the_extended_side_is_caught: Sqlite, Fault::Projection(Projection::TrustsExtendedRows);
    on_for_the_preserved_side_is_caught: Sqlite, Fault::Projection(Projection::RestrictsPreservedSide);
    on_of_a_full_join_is_caught: Sqlite, Fault::Projection(Projection::RestrictsFullJoin);
    negation_of_the_unknown_is_caught: Sqlite, Fault::Projection(Projection::NegatesLate);
    forgotten_subqueries_are_caught: Sqlite, Fault::Projection(Projection::ForgetsParts);
    or_taken_for_and_is_caught: Sqlite, Fault::Projection(Projection::JoinsAlternatives);
    ignored_collation_is_caught: Sqlite, Fault::Write(Write::IgnoresCollation);
    forgotten_cascades_are_caught: Sqlite, Fault::Write(Write::ForgetsCascades);
    forgotten_assignments_are_caught: Sqlite, Fault::Write(Write::ForgetsAssignments);
    ignored_collation_is_caught_on_postgresql: Postgres, Fault::Write(Write::IgnoresCollation);
    ignored_collation_is_caught_on_mariadb: MySql, Fault::Write(Write::IgnoresCollation);
    forgotten_cascades_are_caught_on_postgresql: Postgres, Fault::Write(Write::ForgetsCascades);
    forgotten_cascades_are_caught_on_mariadb: MySql, Fault::Write(Write::ForgetsCascades);
}
