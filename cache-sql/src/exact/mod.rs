//! Exact row images: what the rows of a write were and became, asked of the database.
//!
//! A statement tells of its rows what its text tells. Where that is too little, the database can be asked: SQLite by temporary
//! triggers that note every row that is written, also by cascades and other triggers; PostgreSQL and MySQL by reading and locking the rows
//! of an UPDATE or DELETE before it runs. All of it happens on the connection and in the transaction of the statement.

mod literal;
mod outbox;
mod probe;
mod question;
#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::sync::Arc;

use cache_core::{Change, Row, Table};

use outbox::Outbox;
use probe::Probe;
pub(crate) use question::Question;

use crate::bind::Binds;
use crate::catalogue::Catalogue;
use crate::plan::Plan;
use crate::tokens::segments;
use crate::write::Images;
use crate::{Analyser, Bind, Dialect};

/// More rows than this in one statement are told by its text.
const MAX_ROWS: usize = 1_024;

/// A question that an adapter puts to the database, on the connection and in the transaction of the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ask {
    /// The text. Every column of its rows is text that is never NULL.
    pub sql: String,
    /// Its binds: the places, counted from 0, that they have among those of the statement itself.
    pub binds: Vec<usize>,
    /// Several statements without binds that give no rows.
    pub script: bool,
}

impl Ask {
    fn query(sql: impl Into<String>) -> Self {
        Ask { sql: sql.into(), binds: Vec::new(), script: false }
    }

    fn script(sql: impl Into<String>) -> Self {
        Ask { sql: sql.into(), binds: Vec::new(), script: true }
    }
}

/// The number of rows that a statement has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// As the database says it. A row counts that was found, also where nothing changes in it: of MySQL's two ways to count
    /// that is the one of `CLIENT_FOUND_ROWS`.
    Affected(u64),
    /// As many as came back, were the statement to return those that it writes.
    Returned {
        /// The rows.
        rows: u64,
        /// Whether there were no others.
        all: bool,
    },
}

/// The conversation with the database about the rows of one write.
///
/// Put the questions of [`Exact::before`] one after the other, each with its [`Exact::answer`], until there is none. If
/// [`Exact::is_broken`] then, the database has ended the transaction: answer the caller with the error of the first question that failed, and
/// do not run the statement. Otherwise run it, say [`Exact::written`], put the questions of [`Exact::after`], and look whether it is broken
/// again; then hand it to [`Announcement::tell`](crate::adapter::Announcement::tell). Any other error leaves the text of the statement to
/// tell what it has changed.
#[derive(Debug)]
#[must_use = "hand it to the announcement"]
pub struct Exact {
    analyser: Arc<Analyser>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Outbox(Outbox),
    Probe(Probe),
}

impl Exact {
    /// The conversation about a statement; `None` where it would tell no more than the text.
    pub(crate) fn about(analyser: &Arc<Analyser>, sql: &str, binds: &[Bind]) -> Option<Self> {
        let plans = analyser.plans_of(sql);
        let kind = match analyser.dialect() {
            Dialect::Sqlite => {
                // A trigger that ends with `RAISE(IGNORE)` keeps back the notes as well.
                let known = analyser.known();
                let catalogue = known.catalogue()?;
                let notes = plans.iter().all(|plan| plan.notes_rows(catalogue)) && !catalogue.withholds();
                notes.then(|| Kind::Outbox(Outbox::new()))?
            }
            dialect => Kind::Probe(Probe::about(plans, dialect, binds, analyser.known().catalogue())?),
        };
        Some(Exact { analyser: Arc::clone(analyser), kind })
    }

    #[doc(hidden)]
    #[cfg(feature = "testing")]
    pub fn testing(analyser: &Arc<Analyser>, sql: &str, binds: &[Bind]) -> Option<Self> {
        Exact::about(analyser, sql, binds)
    }

    #[doc(hidden)]
    #[cfg(feature = "testing")]
    pub fn tested(&self) -> Option<Vec<Change>> {
        self.changes()
    }

