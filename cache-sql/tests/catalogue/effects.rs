//! What writes really change, against what the catalogue says.

use cache_core::Dependencies;

use crate::mariadb::MariaDb;
use crate::postgres::Postgres;
use crate::schema::Database;

/// Runs each write and finds which relations changed; all of them must have been foreseen.
fn check(database: &mut impl Database, relations: &[&str], writes: &[(&str, &[&str])]) {
    let analyser = database.analyser();
    let look = |database: &mut _, relation: &str| -> Vec<Vec<Option<String>>> {
        let mut rows = Database::rows(database, &format!("SELECT * FROM {relation}")).expect(relation);
        rows.sort();
        rows
    };
    for (write, expected) in writes {
        let before: Vec<_> = relations.iter().map(|relation| look(database, relation)).collect();
        let changes = analyser.analyse(write, &[]).changes().to_vec();
        database.run(write).unwrap_or_else(|error| panic!("{write}: {error}"));
        let mut changed = Vec::new();
        for (relation, before) in relations.iter().zip(before) {
            if look(database, relation) == before {
                continue;
            }
            changed.push(*relation);
            let reader = Dependencies::table(*relation);
            assert!(
                changes.iter().any(|change| reader.may_match(change)),
                "{write} has changed {relation}, and is said to change {changes:?}"
            );
        }
        assert_eq!(changed, *expected, "{write} tests what it should");
    }
}

#[test]
fn postgres_effects() {
    let Some(mut database) = Postgres::open("postgres_effects") else { return };
    database
        .run(
            "CREATE TABLE author (id int PRIMARY KEY, name text);
             CREATE TABLE article (id int PRIMARY KEY, author int REFERENCES author ON DELETE CASCADE ON UPDATE CASCADE);
             CREATE TABLE remark (id int PRIMARY KEY, article int DEFAULT 1 REFERENCES article ON DELETE SET NULL);
             CREATE TABLE mark (id int, article int DEFAULT 0 REFERENCES article ON DELETE SET DEFAULT);
             CREATE VIEW writers AS SELECT id, name FROM author;
             CREATE VIEW names AS SELECT name FROM writers;
             CREATE TABLE log (line text); CREATE TABLE \"Odd Name\" (n int); CREATE TABLE tally (n int);
             INSERT INTO tally VALUES (0);
             CREATE FUNCTION count_up() RETURNS void LANGUAGE sql BEGIN ATOMIC UPDATE tally SET n = n + 1; END;
             CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN INSERT INTO log VALUES (TG_OP); PERFORM count_up(); RETURN NULL; END';
             CREATE TRIGGER note AFTER UPDATE OF name ON author FOR EACH ROW EXECUTE FUNCTION note();
             CREATE FUNCTION any_log() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN EXECUTE ''INSERT INTO '' || ''log VALUES (1)''; RETURN NULL; END';
             CREATE TABLE dynamic (id int);
             CREATE TRIGGER any_log AFTER TRUNCATE OR INSERT ON dynamic FOR EACH STATEMENT EXECUTE FUNCTION any_log();
             CREATE TABLE ruled (id int);
             CREATE RULE also AS ON INSERT TO ruled DO ALSO INSERT INTO \"Odd Name\" VALUES (new.id);
             CREATE TABLE part (id int, place text) PARTITION BY LIST (place);
             CREATE TABLE part_a PARTITION OF part FOR VALUES IN ('a');
             CREATE TABLE part_b PARTITION OF part FOR VALUES IN ('b');
             CREATE TABLE base (id int); CREATE TABLE child (more int) INHERITS (base);
             CREATE VIEW shown AS SELECT id FROM ruled;
             CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN INSERT INTO log VALUES (''instead''); RETURN new; END';
             CREATE VIEW joined AS SELECT a.id FROM author a JOIN article b ON b.author = a.id;
             CREATE TRIGGER instead INSTEAD OF INSERT ON joined FOR EACH ROW EXECUTE FUNCTION instead();
             CREATE FUNCTION numbered() RETURNS int LANGUAGE plpgsql AS
                 'BEGIN UPDATE tally SET n = n + 1; RETURN (SELECT n FROM tally); END';
             CREATE TABLE defaulted (id int DEFAULT numbered(), x int);
             CREATE MATERIALIZED VIEW frozen AS SELECT id FROM author;
             INSERT INTO author VALUES (1, 'a'), (2, 'b'), (3, 'c');
             INSERT INTO article VALUES (0, NULL), (1, 1), (2, 2), (3, 3);
             INSERT INTO remark VALUES (1, 1), (2, 2), (3, 3); INSERT INTO mark VALUES (1, 1), (2, 2), (3, 3);
             INSERT INTO part VALUES (1, 'a'), (2, 'b');",
        )
        .unwrap();
    let relations = [
        "author",
        "article",
        "remark",
        "mark",
        "writers",
        "names",
        "log",
        "\"Odd Name\"",
        "tally",
        "dynamic",
        "ruled",
        "part",
        "part_a",
        "part_b",
        "base",
        "child",
        "shown",
        "joined",
        "defaulted",
        "frozen",
    ];
    check(
        &mut database,
        &relations,
        &[
            ("UPDATE author SET id = 7 WHERE id = 2", &["author", "article", "writers", "joined"]),
            ("DELETE FROM author WHERE id = 1", &["author", "article", "remark", "mark", "writers", "names", "joined"]),
            ("UPDATE author SET name = 'd' WHERE id = 3", &["author", "writers", "names", "log", "tally"]),
            ("INSERT INTO dynamic VALUES (1)", &["log", "dynamic"]),
            ("TRUNCATE dynamic", &["log", "dynamic"]),
            ("INSERT INTO ruled VALUES (1)", &["\"Odd Name\"", "ruled", "shown"]),
            ("UPDATE part SET place = 'b' WHERE id = 1", &["part", "part_a", "part_b"]),
            ("DELETE FROM part_b WHERE id = 2", &["part", "part_b"]),
            ("INSERT INTO child VALUES (1, 2)", &["base", "child"]),
            ("UPDATE base SET id = 4", &["base", "child"]),
            ("INSERT INTO shown VALUES (9)", &["\"Odd Name\"", "ruled", "shown"]),
            ("UPDATE names SET name = 'e' WHERE name = 'd'", &["author", "writers", "names", "log", "tally"]),
            ("INSERT INTO joined VALUES (1)", &["log"]),
            ("INSERT INTO defaulted (x) VALUES (1)", &["tally", "defaulted"]),
            ("DELETE FROM article WHERE id = 3", &["article", "remark", "mark", "joined"]),
        ],
    );
}

