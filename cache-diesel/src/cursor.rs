//! The rows of a statement, and the end of the statement when they have been read.

use std::fmt;
use std::marker::PhantomData;

use cache_core::{Row as Image, Value};
use cache_sql::adapter::{Announcement, Outcome, Returned};
use diesel::result::QueryResult;
use diesel::row::{Field, Row};

use crate::backend::{CachedBackend, failure, violates};

/// Beyond so many returned rows the text of the statement has to do.
const MOST: usize = 1000;

/// The rows of a statement that went through a [`CachedConnection`](crate::CachedConnection).
///
/// The statement is over when the last row was taken, or when this is dropped.
pub struct CachedCursor<'conn, I, R, DB>
where
    I: Iterator<Item = QueryResult<R>>,
    R: Row<'conn, DB>,
    DB: CachedBackend,
{
    /// Dropped before the statement is said to be over: some databases end it no earlier.
    rows: Option<I>,
    /// Kept by the connection, for the case that this is leaked.
    announcement: &'conn mut Option<Announcement>,
    /// What the rows tell of a write; `None` when nobody wants to know, or when it is too much.
    returned: Option<Returned>,
    begun: bool,
    /// Of a write: the row that the caller has not got yet, because it may be the last.
    ahead: Option<R>,
    row: PhantomData<fn(&'conn DB)>,
}

impl<'conn, I, R, DB> CachedCursor<'conn, I, R, DB>
where
    I: Iterator<Item = QueryResult<R>>,
    R: Row<'conn, DB>,
    DB: CachedBackend,
{
    pub(crate) fn new(rows: I, announcement: &'conn mut Option<Announcement>) -> Self {
        let wanted = announcement.as_ref().is_some_and(Announcement::wants_rows);
        let returned = wanted.then(Returned::default);
        CachedCursor { rows: Some(rows), announcement, returned, begun: false, ahead: None, row: PhantomData }
    }

    fn over(&mut self, outcome: Outcome, all: bool) -> QueryResult<()> {
        self.rows = None;
        let Some(announcement) = self.announcement.take() else { return Ok(()) };
        let returned = self.returned.take().map(|returned| Returned { all, ..returned });
        announcement.over(outcome, returned).wait().map_err(failure)
    }

    /// The next row, as the database gives it.
    fn advance(&mut self) -> Option<QueryResult<R>> {
        self.begun = true;
        let next = self.rows.as_mut()?.next();
        match &next {
            Some(Ok(row)) => note::<DB, R>(&mut self.returned, row),
            Some(Err(error)) => {
                let outcome = if violates(error) { Outcome::Violated } else { Outcome::Failed };
                // The caller gets the error of the statement, and one of the cache is logged.
                let _ = self.over(outcome, false);
            }
            None => return self.over(Outcome::Done, true).err().map(Err),
        }
        next
    }

    /// Whether the statement has returned all rows, as far as that is known without asking.
    fn is_drained(&self) -> bool {
        self.rows.as_ref().is_some_and(|rows| rows.size_hint() == (0, Some(0)))
    }
}

/// Notes what a returned row tells.
pub(crate) fn note<'r, DB: CachedBackend, R: Row<'r, DB>>(wanted: &mut Option<Returned>, row: &R) {
    let Some(returned) = wanted else {
        return;
    };
    if returned.rows.len() == MOST {
        *wanted = None;
        return;
    }
    let mut image = Image::new();
    let mut names = Vec::with_capacity(row.field_count());
    for at in 0..row.field_count() {
        let field = row.get(at);
        let name = field.as_ref().and_then(|field| field.field_name()).unwrap_or_default();
        if let Some(field) = &field {
            let value = match field.value() {
                None => Some(Value::Null),
                Some(raw) => DB::stored(raw),
            };
            if let Some(value) = value {
                image.set(name, value);
            }
        }
        names.push(name.to_owned());
    }
    if returned.names.is_empty() {
        returned.names = names;
    }
    returned.rows.push(image);
}

impl<'conn, I, R, DB> Iterator for CachedCursor<'conn, I, R, DB>
where
    I: Iterator<Item = QueryResult<R>>,
    R: Row<'conn, DB>,
    DB: CachedBackend,
{
    type Item = QueryResult<R>;

    /// A write that could not be told to the cache gives an error in the place of its last row: many callers take no more
    /// than one.
    fn next(&mut self) -> Option<Self::Item> {
        if self.announcement.as_ref().is_none_or(Announcement::is_read) {
            return self.ahead.take().map(Ok).or_else(|| self.advance());
        }
        let row = match self.ahead.take() {
            Some(row) => row,
            None => match self.advance()? {
                Ok(row) => row,
                Err(error) => return Some(Err(error)),
            },
        };
        if self.is_drained() {
            return Some(self.over(Outcome::Done, true).map(|()| row));
        }
        if DB::KEEPS_ROWS {
            match self.advance() {
                Some(Ok(ahead)) => self.ahead = Some(ahead),
                Some(Err(error)) => return Some(Err(error)),
                None => {}
            }
        }
        Some(Ok(row))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let ahead = usize::from(self.ahead.is_some());
        let (least, most) = self.rows.as_ref().map_or((0, Some(0)), Iterator::size_hint);
        (least.saturating_add(ahead), most.and_then(|most| most.checked_add(ahead)))
    }
}

impl<'conn, I, R, DB> Drop for CachedCursor<'conn, I, R, DB>
where
    I: Iterator<Item = QueryResult<R>>,
    R: Row<'conn, DB>,
    DB: CachedBackend,
{
    /// Whoever wants one row takes one and drops the rest. A write that has returned rows is asked once more, to learn
    /// whether that was all; one that was never asked may not have run, and is not run now.
    fn drop(&mut self) {
        let reads = self.announcement.as_ref().is_none_or(Announcement::is_read);
        // There is nobody to hand an error to any more; it is logged.
        if reads {
            let _ = self.over(Outcome::Done, false);
        } else if self.begun && !std::thread::panicking() {
            let more = self.ahead.take().is_some() || matches!(self.advance(), Some(Ok(_)));
            if more {
                let _ = self.over(Outcome::Done, false);
            }
        } else {
            self.rows = None;
            *self.announcement = None;
        }
    }
}

impl<'conn, I, R, DB> fmt::Debug for CachedCursor<'conn, I, R, DB>
where
    I: Iterator<Item = QueryResult<R>>,
    R: Row<'conn, DB>,
    DB: CachedBackend,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedCursor").field("announcement", &self.announcement).finish_non_exhaustive()
    }
}
