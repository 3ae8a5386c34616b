//! Whatever a row satisfies in the database, its notification drops.

use cache_core::{Date, DateTime, Decimal, Dependencies, Instant, Key, Time, Value, column};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use test_servers::left_out;

use crate::shop::Shop;

const TABLE: &str = "
    CREATE EXTENSION citext;
    CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE COLLATION accents (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
    CREATE TYPE mood AS ENUM ('a', 'A', 'b');
    CREATE DOMAIN word AS text COLLATE folded;
    CREATE TABLE thing (
        id integer PRIMARY KEY, plain text, c text COLLATE \"C\", f text COLLATE folded, acc text COLLATE accents, v varchar(9), p char(4),
        ci citext, w word, m mood, s smallint, i integer, n numeric(8, 2), q numeric, r real, d double precision, b boolean,
        day date, t timestamp(3), z timestamptz, u uuid, y bytea, g integer GENERATED ALWAYS AS (s + 1) STORED)";

/// A column and a literal for it, as a writer or a reader would spell it.
fn literals() -> Vec<(&'static str, Vec<&'static str>)> {
    let texts = vec!["'a'", "'A'", "'ä'", "'Ä'", "'a '", "'b'", "''", "'\u{e4}'", "'a\u{308}'", "NULL"];
    let whole = vec!["0", "1", "-1", "2", "100", "NULL"];
    let exact = vec!["0", "1", "1.0", "1.10", "1.1", "-1.5", "1.005", "123456.78", "NULL"];
    vec![
        ("plain", texts.clone()),
        ("c", texts.clone()),
        ("f", texts.clone()),
        ("acc", texts.clone()),
        ("v", texts.clone()),
        ("p", texts.clone()),
        ("ci", texts.clone()),
        ("w", texts),
        ("m", vec!["'a'", "'A'", "'b'", "NULL"]),
        ("s", whole.clone()),
        ("i", whole),
        ("n", exact.clone()),
        ("q", exact.iter().copied().chain(["'NaN'", "1e30", "1e-30"]).collect()),
        ("r", exact.iter().copied().chain(["'NaN'", "0.1", "'-0'"]).collect()),
        ("d", exact.iter().copied().chain(["'Infinity'", "0.1", "'-0'"]).collect()),
        ("b", vec!["true", "false", "NULL"]),
        ("day", vec!["DATE '2024-02-29'", "DATE '0044-03-15 BC'", "DATE 'infinity'", "DATE '12024-01-01'", "NULL"]),
        (
            "t",
            vec![
                "TIMESTAMP '2024-02-29 00:00:00'",
                "TIMESTAMP '2024-02-29 23:59:59.9996'",
                "TIMESTAMP '2024-03-01 00:00:00'",
                "TIMESTAMP '-infinity'",
                "TIMESTAMP '0044-03-15 12:00:00 BC'",
                "NULL",
            ],
        ),
        (
            "z",
            vec![
                "TIMESTAMPTZ '2024-02-29 00:00:00+00'",
                "TIMESTAMPTZ '2024-02-29 05:30:00+05:30'",
                "TIMESTAMPTZ '1880-01-01 00:00:00+00'",
                "TIMESTAMPTZ '1970-01-01 00:00:00.000001-11'",
                "TIMESTAMPTZ 'infinity'",
                "NULL",
            ],
        ),
        (
            "u",
            vec![
                "'00000000-0000-0000-0000-0000000000ff'::uuid",
                "'000000000000000000000000000000FF'::uuid",
                "'10000000-0000-0000-0000-0000000000ff'::uuid",
                "NULL",
            ],
        ),
        ("y", vec!["'\\x00ff'::bytea", "'\\x'::bytea", "'\\\\'::bytea", "'\\x5c78'::bytea", "NULL"]),
    ]
}

fn literal() -> impl Strategy<Value = (&'static str, &'static str)> {
    let columns = literals();
    (0..columns.len(), any::<prop::sample::Index>()).prop_map(move |(at, index)| {
        let (column, values) = &columns[at];
        (*column, *index.get(values))
    })
}

fn condition() -> impl Strategy<Value = String> {
    let single = (literal(), 0..6_u8).prop_map(|((column, value), operator)| match (operator, value) {
        (_, "NULL") => format!("{column} IS NULL"),
        (0, value) => format!("{column} >= {value}"),
        (1, value) => format!("{column} < {value}"),
        (2, value) => format!("{column} <> {value}"),
        (3, value) => format!("{column} IN ({value}, NULL)"),
        (_, value) => format!("{column} = {value}"),
    });
    let leaf = prop_oneof![4 => single, 1 => Just("g = 2".to_owned())];
    prop_oneof![3 => leaf.clone(), 1 => (leaf.clone(), leaf).prop_map(|(a, b)| format!("{a} AND {b}"))]
}

#[tokio::test]
async fn what_a_row_satisfies_is_dropped() {
    if left_out() {
        return;
    }
    let shop = Shop::open("properties", TABLE, &["thing"]).await;
    let mut runner = TestRunner::new(Config::default());
    let mut draw = |strategy: &dyn Fn(&mut TestRunner) -> Vec<String>| strategy(&mut runner);
    let conditions = |runner: &mut TestRunner| {
        prop::collection::vec(condition(), 30).new_tree(runner).unwrap().current().into_iter().collect()
    };
    let rows = |runner: &mut TestRunner| {
        let values = prop::collection::vec(literal(), 1..12).new_tree(runner).unwrap().current();
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort();
        values.dedup_by_key(|(column, _)| *column);
        let names: Vec<_> = values.iter().map(|(name, _)| *name).collect();
        let texts: Vec<_> = values.iter().map(|(_, text)| *text).collect();
        vec![names.join(", "), texts.join(", ")]
    };
    let (mut satisfied, mut kept) = (0, 0);
    for round in 0..100 {
        let zone = ["UTC", "Asia/Kolkata", "America/New_York", "Europe/Amsterdam"][round % 4];
        let style = ["hex", "escape"][round % 2];
        shop.run(&format!("SET timezone = '{zone}'; SET bytea_output = {style}; SET datestyle = 'German'")).await;
        let row = draw(&rows);
        let conditions = draw(&conditions);
        let queries: Vec<String> =
            conditions.iter().map(|condition| format!("SELECT * FROM thing WHERE {condition}")).collect();
        let queries: Vec<&str> = queries.iter().map(String::as_str).collect();
        let write = match round % 3 {
            0 => format!("DELETE FROM thing; INSERT INTO thing (id, {}) VALUES (1, {})", row[0], row[1]),
            _ => format!("UPDATE thing SET ({}) = ROW({})", row[0], row[1]),
        };
        let matching = async || {
            let mut found = Vec::new();
            for condition in &conditions {
                found.push(shop.ask(&format!("SELECT count(*) FROM thing WHERE {condition}")).await != "0");
            }
            found
        };
        let before = matching().await;
        let dropped = shop.dropped(&write, &queries).await;
        let after = matching().await;
        for (at, query) in queries.iter().enumerate() {
            if before[at] || after[at] {
                satisfied += 1;
                assert!(dropped.contains(query), "{query}\nis still kept after\n{write}");
            } else if !dropped.contains(query) {
                kept += 1;
            }
        }
    }
    assert!(satisfied > 100 && kept > 100, "{satisfied} {kept}");
}

/// What the property cannot see: that the exact value is told, and not just something that may be it.
#[tokio::test]
async fn every_type_that_is_told_is_told_exactly() {
    if left_out() {
        return;
    }
    let shop = Shop::open("exactly", TABLE, &["thing"]).await;
    let instant = |nanoseconds: i128| Value::from(Instant::from_nanoseconds(nanoseconds).unwrap());
    let moment = |text: &str, day: i32| {
        let mut parts = text.split(':').map(|part| part.parse().unwrap());
        let mut part = || parts.next().unwrap();
        let time = Time::from_hms(part(), part(), part(), 500_000_000).unwrap();
        Value::from(DateTime::new(Date::from_days(day), time).unwrap())
    };
    let decimal = |text: &str| Value::from(text.parse::<Decimal>().unwrap());
    let cases: Vec<(&str, &str, Value, Value)> = vec![
        ("plain", "'ä\"\\'", "ä\"\\".into(), "Ä\"\\".into()),
        ("c", "'a '", "a ".into(), "a".into()),
        ("v", "''", "".into(), " ".into()),
        ("m", "'A'", "A".into(), "a".into()),
        ("s", "-7", (-7).into(), 7.into()),
        ("i", "2147483647", i32::MAX.into(), (i32::MAX - 1).into()),
        ("n", "1.10", decimal("1.1"), decimal("1.11")),
        ("q", "9007199254740993.1", decimal("9007199254740993.1"), decimal("9007199254740992.1")),
        ("q", "1e30", decimal("1e30"), decimal("1.000000000000000001e30")),
        ("b", "true", true.into(), false.into()),
        ("day", "'2024-02-29'", Date::from_days(19_782).into(), Date::from_days(19_783).into()),
        ("t", "'2024-02-29 12:30:00.5'", moment("12:30:00", 19_782), moment("12:30:01", 19_782)),
        (
            "z",
            "'2024-02-29 05:30:00.000001+05:30'",
            instant(1_709_164_800_000_001_000),
            instant(1_709_164_800_000_000_000),
        ),
        ("z", "'1880-01-01 00:00:00+00'", instant(-2_840_140_800_000_000_000), instant(-2_840_140_800_000_001_000)),
        (
            "u",
            "'00000000-0000-0000-0000-0000000000FF'",
            Value::Uuid([[0; 15].as_slice(), &[255]].concat().try_into().unwrap()),
            Value::Uuid([0; 16]),
        ),
        ("y", "'\\x5c78'::bytea", b"\\x"[..].into(), b"\\"[..].into()),
    ];
    for (round, zone) in ["UTC", "Asia/Kolkata", "America/New_York", "Europe/Amsterdam"].into_iter().enumerate() {
        shop.run(&format!("SET timezone = '{zone}'; SET datestyle = 'German'; TRUNCATE thing")).await;
        for (at, (name, literal, value, other)) in cases.iter().enumerate() {
            shop.listener.catch_up().await.unwrap();
            let keep = |key: &str, value: &Value| {
                let depends = || Dependencies::on("thing", column(*name).eq(value.clone()));
                shop.cache.entry(Key::new(key)).depends_on(depends).get_or_fill(|| ());
            };
            keep("same", value);
            keep("other", other);
            shop.run(&format!("INSERT INTO thing (id, {name}) VALUES ({}, {literal})", round * 100 + at)).await;
            shop.listener.catch_up().await.unwrap();
            assert!(shop.cache.get::<()>(&Key::new("same")).is_none(), "{name} = {literal} in {zone}");
            assert!(
                shop.cache.get::<()>(&Key::new("other")).is_some(),
                "{name} = {literal} is not {other:?} in {zone}"
            );
            shop.cache.delete(&Key::new("other"));
        }
    }
}
