//! Random writes of columns of many types, against random conditions on them.
//!
//! Whenever the rows that a condition selects are others after a write than before, the dependencies of the
//! condition must match the changes of the write. `CACHE_TESTS_SEED` repeats a run, `CACHE_TESTS_ROUNDS` lengthens it.

use cache_core::Value;
use cache_sql::{Analyser, Bind, Dialect};

use crate::mariadb::MariaDb;
use crate::postgres::Postgres;
use crate::schema::Database;
use crate::values::{Chance, PATTERNS, literal, values};

const CONDITIONS: usize = 8;

/// A text with the places of its values, and these.
#[derive(Clone, Debug)]
struct Template {
    text: &'static str,
    values: Vec<Value>,
}

impl Template {
    fn new(chance: &mut Chance, values: &[Value], templates: &[&'static str]) -> Self {
        let text = *chance.pick(templates);
        let value = |chance: &mut Chance| match text.contains("LIKE") {
            true => Value::from(*chance.pick(&PATTERNS)),
            false => chance.pick(values).clone(),
        };
        Template { text, values: (0..text.matches('@').count()).map(|_| value(chance)).collect() }
    }

    fn fill(&self, mut value: impl FnMut(usize, &Value) -> String) -> String {
        let mut parts = self.text.split('@');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for (at, (part, given)) in parts.zip(&self.values).enumerate() {
            filled.push_str(&value(at, given));
            filled.push_str(part);
        }
        filled
    }

    fn spelt(&self, dialect: Dialect) -> String {
        self.fill(|_, value| literal(dialect, value))
    }

    fn bound(&self, dialect: Dialect) -> (String, Vec<Bind>) {
        let place = |at: usize| if dialect == Dialect::Postgres { format!("${}", at + 1) } else { "?".into() };
        let binds = self.values.iter().cloned().map(Bind::Value).collect();
        (self.fill(|at, _| place(at)), binds)
    }
}

const WRITES: [&str; 9] = [
    "INSERT INTO t (id, n, c) VALUES (9, 0, @)",
    "INSERT INTO t VALUES (9, 0, @)",
    "UPDATE t SET c = @ WHERE id = 2",
    "UPDATE t SET c = @ WHERE c = @",
    "UPDATE t SET n = n + 1 WHERE c = @",
    "UPDATE t SET n = n + 1 WHERE c IN (@, @)",
    "UPDATE t SET n = n + 1 WHERE c IS NULL",
    "DELETE FROM t WHERE c = @",
    "DELETE FROM t WHERE id = 3",
];

const TESTS: [&str; 15] = [
    "c = @",
    "c = @",
    "c = @",
    "c <> @",
    "c < @",
    "c >= @",
    "c IN (@, @)",
    "NOT (c = @)",
    "c BETWEEN @ AND @",
    "c IS NULL",
    "c IS NOT NULL",
    "c LIKE @",
    "c NOT LIKE @",
    "c <=> @",
    "c IS NOT DISTINCT FROM @",
];

/// How many pairs told that the result stays, so that a test of nothing but "any row" is noticed.
fn check(
    database: &mut impl Database,
    column: &str,
    chance: &mut Chance,
    rounds: usize,
    skipped: fn(&Value) -> bool,
) -> usize {
    let dialect = database.dialect();
    database.run(&format!("DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, n int, c {column})")).unwrap();
    let analyser = database.analyser();
    let all: Vec<Value> = values().into_iter().filter(|value| !skipped(value)).collect();
    // Those that the column takes at all, so that rows meet conditions.
    let mut own = Vec::new();
    for value in &all {
        if database.run(&format!("INSERT INTO t VALUES (1, 0, {})", literal(dialect, value))).is_ok() {
            own.push(value.clone());
        }
        let _ = database.run("DELETE FROM t");
    }
    assert!(!own.is_empty(), "{column} takes no value");
    let mut spared = 0;
    let mut classes: Vec<_> = own.iter().map(Value::class).collect();
    classes.dedup();
    for _ in 0..rounds {
        // Few values, mostly of one class, so that writes and conditions meet.
        let class = chance.pick(&classes);
        let alike: Vec<Value> = own.iter().filter(|value| value.class() == *class).cloned().collect();
        let pool = match chance.below(8) {
            0 => &all,
            1 => &own,
            _ => &alike,
        };
        let from: Vec<Value> = (0..4).map(|_| chance.pick(pool).clone()).collect();
        let from = &from;
        database.run("DELETE FROM t").unwrap();
        for id in 1..6 {
            let value = literal(dialect, chance.pick(if id < 4 { from } else { &own }));
            let _ = database.run(&format!("INSERT INTO t VALUES ({id}, 0, {value})"));
        }
        let tests: Vec<Template> = (0..CONDITIONS).map(|_| Template::new(chance, from, &TESTS)).collect();
        let write = Template::new(chance, from, &WRITES);
        let select = |test: &Template| format!("SELECT id, n, c FROM t WHERE {} ORDER BY id", test.spelt(dialect));
        let before: Vec<_> = tests.iter().map(|test| database.rows(&select(test))).collect();
        let _ = database.run(&write.spelt(dialect));
        let (text, binds) = write.bound(dialect);
        let written = analyser.analyse(&text, &binds).changes().to_vec();
        for (test, before) in tests.iter().zip(before) {
            let after = database.rows(&select(test));
            let may_change = depends(&analyser, dialect, test, &written);
            spared += usize::from(!may_change);
            let (Ok(before), Ok(after)) = (before, after) else { continue };
            assert!(
                before == after || may_change,
                "{column}: {} changes what {} selects\nfrom {before:?}\nto {after:?}\nwrite {written:?}",
                write.spelt(dialect),
                test.spelt(dialect),
            );
        }
    }
    spared
}

fn depends(analyser: &Analyser, dialect: Dialect, test: &Template, written: &[cache_core::Change]) -> bool {
    let (condition, binds) = test.bound(dialect);
    let dependencies = analyser.dependencies(&format!("SELECT id, n, c FROM t WHERE {condition}"), &binds);
    dependencies.uncacheable_reason().is_some() || written.iter().any(|change| dependencies.may_match(change))
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn run(database: &mut impl Database, columns: &[(&str, bool)], skipped: fn(&Value) -> bool) {
    let seed = setting("CACHE_TESTS_SEED", 1);
    let rounds = setting("CACHE_TESTS_ROUNDS", 60) as usize;
    let mut chance = Chance::new(seed);
    for (column, precise) in columns {
        let spared = check(database, column, &mut chance, rounds, skipped);
        assert!(!precise || spared > 0, "{column}: no result is ever told to stay");
    }
}

#[test]
fn postgres_images_and_conditions_agree() {
    let Some(mut database) = Postgres::open("postgres_images_and_conditions_agree") else { return };
    database
        .run(
            "CREATE TYPE colour AS ENUM ('red', 'green', 'a');
             CREATE DOMAIN short AS varchar(3);
             CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
             CREATE COLLATION german (provider = icu, locale = 'de');
             SET TIME ZONE 'Europe/Berlin'",
        )
        .unwrap();
    run(
        &mut database,
        &[
            ("smallint", true),
            ("int", true),
            ("bigint NOT NULL", true),
            ("numeric(5,2)", true),
            ("numeric(5)", true),
            ("numeric(3,-1)", false),
            ("numeric", true),
            ("real", false),
            ("float8", false),
            ("bool", true),
            ("text", true),
            ("varchar(3)", true),
            ("varchar COLLATE german", true),
            ("text COLLATE folding", false),
            ("char(3)", false),
            ("name", false),
            ("short", false),
            ("colour", true),
            ("uuid", true),
            ("bytea", true),
            ("date", true),
            ("timestamp", true),
            ("timestamp(0)", true),
            ("timestamptz", true),
            ("timestamptz(3)", true),
            ("time", false),
            ("interval", false),
            ("json", false),
            ("jsonb", false),
            ("int[]", false),
            ("text[]", false),
        ],
        |_| false,
    );
}

const MARIADB: [(&str, bool); 48] = [
    ("tinyint", true),
    ("tinyint unsigned", true),
    ("smallint NOT NULL", true),
    ("mediumint", true),
    ("int unsigned", true),
    ("bigint", true),
    ("bigint unsigned", true),
    ("int NOT NULL AUTO_INCREMENT UNIQUE", true),
    ("decimal(5,2)", true),
    ("decimal(5,2) unsigned", false),
    ("decimal(20,0)", true),
    ("float", false),
    ("double", false),
    ("bit(3)", false),
    ("bool", true),
    ("varchar(3)", true),
    ("varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", true),
    ("varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", true),
    ("varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NOT NULL", true),
    ("varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci", true),
    ("varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_as_cs", true),
    ("varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_nopad_ci", true),
    ("varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", true),
    ("varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_german2_ci", false),
    ("varchar(20) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci", true),
    ("varchar(20) CHARACTER SET utf16 COLLATE utf16_bin", false),
    ("varchar(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci", true),
    ("varchar(20) CHARACTER SET latin1 COLLATE latin1_german2_ci", false),
    ("varchar(20) CHARACTER SET ascii", true),
    ("char(3)", true),
    ("tinytext", true),
    ("longtext NOT NULL", true),
    ("json", false),
    ("enum('red','green','A','1')", false),
    ("set('red','green','a')", false),
    ("varbinary(3)", true),
    ("binary(2)", true),
    ("binary(16)", true),
    ("blob", true),
    ("uuid", false),
    ("inet6", false),
    ("date", true),
    ("date NOT NULL", true),
    ("datetime", true),
    ("datetime(6)", true),
    ("timestamp", false),
    ("time", false),
    ("year", false),
];

const fn is_instant(value: &Value) -> bool {
    matches!(value, Value::Instant(_))
}

#[test]
fn mariadb_images_and_conditions_agree() {
    let Some(mut database) = MariaDb::open("mariadb_images_and_conditions_agree") else { return };
    run(&mut database, &MARIADB, is_instant);
}

#[test]
fn mariadb_images_and_conditions_agree_where_values_are_bent() {
    let Some(mut database) = MariaDb::open("mariadb_images_and_conditions_agree_where_values_are_bent") else { return };
    database.run("SET sql_mode = ''").unwrap();
    let columns = MARIADB.map(|(column, _)| (column, false));
    run(&mut database, &columns, is_instant);
}

#[test]
fn mariadb_collations_tell_plain_texts_apart() {
    let Some(mut database) = MariaDb::open("mariadb_collations_tell_plain_texts_apart") else { return };
    let plain: Vec<char> = ('0'..='9').chain('a'..='z').chain(" _.:/@+-".chars()).collect();
    let folds = database
        .rows(
            "SELECT collation_name FROM information_schema.collations WHERE character_set_name IN ('utf8mb4', 'utf8mb3', 'latin1', 'ascii')
             AND collation_name REGEXP '_(bin|general(_nopad)?_ci|unicode(_520)?(_nopad)?_ci|swedish(_nopad)?_ci)$'",
        )
        .unwrap();
    let mut names: Vec<String> = folds.into_iter().flatten().flatten().collect();
    names.extend(["utf8mb4_uca1400_ai_ci", "utf8mb4_uca1400_as_ci", "utf8mb4_uca1400_as_cs"].map(String::from));
    database.run("CREATE TABLE plain (c varchar(10) CHARACTER SET ascii COLLATE ascii_bin)").unwrap();
    for a in &plain {
        database.run(&format!("INSERT INTO plain VALUES ('x{a}y'), ('{a}{a}y'), ('{a}y')")).unwrap();
    }
    assert!(names.len() > 10);
    for name in names {
        let charset = name.split('_').next().unwrap();
        let spelt = |row: &str| format!("CONVERT({row}.c USING {charset}) COLLATE {name}");
        let twins = database
            .rows(&format!(
                "SELECT a.c, b.c FROM plain a JOIN plain b ON a.c < b.c AND {} = {}",
                spelt("a"),
                spelt("b")
            ))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(twins, Vec::<Vec<Option<String>>>::new(), "{name}");
    }
}
