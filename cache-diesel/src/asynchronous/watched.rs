//! The futures of statements, and their end.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cache_sql::adapter::{Announcement, Applying, Outcome, Returned};
use diesel::result::{Error, QueryResult};
use diesel_async::AsyncConnectionCore;
use futures::Stream;

use super::stream::CachedStream;
use crate::backend::{CachedBackend, failure, violates};
use crate::cursor::note;

/// The future of a statement that returns no rows.
pub struct CachedExecute<F>(Execution<F>);

enum Execution<F> {
    Failed(Option<Error>),
    Sent(Pin<Box<F>>, Option<Box<Announcement>>),
    Telling(Option<QueryResult<usize>>, Applying),
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
        loop {
            match &mut self.0 {
                Execution::Sent(future, announcement) => {
                    if let Some(announcement) = announcement
                        && let Err(refused) = ready!(permitted(announcement, context))
                    {
                        self.0 = Execution::Failed(Some(refused));
                        continue;
                    }
                    let result = ready!(future.as_mut().poll(context));
                    let outcome = Outcome::of(&result, violates);
                    let applying = announcement.take().map(|announcement| announcement.over(outcome, None));
                    self.0 = Execution::Telling(Some(result), applying.unwrap_or_default());
                }
                Execution::Telling(result, applying) => {
                    let applied = ready!(Pin::new(applying).poll(context));
                    let answer = result.take().unwrap_or(Err(Error::NotFound));
                    return Poll::Ready(answer.and_then(|count| applied.map(|()| count).map_err(failure)));
                }
                Execution::Failed(error) => return Poll::Ready(Err(error.take().unwrap_or(Error::NotFound))),
            }
        }
    }
}

impl<F> fmt::Debug for CachedExecute<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedExecute").finish_non_exhaustive()
    }
}

/// Whether the statement may be sent. Once it may, asking again costs nothing.
fn permitted(announcement: &mut Announcement, context: &mut Context<'_>) -> Poll<QueryResult<()>> {
    Pin::new(&mut announcement.permission()).poll(context).map_err(failure)
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
    /// The rows are there, or the error of the statement.
    Telling(Applying, QueryResult<()>),
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

    fn over(&mut self, outcome: Outcome) -> Applying {
        let Some(announcement) = self.announcement.take() else { return Applying::none() };
        let returned = self.returned.take().map(|returned| Returned { all: true, ..returned });
        announcement.over(outcome, returned)
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
                State::Sent(future) => {
                    if let Some(announcement) = &mut this.announcement
                        && let Err(refused) = ready!(permitted(announcement, context))
                    {
                        this.state = State::Failed(Some(refused));
                        continue;
                    }
                    match ready!(future.as_mut().poll(context)) {
                        Err(error) => {
                            let outcome = if violates(&error) { Outcome::Violated } else { Outcome::Failed };
                            this.state = State::Telling(this.over(outcome), Err(error));
                        }
                        Ok(rows) => {
                            if let Some(read) = this.announcement.take_if(|announcement| announcement.is_read()) {
                                return Poll::Ready(Ok(CachedStream::live(Box::pin(rows), read)));
                            }
                            this.state = State::Draining(Box::pin(rows));
                        }
                    }
                }
                State::Draining(rows) => match ready!(rows.as_mut().poll_next(context)) {
                    Some(row) => {
                        match &row {
                            Ok(row) => note::<C::Backend, C::Row<'conn, 'query>>(&mut this.returned, row),
                            Err(error) => {
                                let outcome = if violates(error) { Outcome::Violated } else { Outcome::Failed };
                                // The caller finds the error among the rows.
                                drop(this.over(outcome));
                            }
                        }
                        this.rows.push_back(row);
                    }
                    None => this.state = State::Telling(this.over(Outcome::Done), Ok(())),
                },
                State::Telling(applying, answered) => {
                    let applied = ready!(Pin::new(applying).poll(context));
                    let answer = std::mem::replace(answered, Ok(())).and_then(|()| applied.map_err(failure));
                    let rows = std::mem::take(&mut this.rows);
                    return Poll::Ready(answer.map(|()| CachedStream::drained(rows)));
                }
            }
        }
    }
}

impl<C: AsyncConnectionCore> fmt::Debug for CachedLoad<'_, '_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedLoad").field("announcement", &self.announcement).finish_non_exhaustive()
    }
}
