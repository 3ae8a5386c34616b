//! Statements as text, for tables of them.

use cache_sql::{Analyser, Bind, Statement};

/// What a statement does, in one line.
pub fn shown(analyser: &Analyser, sql: &str, binds: &[Bind]) -> String {
    let statement = analyser.analyse(sql, binds);
    let changes: Vec<String> = statement.changes().iter().map(ToString::to_string).collect();
    let changes = changes.join("; ");
    match &statement {
        Statement::Read { dependencies } => dependencies.to_string(),
        Statement::Write { .. } => format!("write: {changes}"),
        Statement::Ddl { .. } => format!("ddl: {changes}"),
        Statement::Unknown { .. } => format!("unknown: {changes}"),
        Statement::Session { .. } => String::from("session"),
        Statement::Neutral => String::from("neutral"),
        Statement::Batch(parts) => parts.iter().map(part).collect::<Vec<_>>().join(", "),
        other => format!("{other:?}"),
    }
}

fn part(statement: &Statement) -> &'static str {
    match statement {
        Statement::Read { .. } => "read",
        Statement::Write { .. } => "write",
        Statement::Ddl { .. } => "ddl",
        Statement::Unknown { .. } => "unknown",
        Statement::Session { .. } => "session",
        _ => "something else",
    }
}

/// Compares all of a table before it fails.
#[track_caller]
pub fn check(analyser: &Analyser, cases: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (sql, wanted) in cases {
        let found = shown(analyser, sql, &[]);
        if found != *wanted {
            wrong.push_str(&format!("\n{sql}\n  wanted {wanted}\n  found  {found}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Asserts that each of these reads, and that its result is not stored because of what is named beside it.
#[track_caller]
pub fn check_never_stored(analyser: &Analyser, cases: &[(&str, &str)]) {
    for (sql, reason) in cases {
        assert!(analyser.only_reads(sql), "{sql}");
        let found = analyser.dependencies(sql, &[]);
        let found = found.uncacheable_reason().unwrap_or_default();
        assert!(found.contains(reason), "{sql}: {found:?}");
    }
}
