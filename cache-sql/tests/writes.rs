//! What writes change, text by text.

use cache_core::Value;
use cache_sql::{Analyser, Bind, Catalogue, Dialect, Statement, Step};

fn changes(analyser: &Analyser, sql: &str, binds: &[Bind]) -> String {
    let statement = analyser.analyse(sql, binds);
    let kind = match &statement {
        Statement::Write { .. } => "",
        Statement::Ddl { .. } => "ddl: ",
        Statement::Unknown { .. } => "unknown: ",
        other => return format!("{other:?}"),
    };
    let changes: Vec<String> = statement.changes().iter().map(ToString::to_string).collect();
    format!("{kind}{}", changes.join("; "))
}

#[track_caller]
fn check(analyser: &Analyser, cases: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (sql, wanted) in cases {
        let found = changes(analyser, sql, &[]);
        if found != *wanted {
            wrong.push_str(&format!("\n{sql}\n  wanted {wanted}\n  found  {found}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn as_written() {
    check(
        &Analyser::new(Dialect::Sqlite),
        &[
            ("INSERT INTO t (a, b) VALUES (1, 'x')", "insert t (a = 1, b = 'x')"),
            ("INSERT INTO t (a, b) VALUES (1, 'x'), (2, upper('y'))", "insert t (a = 1, b = 'x'); insert t (a = 2)"),
            ("INSERT INTO t (a, b) VALUES (NULL, 2)", "insert t (b = 2)"),
            ("INSERT INTO t VALUES (1, 2)", "any row of t"),
            ("INSERT INTO t DEFAULT VALUES", "any row of t"),
            ("INSERT INTO t (rowid, a) VALUES (1, 2)", "any row of t"),
            ("INSERT INTO t (a, b) SELECT 1, x FROM u", "insert t (a = 1)"),
            ("INSERT INTO t (a) SELECT 1 UNION SELECT 2", "any row of t"),
            ("INSERT OR IGNORE INTO t (a) VALUES (1)", "insert t (a = 1)"),
            ("INSERT OR REPLACE INTO t (a) VALUES (1)", "any row of t"),
            ("REPLACE INTO t (a) VALUES (1)", "any row of t"),
            ("INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING", "insert t (a = 1)"),
            (
                "INSERT INTO t (id, a) VALUES (7, 1) ON CONFLICT (id) DO UPDATE SET a = excluded.a, b = 3",
                "insert t (a = 1, id = 7); update t (id = 7) -> (a = 1, b = 3, id = 7)",
            ),
            ("INSERT INTO t (a) VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 2", "any row of t"),
            ("UPDATE t SET a = 1 WHERE id = 7", "update t (id = 7) -> (a = 1, id = 7)"),
            ("UPDATE t SET a = a + 1 WHERE a = 7 AND id = 1", "update t (a = 7, id = 1) -> (id = 1)"),
            ("UPDATE t SET a = 2 WHERE a = 1", "update t (a = 1) -> (a = 2)"),
            ("UPDATE t SET a = 2, a = 3 WHERE a = 1", "update t (a = 1) -> (a = 3)"),
            (
                "UPDATE t SET a = 1 WHERE id IN (7, 8)",
                "update t (id = 7) -> (a = 1, id = 7); update t (id = 8) -> (a = 1, id = 8)",
            ),
            (
                "UPDATE t SET a = 1 WHERE id = 7 OR b IS NULL",
                "update t (b = NULL) -> (a = 1, b = NULL); update t (id = 7) -> (a = 1, id = 7)",
            ),
            ("UPDATE t SET a = 1 WHERE id = 7 OR b < 3", "any row of t"),
            ("UPDATE t SET a = 1 WHERE NOT (id <> 7)", "update t (id = 7) -> (a = 1, id = 7)"),
            ("UPDATE t SET a = 1", "any row of t"),
            ("UPDATE t SET a = 1 WHERE FALSE", ""),
            ("UPDATE t SET rowid = 1 WHERE id = 7", "any row of t"),
            ("UPDATE t SET a = 1 WHERE rowid = 7", "any row of t"),
            ("UPDATE t SET (a, b) = (1, 2) WHERE id = 7", "update t (id = 7) -> (id = 7)"),
            ("UPDATE t AS x SET a = 1 WHERE x.id = 7", "update t (id = 7) -> (a = 1, id = 7)"),
            ("UPDATE OR REPLACE t SET a = 1 WHERE id = 7", "any row of t"),
            ("UPDATE t SET a = u.a FROM u WHERE t.id = 7 AND u.id = 8 AND z = 9", "update t (id = 7) -> (id = 7)"),
            ("UPDATE t SET a = 1 WHERE id IN (SELECT x FROM u)", "any row of t"),
            ("DELETE FROM t WHERE id = 7", "delete t (id = 7)"),
            ("DELETE FROM t WHERE id = 7 AND a > 3 AND b IS NULL", "delete t (b = NULL, id = 7)"),
            ("DELETE FROM t", "any row of t"),
            ("DELETE FROM t WHERE id = 7 RETURNING *", "delete t (id = 7)"),
            ("WITH d AS (SELECT 1) DELETE FROM t WHERE id = 7", "delete t (id = 7)"),
            ("CREATE TABLE t (a INT)", "ddl: any row of t"),
            ("DROP TABLE IF EXISTS t", "ddl: any row of t"),
            ("ALTER TABLE t RENAME TO u", "ddl: any row of t; any row of u"),
            ("ALTER TABLE t ADD COLUMN x INT", "ddl: any row of t"),
            ("ATTACH 'x.db' AS y", "ddl: anything"),
            (
                "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE u SET a = CASE WHEN 1 THEN 2 END; DELETE FROM v; END",
                "ddl: ",
            ),
            (
                "UPDATE t SET a = 1 WHERE id IN INDEXED",
                "unknown: any row of t; any row of a; any row of id; any row of indexed",
            ),
            ("FROBNICATE t", "unknown: anything"),
        ],
    );
}

#[test]
fn other_dialects() {
    let postgres = Analyser::new(Dialect::Postgres);
    check(
        &postgres,
        &[
            ("TRUNCATE t, u", "any row of t; any row of u"),
            (
                "WITH d AS (DELETE FROM t WHERE id = 7 RETURNING *) INSERT INTO u SELECT * FROM d",
                "delete t (id = 7); any row of u",
            ),
            ("WITH d AS (DELETE FROM t WHERE id = 7 RETURNING *) SELECT * FROM d", "delete t (id = 7)"),
            ("DELETE FROM t USING u WHERE t.id = 7 AND u.x = 1", "delete t (id = 7)"),
            ("UPDATE t SET a = 1.5, b = 'x' WHERE id = 7", "update t (id = 7) -> (id = 7)"),
            ("EXPLAIN ANALYZE DELETE FROM t WHERE id = 7", "delete t (id = 7)"),
            ("MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE", "any row of t"),
            ("CALL p()", "unknown: anything"),
            ("CREATE FUNCTION f() RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql", "ddl: anything"),
        ],
    );
    check(
        &Analyser::new(Dialect::MySql),
        &[
            ("INSERT INTO t SET a = 1, b = 'x'", "insert t (a = 1)"),
            ("INSERT INTO t (id, a) VALUES (1, 2) ON DUPLICATE KEY UPDATE a = 3", "any row of t"),
            ("UPDATE t JOIN u ON t.id = u.id SET t.a = 1 WHERE u.b = 2", "any row of t"),
            ("DELETE t FROM t JOIN u ON t.id = u.id", "any row of t"),
            ("REPLACE INTO t (a) VALUES (1)", "any row of t"),
        ],
    );
}

#[test]
fn transactions() {
    let analyser = Analyser::new(Dialect::Sqlite);
    for (sql, step) in [
        ("BEGIN", Step::Begin),
        ("begin immediate transaction;", Step::Begin),
        ("START TRANSACTION READ ONLY", Step::Begin),
        ("COMMIT", Step::Commit),
        ("END TRANSACTION", Step::Commit),
        ("ROLLBACK", Step::Rollback),
        ("/* so */ SAVEPOINT \"A b\"", Step::Savepoint("a b".into())),
        ("RELEASE SAVEPOINT x", Step::Release("x".into())),
        ("RELEASE x", Step::Release("x".into())),
        ("ROLLBACK TO x", Step::RollbackTo("x".into())),
        ("ROLLBACK TRANSACTION TO SAVEPOINT x", Step::RollbackTo("x".into())),
    ] {
        assert_eq!(analyser.analyse(sql, &[]), Statement::Transaction(step), "{sql}");
    }
    let chain = analyser.analyse("COMMIT AND CHAIN", &[]);
    let steps = [Statement::Transaction(Step::Commit), Statement::Transaction(Step::Begin)];
    assert_eq!(chain, Statement::Batch(steps.into()));
    let batch = analyser.analyse("BEGIN; DELETE FROM t WHERE id = ?; COMMIT;", &[7.into()]);
    assert!(matches!(&batch, Statement::Batch(all) if all.len() == 3));
    assert_eq!(batch.changes()[0].to_string(), "delete t (id = 7)");
    assert!(matches!(analyser.analyse("", &[]), Statement::Batch(all) if all.is_empty()));
}

fn shop() -> Analyser {
    Analyser::new(Dialect::Sqlite).with_catalogue(Catalogue::from_sqlite_schema([
        (
            "table",
            "article",
            "article",
            "CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT NOT NULL, tag TEXT COLLATE NOCASE, price REAL, n INT, x, \
             twice INT AS (n * 2), author INT REFERENCES author ON UPDATE CASCADE ON DELETE SET NULL)",
        ),
        ("table", "author", "author", "CREATE TABLE \"author\" (\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT, \"name\" varchar)"),
        (
            "table",
            "comment",
            "comment",
            "CREATE TABLE comment (id INTEGER PRIMARY KEY, article INT, CONSTRAINT fk FOREIGN KEY (article) REFERENCES article(id) ON DELETE CASCADE)",
        ),
        ("table", "log", "log", "CREATE TABLE log (line TEXT, k INT UNIQUE ON CONFLICT REPLACE)"),
        ("view", "cheap", "cheap", "CREATE VIEW cheap AS SELECT * FROM article WHERE price < 10"),
        ("view", "cheapest", "cheapest", "CREATE VIEW cheapest AS SELECT * FROM cheap LIMIT 1"),
        ("trigger", "g", "author", "CREATE TRIGGER g AFTER UPDATE OF name ON author BEGIN INSERT INTO log (line) VALUES ('x'); END"),
    ]))
}

#[test]
fn with_a_catalogue() {
    check(
        &shop(),
        &[
            ("INSERT INTO comment VALUES (1, 2)", "insert comment (article = 2, id = 1)"),
            ("INSERT INTO comment (id, article) VALUES (NULL, NULL)", "insert comment (article = NULL)"),
            (
                "INSERT INTO article (id, title, tag, price, n, x) VALUES (1, 'a', 'b', 5, 5.0, 'c')",
                "insert article (id = 1, n = 5.0, title = 'a', x = 'c'); any row of cheap; any row of cheapest",
            ),
            ("UPDATE comment SET article = 3 WHERE id = '1'", "any row of comment"),
            ("UPDATE comment SET article = '3' WHERE id = 1", "update comment (id = 1) -> (id = 1)"),
            (
                "UPDATE article SET n = 3 WHERE twice = 4 AND id = 1",
                "update article (id = 1) -> (id = 1, n = 3); any row of cheap; any row of cheapest",
            ),
            (
                "DELETE FROM article WHERE id = 1",
                "delete article (id = 1); any row of comment; any row of cheap; any row of cheapest",
            ),
            (
                "UPDATE article SET id = 2 WHERE id = 1",
                "update article (id = 1) -> (id = 2); any row of cheap; any row of cheapest",
            ),
            ("DELETE FROM comment WHERE id = 1", "delete comment (id = 1)"),
            (
                "UPDATE author SET name = 'x' WHERE id = 1",
                "update author (id = 1) -> (id = 1, name = 'x'); any row of log",
            ),
            (
                "DELETE FROM author WHERE id = 1",
                "delete author (id = 1); any row of article; any row of cheap; any row of cheapest",
            ),
            ("INSERT INTO log (k) VALUES (1)", "any row of log"),
            ("DELETE FROM log WHERE k = 1", "delete log (k = 1)"),
            ("DELETE FROM elsewhere WHERE id = 1", "any row of elsewhere"),
        ],
    );
}

#[test]
fn binds() {
    let analyser = Analyser::new(Dialect::Sqlite);
    let sql = "UPDATE t SET a = ? WHERE id = ?";
    assert_eq!(changes(&analyser, sql, &[1.into(), 7.into()]), "update t (id = 7) -> (a = 1, id = 7)");
    assert_eq!(changes(&analyser, sql, &[Bind::Unknown, 7.into()]), "update t (id = 7) -> (id = 7)");
    assert_eq!(changes(&analyser, sql, &[1.into(), Bind::Unknown]), "any row of t");
    assert_eq!(changes(&analyser, sql, &[1.into(), Bind::Value(Value::Null)]), "");
    assert_eq!(changes(&analyser, sql, &[]), "any row of t");
}

#[test]
fn a_text_is_reported_once() {
    let analyser = Analyser::new(Dialect::Sqlite);
    let first = |sql: &str| matches!(analyser.analyse(sql, &[]), Statement::Unknown { first: true, .. });
    assert!(first("FROBNICATE t"));
    assert!(!first("FROBNICATE t"));
    assert!(first("FROBNICATE u"));
}