    /// What has to be put away before the schema is changed.
    ///
    /// `None` where a statement would fail, or mean something else, in a transaction.
    pub(crate) fn clearing(analyser: &Arc<Analyser>, sql: &str) -> Option<Self> {
        const INSIDE: [&str; 7] = ["ALTER", "CREATE", "DROP", "INSERT", "REPLACE", "UPDATE", "DELETE"];
        let kind = Kind::Outbox(Outbox::clearing());
        let segments = segments(analyser.dialect(), sql).ok()?;
        let inside = segments.iter().all(|segment| INSIDE.contains(&segment.first_word().as_str()));
        (analyser.dialect() == Dialect::Sqlite && inside).then(|| Exact { analyser: Arc::clone(analyser), kind })
    }

    /// The next question before the statement runs.
    pub fn before(&mut self) -> Option<Ask> {
        match &mut self.kind {
            Kind::Outbox(outbox) => outbox.before(),
            Kind::Probe(probe) => probe.before(),
        }
    }

    /// The statement has run, and this is what is known of the number of rows. Where nothing is, say nothing.
    pub fn written(&mut self, rows: Counted) {
        if let Kind::Probe(probe) = &mut self.kind {
            probe.written(rows, self.analyser.known().catalogue());
        }
    }

    /// The next question after it has run.
    pub fn after(&mut self) -> Option<Ask> {
        match &mut self.kind {
            Kind::Outbox(outbox) => outbox.after(),
            Kind::Probe(probe) => probe.after(),
        }
    }

    /// The answer to the last question.
    pub fn answer<E: Display>(&mut self, rows: Result<Vec<Vec<String>>, E>) {
        let rows = rows
            .inspect_err(
                |error| tracing::warn!(%error, "the rows of a write could not be asked for: its text tells them"),
            )
            .ok();
        match &mut self.kind {
            Kind::Outbox(outbox) => outbox.answer(rows),
            Kind::Probe(probe) => probe.answer(rows, self.analyser.known().catalogue()),
        }
    }

    /// Whether a question has cost the transaction in which it was put.
    pub fn is_broken(&self) -> bool {
        matches!(&self.kind, Kind::Probe(probe) if probe.is_broken())
    }

    /// What was written, when that is known to the row.
    pub(crate) fn changes(&self) -> Option<Vec<Change>> {
        let known = self.analyser.known();
        match &self.kind {
            Kind::Outbox(outbox) => outbox.changes(known.catalogue()?),
            Kind::Probe(probe) => probe.changes(known.catalogue()?),
        }
    }

    /// Whether the transaction of the statement has to stay open until the conversation is over.
    pub(crate) fn locks(&self) -> bool {
        matches!(self.kind, Kind::Probe(_))
    }
}

/// What may be said of a row that the database has told.
fn known(catalogue: &Catalogue, dialect: Dialect, table: &Table, row: Row) -> Row {
    let binds = Binds { dialect, values: &[] };
    Images { table, binds, catalogue: Some(catalogue) }.known(row)
}

/// The change that turns one row into another; any row of the table where nothing may be said of one of them.
fn change(table: &Table, was: Option<Row>, now: Option<Row>) -> Change {
    match (was, now) {
        (Some(was), Some(now)) if !was.is_empty() && !now.is_empty() => Change::updated(table, was, now),
        (Some(was), None) if !was.is_empty() => Change::deleted(table, was),
        (None, Some(now)) if !now.is_empty() => Change::inserted(table, now),
        _ => Change::table(table),
    }
}

impl Plan {
    /// Whether temporary triggers see every row that the statement writes: all but those that make way for others, in tables
    /// that can have triggers after an event.
    fn notes_rows(&self, catalogue: &Catalogue) -> bool {
        let noted = |action: &crate::write::Action| {
            !action.replaces() && action.table().is_some_and(|table| catalogue.table(table).is_some())
        };
        match self {
            Plan::Write { actions, .. } => actions.iter().all(noted),
            _ => false,
        }
    }
}
