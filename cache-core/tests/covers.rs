//! What one set of dependencies says to cover, it covers: for every row.

use cache_core::{Conjunction, Dependencies, Predicate, Row, Value, column};
use proptest::prelude::*;

const COLUMNS: [&str; 2] = ["a", "b"];

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => (0i64..6).prop_map(Value::from),
        1 => (0i64..6).prop_map(|number| Value::from(number as f64)),
        3 => "[ab]{0,2}".prop_map(Value::from),
        1 => proptest::sample::select(&["a", "ab", "b"][..]).prop_map(|text| Value::folded(text).unwrap()),
        1 => Just(Value::Null),
    ]
}

fn predicate() -> impl Strategy<Value = Predicate> {
    let name = proptest::sample::select(&COLUMNS[..]);
    let leaf = (name, 0..9usize, proptest::collection::vec(value(), 1..4)).prop_map(|(name, kind, values)| {
        let one = values[0].clone();
        let other = values[values.len() - 1].clone();
        match kind {
            0 | 1 => column(name).eq(one),
            2 => column(name).is_in(values),
            3 => column(name).lt(one),
            4 => column(name).ge(one),
            5 => column(name).between(one, other),
            6 => column(name).is_null(),
            7 => column(name).is_not_null(),
            _ => column(name).starts_with(one),
        }
    });
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            2 => proptest::collection::vec(inner.clone(), 1..3).prop_map(Predicate::All),
            3 => proptest::collection::vec(inner, 1..4).prop_map(Predicate::Either),
        ]
    })
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = proptest::collection::vec(proptest::option::weighted(0.9, value()), COLUMNS.len())
        .prop_map(|values| COLUMNS.iter().zip(values).filter_map(|(name, value)| Some((*name, value?))).collect());
    proptest::collection::vec(row, 60)
}

fn matches(dependencies: &Dependencies, row: &Row) -> bool {
    dependencies.conjunctions().iter().any(|conjunction| conjunction.may_match_row(row))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_row_of_what_is_covered_is_a_row_of_what_covers(declared in predicate(), read in predicate(), rows in rows()) {
        let (declared, read) = (Dependencies::on("t", declared), Dependencies::on("t", read));
        for conjunction in read.conjunctions().iter().filter(|conjunction| declared.covers(conjunction)) {
            for row in rows.iter().filter(|row| conjunction.may_match_row(row)) {
                prop_assert!(matches(&declared, row), "{declared} was said to cover {conjunction}: {row:?}");
            }
        }
    }

    #[test]
    fn everything_covers_itself_and_is_covered_by_its_table(read in predicate(), more in predicate()) {
        let read = Dependencies::on("t", read);
        let wider = read.clone() | Dependencies::on("t", more);
        for conjunction in read.conjunctions() {
            prop_assert!(read.covers(conjunction));
            prop_assert!(Dependencies::table("t").covers(conjunction));
            prop_assert!(!Dependencies::table("u").covers(conjunction));
            prop_assert!(!Dependencies::none().covers(conjunction));
        }
        // A union may be written in another form, and stays one of the same rows.
        prop_assert!(wider.conjunctions().iter().all(|conjunction| Dependencies::table("t").covers(conjunction)));
    }
}

fn one(predicate: Predicate) -> Conjunction {
    Dependencies::on("t", predicate).conjunctions()[0].clone()
}

#[test]
fn the_usual_declarations_are_understood() {
    let id = || column("id");
    for (declared, read) in [
        (id().is_in([1, 2, 3]), id().eq(2)),
        (id().is_in([1, 2, 3]), id().is_in([3, 1])),
        (id().eq(1) | id().eq(2), id().is_in([1, 2])),
        (id().eq(1) & column("a").eq(3) | id().eq(2), id().is_in([1, 2]) & column("a").eq(3)),
        (id().gt(5), id().eq(7)),
        (id().gt(5), id().ge(6)),
        (id().ge(5), id().between(5, 7)),
        (id().is_not_null(), id().eq(7)),
        (id().is_null(), id().is_null() & column("a").eq(3)),
        (column("name").starts_with("a"), column("name").starts_with("ab")),
        (column("name").starts_with("a"), column("name").eq("abc")),
    ] {
        let declared = Dependencies::on("t", declared);
        assert!(declared.covers(&one(read.clone())), "{declared} covers {}", one(read));
    }
    for (declared, read) in [
        (id().eq(1), id().is_in([1, 2])),
        (id().eq(1), column("a").eq(1)),
        (id().eq(1), id().eq("1")),
        (id().gt(5), id().ge(5)),
        (id().gt(5), id().lt(9)),
        (id().is_null(), id().is_not_null()),
        (column("name").starts_with("ab"), column("name").starts_with("a")),
    ] {
        let declared = Dependencies::on("t", declared);
        assert!(!declared.covers(&one(read.clone())), "{declared} does not cover {}", one(read));
    }
}
