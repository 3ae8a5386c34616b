//! The rows of a statement, and the end of the statement when they have been read.

use std::fmt;
use std::marker::PhantomData;

use cache_core::{Row as Image, Value};
use cache_sql::adapter::{Announcement, Outcome, Returned};
use diesel::result::QueryResult;
use diesel::row::{Field, Row};

use crate::backend::{CachedBackend, violates};

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
    row: PhantomData<fn(&'conn DB) -> R>,
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
        CachedCursor { rows: Some(rows), announcement, returned, begun: false, row: PhantomData }
    }

    fn over(&mut self, outcome: Outcome, all: bool) {
        self.rows = None;
        if let Some(announcement) = self.announcement.take() {
            let returned = self.returned.take().map(|returned| Returned { all, ..returned });
            announcement.over(outcome, returned);
        }
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

    fn next(&mut self) -> Option<Self::Item> {
        self.begun = true;
        let next = self.rows.as_mut()?.next();
        match &next {
            Some(Ok(row)) => note::<DB, R>(&mut self.returned, row),
            Some(Err(error)) => {
                let outcome = if violates(error) { Outcome::Violated } else { Outcome::Failed };
                self.over(outcome, false);
            }
            None => self.over(Outcome::Done, true),
        }
        next
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.as_ref().map_or((0, Some(0)), Iterator::size_hint)
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
        if reads {
            self.over(Outcome::Done, false);
        } else if self.begun && !std::thread::panicking() {
            if let Some(Ok(row)) = self.next() {
                drop(row);
                self.over(Outcome::Done, false);
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
