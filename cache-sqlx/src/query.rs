//! Queries that know their binds.

use std::fmt;

use cache_core::Cache;
use sqlx::{Encode, Error, FromRow, IntoArguments, SqlSafeStr, Type};

use futures::TryStreamExt;

use crate::ToBind;
use crate::backend::Backend;
use crate::bound::Bound;
use crate::cached::Cached;
use crate::seat;
use crate::source::Source;

/// A statement that runs uncached and whose changes are seen exactly, because its binds are known.
///
/// ```
/// # use cache_core::Cache;
/// # use cache_sqlx::CachedPool;
/// # use sqlx::SqlitePool;
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let cache = Cache::in_memory();
/// # let db = CachedPool::new(SqlitePool::connect("sqlite::memory:").await?, &cache);
/// # cache_sqlx::query("CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT)").execute(&db).await?;
/// let written = cache_sqlx::query("UPDATE article SET title = ? WHERE id = ?").bind("News").bind(7).execute(&db).await?;
/// assert_eq!(written.rows_affected(), 0);
/// # Ok::<_, sqlx::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a query does nothing until it is executed"]
pub struct Query<DB: Backend> {
    pub(crate) bound: Bound<DB>,
}

/// A query whose rows become values of one type.
///
/// [`QueryAs::cached`] keeps its result, [`QueryAs::auto`] leaves that to profiles; without either the query runs each time.
#[must_use = "a query does nothing until it is executed"]
pub struct QueryAs<DB: Backend, T> {
    pub(crate) bound: Bound<DB>,
    pub(crate) decode: Decode<DB, T>,
    /// A type may be made of a whole row in one way and of a column in another.
    pub(crate) kind: &'static str,
}

pub(crate) type Decode<DB, T> = fn(&<DB as sqlx::Database>::Row) -> Result<T, Error>;

/// A statement; see [`Query`].
pub fn query<DB: Backend>(sql: impl SqlSafeStr) -> Query<DB> {
    Query { bound: Bound::new(sql) }
}

/// A statement with binds that were made elsewhere, which may be anything to the cache.
pub fn query_with<DB: Backend>(sql: impl SqlSafeStr, arguments: impl IntoArguments<DB>) -> Query<DB> {
    Query { bound: Bound::with(sql, arguments) }
}

/// A query whose rows are each made into a `T`.
pub fn query_as<DB, T>(sql: impl SqlSafeStr) -> QueryAs<DB, T>
where
    DB: Backend,
    T: for<'r> FromRow<'r, DB::Row>,
{
    QueryAs { bound: Bound::new(sql), decode: whole::<DB, T>, kind: "rows" }
}

/// [`query_as`] with binds that were made elsewhere, which may be anything to the cache.
pub fn query_as_with<DB, T>(sql: impl SqlSafeStr, arguments: impl IntoArguments<DB>) -> QueryAs<DB, T>
where
    DB: Backend,
    T: for<'r> FromRow<'r, DB::Row>,
{
    QueryAs { bound: Bound::with(sql, arguments), decode: whole::<DB, T>, kind: "rows" }
}

/// A query of whose rows the first column is taken.
pub fn query_scalar<DB, T>(sql: impl SqlSafeStr) -> QueryAs<DB, T>
where
    DB: Backend,
    (T,): for<'r> FromRow<'r, DB::Row>,
{
    QueryAs { bound: Bound::new(sql), decode: first::<DB, T>, kind: "scalars" }
}

/// [`query_scalar`] with binds that were made elsewhere, which may be anything to the cache.
pub fn query_scalar_with<DB, T>(sql: impl SqlSafeStr, arguments: impl IntoArguments<DB>) -> QueryAs<DB, T>
where
    DB: Backend,
    (T,): for<'r> FromRow<'r, DB::Row>,
{
    QueryAs { bound: Bound::with(sql, arguments), decode: first::<DB, T>, kind: "scalars" }
}

fn whole<DB: Backend, T: for<'r> FromRow<'r, DB::Row>>(row: &DB::Row) -> Result<T, Error> {
    T::from_row(row)
}

fn first<DB: Backend, T>(row: &DB::Row) -> Result<T, Error>
where
    (T,): for<'r> FromRow<'r, DB::Row>,
{
    <(T,)>::from_row(row).map(|(value,)| value)
}

macro_rules! binding {
    ($([$($generics:tt)*] $kind:ty),*) => {$(
        impl<$($generics)*> $kind {
            /// Binds a value to the next placeholder.
            ///
            /// One that cannot be encoded is reported when the query is executed.
            pub fn bind<'t, V>(mut self, value: V) -> Self
            where
                V: Encode<'t, DB> + Type<DB> + ToBind,
            {
                self.bound.bind(value);
                self
            }

            /// Binds a value of a type that says nothing about itself: to conditions it may be anything.
            pub fn bind_opaque<'t, V>(mut self, value: V) -> Self
            where
                V: Encode<'t, DB> + Type<DB>,
            {
                self.bound.bind_opaque(value);
                self
            }

            /// Whether the prepared statement is kept with the connection, as it is unless told otherwise.
            pub fn persistent(mut self, persistent: bool) -> Self {
                self.bound.parcel.persistent = persistent;
                self
            }
        }
    )*};
}

