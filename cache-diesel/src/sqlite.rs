//! SQLite.

use cache_core::{Dependencies, Value};
use cache_sql::{Bind, Dialect};
use diesel::associations::HasTable;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::dsl::{Find, Update};
use diesel::expression::{MixedAggregates, ValidGrouping, is_aggregate};
use diesel::query_builder::{AsChangeset, AsQuery, IntoUpdateTarget, MoveableBindCollector, QueryFragment};
use diesel::query_dsl::methods::{ExecuteDsl, FindDsl};
use diesel::query_dsl::{LoadQuery, UpdateAndFetchResults};
use diesel::result::{Error, QueryResult};
use diesel::sqlite::{Sqlite, SqliteConnection, SqliteType, SqliteValue};
use diesel::{Identifiable, RunQueryDsl, Table};

use crate::CachedConnection;
use crate::backend::{Binds, CachedBackend, delimited, sealed, texts};
use crate::connection::Inner;
use crate::debugged;
use crate::queryset::query;

type Collector<'a> = <Sqlite as diesel::backend::Backend>::BindCollector<'a>;

impl sealed::Sealed for Sqlite {}

impl CachedBackend for Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;
    const KEEPS_ROWS: bool = true;

    fn backend() -> &'static Self {
        &Sqlite
    }

    /// Diesel hands the binds out as text for debugging only; it is made by `derive(Debug)` of what is bound.
    fn binds<Q: QueryFragment<Self> + ?Sized>(query: &Q) -> QueryResult<Binds> {
        let mut collector = Collector::default();
        query.collect_binds(&mut collector, &mut (), &Sqlite)?;
        let mut shown = Vec::new();
        <Collector<'_> as MoveableBindCollector<Sqlite>>::push_debug_binds(&collector.moveable(), &mut shown);
        let mut binds = Binds::default();
        for bind in shown {
            let bind = format!("{bind:?}");
            delimited(&mut binds.key, bind.as_bytes());
            binds.values.push(debugged::value(&bind).map_or(Bind::Unknown, Bind::Value));
        }
        Ok(binds)
    }

    fn stored(mut raw: SqliteValue<'_, '_, '_>) -> Option<Value> {
        match raw.value_type()? {
            SqliteType::Long => Some(Value::from(raw.read_long())),
            SqliteType::Double => Some(Value::from(raw.read_double())),
            SqliteType::Text => Some(Value::from(raw.read_text())),
            SqliteType::Binary => Some(Value::from(raw.read_blob())),
            _ => None,
        }
    }

    texts!();
}

impl<C: Inner<Backend = Sqlite>> CachedConnection<C> {
    /// Runs a transaction that takes the database's write lock at once, as
    /// [`SqliteConnection::immediate_transaction`] does.
    ///
    /// # Errors
    ///
    /// Those of `work`, and those of beginning, committing or rolling back.
    pub fn immediate_transaction<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<Error>,
    {
        self.transaction_by("BEGIN IMMEDIATE", work)
    }

    /// Runs a transaction that locks everybody else out, as [`SqliteConnection::exclusive_transaction`] does.
    ///
    /// # Errors
    ///
    /// As [`CachedConnection::immediate_transaction`].
    pub fn exclusive_transaction<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<Error>,
    {
        self.transaction_by("BEGIN EXCLUSIVE", work)
    }

    fn transaction_by<T, E, F>(&mut self, begin: &str, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<Error>,
    {
        AnsiTransactionManager::begin_transaction_sql(self, begin)?;
        match work(self) {
            Ok(value) => {
                AnsiTransactionManager::commit_transaction(self)?;
                Ok(value)
            }
            Err(error) => {
                AnsiTransactionManager::rollback_transaction(self)?;
                Err(error)
            }
        }
    }
}

/// For `save_changes`: an update, and a query for the row.
impl<'b, Changes, Output> UpdateAndFetchResults<Changes, Output> for CachedConnection<SqliteConnection>
where
    Changes: Copy + Identifiable + AsChangeset<Target = <Changes as HasTable>::Table> + IntoUpdateTarget,
    Changes::Table: FindDsl<Changes::Id>,
    Update<Changes, Changes>: ExecuteDsl<CachedConnection<SqliteConnection>>,
    Find<Changes::Table, Changes::Id>: LoadQuery<'b, CachedConnection<SqliteConnection>, Output>,
    <Changes::Table as Table>::AllColumns: ValidGrouping<()>,
    <<Changes::Table as Table>::AllColumns as ValidGrouping<()>>::IsAggregate:
        MixedAggregates<is_aggregate::No, Output = is_aggregate::No>,
{
    fn update_and_fetch(&mut self, changeset: Changes) -> QueryResult<Output> {
        diesel::update(changeset).set(changeset).execute(self)?;
        Changes::table().find(changeset.id()).get_result(self)
    }
}

/// A query for SQLite as a queryset: it stands for the rows that satisfy its conditions.
///
/// ```
/// use cache_diesel::sqlite::prelude::*;
/// use diesel::prelude::*;
///
/// diesel::table! {
///     article { id -> Integer, category_id -> Integer, }
/// }
///
/// let query = article::table.filter(article::category_id.eq(3));
/// assert_eq!(query.dependencies().to_string(), "article: category_id = 3");
/// assert_eq!(article::table.dependencies().to_string(), "article");
/// ```
pub trait SqliteQueryset {
    /// What a result that is made of this query depends on.
    fn dependencies(self) -> Dependencies;
}

impl<Q: AsQuery> SqliteQueryset for Q
where
    Q::Query: QueryFragment<Sqlite>,
{
    fn dependencies(self) -> Dependencies {
        query::<Sqlite, _>(&self.as_query())
    }
}

/// What one usually wants to have in scope beside [`cache_diesel::prelude`](crate::prelude).
pub mod prelude {
    pub use super::SqliteQueryset as _;
}
