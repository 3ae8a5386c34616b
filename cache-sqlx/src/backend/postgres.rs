//! PostgreSQL.

use cache_core::{Row as Image, Value};
use cache_sql::{Bind, Dialect};
use futures::future::BoxFuture;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgRow, Postgres};
use sqlx::{Column, Encode, Error, Executor, Row, SqlStr, Type, TypeInfo};

use super::{Backend, Sent, Steps, driver, write_encoded};

impl super::sealed::Sealed for Postgres {}

impl Backend for Postgres {
    const DIALECT: Dialect = Dialect::Postgres;

    driver!();

    fn write_key<'t, T>(value: &T, _: &Bind, out: &mut Vec<u8>) -> Result<(), BoxDynError>
    where
        T: Encode<'t, Self> + Type<Self>,
    {
        let info = value.produces().unwrap_or_else(<T as Type<Self>>::type_info);
        let mut buffer = PgArgumentBuffer::default();
        let is_null = value.encode_by_ref(&mut buffer)?.is_null();
        write_encoded::<T>(out, &info, is_null, &buffer);
        Ok(())
    }

    fn image(row: &PgRow) -> Option<Image> {
        let columns = row.columns().iter().enumerate();
        Some(columns.filter_map(|(at, column)| Some((column.name(), stored(row, at)?))).collect())
    }
}

/// The types whose values are told exactly.
fn stored(row: &PgRow, at: usize) -> Option<Value> {
    match row.column(at).type_info().name() {
        "BOOL" => row.try_get::<Option<bool>, _>(at).ok().map(Value::from),
        "INT2" => row.try_get::<Option<i16>, _>(at).ok().map(Value::from),
        "INT4" => row.try_get::<Option<i32>, _>(at).ok().map(Value::from),
        "INT8" => row.try_get::<Option<i64>, _>(at).ok().map(Value::from),
        "TEXT" | "VARCHAR" => row.try_get::<Option<String>, _>(at).ok().map(Value::from),
        "BYTEA" => row.try_get::<Option<Vec<u8>>, _>(at).ok().map(Value::from),
        #[cfg(feature = "uuid")]
        "UUID" => row.try_get::<Option<uuid::Uuid>, _>(at).ok().map(Value::from),
        _ => None,
    }
}
