//! Needless invalidations on a shop's trace, against invalidation by table.
//!
//! A real database holds articles and comments. Queries ask for one row, for the rows of a category, of an author, of a
//! range of prices; writes insert, edit, move, reprice and delete single rows, as an ORM words them. A result that
//! was dropped although it had not changed was dropped needlessly.

use cache_core::{Change, Dependencies, Row, Value};
use cache_sql::{Analyser, Bind, Catalogue, Dialect};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};

use crate::report::{Line, Report};

const SCHEMA: [(&str, &str); 2] = [
    (
        "article",
        "CREATE TABLE article (id INTEGER PRIMARY KEY, category_id INTEGER NOT NULL, author_id INTEGER NOT NULL, \
         price INTEGER NOT NULL, title TEXT NOT NULL)",
    ),
    ("comment", "CREATE TABLE comment (id INTEGER PRIMARY KEY, article_id INTEGER NOT NULL, body TEXT NOT NULL)"),
];

const QUERIES: [(&str, i64); 6] = [
    ("SELECT * FROM article WHERE id = ?", 400),
    ("SELECT * FROM article WHERE category_id = ? ORDER BY id LIMIT 20", 20),
    ("SELECT count(*) FROM article WHERE author_id = ?", 50),
    ("SELECT id, title FROM article WHERE price >= ? ORDER BY price LIMIT 10", 1000),
    ("SELECT * FROM comment WHERE article_id = ?", 400),
    ("SELECT c.id FROM comment AS c INNER JOIN article AS a ON a.id = c.article_id WHERE a.category_id = ?", 20),
];

struct Cached {
    text: &'static str,
    bind: i64,
    dependencies: Dependencies,
    result: Vec<String>,
}

pub fn run(report: &mut Report) {
    let name = "needless_invalidations";
    if !report.wants(name) {
        return;
    }
    let (ours, by_table, missed) = trace().expect("SQLite answers");
    assert_eq!(missed, 0, "a result that changed was kept");
    let peer = "by table, the same trace";
    report.print(&Line { name, unit: "count", ours, peer, peer_value: by_table, target: Some(0.5) });
}

/// Needless invalidations by condition and by table, and results that changed and were kept.
fn trace() -> rusqlite::Result<(f64, f64, u32)> {
    let database = Connection::open_in_memory()?;
    for (_, text) in SCHEMA {
        database.execute_batch(text)?;
    }
    let schema = SCHEMA.map(|(table, text)| ("table", table, table, text));
    let analyser = Analyser::new(Dialect::Sqlite).with_catalogue(Catalogue::from_sqlite_schema(schema));
    let mut rng = fastrand::Rng::with_seed(7);
    for id in 1..=400 {
        let row = (id, rng.i64(0..20), rng.i64(0..50), rng.i64(0..1000), format!("title {id}"));
        database.execute("INSERT INTO article VALUES (?, ?, ?, ?, ?)", row)?;
        database.execute("INSERT INTO comment (article_id, body) VALUES (?, 'first')", [id])?;
    }
    let mut cached: Vec<Cached> = Vec::new();
    for _ in 0..300 {
        let (text, domain) = QUERIES[rng.usize(0..QUERIES.len())];
        let bind = rng.i64(0..domain);
        let dependencies = analyser.dependencies(text, &[Bind::from(bind)]);
        cached.push(Cached { text, bind, dependencies, result: rows(&database, text, bind)? });
    }
    let (mut ours, mut by_table, mut missed) = (0.0, 0.0, 0);
    for _ in 0..1000 {
        let (text, binds) = write(&mut rng);
        let changes = execute(&database, &analyser, text, &binds)?;
        let tables: Vec<Change> = changes.iter().filter_map(|change| change.table_name()).map(Change::table).collect();
        for entry in &mut cached {
            let now = rows(&database, entry.text, entry.bind)?;
            let changed = now != entry.result;
            let dropped = changes.iter().any(|change| entry.dependencies.may_match(change));
            let dropped_by_table = tables.iter().any(|change| entry.dependencies.may_match(change));
            ours += f64::from(u8::from(dropped && !changed));
            by_table += f64::from(u8::from(dropped_by_table && !changed));
            missed += u32::from(changed && !dropped);
            entry.result = now;
        }
    }
    Ok((ours, by_table, missed))
}

fn write(rng: &mut fastrand::Rng) -> (&'static str, Vec<Value>) {
    let id = rng.i64(1..=400);
    match rng.u8(0..10) {
        0..3 => (
            "UPDATE article SET title = ? WHERE article.id = ? RETURNING id, category_id, author_id, price, title",
            vec![Value::from(format!("title {}", rng.u32(..))), Value::from(id)],
        ),
        3..5 => (
            "UPDATE article SET price = ? WHERE article.id = ? RETURNING id, category_id, author_id, price, title",
            vec![Value::from(rng.i64(0..1000)), Value::from(id)],
        ),
        5 => (
            "UPDATE article SET category_id = ? WHERE article.id = ? RETURNING id, category_id, author_id, price, title",
            vec![Value::from(rng.i64(0..20)), Value::from(id)],
        ),
        6..9 => (
            "INSERT INTO comment (article_id, body) VALUES (?, ?) RETURNING id, article_id, body",
            vec![Value::from(id), Value::from("another")],
        ),
        _ => ("DELETE FROM comment WHERE comment.id = ?", vec![Value::from(id)]),
    }
}

fn execute(database: &Connection, analyser: &Analyser, text: &str, binds: &[Value]) -> rusqlite::Result<Vec<Change>> {
    let bound: Vec<Bind> = binds.iter().cloned().map(Bind::Value).collect();
    let changes = analyser.analyse(text, &bound).changes();
    let mut statement = database.prepare_cached(text)?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let parameters = params_from_iter(binds.iter().map(|value| match value {
        Value::Int(number) => rusqlite::types::Value::Integer(*number as i64),
        other => rusqlite::types::Value::Text(other.to_string().trim_matches('\'').to_owned()),
    }));
    let mut returned = Vec::new();
    let mut found = statement.query(parameters)?;
    while let Some(row) = found.next()? {
        let value = |at| match row.get_ref(at) {
            Ok(ValueRef::Integer(number)) => Some(Value::from(number)),
            Ok(ValueRef::Text(text)) => std::str::from_utf8(text).ok().map(Value::from),
            _ => None,
        };
        let columns = names.iter().enumerate().filter_map(|(at, name)| Some((name, value(at)?)));
        returned.push(columns.collect::<Row>());
    }
    Ok(analyser.returned(text, &bound, &returned, true).unwrap_or(changes))
}

fn rows(database: &Connection, text: &str, bind: i64) -> rusqlite::Result<Vec<String>> {
    let mut statement = database.prepare_cached(text)?;
    let columns = statement.column_count();
    let shown = |row: &rusqlite::Row<'_>| {
        (0..columns).map(|at| row.get_ref(at).map(|value| format!("{value:?}"))).collect::<rusqlite::Result<String>>()
    };
    statement.query_map([bind], shown)?.collect()
}
