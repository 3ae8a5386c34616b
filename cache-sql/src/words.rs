//! Statements that are told by their words alone.

use cache_core::Table;
use sqlparser::tokenizer::Token;

use crate::Dialect;
use crate::plan::{Plan, ReadPlan};
use crate::session::{Setting, is_local, setting};
use crate::tokens::Segment;
use crate::write::Action;

/// The plan of a statement whose syntax tree is not needed, or that has none.
pub(crate) fn by_words(dialect: Dialect, segment: &Segment) -> Option<Plan> {
    let words = &segment.words;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if dialect == Dialect::MySql && words.first() == Some(&"SET") && may_read_uncommitted(segment) {
        let reason = "an isolation level changes what later statements read".into();
        return Some(Plan::Session { reason, local: is_local(dialect, &words) });
    }
    if let Some(setting) = setting(dialect, &words) {
        return Some(match setting {
            Setting::Harmless => Plan::Neutral,
            Setting::Meaning(reason) => Plan::Session { reason, local: is_local(dialect, &words) },
            Setting::Statement => Plan::Unknown { tables: None, reason: "a statement inside another".into() },
        });
    }
    let routine = ["TRIGGER", "FUNCTION", "PROCEDURE", "EVENT", "RULE"];
    let nothing = || Plan::Ddl { tables: Vec::new(), everything: false };
    let everything = || Plan::Ddl { tables: Vec::new(), everything: true };
    let read = |reason: &str| Plan::Read(Box::new(ReadPlan::uncacheable(reason)));
    let plan = match (dialect, words.as_slice()) {
        // A pragma may list tables and change settings, but no row.
        (_, ["PRAGMA", ..]) => read("a pragma"),
        (_, ["ATTACH" | "DETACH", ..]) => everything(),
        // Row numbers may change.
        (Dialect::Sqlite, ["VACUUM", ..]) => everything(),
        (_, ["REINDEX", ..]) => Plan::Neutral,
        (Dialect::Sqlite, ["CREATE" | "DROP", rest @ ..]) if rest.iter().take(2).any(|w| *w == "TRIGGER") => nothing(),
        (_, ["CREATE" | "ALTER" | "DROP", rest @ ..]) if rest.iter().take(5).any(|word| routine.contains(word)) => {
            everything()
        }
        (Dialect::Postgres, ["REFRESH", "MATERIALIZED", "VIEW", ..]) => any_row(segment, &["VIEW", "CONCURRENTLY"])?,
        (Dialect::Postgres, ["DECLARE", ..]) if !segment.writes() => read("a cursor"),
        (Dialect::Postgres, ["FETCH" | "MOVE", ..]) => read("a cursor"),
        (Dialect::Postgres, ["LOCK" | "CLOSE" | "CHECKPOINT" | "VACUUM" | "ANALYZE" | "ANALYSE" | "CLUSTER", ..])
        | (Dialect::Postgres, ["LISTEN" | "UNLISTEN" | "NOTIFY" | "GRANT" | "REVOKE" | "DEALLOCATE" | "COMMENT", ..]) => {
            Plan::Neutral
        }
        (Dialect::MySql, ["LOAD", "DATA" | "XML", ..]) => any_row(segment, &["TABLE"])?,
        // They commit, which is what matters of them.
        (
            Dialect::MySql,
            ["ANALYZE" | "OPTIMIZE" | "CHECK" | "REPAIR", "TABLE" | "TABLES" | "LOCAL" | "NO_WRITE_TO_BINLOG", ..],
        ) => nothing(),
        (Dialect::MySql, ["LOCK" | "UNLOCK", "TABLE" | "TABLES", ..] | ["FLUSH", ..]) => nothing(),
        (Dialect::MySql, ["GRANT" | "REVOKE", ..])
        | (Dialect::MySql, ["CREATE" | "ALTER" | "DROP", "USER" | "ROLE", ..]) => nothing(),
        // MariaDB runs what it explains.
        (Dialect::MySql, ["ANALYZE", ..]) => {
            Plan::Unknown { tables: None, reason: "a statement inside another".into() }
        }
        // What is prepared is not known where it runs.
        (Dialect::MySql, ["PREPARE", _, "FROM", ..]) => Plan::Neutral,
        (Dialect::MySql, ["KILL" | "HELP" | "DEALLOCATE", ..]) => Plan::Neutral,
        _ => return None,
    };
    Some(plan)
}

/// Whether a setting of MySQL lets statements see what others have not committed.
fn may_read_uncommitted(segment: &Segment) -> bool {
    let mut quoted = segment.tokens.iter().filter_map(|token| match &token.token {
        Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) => Some(text.to_ascii_uppercase()),
        _ => None,
    });
    let assigns =
        segment.words.iter().any(|word| word.ends_with("TX_ISOLATION") || word.ends_with("TRANSACTION_ISOLATION"));
    let says = quoted.clone().chain(segment.words.iter().cloned()).any(|text| text.contains("UNCOMMITTED"));
    says || assigns && quoted.next().is_none()
}

/// Any row of the table whose name follows the last of some words.
fn any_row(segment: &Segment, after: &[&str]) -> Option<Plan> {
    let tokens: Vec<&Token> = segment.meaningful().collect();
    let follows = |token: &&Token| after.iter().any(|word| token.to_string().eq_ignore_ascii_case(word));
    let mut at = tokens.iter().position(follows)? + 1;
    while tokens.get(at).is_some_and(follows) || matches!(tokens.get(at + 1), Some(Token::Period)) {
        at += if matches!(tokens.get(at + 1), Some(Token::Period)) { 2 } else { 1 };
    }
    match tokens.get(at)? {
        Token::Word(name) => {
            let actions = vec![Action::AnyRow { table: Table::from(name.value.as_str()) }];
            Some(Plan::Write { actions, returns: false, wildcard: false, question: None })
        }
        _ => None,
    }
}
