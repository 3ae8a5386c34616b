//! The futures of statements, and their end.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cache_sql::adapter::{Announcement, Outcome, Returned};
use diesel::result::{Error, QueryResult};
use diesel_async::AsyncConnectionCore;
use futures::Stream;

use super::stream::CachedStream;
use crate::backend::{CachedBackend, violates};
use crate::cursor::note;

/// The future of a statement that returns no rows.
pub struct CachedExecute<F>(Execution<F>);

enum Execution<F> {
    Failed(Option<Error>),
    Sent(Pin<Box<F>>, Option<Box<Announcement>>),
}

impl<F> CachedExecute<F> {
    pub(super) fn new(future: F, announcement: Announcement) -> Self {
        CachedExecute(Execution::Sent(Box::pin(future), Some(Box::new(announcement))))
    }

    pub(super) fn failed(error: Error) -> Self {
        CachedExecute(Execution::Failed(Some(error)))
    }
}

impl<F: Future<Output = QueryResult<usize>>> Future for CachedExecute<F> {
    type Output = QueryResult<usize>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Execution::Sent(future, announcement) => {
                let result = ready!(future.as_mut().poll(context));
                if let Some(announcement) = announcement.take() {
                    announcement.over(Outcome::of(&result, violates), None);
                }
                Poll::Ready(result)
            }
            Execution::Failed(error) => Poll::Ready(Err(error.take().unwrap_or(Error::NotFound))),
        }
    }
}

impl<F> fmt::Debug for CachedExecute<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedExecute").finish_non_exhaustive()
    }
}

/// The future of a statement that returns rows; for a write it is ready when the last of them has come.
pub struct CachedLoad<'conn, 'query, C: AsyncConnectionCore> {
    state: State<C::LoadFuture<'conn, 'query>, C::Stream<'conn, 'query>>,
    rows: VecDeque<QueryResult<C::Row<'conn, 'query>>>,
    announcement: Option<Announcement>,
    returned: Option<Returned>,
}

enum State<F, S> {
    Failed(Option<Error>),
    Sent(Pin<Box<F>>),
    Draining(Pin<Box<S>>),
}

/// Nothing in here is pinned where it lies.
impl<C: AsyncConnectionCore> Unpin for CachedLoad<'_, '_, C> {}

impl<'conn, 'query, C: AsyncConnectionCore> CachedLoad<'conn, 'query, C> {
    pub(super) fn new(future: C::LoadFuture<'conn, 'query>, announcement: Announcement) -> Self {
        let returned = announcement.wants_rows().then(Returned::default);
        let announcement = Some(announcement);
        CachedLoad { state: State::Sent(Box::pin(future)), rows: VecDeque::new(), announcement, returned }
    }

    pub(super) fn failed(error: Error) -> Self {
        let state = State::Failed(Some(error));
        CachedLoad { state, rows: VecDeque::new(), announcement: None, returned: None }
    }

    fn over(&mut self, outcome: Outcome) {
        if let Some(announcement) = self.announcement.take() {
            let returned = self.returned.take().map(|returned| Returned { all: true, ..returned });
            announcement.over(outcome, returned);
        }
    }
}

impl<'conn, 'query, C> Future for CachedLoad<'conn, 'query, C>
where
    C: AsyncConnectionCore,
    C::Backend: CachedBackend,
{
    type Output = QueryResult<CachedStream<'conn, 'query, C>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Failed(error) => return Poll::Ready(Err(error.take().unwrap_or(Error::NotFound))),
                State::Sent(future) => match ready!(future.as_mut().poll(context)) {
                    Err(error) => {
                        this.over(if violates(&error) { Outcome::Violated } else { Outcome::Failed });
                        return Poll::Ready(Err(error));
                    }
                    Ok(rows) => {
                        if let Some(announcement) = this.announcement.take_if(|announcement| announcement.is_read()) {
                            return Poll::Ready(Ok(CachedStream::live(Box::pin(rows), announcement)));
                        }
                        this.state = State::Draining(Box::pin(rows));
                    }
                },
                State::Draining(rows) => match ready!(rows.as_mut().poll_next(context)) {
                    Some(row) => {
                        match &row {
                            Ok(row) => note::<C::Backend, C::Row<'conn, 'query>>(&mut this.returned, row),
                            Err(error) => {
                                let outcome = if violates(error) { Outcome::Violated } else { Outcome::Failed };
                                this.over(outcome);
                            }
                        }
                        this.rows.push_back(row);
                    }
                    None => {
                        this.over(Outcome::Done);
                        return Poll::Ready(Ok(CachedStream::drained(std::mem::take(&mut this.rows))));
                    }
                },
            }
        }
    }
}

impl<C: AsyncConnectionCore> fmt::Debug for CachedLoad<'_, '_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedLoad").field("announcement", &self.announcement).finish_non_exhaustive()
    }
}
