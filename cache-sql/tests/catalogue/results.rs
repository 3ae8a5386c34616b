//! Real servers as judges: a write that changes the result of a query must be found to concern it.
//!
//! Queries and writes are put together at random from pieces that each dialect has a spelling of its own for.

use cache_sql::{Analyser, Dialect};

use crate::mariadb::MariaDb;
use crate::postgres::Postgres;
use crate::schema::Database;

const PAIRS: usize = 4_000;

/// Numbers that are the same on every run.
struct Choice(u64);

impl Choice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// Tests of the row `$`; `#` is a small number.
const TESTS: [&str; 19] = [
    "$.a = #",
    "$.a <> #",
    "# < $.b",
    "$.a <= #",
    "$.b IS NULL",
    "$.b IS NOT NULL",
    "$.a IN (#, #)",
    "$.a NOT IN (#, NULL)",
    "$.b NOT IN (#, #)",
    "$.a BETWEEN # AND #",
    "$.a NOT BETWEEN # AND #",
    "($.a, $.b) = (#, #)",
    "($.a, $.b) IN ((#, #), (#, NULL))",
    "($.a, $.b) NOT IN ((#, #))",
    "($.a, $.b) <= (#, #)",
    "$.s = 'x'",
    "$.s LIKE 'x%'",
    "$.a = $.b",
    "$.a IN (SELECT k.a FROM u AS k WHERE k.b = #)",
];

const POSTGRES_TESTS: [&str; 18] = [
    "$.a = ANY(ARRAY[#, NULL])",
    "$.a = ANY(ARRAY[#, #]::int[])",
    "$.b <> ALL(ARRAY[#, #])",
    "$.b <> ALL(ARRAY[#, NULL])",
    "$.b <> ALL(ARRAY[]::int[])",
    "$.b = ANY('{1,2}')",
    "$.a BETWEEN SYMMETRIC # AND #",
    "$.b IS NOT DISTINCT FROM #",
    "$.b IS DISTINCT FROM #",
    "$.f",
    "$.f IS TRUE",
    "$.f IS NOT TRUE",
    "$.f IS FALSE",
    "$.f IS DISTINCT FROM TRUE",
    "$.s ILIKE 'X%'",
    "$.s ~ '^x'",
    "$.s NOT LIKE 'x!%' ESCAPE '!'",
    "$.a = #::bigint",
];

const MYSQL_TESTS: [&str; 12] = [
    "$.b <=> #",
    "$.b <=> NULL",
    "$.a = # || $.b = #",
    "$.a = # && $.b = #",
    "$.a = # XOR $.b = #",
    "$.f",
    "$.f IS TRUE",
    "$.f IS NOT TRUE",
    "$.s REGEXP '^x'",
    "$.s = \"X\"",
    "$.a = CAST(# AS SIGNED)",
    "$.a = '1'",
];

struct Statements {
    dialect: Dialect,
    choice: Choice,
}

impl Statements {
    fn number(&mut self, text: &str) -> String {
        let mut numbered = String::new();
        for c in text.chars() {
            match c {
                '#' => numbered.push_str(&self.choice.below(3).to_string()),
                c => numbered.push(c),
            }
        }
        numbered
    }

    fn condition(&mut self, rows: &[&str], depth: usize) -> String {
        if depth == 0 || self.choice.below(3) == 0 {
            let own: &[&str] = if self.dialect == Dialect::Postgres { &POSTGRES_TESTS } else { &MYSQL_TESTS };
            let test = if self.choice.below(2) == 0 { self.choice.of(&TESTS) } else { self.choice.of(own) };
            let row = self.choice.of(rows);
            return self.number(&test.replace('$', row));
        }
        let (left, right) = (self.condition(rows, depth - 1), self.condition(rows, depth - 1));
        match self.choice.below(5) {
            0 => format!("{left} AND {right}"),
            1 => format!("{left} OR {right}"),
            2 => format!("({left}) AND ({right})"),
            3 => format!("NOT ({left} OR {right})"),
            _ => format!("NOT ({left})"),
        }
    }

    fn query(&mut self) -> String {
        let (x, both) = (self.condition(&["x"], 2), self.condition(&["x", "y"], 2));
        let on = self.condition(&["x", "y"], 1);
        let join = self.choice.of(&["JOIN", "LEFT JOIN", "RIGHT JOIN"]);
        let pair = "SELECT x.id, x.a, x.b, x.f, y.id, y.a FROM";
        let only = if self.dialect == Dialect::Postgres { "ONLY" } else { "" };
        let t = x.replace("x.", "t.");
        match self.choice.below(9) {
            0 | 1 => format!("SELECT * FROM t AS x WHERE {x}"),
            2 => format!("SELECT a, count(*), max(s) FROM {only} t WHERE {t} GROUP BY a"),
            3 => format!("{pair} t AS x {join} u AS y ON {on} WHERE {both}"),
            4 => format!("{pair} (t AS x {join} u AS y ON x.a = y.a AND {on}) WHERE {both}"),
            5 => format!("WITH t AS (SELECT * FROM t AS x WHERE {x}) SELECT x.id FROM t AS x WHERE x.a = 1"),
            6 => format!("SELECT x.a FROM t AS x WHERE {x} UNION SELECT y.a FROM u AS y WHERE y.b = 1"),
            7 => format!("SELECT x.id FROM t AS x WHERE NOT EXISTS (SELECT 1 FROM u AS y WHERE y.a = x.a AND {both})"),
            _ => format!(
                "SELECT d.id, y.id FROM (SELECT * FROM t AS x WHERE {x}) AS d LEFT JOIN u AS y ON y.a = d.a AND y.b = 1"
            ),
        }
    }

