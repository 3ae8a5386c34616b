//! The store's index drops whatever the exact predicate may match, and little else.

use cache_core::{Cache, Change, Dependencies, Key, Predicate, Row, Value, column};
use proptest::prelude::*;

const COLUMNS: [&str; 3] = ["a", "b", "c"];

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => (-3i64..12).prop_map(Value::from),
        1 => (-3i64..12).prop_map(|number| Value::from(number as f64 / 2.0)),
        3 => "[ab]{0,3}".prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
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
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            3 => proptest::collection::vec(inner.clone(), 1..4).prop_map(Predicate::All),
            3 => proptest::collection::vec(inner.clone(), 1..4).prop_map(Predicate::Either),
            1 => inner.prop_map(|predicate| !predicate),
        ]
    })
}

fn row() -> impl Strategy<Value = Row> {
    proptest::collection::vec(proptest::option::weighted(0.8, value()), COLUMNS.len())
        .prop_map(|values| COLUMNS.iter().zip(values).filter_map(|(name, value)| Some((*name, value?))).collect())
}

/// Whether SQL would select the row, by three-valued logic; `None` is unknown.
fn truth(predicate: &Predicate, row: &Row) -> Option<bool> {
    match predicate {
        Predicate::Any => None,
        Predicate::Never => Some(false),
        Predicate::Test(condition) => {
            let value = row.get(condition.column())?;
            let test = condition.test();
            if value.is_null() && !matches!(test, cache_core::Test::IsNull | cache_core::Test::IsNotNull) {
                return None;
            }
            Some(test.may_pass(Some(value)))
        }
        Predicate::All(parts) => {
            let truths: Vec<_> = parts.iter().map(|part| truth(part, row)).collect();
            if truths.contains(&Some(false)) {
                Some(false)
            } else if truths.contains(&None) {
                None
            } else {
                Some(true)
            }
        }
        Predicate::Either(parts) => {
            let truths: Vec<_> = parts.iter().map(|part| truth(part, row)).collect();
            if truths.contains(&Some(true)) {
                Some(true)
            } else if truths.contains(&None) {
                None
            } else {
                Some(false)
            }
        }
        Predicate::Not(inner) => truth(inner, row).map(|truth| !truth),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn whatever_may_match_is_dropped(predicate in predicate(), before in row(), after in row()) {
        let dependencies = Dependencies::on("t", predicate);
        let change = Change::updated("t", before, after);
        let cache = Cache::in_memory();
        let key = Key::new("k");
        cache.entry(key.clone()).depends_on(|| dependencies.clone()).get_or_fill(|| 1);
        cache.invalidate(change.clone()).unwrap();
        let gone = cache.get::<i32>(&key).is_none();
        if dependencies.may_match(&change) {
            prop_assert!(gone, "{dependencies} kept after {change}");
        }
    }

    #[test]
    fn a_full_row_that_is_selected_may_match(predicate in predicate(), values in proptest::collection::vec(value(), 3)) {
        let row: Row = COLUMNS.iter().copied().zip(values).collect();
        let selected = truth(&predicate, &row);
        let dependencies = Dependencies::on("t", predicate.clone());
        if selected == Some(true) {
            prop_assert!(dependencies.may_match(&Change::inserted("t", row.clone())), "{predicate:?} over {row}");
            let images = predicate.images();
            let covered = images.iter().any(|image| {
                image.iter().all(|(column, value)| {
                    let held = row.get(column).unwrap();
                    held == value || held.class() != value.class()
                })
            });
            prop_assert!(covered, "{row} is not covered by {images:?}");
        }
    }

    #[test]
    fn a_union_matches_what_its_parts_match(
        predicates in proptest::collection::vec(predicate(), 1..80),
        row in row(),
    ) {
        let parts: Vec<Dependencies> = predicates.into_iter().map(|one| Dependencies::on("t", one)).collect();
        let change = Change::inserted("t", row);
        let either = parts.iter().any(|part| part.may_match(&change));
        let union: Dependencies = parts.into_iter().collect();
        prop_assert!(union.conjunctions().len() <= cache_core::MAX_CLAUSES);
        if either {
            prop_assert!(union.may_match(&change), "{union} misses {change}");
        }
    }
}

#[test]
fn unrelated_rows_keep_the_entry() {
    let cases = [
        (column("a").eq(3), Row::from([("a", 4)])),
        (column("a").is_in([1, 2, 3]), Row::from([("a", 4)])),
        (column("a").is_null(), Row::from([("a", 4)])),
        (column("a").is_not_null(), Row::from([("a", Value::Null)])),
        (column("a").lt(100), Row::from([("a", 5000)])),
        (column("a").between(10, 20), Row::from([("a", 9)])),
        (column("a").starts_with("ab"), Row::from([("a", "ba")])),
        (column("a").eq(1) & column("b").gt(1000), Row::from([("a", 1), ("b", 1)])),
    ];
    for (predicate, row) in cases {
        let cache = Cache::in_memory();
        let key = Key::new("k");
        cache.entry(key.clone()).depends_on(|| Dependencies::on("t", predicate.clone())).get_or_fill(|| 1);
        cache.invalidate(Change::inserted("t", row.clone())).unwrap();
        assert_eq!(cache.get::<i32>(&key), Some(1), "{predicate:?} went for {row}");
    }
}

#[test]
fn more_shapes_than_the_cap_stay_correct() {
    let cache = Cache::in_memory();
    let names: Vec<String> = (0..200).map(|number| format!("c{number}")).collect();
    for (at, name) in names.iter().enumerate() {
        let dependencies = Dependencies::on("t", column(name).eq(1));
        cache.entry(Key::new("k").with(&at)).depends_on(|| dependencies).get_or_fill(|| at);
    }
    assert!(cache.size().shapes <= 64);
    for (at, name) in names.iter().enumerate() {
        let row: Row = names.iter().map(|other| (other, i64::from(other == name))).collect();
        cache.invalidate(Change::inserted("t", row)).unwrap();
        assert_eq!(cache.get::<usize>(&Key::new("k").with(&at)), None);
    }
}

#[test]
fn thirteen_pairs_of_alternatives_stay_small() {
    let pairs = (0..13).map(|at| column(format!("a{at}")).eq(1) | column(format!("b{at}")).eq(2));
    let dependencies = Dependencies::on("t", Predicate::All(pairs.collect()));
    assert!(dependencies.conjunctions().len() <= cache_core::MAX_CLAUSES);
    let matching: Row = (0..13).map(|at| (format!("a{at}"), 1)).collect();
    assert!(dependencies.may_match(&Change::inserted("t", matching)));
}
