//! Other databases, other schemas, routines, temporary tables: names that do not mean what they seem to.

use cache_sql::{Analyser, Dialect};

use crate::mariadb::MariaDb;
use crate::postgres::Postgres;
use crate::schema::Database;

fn changes(analyser: &Analyser, sql: &str) -> Vec<String> {
    let mut changes: Vec<String> = analyser.analyse(sql, &[]).changes().iter().map(ToString::to_string).collect();
    changes.sort();
    changes
}

#[track_caller]
fn is_stored(analyser: &Analyser, sql: &str) {
    assert_eq!(analyser.refusal(sql), None, "{sql}");
    assert_eq!(analyser.dependencies(sql, &[]).uncacheable_reason(), None, "{sql}");
}

#[track_caller]
fn is_refused(analyser: &Analyser, sql: &str, because: &str) {
    let refusal = analyser.refusal(sql).unwrap_or_default();
    assert!(refusal.contains(because), "{sql}: {refusal:?} does not say {because:?}");
    assert!(analyser.dependencies(sql, &[]).uncacheable_reason().is_some(), "{sql}");
}

/// The same name in two databases, with columns that compare differently.
#[test]
fn names_of_another_mariadb_database_are_not_judged_by_this_one() {
    let Some(mut database) = MariaDb::open("near_shop") else { return };
    database
        .run(
            "CREATE DATABASE other CHARACTER SET utf8mb4;
             CREATE TABLE other.article (id int PRIMARY KEY, n tinyint, title varchar(9) COLLATE utf8mb4_swedish_ci);
             CREATE TABLE article (id int PRIMARY KEY, n int, title varchar(9));
             CREATE TABLE child (id int PRIMARY KEY, up int, FOREIGN KEY (up) REFERENCES other.article (id) ON DELETE CASCADE);
             CREATE VIEW near AS SELECT id FROM article; CREATE VIEW far AS SELECT id FROM other.article;
             CREATE VIEW mixed AS SELECT a.id FROM article a JOIN other.article b ON a.id = b.id;",
        )
        .unwrap();
    let analyser = database.analyser();
    is_stored(&analyser, "SELECT * FROM article WHERE n = 1000");
    is_stored(&analyser, "SELECT * FROM near_shop.article WHERE n = 1000");
    is_stored(
        &analyser,
        "SELECT near_shop.article.id FROM near_shop.article JOIN near ON near.id = near_shop.article.id",
    );
    let elsewhere = "another database";
    is_refused(&analyser, "SELECT * FROM other.article WHERE n = 1000", elsewhere);
    is_refused(&analyser, "SELECT * FROM `other` . `article`", elsewhere);
    is_refused(&analyser, "SELECT * FROM article WHERE id IN (SELECT id FROM other.article)", elsewhere);
    is_refused(&analyser, "SELECT id FROM article UNION TABLE other.article", elsewhere);
    is_refused(&analyser, "SELECT * FROM far", elsewhere);
    is_refused(&analyser, "SELECT * FROM mixed", elsewhere);
    is_refused(&analyser, "WITH article AS (SELECT 1) SELECT * FROM other.article", elsewhere);

    // 1000 becomes 127 there, and what refers to the row goes with it.
    let wanted = ["any row of article", "any row of child", "any row of near"];
    for write in [
        "INSERT INTO other.article (id, n) VALUES (1, 1000)",
        "UPDATE other.article SET n = 1000 WHERE id = 1",
        "DELETE FROM other.article WHERE id = 1",
        "REPLACE INTO other.article (id) VALUES (1)",
        "DELETE a FROM other.article a WHERE a.id = 1",
    ] {
        let found = changes(&analyser, write);
        assert!(wanted.iter().all(|wanted| found.iter().any(|change| change == wanted)), "{write}: {found:?}");
        assert!(found.iter().all(|change| change.starts_with("any row of")), "{write}: {found:?}");
    }
    assert_eq!(changes(&analyser, "DELETE FROM near_shop.child WHERE id = 1"), ["delete child (id = 1)"]);

    // What the server does: the child of this database goes, and no trigger of it tells.
    database.run("INSERT INTO other.article (id) VALUES (1); INSERT INTO child VALUES (1, 1)").unwrap();
    database.run("DELETE FROM other.article WHERE id = 1").unwrap();
    assert_eq!(database.rows("SELECT * FROM child").unwrap().len(), 0);
}