    fn write(&mut self) -> String {
        let (x, both) = (self.condition(&["x"], 1), self.condition(&["x", "y"], 1));
        let set = self.choice.of(&["a = #", "b = #", "b = NULL", "s = 'x'", "f = TRUE", "a = #, b = a + 1", "a = b"]);
        let set = self.number(set);
        let common = self.choice.below(7);
        let t = x.replace("x.", "t.");
        let text = match (common, self.dialect) {
            (0, _) => {
                String::from("INSERT INTO t (id, a, b, s, f) VALUES (9#, #, #, 'x', FALSE), (8#, #, NULL, 'y', NULL)")
            }
            (1, _) => String::from("INSERT INTO u (id, a, b) SELECT 90 + id, #, b FROM t"),
            (2, _) => format!("DELETE FROM t WHERE {t}"),
            (3, Dialect::Postgres) => format!("UPDATE ONLY t SET {set} WHERE {t}"),
            (3, _) => format!("UPDATE LOW_PRIORITY t SET {set} WHERE {t}"),
            (4, Dialect::Postgres) => format!("UPDATE t AS x SET b = y.b FROM u AS y WHERE y.id = x.id AND ({both})"),
            (4, _) => format!("UPDATE t AS x JOIN u AS y ON y.id = x.id SET x.b = #, y.a = # WHERE {both}"),
            (5, Dialect::Postgres) => format!("DELETE FROM t AS x USING u AS y WHERE y.id = x.id AND ({both})"),
            (5, _) => format!("DELETE x.*, y FROM t AS x LEFT JOIN u AS y ON y.id = x.id WHERE {both}"),
            (_, Dialect::Postgres) => String::from(
                "INSERT INTO t (id, a, b) VALUES (#, #, #) ON CONFLICT (id) DO UPDATE SET a = excluded.a, f = NOT t.f WHERE t.b > #",
            ),
            _ => String::from("INSERT INTO t (id, a) VALUES (#, #) ON DUPLICATE KEY UPDATE a = VALUES(a), b = #"),
        };
        self.number(&text)
    }
}

fn schema() -> String {
    let mut script = String::new();
    for table in ["t", "u"] {
        script
            .push_str(&format!("CREATE TABLE {table} (id int PRIMARY KEY, a int, b int, s varchar(9), f boolean);\n"));
        let rows = "(0, 0, 1, 'x', TRUE), (1, 1, NULL, 'y', FALSE), (2, 2, 2, NULL, NULL), (3, NULL, 0, 'xy', TRUE), (4, 1, 1, 'X', FALSE)";
        script.push_str(&format!("INSERT INTO {table} VALUES {rows};\n"));
    }
    script
}

/// The result of a query before and after a write, in no order; `None` where the query does not run.
fn around(database: &mut impl Database, query: &str, write: &str) -> Option<[Vec<Vec<Option<String>>>; 2]> {
    database.run("BEGIN").unwrap();
    let before = database.rows(query);
    // MariaDB goes on after a statement that fails; PostgreSQL refuses the query that follows.
    let _ = database.run(write);
    let after = database.rows(query);
    database.run("ROLLBACK").unwrap();
    let mut results = [before.ok()?, after.ok()?];
    results.iter_mut().for_each(|rows| rows.sort_unstable());
    Some(results)
}

fn judge(database: &mut impl Database) {
    let dialect = database.dialect();
    database.run(&schema()).unwrap();
    let mut statements = Statements { dialect, choice: Choice(0x9e37_79b9_7f4a_7c15) };
    let analyser = Analyser::new(dialect);
    let (mut judged, mut changed, mut spared) = (0, 0, 0);
    for _ in 0..PAIRS {
        let (query, write) = (statements.query(), statements.write());
        let Some([before, after]) = around(database, &query, &write) else { continue };
        judged += 1;
        let dependencies = analyser.dependencies(&query, &[]);
        let changes = analyser.analyse(&write, &[]).changes().to_vec();
        let hit =
            dependencies.uncacheable_reason().is_some() || changes.iter().any(|change| dependencies.may_match(change));
        if before != after {
            changed += 1;
            let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
            assert!(hit, "{query}\n  depends on {dependencies}\n{write}\n  changes {}", changes.join("; "));
        } else if !hit {
            spared += 1;
        }
    }
    // Otherwise the statements do not run, or nothing is told apart.
    assert!(judged > PAIRS * 8 / 10 && changed > PAIRS / 20 && spared > PAIRS / 50, "{judged} {changed} {spared}");
}

#[test]
fn postgres_changes_no_result_unseen() {
    let Some(mut database) = Postgres::open("results") else { return };
    judge(&mut database);
}

#[test]
fn mariadb_changes_no_result_unseen() {
    let Some(mut database) = MariaDb::open("results") else { return };
    judge(&mut database);
}
