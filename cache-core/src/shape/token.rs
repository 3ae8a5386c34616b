//! Tokens: hashed values of columns, by which an intent that holds row images is matched with a conjunction.

use std::fmt::{self, Write};

use smallvec::SmallVec;

use super::name::encode;
use crate::change::Row;
use crate::dependency::{Column, Conjunction, Test};
use crate::key::ConjunctionHasher;
use crate::value::{Class, Value};

/// One column's value as `column:class=hash`.
///
/// A row that has no token for a column and class may hold anything there, so what cannot be said by equality
/// (ranges, lists, NULL) has no token and only widens the match.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Token {
    column: Column,
    class: Class,
    hash: u64,
}

impl Token {
    fn new(column: &Column, value: &Value, table: &ConjunctionHasher) -> Self {
        let mut hasher = table.clone();
        hasher.write_bytes(b"token");
        hasher.write_bytes(column.as_str().as_bytes());
        hasher.write_bytes(&value.canonical());
        Token { column: column.clone(), class: value.class(), hash: hasher.finish() }
    }

    /// What a row has to hold to satisfy a conjunction, as far as equality says it.
    pub(crate) fn of_conjunction(conjunction: &Conjunction, table: &ConjunctionHasher) -> SmallVec<[Token; 2]> {
        let tests = conjunction.conditions().iter().filter_map(|condition| match condition.test() {
            Test::In(values) => match &values[..] {
                [value] => Some(Token::new(condition.column(), value, table)),
                _ => None,
            },
            _ => None,
        });
        tests.collect()
    }

    /// What a row holds, as one line for an intent: `|a:2=..|b:4=..|`, and `|` for a row of which nothing is known.
    pub(crate) fn line_of_row(row: &Row, table: &ConjunctionHasher) -> String {
        let mut line = String::from("|");
        for (column, value) in row.iter() {
            if !matches!(value, Value::Null) {
                let _ = write!(line, "{}|", Token::new(column, value, table));
            }
        }
        line
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        encode(self.column.as_str(), f)?;
        write!(f, ":{}={:016x}", self.class as u8, self.hash)
    }
}
