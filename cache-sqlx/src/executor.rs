//! The wrappers as executors of SQLx: plain queries run through them uncached, and their writes are seen.

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use sqlx::{Either, Error, Execute, Executor, SqlStr};

use crate::backend::{Backend, Sent};
use crate::connection::CachedConnection;
use crate::pool::CachedPool;
use crate::source::Source;
use crate::transaction::CachedTransaction;

macro_rules! executor {
    ($([$($generics:tt)*] $kind:ty, |$place:ident| $connection:expr;)*) => {$(
        /// Plain queries and those made by SQLx's macros, uncached. Their writes are seen; which values they bind is not, so
        /// that a write may drop more than one made by [`crate::query()`].
        impl<'c, $($generics)*> Executor<'c> for $kind {
            type Database = DB;

            fn fetch_many<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> BoxStream<'e, Result<Either<DB::QueryResult, DB::Row>, Error>>
            where
                'c: 'e,
                E: 'q + Execute<'q, DB>,
            {
                self.seat().steps(Sent::of(query), Vec::new())
            }

            fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<DB::Row>, Error>>
            where
                'c: 'e,
                E: 'q + Execute<'q, DB>,
            {
                Box::pin(self.seat().optional(Sent::of(query), Vec::new()))
            }

            fn prepare_with<'e>(
                self,
                sql: SqlStr,
                parameters: &'e [DB::TypeInfo],
            ) -> BoxFuture<'e, Result<DB::Statement, Error>>
            where
                'c: 'e,
            {
                let $place = self;
                Box::pin(async move { DB::prepare_with($connection, sql, parameters).await })
            }

            fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<sqlx_core::describe::Describe<DB>, Error>>
            where
                'c: 'e,
            {
                let $place = self;
                Box::pin(async move { DB::describe($connection, sql).await })
            }
        }
    )*};
}

executor! {
    [DB: Backend] &'c CachedPool<DB>, |place| &mut *place.pool.acquire().await?;
    [DB: Backend] &'c mut CachedConnection<DB>, |place| place.wire.get().await?;
    [DB: Backend] &'c mut CachedTransaction<'_, DB>, |place| place.hold.wire().get().await?;
}
