//! The rows of a statement.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cache_sql::adapter::{Announcement, Outcome};
use diesel::result::QueryResult;
use diesel_async::AsyncConnectionCore;
use futures::Stream;

/// The rows of a statement that went through a [`CachedAsyncConnection`](super::CachedAsyncConnection).
pub struct CachedStream<'conn, 'query, C: AsyncConnectionCore> {
    rows: Rows<C::Stream<'conn, 'query>, C::Row<'conn, 'query>>,
    /// Of a read.
    announcement: Option<Announcement>,
}

enum Rows<S, R> {
    Live(Pin<Box<S>>),
    Drained(VecDeque<QueryResult<R>>),
}

/// Nothing in here is pinned where it lies.
impl<C: AsyncConnectionCore> Unpin for CachedStream<'_, '_, C> {}

impl<'conn, 'query, C: AsyncConnectionCore> CachedStream<'conn, 'query, C> {
    pub(super) fn live(rows: Pin<Box<C::Stream<'conn, 'query>>>, announcement: Announcement) -> Self {
        CachedStream { rows: Rows::Live(rows), announcement: Some(announcement) }
    }

    pub(super) fn drained(rows: VecDeque<QueryResult<C::Row<'conn, 'query>>>) -> Self {
        CachedStream { rows: Rows::Drained(rows), announcement: None }
    }

    fn over(&mut self) {
        if let Some(announcement) = self.announcement.take() {
            // Of a read there is nothing to wait for but what others have left behind.
            drop(announcement.over(Outcome::Done, None));
        }
    }
}

impl<'conn, 'query, C: AsyncConnectionCore> Stream for CachedStream<'conn, 'query, C> {
    type Item = QueryResult<C::Row<'conn, 'query>>;

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

impl<C: AsyncConnectionCore> Drop for CachedStream<'_, '_, C> {
    fn drop(&mut self) {
        self.over();
    }
}

impl<C: AsyncConnectionCore> fmt::Debug for CachedStream<'_, '_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedStream").field("announcement", &self.announcement).finish_non_exhaustive()
    }
}