#[test]
fn mariadb_effects() {
    let Some(mut database) = MariaDb::open("mariadb_effects") else { return };
    database
        .run(
            "CREATE TABLE author (id int PRIMARY KEY, name varchar(20));
             CREATE TABLE article (id int PRIMARY KEY, author int,
                 FOREIGN KEY (author) REFERENCES author (id) ON DELETE CASCADE ON UPDATE CASCADE);
             CREATE TABLE remark (id int PRIMARY KEY, article int,
                 FOREIGN KEY (article) REFERENCES article (id) ON DELETE SET NULL);
             CREATE TABLE log (line varchar(20)); CREATE TABLE `odd name` (n int);
             CREATE VIEW writers AS SELECT id, name FROM author;
             CREATE VIEW names AS SELECT name FROM writers;
             CREATE PROCEDURE note(what varchar(20)) INSERT INTO log VALUES (what);
             CREATE TRIGGER a AFTER UPDATE ON author FOR EACH ROW CALL note('x');
             CREATE TRIGGER b AFTER DELETE ON article FOR EACH ROW INSERT INTO `odd name` VALUES (1);
             INSERT INTO author VALUES (1, 'a'), (2, 'b'), (3, 'c');
             INSERT INTO article VALUES (1, 1), (2, 2), (3, 3); INSERT INTO remark VALUES (1, 1), (2, 2), (3, 3);",
        )
        .unwrap();
    check(
        &mut database,
        &["author", "article", "remark", "log", "`odd name`", "writers", "names"],
        &[
            ("UPDATE author SET id = 7 WHERE id = 2", &["author", "article", "log", "writers"]),
            ("DELETE FROM author WHERE id = 1", &["author", "article", "remark", "writers", "names"]),
            ("DELETE FROM article WHERE id = 3", &["article", "remark", "`odd name`"]),
            ("UPDATE names SET name = 'z' WHERE name = 'b'", &["author", "log", "writers", "names"]),
        ],
    );
}