binding!([DB: Backend] Query<DB>, [DB: Backend, T] QueryAs<DB, T>);

impl<DB: Backend> Query<DB> {
    /// Executes the statement and tells how many rows it has affected.
    ///
    /// # Errors
    ///
    /// What SQLx answers.
    pub async fn execute<'a, S: Source<'a, Database = DB>>(self, db: S) -> Result<DB::QueryResult, Error> {
        let (text, parcel) = self.bound.split();
        let ends = db.seat().steps(parcel.sent(&text), text.binds::<DB>()).try_filter_map(async |step| Ok(step.left()));
        ends.try_collect().await
    }

    /// All rows.
    ///
    /// # Errors
    ///
    /// What SQLx answers.
    pub async fn fetch_all<'a, S: Source<'a, Database = DB>>(self, db: S) -> Result<Vec<DB::Row>, Error> {
        let (text, parcel) = self.bound.split();
        db.seat().steps(parcel.sent(&text), text.binds::<DB>()).try_filter_map(seat::row::<DB>).try_collect().await
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    ///
    /// What SQLx answers.
    pub async fn fetch_optional<'a, S: Source<'a, Database = DB>>(self, db: S) -> Result<Option<DB::Row>, Error> {
        let (text, parcel) = self.bound.split();
        db.seat().optional(parcel.sent(&text), text.binds::<DB>()).await
    }

    /// The first row, or [`Error::RowNotFound`].
    ///
    /// # Errors
    ///
    /// What SQLx answers, and when there is no row.
    pub async fn fetch_one<'a, S: Source<'a, Database = DB>>(self, db: S) -> Result<DB::Row, Error> {
        self.fetch_optional(db).await?.ok_or(Error::RowNotFound)
    }
}

impl<DB: Backend, T> QueryAs<DB, T> {
    /// The same query, answered from the cache while nothing that it depends on has changed.
    pub fn cached(self, cache: &Cache) -> Cached<'_, DB, T> {
        Cached::by_hand(self, cache)
    }

    /// The same query, answered from the cache where the [profiles](cache_core::Profiles) of all its tables allow what it
    /// asks, and for as long as they say; else by the database.
    ///
    /// What it asks is told by its text: a select of nothing but `count(*)` is `count`, of nothing but `EXISTS (..)` is `exists`,
    /// of other aggregates only is `aggregate`; rows by their whole primary key are `get`, and all else is `fetch`.
    ///
    /// ```
    /// # use cache_core::{Cache, Operations, Profile, Profiles};
    /// # use cache_sqlx::prelude::*;
    /// # use sqlx::SqlitePool;
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let profiles = Profiles::builder().set("article", Profile::new(Operations::GET)).build()?;
    /// let cache = Cache::builder().profiles(profiles).build();
    /// let db = CachedPool::new(SqlitePool::connect("sqlite::memory:").await?, &cache);
    /// # cache_sqlx::query("CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT)").execute(&db).await?;
    /// let title = cache_sqlx::query_scalar::<_, String>("SELECT title FROM article WHERE id = ?").bind(7);
    /// assert_eq!(title.auto(&cache).fetch_optional(&db).await?, None); // cached: one row by its key
    /// let titles = cache_sqlx::query_scalar::<_, String>("SELECT title FROM article");
    /// assert!(titles.auto(&cache).fetch_all(&db).await?.is_empty()); // not cached
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn auto(self, cache: &Cache) -> Cached<'_, DB, T> {
        Cached::automatic(self, cache)
    }

    /// All rows, uncached.
    ///
    /// # Errors
    ///
    /// What SQLx answers.
    pub async fn fetch_all<'a, S: Source<'a, Database = DB>>(self, db: S) -> Result<Vec<T>, Error> {
        let QueryAs { bound, decode, .. } = self;
        let rows = Query { bound }.fetch_all(db).await?;
        rows.iter().map(decode).collect()
    }

    /// The first row, if there is one, uncached.
    ///
    /// # Errors
    ///
    /// What SQLx answers.
    pub async fn fetch_optional<'a, S: Source<'a, Database = DB>>(self, db: S) -> Result<Option<T>, Error> {
        let QueryAs { bound, decode, .. } = self;
        let row = Query { bound }.fetch_optional(db).await?;
        row.as_ref().map(decode).transpose()
    }

    /// The first row, or [`Error::RowNotFound`], uncached.
    ///
    /// # Errors
    ///
    /// What SQLx answers, and when there is no row.
    pub async fn fetch_one<'a, S: Source<'a, Database = DB>>(self, db: S) -> Result<T, Error> {
        self.fetch_optional(db).await?.ok_or(Error::RowNotFound)
    }
}

impl<DB: Backend, T> fmt::Debug for QueryAs<DB, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryAs").field("bound", &self.bound).finish_non_exhaustive()
    }
}