#[test]
fn names_of_other_postgres_schemas_are_merged() {
    let Some(mut database) = Postgres::open("outside_2") else { return };
    database
        .run(
            "CREATE SCHEMA other;
             CREATE TABLE article (id int PRIMARY KEY, n int); CREATE TABLE other.article (id int PRIMARY KEY, n smallint);
             CREATE TABLE note (id int PRIMARY KEY, n int); CREATE TABLE other.note (id int PRIMARY KEY, n int);",
        )
        .unwrap();
    let analyser = database.analyser();
    for name in ["article", "public.article", "other.article", "other.note"] {
        is_stored(&analyser, &format!("SELECT * FROM {name} WHERE n = 5"));
    }
    assert_eq!(changes(&analyser, "INSERT INTO other.article (id, n) VALUES (1, 5)"), ["any row of article"]);
    assert_eq!(changes(&analyser, "INSERT INTO other.note (id, n) VALUES (1, 5)"), ["insert note (id = 1, n = 5)"]);
}

#[test]
fn postgres_names_that_differ_by_case_only_are_one() {
    let Some(mut database) = Postgres::open("outside_3") else { return };
    database
        .run(
            r#"CREATE TABLE twins (id int PRIMARY KEY, a int, "A" smallint NOT NULL, b int);
             CREATE TABLE plain (id int PRIMARY KEY, n int); CREATE TABLE "Plain" (id int PRIMARY KEY, n smallint);
             CREATE TABLE same (id int PRIMARY KEY, n int); CREATE TABLE "Same" (id int PRIMARY KEY, n int);
             CREATE TABLE log (id int);
             CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (1); RETURN NULL; END';
             CREATE TRIGGER note AFTER INSERT ON "Same" FOR EACH ROW EXECUTE FUNCTION note();
             CREATE TABLE parent ("K" int PRIMARY KEY, k int UNIQUE);
             CREATE TABLE child (id int PRIMARY KEY, up int REFERENCES parent (k) ON UPDATE CASCADE);"#,
        )
        .unwrap();
    let analyser = database.analyser();
    let insert = r#"INSERT INTO twins (id, a, "A", b) VALUES (1, 2, 3, 4)"#;
    assert_eq!(changes(&analyser, insert), ["insert twins (b = 4, id = 1)"]);
    assert_eq!(changes(&analyser, "UPDATE twins SET a = NULL WHERE a = 2"), ["any row of twins"]);
    assert_eq!(changes(&analyser, r#"UPDATE twins SET "A" = 5 WHERE id = 2"#), ["update twins (id = 2) -> (id = 2)"]);
    let row = cache_core::Row::from([("id", 1), ("a", 2), ("A", 3), ("b", 4)]);
    let told = analyser.returned(&format!("{insert} RETURNING *"), &[], &[row], true).unwrap();
    assert_eq!(told[0].to_string(), "insert twins (b = 4, id = 1)");

    assert_eq!(changes(&analyser, "INSERT INTO plain VALUES (1, 2)"), ["any row of plain"]);
    assert_eq!(changes(&analyser, r#"DELETE FROM "Plain" WHERE id = 1"#), ["any row of plain"]);
    let same = ["any row of log", "insert same (id = 1, n = 2)"];
    assert_eq!(changes(&analyser, "INSERT INTO same VALUES (1, 2)"), same);
    assert_eq!(changes(&analyser, r#"INSERT INTO "Same" VALUES (1, 2)"#), same);
    assert!(changes(&analyser, r#"UPDATE parent SET k = 2 WHERE "K" = 1"#).contains(&"any row of child".into()));
}

/// `total` and `lower` are on the list of functions that are known to be pure.
#[test]
fn calls_of_the_users_own_postgres_routines_are_not_stored() {
    let Some(mut database) = Postgres::open("outside_4") else { return };
    database
        .run(
            "CREATE EXTENSION citext;
             CREATE TABLE article (id int PRIMARY KEY, title text, tag citext, first int, last int);
             CREATE TABLE log (id int);
             CREATE TYPE colour AS ENUM ('red');
             CREATE FUNCTION lower(colour) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM log';
             CREATE FUNCTION array_note(x int) RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (x); RETURN x; END';
             CREATE FUNCTION \"substring\"(colour, int, int) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM log';
             CREATE FUNCTION read_log(article) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM log';
             CREATE FUNCTION json_rows() RETURNS SETOF log LANGUAGE sql AS 'SELECT * FROM log';",
        )
        .unwrap();
    let analyser = database.analyser();
    let calls = "which may read anything";
    is_refused(&analyser, "SELECT lower('red'::colour) FROM article", calls);
    is_refused(&analyser, "SELECT array_note(id) FROM article", calls);
    is_refused(&analyser, "SELECT id FROM article WHERE public.array_note ( id ) = 1", calls);
    is_refused(&analyser, r#"SELECT "array_note"(id) FROM article"#, calls);
    is_refused(&analyser, "SELECT id FROM article WHERE id IN (SELECT array_note(1))", calls);
    is_refused(&analyser, "SELECT substring('red'::colour, 1, 2)", calls);
    is_refused(&analyser, "SELECT a.read_log FROM article a", calls);
    is_refused(&analyser, "SELECT * FROM json_rows()", calls);
    is_refused(&analyser, "SELECT * FROM article, json_rows()", calls);
    is_stored(&analyser, "SELECT pg_catalog.lower(title) FROM article");
    is_stored(&analyser, "SELECT upper(title) FROM article WHERE id = 1");
    // Those of an extension are what they say they are.
    is_stored(&analyser, "SELECT replace(tag, 'a', 'b'), split_part(tag, ',', 1) FROM article");

    let trusting = Analyser::new(Dialect::Postgres).pure_function("array_note").with_catalogue(database.catalogue());
    is_stored(&trusting, "SELECT array_note(id) FROM article");

    // Without a catalogue nothing is known of routines.
    let plain = Analyser::new(Dialect::Postgres);
    assert!(
        plain.only_reads("SELECT array_note(id) FROM article")
            && analyser.only_reads("SELECT array_note(id) FROM article")
    );
    assert_eq!(plain.refusal("SELECT array_note(id) FROM article"), None);
}

#[test]
fn calls_of_the_users_own_mariadb_routines_are_not_stored() {
    let Some(mut database) = MariaDb::open("far_shop") else { return };
    database
        .run(
            "CREATE TABLE article (id int PRIMARY KEY, title varchar(9)); CREATE TABLE log (id int);
             CREATE FUNCTION json_total(x int) RETURNS int READS SQL DATA RETURN (SELECT count(*) FROM log);
             CREATE FUNCTION uuid_to_bin(x int) RETURNS int MODIFIES SQL DATA BEGIN INSERT INTO log VALUES (x); RETURN x; END;",
        )
        .unwrap();
    let analyser = database.analyser();
    let calls = "which may read anything";
    is_refused(&analyser, "SELECT json_total(id) FROM article", calls);
    is_refused(&analyser, "SELECT id FROM article WHERE `uuid_to_bin`(id) = 1", calls);
    is_refused(&analyser, "SELECT id FROM article ORDER BY far_shop.json_total(id)", calls);
    is_stored(&analyser, "SELECT upper(title), json_value(title, '$.a') FROM article WHERE id = 1");
}

/// What a name means afterwards, asked of the servers; and that the statement was told of.
#[test]
fn temporary_tables_hide_others_from_their_connection() {
    if let Some(mut database) = MariaDb::open("outside_6") {
        database.run("CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE TABLE other (id int)").unwrap();
        // They do not commit either.
        let hiding = ["CREATE TEMPORARY TABLE t (id int)", "DROP TEMPORARY TABLE t"];
        for (statement, wanted) in hiding.into_iter().zip([0, 1]) {
            database.run("BEGIN").unwrap();
            database.run("INSERT INTO other VALUES (1)").unwrap();
            database.run(statement).unwrap();
            let open = database.rows("SELECT @@in_transaction").unwrap();
            assert_eq!(open, [[Some("1".to_owned())]], "{statement}");
            let found = Analyser::new(Dialect::MySql).analyse(statement, &[]);
            assert!(matches!(found, cache_sql::Statement::Session { .. }), "{found:?}");
            database.run("COMMIT").unwrap();
            assert_eq!(database.rows("SELECT * FROM t").unwrap().len(), wanted, "{statement}");
        }
    }
    if let Some(mut database) = Postgres::open("outside_7") {
        database.run("CREATE SCHEMA other; CREATE TABLE t (id int); INSERT INTO t VALUES (1)").unwrap();
        let rows = |database: &mut Postgres| database.rows("SELECT * FROM t").map(|rows| rows.len()).ok();
        let hiding = [
            ("CREATE TEMP TABLE t (id int)", Some(0)),
            ("ALTER TABLE public.t SET SCHEMA other", Some(0)),
            ("DROP TABLE t", None),
        ];
        for (statement, wanted) in hiding {
            database.run(statement).unwrap();
            assert_eq!(rows(&mut database), wanted, "{statement}");
        }
        let analyser = database.analyser();
        database.run("CREATE TEMP TABLE t (id int)").unwrap();
        is_refused(&database.analyser(), "SELECT * FROM t", "temporary");
        is_stored(&analyser, "SELECT * FROM t");
    }
}
