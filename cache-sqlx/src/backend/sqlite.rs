//! SQLite.

use cache_core::{Row as Image, Value};
use cache_sql::{Bind, Dialect};
use futures::future::BoxFuture;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use sqlx::{Arguments, Column, Encode, Error, Executor, Row, SqlStr, Type};

use super::{Backend, Sent, Steps, driver, part};

impl super::sealed::Sealed for Sqlite {}

impl Backend for Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;

    driver!();

    /// SQLite sees a storage class and a value, so known binds are written as those. What the driver holds for the others
    /// can only be printed; it prints itself in full.
    fn write_key<'t, T>(value: &T, bind: &Bind, out: &mut Vec<u8>) -> Result<(), BoxDynError>
    where
        T: Encode<'t, Self> + Type<Self>,
    {
        match bind {
            Bind::Value(Value::Null) => part(out, b'n', &[]),
            Bind::Value(Value::Int(number)) => part(out, b'i', &number.to_be_bytes()),
            Bind::Value(Value::Float(number)) => part(out, b'f', &number.to_bits().to_be_bytes()),
            Bind::Value(Value::Text(text)) => part(out, b's', text.as_bytes()),
            Bind::Value(Value::Bytes(bytes)) => part(out, b'x', bytes),
            _ => {
                let mut arguments = SqliteArguments::default();
                Arguments::add(&mut arguments, value)?;
                part(out, b'?', format!("{arguments:?}").as_bytes());
            }
        }
        Ok(())
    }

    fn image(row: &SqliteRow) -> Option<Image> {
        let columns = row.columns().iter().enumerate();
        Some(columns.filter_map(|(at, column)| Some((column.name(), stored(row, at)?))).collect())
    }
}

/// The driver hands each storage class out as one Rust type only.
fn stored(row: &SqliteRow, at: usize) -> Option<Value> {
    if let Ok(number) = row.try_get::<Option<i64>, _>(at) {
        return Some(Value::from(number));
    }
    if let Ok(number) = row.try_get::<Option<f64>, _>(at) {
        return Some(Value::from(number));
    }
    if let Ok(text) = row.try_get::<Option<String>, _>(at) {
        return Some(Value::from(text));
    }
    let bytes = row.try_get::<Option<Vec<u8>>, _>(at).ok()?;
    // Text that is not UTF-8 comes as bytes, too, and is compared as text.
    let is_blob = bytes.as_ref().is_none_or(|bytes| std::str::from_utf8(bytes).is_ok());
    is_blob.then(|| Value::from(bytes))
}
