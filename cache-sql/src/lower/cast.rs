//! Conversions that leave a value as it is.

use cache_core::{Date, Value};
use sqlparser::ast::DataType;

use super::query::name_of;
use crate::Dialect;
use crate::catalogue::Catalogue;

/// A type that a text converts a constant to, where values of its own class are not changed by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cast {
    Int,
    Bool,
    /// Text, or an enumeration that has it among its labels.
    Text,
    Uuid,
    Date,
}

impl Cast {
    /// `None` for a type that may change what it is given.
    pub(crate) fn to(dialect: Dialect, catalogue: Option<&Catalogue>, data_type: &DataType) -> Option<Self> {
        use DataType::*;
        match (dialect, data_type) {
            (Dialect::Sqlite | Dialect::Postgres, Integer(_) | Int(_) | BigInt(_) | Int8(_)) => Some(Cast::Int),
            (Dialect::Postgres, SmallInt(_) | Int2(_) | Int4(_)) => Some(Cast::Int),
            (Dialect::MySql, Signed | SignedInteger) => Some(Cast::Int),
            (Dialect::Sqlite | Dialect::Postgres, Text) => Some(Cast::Text),
            (Dialect::Postgres, Varchar(None) | CharacterVarying(None) | CharVarying(None)) => Some(Cast::Text),
            (Dialect::Postgres, Bool | Boolean) => Some(Cast::Bool),
            (Dialect::Postgres, Uuid) => Some(Cast::Uuid),
            (Dialect::Postgres, Date) => Some(Cast::Date),
            (Dialect::Postgres, Custom(name, arguments)) if arguments.is_empty() => {
                catalogue?.is_enum(&name_of(name)).then_some(Cast::Text)
            }
            _ => None,
        }
    }

    /// The converted value, if that is known.
    pub(crate) fn apply(self, value: &Value) -> Option<Value> {
        match (self, value) {
            (_, Value::Null) => Some(Value::Null),
            (Cast::Int, Value::Int(_))
            | (Cast::Bool, Value::Bool(_))
            | (Cast::Text, Value::Text(_))
            | (Cast::Uuid, Value::Uuid(_))
            | (Cast::Date, Value::Date(_)) => Some(value.clone()),
            (Cast::Uuid, Value::Text(text)) => uuid(text).map(Value::Uuid),
            (Cast::Date, Value::Text(text)) => date(text).map(Value::Date),
            _ => None,
        }
    }
}

/// The usual spelling, the only one that is read.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let dashes = |(at, c): (usize, char)| (c == '-') == matches!(at, 8 | 13 | 18 | 23);
    if text.len() != 36 || !text.char_indices().all(dashes) {
        return None;
    }
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] * 16 + pair[1]).collect();
    bytes.try_into().ok()
}

/// A day as `2024-05-01`, which means the same under every setting.
fn date(text: &str) -> Option<Date> {
    let [year, month, day] = text.split('-').collect::<Vec<_>>()[..] else { return None };
    let number = |text: &str, length| match text.len() == length && text.bytes().all(|c| c.is_ascii_digit()) {
        true => text.parse::<u32>().ok(),
        false => None,
    };
    Date::from_ymd(number(year, 4)?.try_into().ok()?, number(month, 2)?, number(day, 2)?)
}
