//! Dependencies of a query whose text was seen before.

use cache_core::Value;
use cache_sql::{Analyser, Bind, Dialect};

use crate::report::{Line, Report};

const TEXT: &str = "SELECT a.id, a.title FROM article AS a INNER JOIN category AS c ON c.id = a.category_id \
                    WHERE c.slug = ? AND (a.status IN (?, ?) OR a.pinned = ?) ORDER BY a.id LIMIT 20";

pub fn run(report: &mut Report) {
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
