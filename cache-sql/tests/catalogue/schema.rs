//! Reading schemas: what may not be cached, what is known.

use cache_core::Table;
use cache_sql::{Analyser, Catalogue, Dialect};

use crate::mariadb::MariaDb;
use crate::postgres::Postgres;

/// What the tests ask of a database.
pub trait Database {
    fn dialect(&self) -> Dialect;
    fn run(&mut self, sql: &str) -> Result<(), String>;
    fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, String>;
    fn catalogue(&mut self) -> Catalogue;
    fn analyser(&mut self) -> Analyser;
}

fn refusal(catalogue: &Catalogue, name: &str) -> String {
    catalogue.refusal(&Table::from(name)).map_or_else(String::new, |reason| reason.to_string())
}

fn changes(analyser: &Analyser, sql: &str) -> String {
    let changes = analyser.analyse(sql, &[]).changes().iter().map(ToString::to_string).collect::<Vec<_>>();
    changes.join("; ")
}

#[track_caller]
fn refuses(catalogue: &Catalogue, name: &str, because: &str) {
    let reason = refusal(catalogue, name);
    assert!(reason.contains(because), "{name}: {reason:?} does not say {because:?}");
}

#[test]
fn postgres_relations_that_must_not_be_cached() {
    let Some(mut database) = Postgres::open("postgres_relations_that_must_not_be_cached") else { return };
    database
        .run(
            "CREATE TABLE article (id int PRIMARY KEY, title text, at timestamptz);
             CREATE VIEW plain AS SELECT id, upper(title) AS title FROM article WHERE id > 3;
             CREATE VIEW recent AS SELECT * FROM article WHERE at > now() - interval '1 day';
             CREATE VIEW mine AS SELECT * FROM article WHERE title = current_user;
             CREATE VIEW nested AS SELECT a.id FROM plain a JOIN recent b ON a.id = b.id;
             CREATE FUNCTION total(x int) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM article WHERE id = x';
             CREATE VIEW counted AS SELECT id, total(id) AS c FROM article;
             CREATE VIEW running AS SELECT datname FROM pg_stat_activity;
             CREATE TABLE secret (id int); ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
             CREATE VIEW leaked AS SELECT id FROM secret;
             CREATE TEMP TABLE scratch (id int);
             CREATE EXTENSION postgres_fdw;
             CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
             CREATE FOREIGN TABLE remote (id int) SERVER far;
             CREATE MATERIALIZED VIEW frozen AS SELECT now() AS at;
             CREATE SCHEMA other; CREATE TABLE other.article (id int PRIMARY KEY, title text, at timestamptz);
             CREATE TABLE note (id int); CREATE TABLE other.note (id bigint);",
        )
        .unwrap();
    let catalogue = database.catalogue();
    for fine in ["article", "plain", "frozen", "note"] {
        assert_eq!(refusal(&catalogue, fine), "", "{fine}");
    }
    refuses(&catalogue, "nowhere", "not known");
    refuses(&catalogue, "recent", "now()");
    refuses(&catalogue, "mine", "current_user");
    refuses(&catalogue, "nested", "recent");
    refuses(&catalogue, "counted", "total()");
    refuses(&catalogue, "running", "pg_stat_activity");
    refuses(&catalogue, "secret", "row-level security");
    refuses(&catalogue, "leaked", "row-level security");
    refuses(&catalogue, "scratch", "temporary");
    refuses(&catalogue, "remote", "foreign");
    assert!(catalogue.knows("article"));
    assert!(!catalogue.knows("note"), "two tables of one name that differ");
}

#[test]
fn postgres_images_say_what_is_stored() {
    let Some(mut database) = Postgres::open("postgres_images_say_what_is_stored") else { return };
    database
        .run(
            "CREATE TYPE colour AS ENUM ('red', 'green');
             CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
             CREATE TABLE article (id int PRIMARY KEY, n smallint, price numeric(5,2), tag varchar(3), hue colour,
                 folded text COLLATE folding, fixed char(3), twice int GENERATED ALWAYS AS (n * 2) STORED, ok bool);
             CREATE TABLE stamped (id int PRIMARY KEY, n int);
             CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.n := 7; RETURN new; END';
             CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON stamped FOR EACH ROW EXECUTE FUNCTION stamp();
             CREATE TABLE ruled (id int); CREATE RULE away AS ON DELETE TO ruled DO INSTEAD NOTHING;",
        )
        .unwrap();
    let analyser = database.analyser();
    let image =
        changes(&analyser, "INSERT INTO article (id, n, price, fixed, ok, tag) VALUES (1, 2, 3.5, 4, true, NULL)");
    assert_eq!(image, "insert article (id = 1, n = 2, ok = TRUE, price = 3.5, tag = NULL)");
    assert_eq!(changes(&analyser, "INSERT INTO article VALUES (1, 40000, 3.555)"), "any row of article");
    let written = analyser.analyse(
        "INSERT INTO article (id, tag, hue, folded, fixed, twice) VALUES ($1, $2, $3, $4, $5, $6)",
        &[1.into(), "Abc".into(), "red".into(), "a".into(), "a".into(), 4.into()],
    );
    assert_eq!(written.changes()[0].to_string(), "insert article (hue = 'red', id = 1, tag = 'Abc')");
    assert_eq!(changes(&analyser, "UPDATE stamped SET n = 3 WHERE id = 1"), "any row of stamped");
    assert_eq!(changes(&analyser, "DELETE FROM ruled WHERE id = 1"), "any row of ruled");
}

