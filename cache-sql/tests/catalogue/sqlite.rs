//! The schema of SQLite, and rows that are not what they should be.

use cache_core::Table;
use cache_sql::{Analyser, Catalogue, Dialect};
use rusqlite::Connection;

fn catalogue(schema: &str) -> Catalogue {
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch(schema).unwrap();
    let mut statement = database.prepare(Catalogue::query(Dialect::Sqlite)).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect::<Result<Vec<String>, _>>());
    Catalogue::read(Dialect::Sqlite, rows.unwrap().map(Result::unwrap))
}

fn refusal(catalogue: &Catalogue, name: &str) -> Option<String> {
    catalogue.refusal(&Table::from(name)).map(|reason| reason.to_string())
}

#[test]
fn sqlite_relations_that_must_not_be_cached() {
    let catalogue = catalogue(
        "CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT, at TEXT);
         CREATE TABLE shadowed (id INTEGER);
         CREATE VIEW plain (id, [as title]) AS SELECT id, upper(title) FROM article;
         CREATE VIEW -- as it is
             recent AS SELECT * FROM article WHERE at > datetime('now');
         CREATE VIEW nested AS SELECT a.id FROM plain AS a JOIN recent AS b ON a.id = b.id;
         CREATE VIEW chance AS SELECT random() AS r;
         CREATE VIRTUAL TABLE search USING fts5(title, content='article');
         CREATE VIRTUAL TABLE box USING rtree(id, low, high);
         CREATE TEMP TABLE scratch (id INTEGER);
         CREATE TEMP TABLE shadowed (id TEXT);",
    );
    for fine in ["article", "plain", "search", "search_data", "box", "scratch"] {
        assert_eq!(refusal(&catalogue, fine), None, "{fine}");
    }
    for (name, because) in [
        ("nowhere", "not known"),
        ("recent", "now"),
        ("nested", "recent"),
        ("chance", "random()"),
        ("shadowed", "several"),
    ] {
        let reason = refusal(&catalogue, name).unwrap_or_default();
        assert!(reason.contains(because), "{name}: {reason:?}");
    }
}

#[test]
fn a_virtual_table_of_an_unknown_module_may_read_anything() {
    let row = ["table", "far", "far", "CREATE VIRTUAL TABLE far USING csv(filename='x')"].map(String::from);
    let reason = refusal(&Catalogue::read(Dialect::Sqlite, [row]), "far").unwrap();
    assert!(reason.contains("csv"), "{reason}");
}

/// Texts of the attached table are compared without regard to case, unlike those of the table that is known.
#[test]
fn an_attached_database_is_not_judged_by_the_main_one() {
    let catalogue = catalogue(
        "ATTACH ':memory:' AS far; CREATE TABLE far.article (id INTEGER PRIMARY KEY, title TEXT COLLATE NOCASE);
         CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT);",
    );
    let analyser = Analyser::new(Dialect::Sqlite).with_catalogue(catalogue);
    for (sql, stored) in [
        ("SELECT * FROM article WHERE title = 'a'", true),
        ("SELECT * FROM MAIN.article WHERE title = 'a'", true),
        ("SELECT * FROM far.article WHERE title = 'a'", false),
        ("SELECT * FROM article WHERE id IN (SELECT id FROM \"far\".article)", false),
    ] {
        assert_eq!(analyser.refusal(sql).is_none(), stored, "{sql}");
    }
    let changes = |sql: &str| analyser.analyse(sql, &[]).changes().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(changes("INSERT INTO far.article VALUES (1, 'A')"), ["any row of article"]);
    assert_eq!(changes("INSERT INTO main.article VALUES (1, 'A')"), ["insert article (id = 1, title = 'A')"]);
}

#[test]
fn malformed_rows_make_unknown_what_they_tell_of() {
    let words = [
        "relation", "column", "enum", "key", "foreign", "reads", "rule", "trigger", "routine", "default", "inherits",
        "view", "rights", "database", "table", "nonsense", "",
    ];
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
        for word in words {
            for length in 0..14 {
                let row: Vec<String> =
                    std::iter::once(word).chain(std::iter::repeat("x")).take(length).map(Into::into).collect();
                let catalogue = Catalogue::read(dialect, [row]);
                let analyser = Analyser::new(dialect).with_catalogue(catalogue);
                let write = analyser.analyse("UPDATE x SET a = 1 WHERE id = 2", &[]);
                let changes: Vec<String> = write.changes().iter().map(ToString::to_string).collect();
                assert!(changes.contains(&"any row of x".into()), "{dialect:?} {word} {length}: {changes:?}");
            }
        }
    }
}

#[test]
fn a_row_that_cannot_be_placed_makes_every_write_write_anything() {
    let row = |row: &[&str]| row.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let table = row(&["relation", "1", "x", "r", "p", "false", "", "", ""]);
    let column = row(&["column", "1", "1", "id", "int4", "b", "-1", "", ""]);
    let read = |rows: Vec<Vec<String>>| {
        let analyser = Analyser::new(Dialect::Postgres).with_catalogue(Catalogue::read(Dialect::Postgres, rows));
        let write = analyser.analyse("DELETE FROM x WHERE id = 2", &[]);
        write.changes().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(read(vec![column.clone(), table.clone()]), ["delete x (id = 2)"]);
    assert_eq!(read(vec![table.clone(), column.clone(), row(&["trigger", "1"])]), ["delete x (id = 2)", "anything"]);
    assert_eq!(read(vec![table, row(&["column", "1", "1", "id"]), column]), ["any row of x"]);
}
