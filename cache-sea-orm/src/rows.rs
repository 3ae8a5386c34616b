//! Kept rows as a stream.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;
use sea_orm::DbErr;

/// Rows out of the cache, one by one; made by [`Cached::stream`](crate::Cached::stream).
pub struct CachedRows<T> {
    rows: Arc<Vec<T>>,
    next: usize,
}

impl<T> CachedRows<T> {
    pub(crate) fn new(rows: Arc<Vec<T>>) -> Self {
        CachedRows { rows, next: 0 }
    }
}

impl<T: Clone> Stream for CachedRows<T> {
    type Item = Result<T, DbErr>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let row = self.rows.get(self.next).cloned();
        self.next += 1;
        Poll::Ready(row.map(Ok))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.rows.len().saturating_sub(self.next);
        (left, Some(left))
    }
}

impl<T> fmt::Debug for CachedRows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedRows").field("rows", &self.rows.len()).field("next", &self.next).finish()
    }
}