#[test]
fn mariadb_relations_that_must_not_be_cached() {
    let Some(mut database) = MariaDb::open("shop") else { return };
    database
        .run(
            "CREATE TABLE article (id int PRIMARY KEY AUTO_INCREMENT, title varchar(20), at datetime);
             CREATE VIEW plain AS SELECT id, coalesce(title, '') AS title FROM article WHERE id > 3;
             CREATE VIEW recent AS SELECT * FROM article WHERE at > now();
             CREATE VIEW nested AS SELECT a.id FROM plain a JOIN recent b ON a.id = b.id;
             CREATE FUNCTION md5x(x int) RETURNS int READS SQL DATA RETURN (SELECT count(*) FROM article WHERE id = x);
             CREATE VIEW counted AS SELECT id, md5x(id) AS c FROM article;
             CREATE SEQUENCE numbers;
             CREATE TABLE merged (id int) ENGINE=MRG_MyISAM;
             CREATE USER reader; GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO reader;
             CREATE USER owner; GRANT ALL ON shop.* TO owner;",
        )
        .unwrap();
    let catalogue = database.catalogue();
    for fine in ["article", "plain"] {
        assert_eq!(refusal(&catalogue, fine), "", "{fine}");
    }
    refuses(&catalogue, "nowhere", "not known");
    refuses(&catalogue, "recent", "()");
    refuses(&catalogue, "nested", "recent");
    refuses(&catalogue, "counted", "md5x()");
    refuses(&catalogue, "numbers", "sequence");
    refuses(&catalogue, "merged", "MRG_MyISAM");

    let write = "INSERT INTO article (id, title, at) VALUES (5, 'x', NULL)";
    let with = |catalogue| changes(&Analyser::new(Dialect::MySql).with_catalogue(catalogue), write);
    assert!(with(database.catalogue_for("reader")).contains("anything"), "triggers are out of sight");
    assert!(!with(database.catalogue_for("owner")).contains("anything"));
}

#[test]
fn mariadb_images_say_what_is_stored() {
    let Some(mut database) = MariaDb::open("mariadb_images_say_what_is_stored") else { return };
    database
        .run(
            "CREATE TABLE article (id int PRIMARY KEY AUTO_INCREMENT, n tinyint unsigned, price decimal(5,2),
                 tag varchar(3), other varchar(3) COLLATE utf8mb4_swedish_ci, f float, changed datetime ON UPDATE CURRENT_TIMESTAMP,
                 twice int AS (n * 2), hidden int INVISIBLE, ok bool, k char(3) CHARACTER SET latin1, b binary(2));
             CREATE TABLE stamped (id int PRIMARY KEY, n int);
             CREATE TRIGGER stamp BEFORE INSERT ON stamped FOR EACH ROW SET NEW.n = 7;",
        )
        .unwrap();
    let analyser = database.analyser();
    let image = changes(&analyser, "INSERT INTO article (id, n, price, f, ok) VALUES (0, 255, 3.5, 4, true)");
    assert_eq!(image, "insert article (n = 255, ok = 1, price = 3.5)");
    assert_eq!(changes(&analyser, "UPDATE article SET n = 256 WHERE id = 1"), "update article (id = 1) -> (id = 1)");
    let written = analyser.analyse(
        "INSERT INTO article (id, tag, other, k, b, changed) VALUES (?, ?, ?, ?, ?, ?)",
        &[1.into(), "Abc".into(), "a".into(), "K".into(), vec![1_u8, 2].into(), cache_core::Value::Null.into()],
    );
    assert_eq!(written.changes()[0].to_string(), "insert article (b = x'0102', id = 1, k = ~'k', tag = ~'abc')");
    let padded = analyser.analyse("UPDATE article SET b = ? WHERE id = 1", &[vec![1_u8].into()]);
    assert_eq!(padded.changes()[0].to_string(), "update article (id = 1) -> (id = 1)");
    let positional = changes(
        &analyser,
        "INSERT INTO article VALUES (1, 2, NULL, NULL, NULL, NULL, NULL, DEFAULT, true, NULL, NULL)",
    );
    assert_eq!(
        positional,
        "insert article (b = NULL, f = NULL, id = 1, k = NULL, n = 2, ok = 1, other = NULL, price = NULL, tag = NULL)"
    );
    assert_eq!(changes(&analyser, "UPDATE stamped SET n = 3 WHERE id = 1"), "any row of stamped");
}
