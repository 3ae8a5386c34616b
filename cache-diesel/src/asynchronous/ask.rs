//! One query, answered from the cache or by the database.

use std::sync::Arc;

use cache_core::{Cache, Codec, Key};
use cache_sql::adapter::{Admission, Asked, Lookup, Options, Session};
use diesel::query_builder::QueryFragment;
use diesel::result::{Error, OptionalExtension, QueryResult};
use diesel_async::{AsyncConnectionCore, RunQueryDsl, methods};

use super::cached::AsyncSource;
use crate::ask::{Place, key};
use crate::backend::{Binds, CachedBackend, text};
use crate::cached::{weigh_one, weigh_rows};

/// A query that may be cached.
struct Query {
    session: Session,
    sql: String,
    binds: Binds,
    key: Key,
}

impl Query {
    /// `None` for a text that may write.
    fn new<T, C, Q>(kind: &str, options: &Options, query: &Q, conn: &C) -> QueryResult<Option<Self>>
    where
        T: 'static,
        C: AsyncSource,
        C::Backend: CachedBackend,
        Q: QueryFragment<<C as AsyncConnectionCore>::Backend>,
    {
        let sql = text::<C::Backend, Q>(query)?;
        let session = conn.session().clone();
        if !session.database().only_reads(&sql) {
            return Ok(None);
        }
        let binds = <C::Backend as CachedBackend>::binds(query)?;
        let key = key::<T>(kind, &sql, &binds, options);
        Ok(Some(Query { session, sql, binds, key }))
    }

    /// Whether it is cached.
    async fn admit<C: AsyncSource>(&self, asked: Asked, cache: &Cache, options: &Options, conn: &mut C) -> Admission {
        conn.answer(self.session.wants_schema_to_admit(cache, options)).await;
        self.session.admit(cache, options, asked, &self.sql)
    }
}

/// Ends the lookup for the connection, also when its future is dropped.
struct LookingUp<'c, C: AsyncSource>(&'c mut C);

impl<'c, C: AsyncSource> LookingUp<'c, C> {
    async fn begin(conn: &'c mut C, sql: &str) -> Self {
        conn.prepare(sql).await;
        conn.looks_up(true);
        LookingUp(conn)
    }
}

impl<C: AsyncSource> Drop for LookingUp<'_, C> {
    fn drop(&mut self) {
        self.0.looks_up(false);
    }
}

pub(super) async fn all<'query, Q, C, U>(
    query: Q,
    cache: &Cache,
    options: &Options,
    codec: Option<Codec>,
    conn: &mut C,
) -> QueryResult<Arc<Vec<U>>>
where
    C: AsyncSource,
    C::Backend: CachedBackend,
    Q: methods::LoadQuery<'query, C, U> + QueryFragment<<C as AsyncConnectionCore>::Backend> + Send + 'query,
    U: Clone + Send + Sync + 'static,
{
    let Some(asking) = Query::new::<Arc<Vec<U>>, C, Q>("all", options, &query, conn)? else {
        return RunQueryDsl::load(query, conn).await.map(Arc::new);
    };
    let admission = asking.admit(Asked::Rows, cache, options, conn).await;
    let Query { session, sql, binds, key } = asking;
    let sent = &sql;
    let work = move || async move {
        let asking = LookingUp::begin(conn, sent).await;
        RunQueryDsl::load(query, &mut *asking.0).await.map(Arc::new)
    };
    let dependencies = || session.database().dependencies(&sql, &binds.values);
    let lookup = Lookup::new(cache, options, key).admitted(admission).codec(codec);
    lookup.run_async::<_, Error, _>(&Place(&session), weigh_rows, dependencies, work).await
}

pub(super) async fn one<'query, Q, C, U>(
    query: Q,
    cache: &Cache,
    options: &Options,
    asked: Asked,
    codec: Option<Codec>,
    conn: &mut C,
) -> QueryResult<U>
where
    C: AsyncSource,
    C::Backend: CachedBackend,
    Q: methods::LoadQuery<'query, C, U> + QueryFragment<<C as AsyncConnectionCore>::Backend> + Send + 'query,
    U: Clone + Send + Sync + 'static,
{
    let Some(asking) = Query::new::<Option<U>, C, Q>("one", options, &query, conn)? else {
        return RunQueryDsl::get_result(query, conn).await;
    };
    let admission = asking.admit(asked, cache, options, conn).await;
    let Query { session, sql, binds, key } = asking;
    let sent = &sql;
    let work = move || async move {
        let asking = LookingUp::begin(conn, sent).await;
        RunQueryDsl::get_result(query, &mut *asking.0).await.optional()
    };
    let dependencies = || session.database().dependencies(&sql, &binds.values);
    let lookup = Lookup::new(cache, options, key).admitted(admission).codec(codec);
    let row = lookup.run_async::<_, Error, _>(&Place(&session), weigh_one, dependencies, work).await?;
    row.ok_or(Error::NotFound)
}
