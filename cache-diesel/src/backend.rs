//! What has to be known about a database system: its dialect, and how to read what is bound and what is stored.

use cache_core::Value;
use cache_sql::{Bind, Dialect};
use diesel::backend::{Backend, DieselReserveSpecialization};
use diesel::expression::QueryMetadata;
use diesel::query_builder::{QueryBuilder, QueryFragment};
use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use diesel::row::Row;
use diesel::sql_types::Untyped;

/// A database system whose statements can be read: [`Sqlite`](diesel::sqlite::Sqlite), [`Pg`](diesel::pg::Pg),
/// [`Mysql`](diesel::mysql::Mysql), each with the feature of its name.
pub trait CachedBackend:
    Backend<QueryBuilder: Default> + DieselReserveSpecialization + QueryMetadata<Untyped> + sealed::Sealed + 'static
{
    #[doc(hidden)]
    const DIALECT: Dialect;

    #[doc(hidden)]
    fn backend() -> &'static Self;

    /// Whether a row may be kept while the next one is asked for.
    #[doc(hidden)]
    const KEEPS_ROWS: bool = false;

    /// The binds of a query as they are sent.
    #[doc(hidden)]
    fn binds<Q: QueryFragment<Self> + ?Sized>(query: &Q) -> QueryResult<Binds>;

    /// A value of a returned row as it is stored; `None` where that is not certain.
    #[doc(hidden)]
    fn stored(raw: Self::RawValue<'_>) -> Option<Value>;

    /// The columns of a row, all of which are text.
    #[doc(hidden)]
    fn texts<'r, R: Row<'r, Self>>(row: &R) -> QueryResult<Vec<String>>;
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// The binds of one query.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Binds {
    /// As the database compares them.
    pub values: Vec<Bind>,
    /// Bytes that differ whenever what is sent differs.
    pub key: Vec<u8>,
}

/// Appends a part of a key so that it says where it ends.
#[cfg_attr(not(any(feature = "sqlite", feature = "postgres_backend", feature = "mysql_backend")), allow(dead_code))]
pub(crate) fn delimited(key: &mut Vec<u8>, part: &[u8]) {
    key.extend_from_slice(&(part.len() as u64).to_be_bytes());
    key.extend_from_slice(part);
}

/// The text of a query as it is sent.
pub(crate) fn text<DB: CachedBackend, Q: QueryFragment<DB> + ?Sized>(query: &Q) -> QueryResult<String> {
    let mut text = DB::QueryBuilder::default();
    query.to_sql(&mut text, DB::backend())?;
    Ok(text.finish())
}

/// What went wrong between the cache and its store, said as Diesel says it.
pub(crate) fn failure(error: cache_core::Error) -> Error {
    Error::QueryBuilderError(Box::new(error))
}

/// Whether an error is a broken constraint, after which nothing has happened and a transaction stays open.
pub(crate) fn violates(error: &Error) -> bool {
    use DatabaseErrorKind::{
        CheckViolation, ExclusionViolation, ForeignKeyViolation, NotNullViolation, RestrictViolation, UniqueViolation,
    };
    let Error::DatabaseError(kind, _) = error else {
        return false;
    };
    matches!(
        kind,
        CheckViolation
            | ExclusionViolation
            | ForeignKeyViolation
            | NotNullViolation
            | RestrictViolation
            | UniqueViolation
    )
}

/// Reads a row of texts; a macro because `FromSql` is a matter of the concrete backend.
#[allow(unused_macros)]
macro_rules! texts {
    () => {
        fn texts<'r, R: diesel::row::Row<'r, Self>>(row: &R) -> diesel::result::QueryResult<Vec<String>> {
            (0..row.field_count())
                .map(|at| row.get_value::<diesel::sql_types::Text, String, _>(at))
                .collect::<Result<Vec<String>, _>>()
                .map_err(diesel::result::Error::DeserializationError)
        }
    };
}
#[allow(unused_imports)]
pub(crate) use texts;
