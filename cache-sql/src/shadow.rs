//! Statements after which a name means another table than before, for the connection that runs them.

use std::sync::Arc;

use sqlparser::tokenizer::{Token, Word};

use crate::Dialect;
use crate::tokens::Segment;

/// What a definition does to the names that later statements use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shadow {
    /// It changes the schema that all connections see as well.
    AndMore(Arc<str>),
    /// Nobody else sees it, and it leaves the open transaction alone.
    Alone(Arc<str>),
}

/// Recognises a definition that gives a name another meaning for one connection; `None` for any other statement.
pub(crate) fn shadow(dialect: Dialect, segment: &Segment) -> Option<Shadow> {
    let words: Vec<&str> = segment.words.iter().map(String::as_str).collect();
    let temporary = |words: &[&str]| words.iter().any(|word| matches!(*word, "TEMP" | "TEMPORARY"));
    let hides = || Arc::from("a temporary table takes the name of another for one connection");
    match (dialect, &words[..]) {
        (Dialect::Sqlite, _) => None,
        (Dialect::MySql, ["CREATE" | "DROP" | "SET" | "USE", ..]) if segment.conditional => {
            Some(Shadow::AndMore("a comment that may run".into()))
        }
        (Dialect::MySql, ["CREATE" | "DROP", rest @ ..]) if temporary(kind(rest)) => Some(Shadow::Alone(hides())),
        (Dialect::MySql, _) => None,
        (Dialect::Postgres, ["ALTER", rest @ ..]) if rest.windows(2).any(|pair| pair == ["SET", "SCHEMA"]) => {
            Some(Shadow::AndMore("a name moves to another schema".into()))
        }
        (Dialect::Postgres, ["CREATE", rest @ ..]) if temporary(kind(rest)) || is_in_temporary_schema(segment) => {
            // Outside of a transaction it is gone at once, and inside of one nothing is served after a definition.
            let goes = words.windows(3).any(|words| words == ["ON", "COMMIT", "DROP"]);
            (!goes).then(|| Shadow::AndMore(hides()))
        }
        (Dialect::Postgres, ["SELECT" | "WITH" | "(", ..]) => {
            let mut targets = words.windows(3).filter(|words| words[0] == "INTO");
            targets.any(|words| temporary(&words[1..])).then(|| Shadow::AndMore(hides()))
        }
        _ => None,
    }
}

/// The words between CREATE or DROP and the kind of what is made or dropped.
fn kind<'a, 'w>(words: &'a [&'w str]) -> &'a [&'w str] {
    let end = words.iter().position(|word| matches!(*word, "TABLE" | "VIEW" | "SEQUENCE" | "(" | "AS"));
    &words[..end.unwrap_or(0)]
}

/// Whether a name is qualified with the schema of the connection's own.
fn is_in_temporary_schema(segment: &Segment) -> bool {
    let tokens: Vec<&Token> = segment.meaningful().collect();
    tokens.windows(2).any(|pair| match pair {
        [Token::Word(Word { value, .. }), Token::Period] => value.to_ascii_lowercase().starts_with("pg_temp"),
        _ => false,
    })
}
