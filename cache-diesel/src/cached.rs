//! `.cached(&cache)`: one query, cached.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use cache_core::{Cache, CacheKey, Codec, Operation};
use cache_sql::adapter::{Asked, Options};
use diesel::dsl::{Limit, Select, count_star};
use diesel::query_builder::{AsQuery, QueryFragment};
use diesel::query_dsl::LoadQuery;
use diesel::query_dsl::methods::{LimitDsl, SelectDsl};
use diesel::result::{Error, OptionalExtension, QueryResult};
use diesel::{Connection, RunQueryDsl};

use crate::ask::Ask;
use crate::kept::{Encoded, InProcess, Keeps};
use crate::source::Source;

/// Adds `.cached(&cache)` and `.auto(&cache)` to Diesel's queries.
pub trait CachedQuery: AsQuery + Sized {
    /// The same query, answered from the cache while nothing that it depends on has changed.
    ///
    /// Building it does no I/O; end it with one of the methods of [`RunCached`].
    fn cached(self, cache: &Cache) -> Cached<'_, Self> {
        Cached { query: self, cache, options: Options::new(), kept: PhantomData }
    }

    /// The same query, answered from the cache where the [profiles](cache_core::Profiles) of all its tables allow what it
    /// asks, and for as long as they say; else by the database.
    ///
    /// [`count`](RunCached::count) is `count`; rows by their whole primary key are `get`, a select of aggregates only is
    /// `aggregate`, and all else is `fetch`.
    fn auto(self, cache: &Cache) -> Cached<'_, Self> {
        Cached { query: self, cache, options: Options::new().auto(), kept: PhantomData }
    }
}

impl<Q: AsQuery> CachedQuery for Q {}

/// A query with its caching options; made by [`CachedQuery::cached`] or [`CachedQuery::auto`], ended by a method of [`RunCached`].
///
/// The key is the SQL text with its binds, the type of the result, and `extra`. What the result depends on is found
/// in the SQL, on a miss only. Rows are kept as decoded values: a hit decodes nothing, and changing a returned
/// value does not change the kept one. Writes, locking reads, and queries that depend on the time or on chance, are run
/// every time.
///
/// With a store that processes share, results stay in the memory of this process, as fresh as what is shared, unless
/// [`encoded`](Cached::encoded) is said; numbers of rows are shared always.
#[derive(Clone, Debug)]
#[must_use = "end it with `load`, `get_result`, `first` or `count`"]
pub struct Cached<'c, Q, K = InProcess> {
    pub(crate) query: Q,
    pub(crate) cache: &'c Cache,
    pub(crate) options: Options,
    pub(crate) kept: PhantomData<K>,
}

impl<'c, Q, K> Cached<'c, Q, K> {
    /// Keeps the result in a store that processes share, too, by way of serde. What serde leaves out of it comes back as its default.
    pub fn encoded(self) -> Cached<'c, Q, Encoded> {
        Cached { query: self.query, cache: self.cache, options: self.options, kept: PhantomData }
    }

    /// Keeps the result no longer than this, whatever a profile says.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.options = self.options.ttl(ttl);
        self
    }

    /// Something else that the result depends on, as a part of the key; may be given several times.
    pub fn extra(mut self, extra: impl CacheKey) -> Self {
        self.options = self.options.extra(extra);
        self
    }

    /// Free tags: [`Cache::invalidate_tag`] of one of them drops the result.
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.options = self.options.tags(tags);
        self
    }

    /// Caches these operations only; others are asked of the database each time.
    pub fn ops(mut self, operations: impl IntoIterator<Item = Operation>) -> Self {
        self.options = self.options.operations(operations);
        self
    }

    /// Asks the database each time, for code that is handed a cached query.
    ///
    /// What is being cached around it depends on what it reads all the same.
    pub fn nocache(mut self) -> Self {
        self.options = self.options.uncached();
        self
    }

    /// A name for events and traces; not a part of the key.
    pub fn name(mut self, name: &'static str) -> Self {
        self.options = self.options.name(name);
        self
    }
}

/// The query that Diesel sends for `Q`.
pub type Sent<Q> = <Q as AsQuery>::Query;

/// The ways to end a [`Cached`] query, named as in [`RunQueryDsl`].
///
/// That there is no row is cached, too: [`get_result`](RunCached::get_result) and [`first`](RunCached::first) then answer
/// [`Error::NotFound`] from the cache. Other errors are not cached.
///
/// ```
/// use cache_core::Cache;
/// use cache_diesel::prelude::*;
/// use diesel::prelude::*;
///
/// diesel::table! {
///     article { id -> Integer, title -> Text, }
/// }
///
/// let cache = Cache::in_memory();
/// let mut conn = CachedConnection::new(SqliteConnection::establish(":memory:")?, &cache);
/// diesel::sql_query("CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT NOT NULL)").execute(&mut conn)?;
///
/// let title = article::table.find(7).select(article::title);
/// assert_eq!(title.cached(&cache).first::<String>(&mut conn).optional()?, None); // asks the database
/// assert_eq!(title.cached(&cache).first::<String>(&mut conn).optional()?, None); // a hit
///
/// diesel::insert_into(article::table).values((article::id.eq(7), article::title.eq("News"))).execute(&mut conn)?;
/// assert_eq!(title.cached(&cache).first::<String>(&mut conn)?, "News");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// A connection that does not see its writes is refused:
///
/// ```compile_fail,E0277
/// # use cache_core::Cache;
/// # use cache_diesel::prelude::*;
/// # use diesel::prelude::*;
/// # diesel::table! { article { id -> Integer, title -> Text, } }
/// let cache = Cache::in_memory();
/// let mut conn = SqliteConnection::establish(":memory:").unwrap();
/// article::table.select(article::id).cached(&cache).load::<i32>(&mut conn).unwrap();
/// ```
pub trait RunCached<Conn>: Sized {
    /// The query inside.
    type Query;

