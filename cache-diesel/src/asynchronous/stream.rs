//! The rows of a statement.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cache_sql::adapter::{Announcement, Outcome};
use diesel::result::QueryResult;
use futures::Stream;

/// The rows of a statement that went through a [`CachedAsyncConnection`](super::CachedAsyncConnection).
pub struct CachedStream<S, R> {
    rows: Rows<S, R>,
    /// Of a read.
    announcement: Option<Announcement>,
}

enum Rows<S, R> {
    Live(Pin<Box<S>>),
    Drained(VecDeque<QueryResult<R>>),
}

/// Nothing in here is pinned where it lies.
impl<S, R> Unpin for CachedStream<S, R> {}

impl<S, R> CachedStream<S, R> {
    pub(super) fn live(rows: Pin<Box<S>>, announcement: Announcement) -> Self {
        CachedStream { rows: Rows::Live(rows), announcement: Some(announcement) }
    }

    pub(super) fn drained(rows: VecDeque<QueryResult<R>>) -> Self {
        CachedStream { rows: Rows::Drained(rows), announcement: None }
    }

    fn over(&mut self) {
        if let Some(announcement) = self.announcement.take() {
            announcement.over(Outcome::Done, None);
        }
    }
}

impl<S: Stream<Item = QueryResult<R>>, R> Stream for CachedStream<S, R> {
    type Item = QueryResult<R>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.rows {
            Rows::Drained(rows) => Poll::Ready(rows.pop_front()),
            Rows::Live(rows) => {
                let next = ready!(rows.as_mut().poll_next(context));
                if next.is_none() {
                    self.over();
                }
                Poll::Ready(next)
            }
        }
    }
}

impl<S, R> Drop for CachedStream<S, R> {
    fn drop(&mut self) {
        self.over();
    }
}

impl<S, R> fmt::Debug for CachedStream<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedStream").field("announcement", &self.announcement).finish_non_exhaustive()
    }
}
