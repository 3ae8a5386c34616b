//! What is different from database to database: the driver's calls, the bytes of a bind, the images of rows.

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::fmt;

use cache_core::Row as Image;
use cache_sql::{Bind, Dialect};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use sqlx::error::BoxDynError;
use sqlx::{Database, Either, Encode, Error, Execute, SqlStr, Type};

/// A database of SQLx that results may be cached from: `Sqlite`, `Postgres` and `MySql`, each behind its feature.
///
/// Sealed: the rules for caching have to know the database.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a database that results can be cached from",
    note = "switch on the feature `sqlite`, `postgres` or `mysql` of `cache-sqlx`; `Any` hides which database it is"
)]
pub trait Backend: Database<Arguments: fmt::Debug + 'static> + sealed::Sealed {
    /// How its statements are read.
    const DIALECT: Dialect;

    #[doc(hidden)]
    fn fetch_many(connection: &mut Self::Connection, sent: Sent<Self>) -> Steps<'_, Self>;

    #[doc(hidden)]
    fn fetch_optional(
        connection: &mut Self::Connection,
        sent: Sent<Self>,
    ) -> BoxFuture<'_, Result<Option<Self::Row>, Error>>;

    #[doc(hidden)]
    fn prepare_with<'e>(
        connection: &'e mut Self::Connection,
        sql: SqlStr,
        parameters: &'e [Self::TypeInfo],
    ) -> BoxFuture<'e, Result<Self::Statement, Error>>;

    #[doc(hidden)]
    fn describe(
        connection: &mut Self::Connection,
        sql: SqlStr,
    ) -> BoxFuture<'_, Result<sqlx_core::describe::Describe<Self>, Error>>;

    /// A text that is never NULL.
    #[doc(hidden)]
    fn text(row: &Self::Row, at: usize) -> Result<String, Error>;

    /// Writes a bind so that different ones give different bytes.
    #[doc(hidden)]
    fn write_key<'t, T>(value: &T, bind: &Bind, out: &mut Vec<u8>) -> Result<(), BoxDynError>
    where
        T: Encode<'t, Self> + Type<Self>;

    /// What a row holds, as the database stores it: columns that are not certain are left out. `None` where nothing is.
    #[doc(hidden)]
    fn image(row: &Self::Row) -> Option<Image>;
}

#[doc(hidden)]
pub mod sealed {
    pub trait Sealed {}
}

/// One answer of the database: the end of a statement, or a row.
pub type Step<DB> = Either<<DB as Database>::QueryResult, <DB as Database>::Row>;

/// The answers to a statement.
pub type Steps<'e, DB> = BoxStream<'e, Result<Step<DB>, Error>>;

/// A statement the way it goes to the driver.
#[doc(hidden)]
#[derive(Debug)]
pub struct Sent<DB: Database> {
    pub(crate) sql: SqlStr,
    pub(crate) arguments: Option<DB::Arguments>,
    pub(crate) persistent: bool,
}

impl<DB: Database> Sent<DB> {
    /// Takes a query of SQLx apart.
    pub(crate) fn of<'q>(mut query: impl Execute<'q, DB>) -> Result<Self, Error> {
        let arguments = query.take_arguments().map_err(Error::Encode)?;
        let persistent = query.persistent();
        Ok(Sent { sql: query.sql(), arguments, persistent })
    }
}

impl<DB: Database> Execute<'_, DB> for Sent<DB> {
    fn sql(self) -> SqlStr {
        self.sql
    }

    fn statement(&self) -> Option<&DB::Statement> {
        None
    }

    fn take_arguments(&mut self) -> Result<Option<DB::Arguments>, BoxDynError> {
        Ok(self.arguments.take())
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}

/// The methods of [`Backend`] that hand over to the driver.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
macro_rules! driver {
    () => {
        fn fetch_many(connection: &mut Self::Connection, sent: Sent<Self>) -> Steps<'_, Self> {
            Executor::fetch_many(connection, sent)
        }

        fn fetch_optional(
            connection: &mut Self::Connection,
            sent: Sent<Self>,
        ) -> BoxFuture<'_, Result<Option<Self::Row>, Error>> {
            Executor::fetch_optional(connection, sent)
        }

        fn prepare_with<'e>(
            connection: &'e mut Self::Connection,
            sql: SqlStr,
            parameters: &'e [Self::TypeInfo],
        ) -> BoxFuture<'e, Result<Self::Statement, Error>> {
            Executor::prepare_with(connection, sql, parameters)
        }

        fn describe(
            connection: &mut Self::Connection,
            sql: SqlStr,
        ) -> BoxFuture<'_, Result<sqlx_core::describe::Describe<Self>, Error>> {
            Executor::describe(connection, sql)
        }

        fn text(row: &Self::Row, at: usize) -> Result<String, Error> {
            row.try_get_unchecked(at)
        }
    };
}
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
use driver;

/// Appends bytes behind a tag and their length.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn part(out: &mut Vec<u8>, tag: u8, body: &[u8]) {
    out.push(tag);
    out.extend_from_slice(&(body.len() as u64).to_be_bytes());
    out.extend_from_slice(body);
}

/// Appends what a driver will send for a value: its type and its bytes.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn write_encoded<T>(out: &mut Vec<u8>, info: &impl sqlx::TypeInfo, is_null: bool, bytes: &[u8]) {
    match info.name() {
        // A type that is known by its number only.
        "?" => part(out, b'#', format!("{info:?}").as_bytes()),
        name => part(out, b't', name.as_bytes()),
    }
    part(out, b'r', std::any::type_name::<T>().as_bytes());
    part(out, if is_null { b'n' } else { b'v' }, bytes);
}
