//! Statements whose text was seen before.

use cache_core::Value;
use cache_sql::{Analyser, Bind, Catalogue, Dialect};

use crate::report::{Line, Report};

const TEXT: &str = "SELECT a.id, a.title FROM article AS a INNER JOIN category AS c ON c.id = a.category_id \
                    WHERE c.slug = ? AND (a.status IN (?, ?) OR a.pinned = ?) ORDER BY a.id LIMIT 20";

const UPDATE: &str =
    "UPDATE article SET title = ?, status = ?, stars = stars + 1 WHERE id = ? AND category_id IN (?, ?)";

const SCHEMA: [(&str, &str, &str, &str); 3] = [
    ("table", "category", "category", "CREATE TABLE category (id INTEGER PRIMARY KEY, slug TEXT)"),
    (
        "table",
        "article",
        "article",
        "CREATE TABLE article (id INTEGER PRIMARY KEY, category_id INTEGER REFERENCES category (id), title TEXT, \
         status INTEGER, stars INTEGER, pinned INTEGER)",
    ),
    (
        "table",
        "comment",
        "comment",
        "CREATE TABLE comment (id INTEGER PRIMARY KEY, article_id INTEGER REFERENCES article (id) ON DELETE CASCADE)",
    ),
];

pub fn run(report: &mut Report) {
    changes(report);
    dependencies(report);
}

fn changes(report: &mut Report) {
    let name = "changes_of_a_seen_write";
    if !report.wants(name) {
        return;
    }
    let analyser = Analyser::new(Dialect::Sqlite).with_catalogue(Catalogue::from_sqlite_schema(SCHEMA));
    let text = [Value::from("News"), 2.into(), 7.into(), 3.into(), 4.into()].map(Bind::from);
    let seen = || drop(std::hint::black_box(analyser.analyse(UPDATE, &text)));
    let (ours, _) = crate::harness::pair(seen, || ());
    let target = Some(1.0);
    report.print(&Line { name, unit: "ns", ours, peer: "the target of 2 us", peer_value: 2000.0, target });
}

fn dependencies(report: &mut Report) {
    let analyser = Analyser::new(Dialect::Sqlite);
    let binds = [Value::from("news"), Value::from(1), Value::from(2), Value::from(1)].map(Bind::from);
    let name = "dependencies_of_a_seen_query";
    if report.wants(name) {
        let seen = || drop(std::hint::black_box(analyser.dependencies(TEXT, &binds)));
        let (ours, _) = crate::harness::pair(seen, || ());
        report.print(&Line {
            name,
            unit: "ns",
            ours,
            peer: "the target of 2 us",
            peer_value: 2000.0,
            target: Some(1.0),
        });
    }
    let name = "seen_query_against_a_new_one";
    report.compare(
        name,
        "the same text for the first time",
        None,
        || drop(std::hint::black_box(analyser.analyse(TEXT, &binds))),
        || drop(std::hint::black_box(Analyser::new(Dialect::Sqlite).analyse(TEXT, &binds))),
    );
}
