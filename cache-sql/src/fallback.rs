//! Statements that the parser does not understand.

use cache_core::Table;

use crate::plan::{Plan, ReadPlan};
use crate::tokens::Segment;

/// More names than this are not listed one by one.
const MAX_TABLES: usize = 48;

/// What a statement without a syntax tree may do, told by its words: never less than it does.
pub(crate) fn unparsed(segment: &Segment, reason: &str) -> Plan {
    let words = &segment.words;
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let unread = || Plan::Read(Box::new(ReadPlan::uncacheable(format!("the statement was not understood: {reason}"))));
    let reason = || reason.into();
    match segment.first_word().as_str() {
        "SELECT" | "VALUES" | "TABLE" | "WITH" if !segment.writes() && !segment.makes_a_table() => unread(),
        "SHOW" => unread(),
        "EXPLAIN" | "DESCRIBE" | "DESC" if !has(&["ANALYZE", "ANALYSE"]) => unread(),
        // What these write is named in their text.
        "INSERT" | "REPLACE" | "UPDATE" | "DELETE" | "TRUNCATE" | "MERGE" | "COPY" | "LOAD" if !has(&["CASCADE"]) => {
            let names = segment.possible_tables();
            let tables = (names.len() <= MAX_TABLES).then(|| names.into_iter().map(Table::from).collect());
            Plan::Unknown { tables, reason: reason() }
        }
        "CREATE" | "ALTER" | "DROP" | "RENAME" => Plan::Ddl { tables: Vec::new(), everything: true },
        _ => Plan::Unknown { tables: None, reason: reason() },
    }
}
