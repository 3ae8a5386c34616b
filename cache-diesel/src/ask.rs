//! One query, answered from the cache or by the database.

use cache_core::{Cache, CacheId, Codec, Connection, Key, KeyWriter, ReadPoint};
use cache_sql::adapter::{Asked, Lookup, Options, Session};
use diesel::query_builder::QueryFragment;
use diesel::result::{Error, QueryResult};

use crate::backend::{Binds, CachedBackend, text};
use crate::source::Source;

/// The way a query is to be cached, and what is asked of it.
pub(crate) struct Ask<'a> {
    pub(crate) cache: &'a Cache,
    pub(crate) options: &'a Options,
    pub(crate) kind: &'static str,
    pub(crate) asked: Asked,
    pub(crate) codec: Option<Codec>,
}

impl Ask<'_> {
    /// The cached answer, or what `work` reads.
    pub(crate) fn run<Q, C, T>(
        self,
        conn: &mut C,
        query: Q,
        weigh: fn(&T) -> u64,
        work: impl FnOnce(Q, &mut C) -> QueryResult<T>,
    ) -> QueryResult<T>
    where
        C: Source,
        Q: QueryFragment<C::Backend>,
        T: Clone + Send + Sync + 'static,
    {
        let sql = text::<C::Backend, Q>(&query)?;
        let session = conn.session().clone();
        if !session.database().only_reads(&sql) {
            return work(query, conn);
        }
        if let Some(request) = session.wants_schema_to_admit(self.cache, self.options) {
            conn.answer(request);
        }
        let admission = session.admit(self.cache, self.options, self.asked, &sql);
        let binds = C::Backend::binds(&query)?;
        let key = key::<T>(self.kind, &sql, &binds, self.options);
        let dependencies = || session.database().dependencies(&sql, &binds.values);
        let lookup = Lookup::new(self.cache, self.options, key).admitted(admission).codec(self.codec);
        lookup.run::<T, Error>(&Place(&session), weigh, dependencies, || {
            conn.looks_up(true);
            let looking_up = LookingUp(conn);
            work(query, looking_up.0)
        })
    }
}

/// Stands for what is asked and how it is kept.
pub(crate) fn key<T: 'static>(kind: &str, sql: &str, binds: &Binds, options: &Options) -> Key {
    let mut key = KeyWriter::new();
    key.part(kind).part(sql).bytes(&binds.key).bytes(options.key_part());
    Key::of::<T>("diesel").with(&key.finish())
}

/// Ends the lookup for the connection, also when the work panics.
struct LookingUp<'c, C: Source>(&'c mut C);

impl<C: Source> Drop for LookingUp<'_, C> {
    fn drop(&mut self) {
        self.0.looks_up(false);
    }
}

/// A session as the connection of a lookup: the connection itself is lent to the work.
pub(crate) struct Place<'a>(pub(crate) &'a Session);

impl Connection for Place<'_> {
    fn bypass(&self) -> bool {
        self.0.bypass()
    }

    fn read_point(&self) -> Option<ReadPoint> {
        self.0.read_point()
    }

    fn cache_id(&self) -> Option<CacheId> {
        Some(self.0.cache_id())
    }
}
