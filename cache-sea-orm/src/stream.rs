//! Streams of rows, and writes that hide in them.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use cache_sql::adapter::Outcome;
use cache_sql::adapter::detached::Detached;
use futures::Stream;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, StreamTrait};

use crate::connection::{CachedConnection, carry, failure};

/// Rows of a statement run through a [`CachedConnection`].
///
/// A reading statement is passed through row by row. A writing one (`UPDATE … RETURNING`) has run to its
/// end, and its changes are applied, before the first row is handed out: a stream that is dropped half way
/// would otherwise end the statement at a moment that nobody can know.
pub struct CachedStream<S> {
    rows: Rows<S>,
}

enum Rows<S> {
    Live(Pin<Box<S>>),
    Done(std::vec::IntoIter<QueryResult>),
}

impl<S: Stream<Item = Result<QueryResult, DbErr>>> Stream for CachedStream<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.rows {
            Rows::Live(stream) => stream.as_mut().poll_next(context),
            Rows::Done(rows) => Poll::Ready(rows.next().map(Ok)),
        }
    }
}

impl<S> fmt::Debug for CachedStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedStream").finish_non_exhaustive()
    }
}

impl<C: ConnectionTrait + StreamTrait + 'static> StreamTrait for CachedConnection<C> {
    type Stream<'a> = CachedStream<C::Stream<'a>>;

    fn get_database_backend(&self) -> DbBackend {
        self.backend()
    }

    fn stream_raw<'a>(
        &'a self,
        stmt: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<Self::Stream<'a>, DbErr>> + 'a + Send>> {
        Box::pin(async move {
            let rows = if self.session.database().only_reads(&stmt.sql) {
                let mut announcement = self.announce(&stmt.sql, stmt.values.as_ref()).await;
                announcement.permission().await.map_err(failure)?;
                let stream = self.inner.stream_raw(stmt).await;
                // The stream holds the connection: whatever went before it is known by now.
                let told = announcement.over(Outcome::Done, None).await;
                let stream = stream?;
                told.map_err(failure)?;
                Rows::Live(Box::pin(stream))
            } else {
                let rows: Result<Vec<QueryResult>, DbErr> =
                    carry!(self, &stmt.sql, stmt.values.as_ref(), |inner| inner.query_all_raw(stmt));
                Rows::Done(rows?.into_iter())
            };
            Ok(CachedStream { rows })
        })
    }
}
