//! No input makes the analyser panic, and none makes a write look like a read.

use cache_sql::{Analyser, Bind, Dialect, Statement};
use proptest::prelude::*;

const CORPUS: [&str; 40] = [
    "SELECT * FROM article AS a LEFT JOIN label l ON l.article = a.id AND l.x IN (1, 2, ?) WHERE NOT (a.b = 'x' OR l.c IS NULL)",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT * FROM t ORDER BY 1 LIMIT 3",
    "SELECT count(*), max(\"x\") FROM (SELECT * FROM t WHERE a BETWEEN 1 AND 2.5e3) d GROUP BY a HAVING count(*) > 1",
    "SELECT a FROM t UNION SELECT b FROM u EXCEPT SELECT c FROM v WHERE d GLOB 'a*' AND e LIKE '1%' ESCAPE '\\'",
    "SELECT CASE WHEN EXISTS (SELECT 1 FROM t) THEN :x ELSE @y END, x'00ff', 0x1f, -5, [a b], `c`",
    "INSERT INTO t (a, b) VALUES (1, 'x''y'), (?2, ?) ON CONFLICT (a) DO UPDATE SET b = excluded.b WHERE t.b IS NOT 3",
    "INSERT OR REPLACE INTO main.t SELECT * FROM u WHERE (a, b) IN (SELECT 1, 2) RETURNING *",
    "UPDATE t AS x SET a = a + 1, (b, c) = (1, 2) FROM u WHERE x.id = u.id AND x.d = ?",
    "DELETE FROM t WHERE a = 1 AND b IS NOT DISTINCT FROM NULL RETURNING id",
    "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT COLLATE NOCASE DEFAULT 'x', FOREIGN KEY (b) REFERENCES u(c) ON DELETE CASCADE)",
    "CREATE TRIGGER g AFTER UPDATE OF a ON t BEGIN UPDATE u SET a = CASE WHEN 1 THEN 2 END; DELETE FROM v; END; SELECT 1",
    "CREATE VIEW v AS SELECT * FROM t; DROP TABLE IF EXISTS t CASCADE; ALTER TABLE t RENAME TO u",
    "BEGIN IMMEDIATE; SAVEPOINT a; ROLLBACK TO a; RELEASE a; COMMIT AND CHAIN",
    "SELECT * FROM t WHERE a = $1::int AND b = ANY($2) AND c @> '{}' FOR UPDATE SKIP LOCKED",
    "WITH d AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM d",
    "REPLACE INTO t SET a = 1, b = \"x\"; INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = VALUES(a)",
    "UPDATE t JOIN u ON t.a <=> u.a SET t.b = 1; DELETE t FROM t, u WHERE MATCH (a) AGAINST ('x')",
    "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET b = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (1)",
    "PRAGMA foreign_keys = ON; VACUUM; ANALYZE; REINDEX t; ATTACH 'x' AS y; EXPLAIN QUERY PLAN SELECT 1",
    "COPY t (a, b) FROM STDIN; TRUNCATE TABLE t; CALL p(1); DO $$ BEGIN DELETE FROM t; END $$; SET x = 1; LOCK TABLE t",
    "SELECT * FROM a NATURAL JOIN (b CROSS JOIN c) RIGHT JOIN d USING (x), e FULL OUTER JOIN f ON TRUE",
    "SELECT json_extract(a, '$.b'), a -> 'x' ->> 'y', date('now', '+1 day'), row_number() OVER (PARTITION BY a ORDER BY b)",
    "VALUES (1, 2), (3, 4); TABLE t; (SELECT 1) UNION ALL (SELECT 2); SELECT;;; -- end",
    "SELECT /* /* nested */ */ 'unterminated",
    "SELECT * FROM ONLY a, LATERAL (SELECT 1) x WHERE a = ANY($1::int[]) AND b <> ALL(ARRAY[1, NULL]) AND (c, d) IN ((1, 2), (3, 4))",
    "SELECT DISTINCT ON (a) a::date, extract(epoch FROM b), CAST($1 AS \"mood\") FROM t WHERE c ~* 'x' AND NOT d FOR NO KEY UPDATE OF t NOWAIT",
    "WITH a AS MATERIALIZED (INSERT INTO t (id) VALUES (1) RETURNING id), b AS (UPDATE ONLY u SET x = 1) SELECT * FROM a",
    "INSERT INTO t AS x (a) VALUES (1), (DEFAULT) ON CONFLICT (lower(a) COLLATE \"C\") WHERE a > (1) DO UPDATE SET a = excluded.a",
    "COPY (DELETE FROM t RETURNING *) TO STDOUT; EXPLAIN (ANALYZE, VERBOSE) UPDATE t SET a = 1 WHERE CURRENT OF c",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY a.b; SET LOCAL search_path TO a, b; RESET ALL; DISCARD TEMP; SET CONSTRAINTS ALL DEFERRED",
    "SELECT E'a\\'b', U&'x', B'1', $$a$$, 'a' 'b', date 'today', set_config('a', 'b', true) FROM generate_series(1, 3)",
    "UPDATE LOW_PRIORITY IGNORE a, b JOIN (c) ON TRUE SET a.x = 1, b.y = a || 'x' XOR 2 && 3 WHERE a.id = 1 ORDER BY z LIMIT 2",
    "DELETE QUICK a.*, b FROM a JOIN b ON a.x = b.x WHERE MATCH (a.c) AGAINST ('x' IN BOOLEAN MODE) LOCK IN SHARE MODE",
    "SELECT SQL_CALC_FOUND_ROWS @a := 1, 'it\\'s', _utf8mb4'x', `a``b` FROM t USE INDEX (i) INTO OUTFILE '/x' # end",
    "INSERT IGNORE INTO db.t VALUES ROW(1, 2) AS new ON DUPLICATE KEY UPDATE a = new.a RETURNING *",
    "LOAD DATA LOCAL INFILE 'x' REPLACE INTO TABLE db.t FIELDS TERMINATED BY ','; RENAME TABLE a TO b; XA START 'x'",
    "SET NAMES utf8mb4, @x = (SELECT 1), SESSION sql_mode = '', @@global.a = 1; USE x; SET STATEMENT a = 1 FOR DELETE FROM t",
    "SELECT /*!50000 1 INTO */ /*M! 2 */ 3; ANALYZE FORMAT=JSON DELETE FROM t; TABLE t; (TABLE t) UNION TABLE u",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT; COMMIT AND CHAIN NO RELEASE; ROLLBACK WORK TO a; UNLOCK TABLES",
    "DECLARE c CURSOR FOR SELECT 1; FETCH 5 FROM c; PREPARE x FROM 'y'; EXECUTE IMMEDIATE 'z'; MERGE INTO t USING u ON TRUE WHEN MATCHED THEN DELETE",
];

