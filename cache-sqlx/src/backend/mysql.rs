//! MySQL and MariaDB.

use cache_core::{Row as Image, Value};
use cache_sql::{Bind, Dialect};
use futures::future::BoxFuture;
use sqlx::error::BoxDynError;
use sqlx::mysql::{MySql, MySqlRow};
use sqlx::{Column, Encode, Error, Executor, Row, SqlStr, Type, TypeInfo};

use super::{Backend, Sent, Steps, driver, write_encoded};

impl super::sealed::Sealed for MySql {}

impl Backend for MySql {
    const DIALECT: Dialect = Dialect::MySql;

    driver!();

    fn write_key<'t, T>(value: &T, _: &Bind, out: &mut Vec<u8>) -> Result<(), BoxDynError>
    where
        T: Encode<'t, Self> + Type<Self>,
    {
        let info = value.produces().unwrap_or_else(<T as Type<Self>>::type_info);
        let mut buffer = Vec::new();
        let is_null = value.encode_by_ref(&mut buffer)?.is_null();
        write_encoded::<T>(out, &info, is_null, &buffer);
        Ok(())
    }

    fn image(row: &MySqlRow) -> Option<Image> {
        let columns = row.columns().iter().enumerate();
        Some(columns.filter_map(|(at, column)| Some((column.name(), stored(row, at)?))).collect())
    }
}

/// Whole numbers are told exactly; text has a collation, and the rest is converted on its way.
fn stored(row: &MySqlRow, at: usize) -> Option<Value> {
    match row.column(at).type_info().name() {
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => {
            row.try_get::<Option<i64>, _>(at).ok().map(Value::from)
        }
        "TINYINT UNSIGNED" | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED" | "BIGINT UNSIGNED" => {
            row.try_get::<Option<u64>, _>(at).ok().map(Value::from)
        }
        _ => None,
    }
}
