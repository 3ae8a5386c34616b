//! What a notification says.

use std::collections::BTreeMap;

use cache_core::Table;
use cache_sql::{Document, Fields, Written};
use serde::Deserialize;

/// The form that is understood; the triggers put it into each notification.
const VERSION: u32 = 1;

/// A notification that was understood.
#[derive(Debug, PartialEq)]
pub(crate) enum Message {
    /// The schema has changed.
    Define,
    Write {
        /// Schema and table.
        name: (String, String),
        /// The columns that the rows have.
        fingerprint: Option<String>,
        document: Document,
    },
}

#[derive(Deserialize)]
struct Payload {
    version: u32,
    operation: String,
    #[serde(default)]
    schema: Option<String>,
    #[serde(default)]
    table: Option<String>,
    #[serde(default)]
    columns: Option<String>,
    #[serde(default)]
    before: Option<Vec<BTreeMap<String, Option<String>>>>,
    #[serde(default)]
    after: Option<Vec<BTreeMap<String, Option<String>>>>,
}

impl Message {
    /// `None` for what is not understood.
    pub(crate) fn parse(payload: &str) -> Option<Self> {
        let payload: Payload = serde_json::from_str(payload).ok()?;
        if payload.version != VERSION {
            return None;
        }
        let written = match &*payload.operation {
            "define" => return Some(Message::Define),
            "insert" => Written::Inserted,
            "update" => Written::Updated,
            "delete" => Written::Deleted,
            "truncate" => Written::Truncated,
            _ => return None,
        };
        let name = (payload.schema?, payload.table?);
        let rows = match (payload.before, payload.after) {
            (Some(before), Some(after)) => Some((fields(before), fields(after))),
            (None, None) => None,
            _ => return None,
        };
        let is_whole = match (&rows, written) {
            (None, _) => true,
            (Some((before, after)), Written::Inserted) => before.is_empty() && !after.is_empty(),
            (Some((before, after)), Written::Deleted) => !before.is_empty() && after.is_empty(),
            (Some((before, after)), Written::Updated) => before.len() == after.len() && !before.is_empty(),
            _ => false,
        };
        let document = Document { table: Table::from(&*name.1), written, rows };
        is_whole.then_some(Message::Write { name, fingerprint: payload.columns, document })
    }
}

fn fields(rows: Vec<BTreeMap<String, Option<String>>>) -> Vec<Fields> {
    rows.into_iter().map(|row| row.into_iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_whole_is_not_understood() {
        let insert = r#"{"version": 1, "schema": "s", "table": "t", "operation": "insert", "columns": "5",
            "before": [], "after": [{"id": "7", "x": null}]}"#;
        let Some(Message::Write { document, .. }) = Message::parse(insert) else { panic!("{insert}") };
        assert_eq!(document.rows.unwrap().1, [[("id".into(), Some("7".into())), ("x".into(), None)]]);
        for (from, to) in [
            (r#""version": 1"#, r#""version": 2"#),
            (r#""insert""#, r#""delete""#),
            (r#""insert""#, r#""merge""#),
            (r#""before": [], "#, ""),
            (r#"[{"id": "7", "x": null}]"#, "[]"),
            (r#""7""#, "7"),
            (r#""table": "t", "#, ""),
        ] {
            assert!(insert.contains(from));
            assert_eq!(Message::parse(&insert.replace(from, to)), None, "{from} -> {to}");
        }
        assert_eq!(Message::parse("x"), None);
        assert_eq!(Message::parse(r#"{"version": 1, "operation": "define"}"#), Some(Message::Define));
    }
}
