//! The rows of a write, asked of the database beside the write.

use cache_core::{Change, Value};
use cache_sql::{Counted, Dialect, Exact};

use super::catalogue::Subject;
use super::database::Database;

/// The conversation about one write, in a transaction where there has to be one.
pub(super) struct Conversation<'a> {
    exact: Option<Exact>,
    text: &'a str,
    binds: &'a [Value],
}

impl<'a> Conversation<'a> {
    /// Begins it; the write is to run next.
    pub(super) fn about<D: Database>(
        subject: &Subject,
        database: &mut D,
        text: &'a str,
        binds: &'a [Value],
        wanted: bool,
    ) -> Self {
        let mut exact = if wanted { subject.exact(text, binds) } else { None };
        if let Some(exact) = &mut exact {
            if D::DIALECT != Dialect::Sqlite {
                assert!(database.define("BEGIN"));
            }
            while let Some(ask) = exact.before() {
                exact.answer(database.ask(&ask, text, binds).ok_or("it failed"));
            }
            assert!(!exact.is_broken(), "{text}");
        }
        Conversation { exact, text, binds }
    }

    /// Ends it and its transaction: the write has run, and has written or returned so many rows, if it did not fail.
    pub(super) fn run<D: Database>(&mut self, database: &mut D, rows: Option<u64>, returned: bool) {
        let Some(exact) = &mut self.exact else { return };
        if let Some(rows) = rows {
            exact.written(if returned { Counted::Returned { rows, all: true } } else { Counted::Affected(rows) });
            while let Some(ask) = exact.after() {
                exact.answer(database.ask(&ask, self.text, self.binds).ok_or("it failed"));
            }
            assert!(!exact.is_broken(), "{}", self.text);
        }
        if D::DIALECT != Dialect::Sqlite {
            // A constraint may be broken no sooner than here.
            database.define(if rows.is_some() { "COMMIT" } else { "ROLLBACK" });
        }
    }

    /// What was changed, where that was told.
    pub(super) fn changes(&self) -> Option<Vec<Change>> {
        self.exact.as_ref()?.tested()
    }
}