    /// Where its results are kept.
    type Kept;

    #[doc(hidden)]
    fn apart<T>(self, end: impl FnOnce(Self::Query, &Cache, &Options) -> T) -> T;

    /// All rows.
    ///
    /// # Errors
    ///
    /// What Diesel answers on a miss.
    fn load<'query, U>(self, conn: &mut Conn) -> QueryResult<Vec<U>>
    where
        Conn: Source,
        Self::Query: AsQuery,
        Sent<Self::Query>: LoadQuery<'query, Conn, U> + QueryFragment<<Conn as Connection>::Backend>,
        U: Clone + Send + Sync + 'static,
        Self::Kept: Keeps<U>,
    {
        self.load_shared(conn).map(|rows| Vec::clone(&rows))
    }

    /// All rows, shared with the cache instead of cloned out of it.
    ///
    /// # Errors
    ///
    /// As [`RunCached::load`].
    fn load_shared<'query, U>(self, conn: &mut Conn) -> QueryResult<Arc<Vec<U>>>
    where
        Conn: Source,
        Self::Query: AsQuery,
        Sent<Self::Query>: LoadQuery<'query, Conn, U> + QueryFragment<<Conn as Connection>::Backend>,
        U: Clone + Send + Sync + 'static,
        Self::Kept: Keeps<U>,
    {
        self.apart(|query, cache, options| {
            let ask = Ask { cache, options, kind: "all", asked: Asked::Rows, codec: Self::Kept::all() };
            ask.run(conn, query.as_query(), weigh_rows, |query, conn| query.load(conn).map(Arc::new))
        })
    }

    /// All rows; another name for [`RunCached::load`].
    ///
    /// # Errors
    ///
    /// As [`RunCached::load`].
    fn get_results<'query, U>(self, conn: &mut Conn) -> QueryResult<Vec<U>>
    where
        Conn: Source,
        Self::Query: AsQuery,
        Sent<Self::Query>: LoadQuery<'query, Conn, U> + QueryFragment<<Conn as Connection>::Backend>,
        U: Clone + Send + Sync + 'static,
        Self::Kept: Keeps<U>,
    {
        self.load(conn)
    }

    /// The first row of the result.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is none; else as [`RunCached::load`].
    fn get_result<'query, U>(self, conn: &mut Conn) -> QueryResult<U>
    where
        Conn: Source,
        Self::Query: AsQuery,
        Sent<Self::Query>: LoadQuery<'query, Conn, U> + QueryFragment<<Conn as Connection>::Backend>,
        U: Clone + Send + Sync + 'static,
        Self::Kept: Keeps<U>,
    {
        self.apart(|query, cache, options| one(query, cache, options, Asked::One, Self::Kept::one(), conn))
    }

    /// The first row; the query is asked for one row only.
    ///
    /// # Errors
    ///
    /// As [`RunCached::get_result`].
    fn first<'query, U>(self, conn: &mut Conn) -> QueryResult<U>
    where
        Conn: Source,
        Self::Query: LimitDsl,
        Limit<Self::Query>: AsQuery,
        Sent<Limit<Self::Query>>: LoadQuery<'query, Conn, U> + QueryFragment<<Conn as Connection>::Backend>,
        U: Clone + Send + Sync + 'static,
        Self::Kept: Keeps<U>,
    {
        self.apart(|query, cache, options| one(query.limit(1), cache, options, Asked::One, Self::Kept::one(), conn))
    }

    /// The number of rows.
    ///
    /// # Errors
    ///
    /// As [`RunCached::load`].
    fn count<'query>(self, conn: &mut Conn) -> QueryResult<i64>
    where
        Conn: Source,
        Self::Query: SelectDsl<count_star>,
        Select<Self::Query, count_star>: AsQuery,
        Sent<Select<Self::Query, count_star>>:
            LoadQuery<'query, Conn, i64> + QueryFragment<<Conn as Connection>::Backend>,
    {
        self.apart(|query, cache, options| {
            let codec = Some(Codec::serde::<Option<i64>>());
            one(query.select(diesel::dsl::count_star()), cache, options, Asked::Count, codec, conn)
        })
    }
}

impl<Q, K, Conn> RunCached<Conn> for Cached<'_, Q, K> {
    type Query = Q;
    type Kept = K;

    fn apart<T>(self, end: impl FnOnce(Q, &Cache, &Options) -> T) -> T {
        end(self.query, self.cache, &self.options)
    }
}

/// The first row of the result; that there is none is cached, too.
fn one<'query, Q, Conn, U>(
    query: Q,
    cache: &Cache,
    options: &Options,
    asked: Asked,
    codec: Option<Codec>,
    conn: &mut Conn,
) -> QueryResult<U>
where
    Conn: Source,
    Q: AsQuery,
    Sent<Q>: LoadQuery<'query, Conn, U> + QueryFragment<<Conn as Connection>::Backend>,
    U: Clone + Send + Sync + 'static,
{
    let ask = Ask { cache, options, kind: "one", asked, codec };
    ask.run(conn, query.as_query(), weigh_one, |query, conn| query.get_result(conn).optional())?.ok_or(Error::NotFound)
}

pub(crate) fn weigh_rows<U>(rows: &Arc<Vec<U>>) -> u64 {
    (size_of::<Vec<U>>() + rows.capacity() * size_of::<U>()) as u64
}

pub(crate) fn weigh_one<U>(_: &Option<U>) -> u64 {
    size_of::<Option<U>>() as u64
}
