//! A text of SQL with its binds.

use cache_sql::{Bind, Dialect};
use sqlx::error::BoxDynError;
use sqlx::{Arguments, Encode, Error, IntoArguments, SqlSafeStr, SqlStr, Type};

use crate::ToBind;
use crate::backend::{Backend, Sent};

/// A text of SQL with its binds: as the driver takes them, as conditions see them, and as bytes of a key.
#[derive(Debug)]
pub(crate) struct Bound<DB: Backend> {
    pub(crate) text: Text,
    pub(crate) parcel: Parcel<DB>,
    key: Vec<u8>,
}

/// What analysis sees of a statement.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) sql: SqlStr,
    binds: Vec<Bind>,
}

/// What the driver takes beside the text.
#[derive(Debug)]
pub(crate) struct Parcel<DB: Backend> {
    arguments: Result<DB::Arguments, BoxDynError>,
    pub(crate) persistent: bool,
}

impl<DB: Backend> Bound<DB> {
    pub(crate) fn new(sql: impl SqlSafeStr) -> Self {
        Bound {
            text: Text { sql: sql.into_sql_str(), binds: Vec::new() },
            parcel: Parcel { arguments: Ok(DB::Arguments::default()), persistent: true },
            key: Vec::new(),
        }
    }

    /// With binds that were made elsewhere, and cannot be looked into.
    pub(crate) fn with(sql: impl SqlSafeStr, arguments: impl IntoArguments<DB>) -> Self {
        let arguments = arguments.into_arguments();
        Bound {
            text: Text { sql: sql.into_sql_str(), binds: vec![Bind::Unknown; arguments.len()] },
            // The drivers' arguments print their values in full, and their types.
            key: format!("{arguments:?}").into_bytes(),
            parcel: Parcel { arguments: Ok(arguments), persistent: true },
        }
    }

    pub(crate) fn bind<'t, T>(&mut self, value: T)
    where
        T: Encode<'t, DB> + Type<DB> + ToBind,
    {
        let bind = value.to_bind(DB::DIALECT);
        self.add(value, bind);
    }

    pub(crate) fn bind_opaque<'t, T>(&mut self, value: T)
    where
        T: Encode<'t, DB> + Type<DB>,
    {
        self.add(value, Bind::Unknown);
    }

    fn add<'t, T>(&mut self, value: T, bind: Bind)
    where
        T: Encode<'t, DB> + Type<DB>,
    {
        let Ok(arguments) = &mut self.parcel.arguments else { return };
        let added = DB::write_key(&value, &bind, &mut self.key).and_then(|()| arguments.add(value));
        self.text.binds.push(bind);
        if let Err(error) = added {
            let number = self.text.binds.len();
            self.parcel.arguments = Err(format!("the value of placeholder {number} cannot be encoded: {error}").into());
        }
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    pub(crate) fn split(self) -> (Text, Parcel<DB>) {
        (self.text, self.parcel)
    }
}

impl Text {
    /// The binds as the placeholders of the text count them.
    pub(crate) fn binds<DB: Backend>(&self) -> Vec<Bind> {
        let mixed = DB::DIALECT == Dialect::Sqlite && mixes_placeholders(self.sql.as_str());
        self.binds.iter().map(|bind| if mixed { Bind::Unknown } else { bind.clone() }).collect()
    }
}

impl<DB: Backend> Parcel<DB> {
    pub(crate) fn sent(self, text: &Text) -> Result<Sent<DB>, Error> {
        let arguments = self.arguments.map_err(Error::Encode)?;
        Ok(Sent { sql: text.sql.clone(), arguments: Some(arguments), persistent: self.persistent })
    }
}

/// Whether a text has placeholders with and without a number. The driver for SQLite counts those without by themselves;
/// SQLite goes on from the largest number. Marks inside of quotes count, too: that costs exactness only.
fn mixes_placeholders(sql: &str) -> bool {
    let bytes = sql.as_bytes();
    let numbered = |at: usize| bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
    let (mut with, mut without) = (false, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'?' | b'$' if numbered(at) => with = true,
            b'?' => without = true,
            _ => {}
        }
    }
    with && without
}

#[cfg(test)]
mod tests {
    use super::mixes_placeholders;

    #[test]
    fn placeholders_of_two_kinds_are_found() {
        assert!(mixes_placeholders("SELECT ?1, ?"));
        assert!(mixes_placeholders("SELECT ? WHERE a = $2"));
        assert!(!mixes_placeholders("SELECT ?, ?"));
        assert!(!mixes_placeholders("SELECT $1, ?2"));
        assert!(!mixes_placeholders("SELECT '$'"));
    }
}
