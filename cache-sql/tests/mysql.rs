//! Statements of MySQL and MariaDB, text by text.

mod shown;

use cache_core::{Row, Value};
use cache_sql::{Analyser, Bind, Catalogue, Dialect, Statement, Step};
use shown::{check, check_never_stored, shown};

fn analyser() -> Analyser {
    Analyser::new(Dialect::MySql)
}

#[test]
fn reads() {
    check(
        &analyser(),
        &[
            ("SELECT * FROM `Article` WHERE `Id` = 1 AND title = 'x'", "article: id = 1 AND title = ~'x'"),
            (r#"SELECT * FROM t WHERE a = "x" AND b = 1"#, "t: a IS NOT NULL AND b = 1"),
            (
                "SELECT * FROM t WHERE a = 1e3 AND b = 1.5 AND c = 0x41",
                "t: a IS NOT NULL AND b = 1.5 AND c IS NOT NULL",
            ),
            ("SELECT * FROM t WHERE a <=> NULL AND b <=> 5", "t: a IS NULL"),
            ("SELECT * FROM t WHERE a LIKE 'ab%' AND b REGEXP 'x'", "t: a STARTS WITH ~'ab' AND b IS NOT NULL"),
            ("SELECT * FROM t WHERE (a, b) IN ((1, 2), (3, 4))", "t: a = 1 AND b = 2; t: a = 3 AND b = 4"),
            ("SELECT * FROM t WHERE a = CAST(5 AS SIGNED)", "t: a = 5"),
            ("SELECT * FROM t WHERE a = 1 || b = 2", "t"),
            ("SELECT * FROM t WHERE a", "t"),
            ("SELECT * FROM db.t USE INDEX (x) WHERE a = 1 LIMIT 1, 2", "t: a = 1"),
            ("SELECT * FROM a STRAIGHT_JOIN b ON a.x = b.x AND b.y = 1 WHERE a.z = 2", "a: z = 2; b: y = 1"),
            ("SELECT 1 FROM DUAL", "nothing"),
            ("SELECT * FROM t PARTITION (p0) WHERE a = 1", "t: a = 1"),
            ("SELECT * FROM JSON_TABLE('[1]', '$[*]' COLUMNS (a INT PATH '$')) x", "nothing"),
            ("SELECT MATCH (a) AGAINST ('x') FROM t WHERE b = 1", "t"),
            (r#"SELECT * FROM t WHERE a = 'x\'y' AND b = 1"#, "t: a IS NOT NULL AND b = 1"),
            ("SELECT DATE_FORMAT(a, '%Y-%m') FROM t", "t"),
            ("SELECT YEAR(a), IF(b, 1, 2), IFNULL(c, 3), GROUP_CONCAT(d SEPARATOR ',') FROM t WHERE e = 1", "t: e = 1"),
            ("TABLE t", "t"),
            ("SELECT * FROM t WHERE x = 2 AND a = 1 || b = 2", "t"),
            ("SELECT * FROM t WHERE x = 2 AND (a = 1 || b = 2)", "t: x = 2"),
            ("SELECT * FROM t WHERE x = 2 AND a = 1 XOR b = 2", "t"),
            ("SELECT * FROM t WHERE x = 2 && a = 1", "t: a = 1 AND x = 2"),
            ("SELECT a || b FROM t WHERE x = 2", "t: x = 2"),
        ],
    );
}

#[test]
fn never_stored() {
    check_never_stored(
        &analyser(),
        &[
            ("SELECT * FROM t LOCK IN SHARE MODE", "it locks the rows that it reads"),
            ("SELECT * FROM t FOR UPDATE", "it locks the rows that it reads"),
            ("SELECT SQL_CALC_FOUND_ROWS * FROM t", "it leaves a count behind for the next statement"),
            ("SELECT FOUND_ROWS()", "found_rows()"),
            ("SELECT LAST_INSERT_ID()", "last_insert_id()"),
            ("SELECT @x := 1", "the variable @x"),
            ("SELECT @@session.x", "the variable @@session"),
            ("SELECT RAND()", "rand()"),
            ("SELECT UNIX_TIMESTAMP()", "unix_timestamp()"),
            ("SELECT UNIX_TIMESTAMP(a) FROM t", "unix_timestamp()"),
            ("SELECT CONVERT_TZ(a, 'x', 'y') FROM t", "convert_tz()"),
            ("SELECT DATE_FORMAT(a, '%M') FROM t", "date_format()"),
            ("SELECT WEEK(a), WEEK(a, 1) FROM t", "week()"),
            ("SELECT UTC_TIMESTAMP", "utc_timestamp()"),
            ("SELECT SYSDATE()", "sysdate()"),
            ("SELECT CURDATE()", "curdate()"),
            ("SELECT a INTO @x FROM t", "its rows go somewhere else"),
            ("SELECT a FROM t INTO OUTFILE '/x'", "not understood"),
            ("SELECT * INTO DUMPFILE '/x' FROM t", "not understood"),
            ("SELECT /*! SQL_NO_CACHE */ * FROM t", "not understood"),
            ("SHOW TABLES", "a listing of the schema"),
            ("DESCRIBE t", "an explanation"),
        ],
    );
}

#[test]
fn writes() {
    check(
        &analyser(),
        &[
            ("INSERT INTO t SET a = 1", "write: insert t (a = 1)"),
            ("INSERT IGNORE INTO t (a) VALUES (1)", "write: any row of t"),
            ("INSERT INTO t (id, a) VALUES (1, 2) AS new ON DUPLICATE KEY UPDATE a = new.a", "write: any row of t"),
            ("INSERT INTO t (id, a) VALUES (1, 2) ON DUPLICATE KEY UPDATE a = VALUES(a)", "write: any row of t"),
            ("INSERT INTO t (id) VALUES (1) RETURNING id", "write: insert t (id = 1)"),
            ("INSERT INTO t VALUES ROW(1, 2)", "write: any row of t"),
            ("REPLACE INTO t (a) VALUES (1) RETURNING *", "write: any row of t"),
            ("UPDATE t SET a = 1 WHERE id = 7 ORDER BY b LIMIT 3", "write: update t (id = 7) -> (a = 1, id = 7)"),
            ("UPDATE IGNORE t SET a = 1 WHERE id = 7", "write: update t (id = 7) -> (id = 7)"),
            ("UPDATE LOW_PRIORITY IGNORE t SET a = 1 WHERE id = 7", "write: update t (id = 7) -> (id = 7)"),
            ("UPDATE db.t SET db.t.a = 1 WHERE db.t.id = 7", "write: update t (id = 7) -> (a = 1, id = 7)"),
            (
                "UPDATE a JOIN b ON a.x = b.x SET a.y = 1, b.z = 2 WHERE a.id = 3 AND b.id = 4",
                "write: update a (id = 3) -> (id = 3, y = 1); update b (id = 4) -> (id = 4, z = 2)",
            ),
            ("UPDATE a JOIN b ON a.x = b.x SET y = 1 WHERE a.id = 3", "write: any row of a; any row of b"),
            ("UPDATE a, b SET a.y = 1 WHERE a.id = 3 AND b.id = a.id", "write: update a (id = 3) -> (id = 3, y = 1)"),
            (
                "UPDATE a LEFT JOIN b ON a.x = b.x AND b.k = 1 SET b.y = 1 WHERE a.id = 3",
                "write: update b (k = 1) -> (k = 1, y = 1)",
            ),
            ("UPDATE a AS p JOIN a AS q ON p.x = q.x SET p.y = 1 WHERE p.id = 3", "write: any row of a"),
            (
                "UPDATE a JOIN (SELECT * FROM b) d ON a.x = d.x SET a.y = 1 WHERE a.id = 3",
                "write: update a (id = 3) -> (id = 3, y = 1)",
            ),
            (
                "WITH d AS (SELECT 1) UPDATE a JOIN d ON TRUE SET a.y = 1 WHERE a.id = 3",
                "write: update a (id = 3) -> (id = 3, y = 1)",
            ),
            ("DELETE FROM t WHERE id = 7 ORDER BY a LIMIT 3", "write: delete t (id = 7)"),
            ("DELETE QUICK IGNORE FROM t WHERE id = 7", "write: delete t (id = 7)"),
            ("DELETE a, b FROM a JOIN b ON a.x = b.x WHERE a.id = 3", "write: delete a (id = 3); any row of b"),
            ("DELETE a.*, b.* FROM a JOIN b ON a.x = b.x WHERE a.id = 3", "write: delete a (id = 3); any row of b"),
            ("DELETE FROM a USING a JOIN b ON a.x = b.x WHERE a.id = 3", "write: delete a (id = 3)"),
            ("DELETE p FROM a AS p JOIN b ON p.x = b.x WHERE p.id = 3", "write: delete a (id = 3)"),
            ("LOAD DATA LOCAL INFILE 'x' INTO TABLE db.t FIELDS TERMINATED BY ','", "write: any row of t"),
            ("UPDATE t SET a = 'x' || 'y' WHERE id = 7", "write: update t (id = 7) -> (id = 7)"),
        ],
    );
}

#[test]
fn schema() {
    check(
        &analyser(),
        &[
            ("TRUNCATE t", "ddl: any row of t"),
            ("RENAME TABLE a TO b", "ddl: any row of a; any row of b"),
            ("CREATE TABLE u LIKE t", "ddl: any row of u"),
            ("ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", "ddl: anything"),
            ("ANALYZE TABLE t", "ddl: "),
            ("OPTIMIZE TABLE t", "ddl: "),
            ("GRANT SELECT ON t TO x", "ddl: "),
        ],
    );
}

#[test]
fn temporary_tables_hide_others_from_their_connection_and_commit_nothing() {
    check(
        &analyser(),
        &[
            ("CREATE TEMPORARY TABLE t (id INT)", "session"),
            ("CREATE OR REPLACE TEMPORARY TABLE t AS SELECT * FROM u", "session"),
            ("CREATE TEMPORARY TABLE IF NOT EXISTS t LIKE u", "session"),
            ("DROP TEMPORARY TABLE IF EXISTS t", "session"),
            ("CREATE /*!32302 TEMPORARY */ TABLE t (id INT)", "ddl, session"),
            ("CREATE TABLE t (temporary INT)", "ddl: any row of t"),
            ("CREATE VIEW v AS SELECT temporary FROM t", "ddl: any row of v"),
            ("DROP TABLE t", "ddl: any row of t"),
        ],
    );
}

#[test]
fn a_setting_in_a_comment_may_be_one() {
    check(
        &analyser(),
        &[("/*!40101 SET NAMES utf8 */", "unknown, session"), ("/*!40101 SET */ sql_mode = ''", "unknown, session")],
    );
}

#[test]
fn settings_and_neutral_statements() {
    check(
        &analyser(),
        &[
            ("SET NAMES utf8mb4", "session"),
            ("SET @x = 1", "neutral"),
            ("SET @x = 1, sql_mode = ''", "session"),
            ("SET sql_mode = 'ANSI_QUOTES'", "session"),
            ("SET SESSION max_execution_time = 5", "neutral"),
            ("SET @@session.time_zone = '+00:00'", "session"),
            ("SET autocommit = 0", "session"),
            ("SET GLOBAL wait_timeout = 5", "session"),
            ("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "neutral"),
            ("SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED", "session"),
            ("SET SESSION transaction_isolation = 'REPEATABLE-READ'", "neutral"),
            ("SET SESSION transaction_isolation = 'READ-UNCOMMITTED'", "session"),
            ("SET tx_isolation = @before", "session"),
            ("USE x", "session"),
            ("KILL 5", "neutral"),
            ("PREPARE x FROM 'DELETE FROM t'", "neutral"),
        ],
    );
}

#[test]
fn fall_back_to_what_their_words_say() {
    check(
        &analyser(),
        &[
            ("DELETE /*! FROM */ t", "unknown: any row of t"),
            ("SELECT 1 /*M! INTO OUTFILE 'x' */", "unknown: anything"),
            ("ANALYZE DELETE FROM t", "unknown: anything"),
            ("LOCK TABLES t READ", "ddl: "),
            ("UNLOCK TABLES", "ddl: "),
            ("XA START 'x'", "unknown: anything"),
            ("FLUSH TABLES", "ddl: "),
            ("SET STATEMENT max_statement_time = 1 FOR DELETE FROM t", "unknown: anything"),
            ("HANDLER t OPEN", "unknown: anything"),
            ("EXECUTE x", "unknown: anything"),
            ("EXECUTE IMMEDIATE 'DELETE FROM t'", "unknown: anything"),
            ("CALL p()", "unknown: anything"),
            ("DO SLEEP(1)", "unknown: anything"),
        ],
    );
}

/// The words were taken for the name of a table, and that table for its alias.
#[test]
fn modifiers_of_an_update_are_no_tables() {
    let analyser = analyser();
    for modifiers in ["IGNORE", "LOW_PRIORITY", "LOW_PRIORITY IGNORE"] {
        for before in ["", "EXPLAIN ANALYZE ", "WITH d AS (SELECT 1) "] {
            let sql = format!("{before}UPDATE {modifiers} t SET a = 1 WHERE id = 7");
            let found = analyser.analyse(&sql, &[]).changes();
            assert!(found[0].table_name().is_none_or(|table| table.as_str() == "t"), "{sql}: {found:?}");
        }
    }
}

#[test]
fn transactions() {
    let analyser = analyser();
    for (sql, steps) in [
        ("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", &[Step::Begin][..]),
        ("BEGIN WORK", &[Step::Begin]),
        ("COMMIT RELEASE", &[Step::Commit]),
        ("COMMIT AND NO CHAIN NO RELEASE", &[Step::Commit]),
        ("COMMIT AND CHAIN NO RELEASE", &[Step::Commit, Step::Begin]),
        ("ROLLBACK WORK AND CHAIN", &[Step::Rollback, Step::Begin]),
        ("ROLLBACK WORK TO SAVEPOINT `A`", &[Step::RollbackTo("a".into())]),
        ("RELEASE SAVEPOINT a", &[Step::Release("a".into())]),
    ] {
        let found = match analyser.analyse(sql, &[]) {
            Statement::Batch(all) => all,
            one => vec![one],
        };
        let wanted: Vec<Statement> = steps.iter().cloned().map(Statement::Transaction).collect();
        assert_eq!(found, wanted, "{sql}");
    }
}

fn shop() -> Analyser {
    let tables = [("a", "x INTEGER, y INTEGER"), ("b", "x INTEGER, z INTEGER")];
    let tables = tables.map(|(name, rest)| (name, format!("CREATE TABLE {name} (id INTEGER PRIMARY KEY, {rest})")));
    let rows = tables.iter().map(|(name, sql)| ("table", *name, *name, sql.as_str()));
    Analyser::new(Dialect::MySql).with_catalogue(Catalogue::from_sqlite_schema(rows))
}

#[test]
fn assignments_of_a_joined_update_by_catalogue() {
    check(
        &shop(),
        &[
            (
                "UPDATE a JOIN b ON a.x = b.x SET y = 1, z = 2 WHERE a.id = 3",
                "write: update a (id = 3) -> (id = 3, y = 1); any row of b",
            ),
            ("UPDATE a JOIN b ON a.x = b.x SET y = 1 WHERE y = 2 AND z = 3", "write: update a (y = 2) -> (y = 1)"),
            ("UPDATE a JOIN b ON a.x = b.x SET x = 1", "write: any row of a; any row of b"),
            ("UPDATE a JOIN c ON a.x = c.x SET y = 1", "write: any row of a; any row of c"),
            (
                "UPDATE a JOIN b ON a.x = b.x SET a.y = 1, a.y = 2 WHERE a.id = 3",
                "write: update a (id = 3) -> (id = 3)",
            ),
        ],
    );
}

#[test]
fn returned_rows() {
    let analyser = shop();
    let row = Row::from([("id", Value::from(7)), ("x", Value::from(1)), ("y", Value::Null)]);
    let of = |sql: &str| {
        let changes = analyser.returned(sql, &[], std::slice::from_ref(&row), true)?;
        Some(changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    };
    assert_eq!(of("INSERT INTO a (x) VALUES (1) RETURNING *").as_deref(), Some("insert a (id = 7, x = 1, y = NULL)"));
    assert_eq!(of("DELETE FROM a WHERE x = 1 RETURNING *").as_deref(), Some("delete a (id = 7, x = 1, y = NULL)"));
    assert_eq!(of("REPLACE INTO a (id) VALUES (7) RETURNING *"), None);
    assert_eq!(of("INSERT INTO a (id) VALUES (7) ON DUPLICATE KEY UPDATE x = 1 RETURNING *"), None);
}

#[test]
fn binds_are_counted_in_the_order_of_the_text() {
    let sql = "SELECT '?', a /* ? */ FROM t WHERE a = ? AND b IN (?, ?) LIMIT ?, ?";
    let binds = [1, 2, 3, 4, 5].map(Bind::from);
    assert_eq!(shown(&analyser(), sql, &binds), "t: a = 1 AND b IN (2, 3)");
}