const WRITES: [&str; 9] = [
    "INSERT INTO t (a, b) VALUES (1, 'x') RETURNING *",
    "REPLACE INTO t SET a = 1",
    "UPDATE t SET a = 1, b = (SELECT c FROM u) WHERE id = 7 RETURNING *",
    "DELETE FROM t USING u WHERE t.id = u.id RETURNING *",
    "TRUNCATE TABLE t, u RESTART IDENTITY CASCADE",
    "MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE",
    "COPY t (a, b) FROM STDIN",
    "CREATE TABLE t AS SELECT * FROM u",
    "ALTER TABLE t RENAME TO u",
];

fn dialect() -> impl Strategy<Value = Dialect> {
    prop_oneof![Just(Dialect::Sqlite), Just(Dialect::Postgres), Just(Dialect::MySql)]
}

/// A text of the corpus after a few cuts and pastes.
fn mutated() -> impl Strategy<Value = String> {
    (0..CORPUS.len()).prop_flat_map(|base| edited(CORPUS[base]))
}

fn edited(text: &'static str) -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..6usize, any::<char>());
    (0..CORPUS.len(), prop::collection::vec(edit, 0..5)).prop_map(move |(other, edits)| {
        let mut text: Vec<char> = text.chars().collect();
        let other: Vec<char> = CORPUS[other].chars().collect();
        for (at, to, kind, character) in edits {
            let (at, to) = (at.index(text.len() + 1), to.index(text.len() + 1));
            let (from, to) = (at.min(to), at.max(to));
            match kind {
                0 => drop(text.drain(from..to)),
                1 => text.insert(at, character),
                2 => {
                    let copy: Vec<char> = text[from..to].to_vec();
                    text.splice(at..at, copy);
                }
                3 => {
                    let from = from.min(other.len());
                    text.splice(at..at, other[from..to.clamp(from, other.len())].iter().copied());
                }
                4 => text.insert(at, ['(', ')', '\'', '"', ';', '?', ',', '.', '-'][character as usize % 9]),
                _ => text.truncate(to),
            }
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(dialect in dialect(), sql in mutated()) {
        let analyser = Analyser::new(dialect);
        let binds = [Bind::from(1), Bind::Unknown, Bind::from("now")];
        let found = analyser.analyse(&sql, &binds);
        prop_assert_eq!(&found.changes(), &analyser.analyse(&sql, &binds).changes());
    }

    #[test]
    fn no_bytes_panic(dialect in dialect(), sql in "\\PC{0,80}") {
        let _ = Analyser::new(dialect).analyse(&sql, &[]);
    }

    #[test]
    fn what_starts_as_a_write_never_only_reads(
        dialect in dialect(),
        (first, rest) in (0..WRITES.len()).prop_flat_map(|at| {
            let (first, rest) = WRITES[at].split_once(' ').unwrap();
            (Just(first), edited(rest))
        }),
        before in prop::sample::select(vec!["", " ", "-- so\n", "/* so */", "SELECT 1; ", "((", "EXPLAIN ANALYZE "]),
    ) {
        let sql = format!("{before}{first} {rest}");
        let found = Analyser::new(dialect);
        prop_assert!(!found.only_reads(&sql), "{dialect:?} {sql}: {:?}", found.analyse(&sql, &[]));
    }

    #[test]
    fn what_contains_a_write_never_only_reads(
        dialect in dialect(),
        write in 0..4usize,
        rest in edited("SELECT * FROM d JOIN t ON d.id = t.id WHERE t.x IN (1, 2) ORDER BY 1"),
    ) {
        let sql = format!("WITH d AS ({}) {rest}", WRITES[write]);
        let found = Analyser::new(dialect);
        prop_assert!(!found.only_reads(&sql), "{dialect:?} {sql}: {:?}", found.analyse(&sql, &[]));
    }

    #[test]
    fn no_change_is_lost_by_looking_twice(dialect in dialect(), sql in mutated()) {
        let analyser = Analyser::new(dialect);
        let reads = analyser.only_reads(&sql);
        let found = analyser.analyse(&sql, &[]);
        prop_assert!(!reads || found.changes().is_empty());
        prop_assert_eq!(reads, analyser.only_reads(&sql));
    }
}

#[test]
fn deep_and_long_texts() {
    let long = |part: &str, times: usize| part.repeat(times);
    for sql in [
        format!("SELECT * FROM t WHERE a = 1{}", long(" OR a = 1", 100_000)),
        format!("SELECT * FROM t WHERE a = 1{}", long(" OR b = 2", 1_500)),
        format!("SELECT * FROM t WHERE {}a = 1{}", long("(", 3_000), long(")", 3_000)),
        format!("SELECT * FROM t WHERE {} a = 1", long("NOT ", 3_000)),
        format!("SELECT 1{}", long(" UNION SELECT 1 FROM t", 20_000)),
        format!("SELECT 1{}", long(" UNION SELECT 1 FROM t", 500)),
        format!("SELECT {}1{}", long("(SELECT ", 2_000), long(")", 2_000)),
        format!("SELECT 1{}", long(" + 1", 50_000)),
        format!("SELECT 1 {}", long("|| 'x' ", 1_900)),
        format!("SELECT * FROM t WHERE a IN (1{})", long(", 2", 50_000)),
    ] {
        assert!(Analyser::new(Dialect::Sqlite).analyse(&sql, &[]).is_read(), "{}", &sql[..60]);
    }
    let rows = format!("INSERT INTO t (a) VALUES (1){}", long(", (2)", 50_000));
    let changes = Analyser::new(Dialect::Sqlite).analyse(&rows, &[]).changes();
    assert_eq!(changes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["any row of t"]);
}

#[test]
fn writes_never_look_like_reads() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
        for sql in [
            "DELETE FROM t WHERE (",
            "WITH d AS (DELETE FROM t RETURNING * SELECT * FROM d",
            "INSERT INTO t ???",
            "SELECT * INTO u FROM t",
            "EXPLAIN ANALYZE DELETE FROM t",
            "CALL p()",
            "UPDATE t SET",
            "SELECT 1; DELETE FROM t",
            "\u{0}DELETE FROM t",
            "DELETE FROM 'unterminated",
        ] {
            let found = Analyser::new(dialect).analyse(sql, &[]);
            assert!(!found.is_read() && found != Statement::Neutral, "{dialect:?} {sql}: {found:?}");
        }
    }
}
