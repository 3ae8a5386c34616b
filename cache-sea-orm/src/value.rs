//! Bound values of SeaORM as the database will see them.
//!
//! SQLite has five storage classes, and the driver decides which one a Rust value becomes: a date is text
//! in one particular notation, a UUID is a blob, a boolean an integer. Elsewhere values have types of their own. Two
//! values are the same to the database when the *stored* forms are the same, so this is the form that conditions and
//! row images carry.

use cache_core::Value;
use sea_orm::sea_query::OptionEnum;
use sea_orm::{DbBackend, Value as Bound};

/// The value as `backend` will store and compare it, or `None` when that is not certain.
///
/// An unknown value widens whatever it takes part in; it never narrows.
pub(crate) fn stored(bound: &Bound, backend: DbBackend) -> Option<Value> {
    let sqlite = backend == DbBackend::Sqlite;
    let value = match bound {
        Bound::Bool(v) if sqlite => v.map_or(Value::Null, |v| Value::from(i64::from(v))),
        Bound::Bool(v) => Value::from(*v),
        // PostgreSQL has no integer of one byte, and the driver takes it for a character.
        Bound::TinyInt(Some(_)) | Bound::TinyUnsigned(Some(_)) if backend == DbBackend::Postgres => return None,
        Bound::TinyInt(v) => Value::from(*v),
        Bound::SmallInt(v) => Value::from(*v),
        Bound::Int(v) => Value::from(*v),
        Bound::BigInt(v) => Value::from(*v),
        Bound::TinyUnsigned(v) => Value::from(*v),
        Bound::SmallUnsigned(v) => Value::from(*v),
        Bound::Unsigned(v) => Value::from(*v),
        Bound::BigUnsigned(v) => Value::from(*v),
        Bound::Float(v) => float(v.map(f64::from), sqlite),
        Bound::Double(v) => float(*v, sqlite),
        Bound::String(v) => Value::from(v.as_deref()),
        Bound::Char(v) => Value::from(v.map(String::from)),
        Bound::Bytes(v) => Value::from(v.clone()),
        Bound::Enum(OptionEnum::Some(v)) => Value::from(v.value.as_ref()),
        Bound::Enum(OptionEnum::None(_)) => Value::Null,
        other if *other == other.as_null() => Value::Null,
        #[cfg(feature = "with-uuid")]
        Bound::Uuid(Some(v)) if sqlite => Value::from(v.as_bytes().to_vec()),
        #[cfg(feature = "with-uuid")]
        Bound::Uuid(Some(v)) => Value::Uuid(*v.as_bytes()),
        #[cfg(feature = "with-json")]
        Bound::Json(Some(v)) if sqlite => Value::from(serde_json::to_string(v).ok()?),
        #[cfg(feature = "with-rust_decimal")]
        Bound::Decimal(Some(v)) if !sqlite => Value::Decimal(v.to_string().parse().ok()?),
        #[cfg(feature = "with-chrono")]
        temporal if sqlite => return chrono_text(temporal),
        #[cfg(feature = "with-chrono")]
        temporal => return chrono_value(temporal),
        #[cfg(not(feature = "with-chrono"))]
        _ => return None,
    };
    Some(value)
}

/// The values of an array as `backend` will compare them; `None` for what is no array, or holds what is not certain.
#[cfg(feature = "postgres-array")]
pub(crate) fn elements(bound: &Bound, backend: DbBackend) -> Option<Vec<Value>> {
    match bound {
        Bound::Array(_, Some(values)) => values.iter().map(|value| stored(value, backend)).collect(),
        _ => None,
    }
}

#[cfg(not(feature = "postgres-array"))]
pub(crate) fn elements(_: &Bound, _: DbBackend) -> Option<Vec<Value>> {
    None
}

/// SQLite stores NaN as NULL.
fn float(value: Option<f64>, sqlite: bool) -> Value {
    match value {
        Some(v) if sqlite && v.is_nan() => Value::Null,
        other => Value::from(other),
    }
}

/// A date or time of a database that has types for them.
#[cfg(feature = "with-chrono")]
fn chrono_value(bound: &Bound) -> Option<Value> {
    Some(match bound {
        Bound::ChronoDate(v) => Value::from((*v)?),
        Bound::ChronoTime(v) => Value::from((*v)?),
        Bound::ChronoDateTime(v) => Value::from((*v)?),
        Bound::ChronoDateTimeUtc(v) => Value::from((*v)?),
        Bound::ChronoDateTimeLocal(v) => Value::from((*v)?.to_utc()),
        Bound::ChronoDateTimeWithTimeZone(v) => Value::from((*v)?.to_utc()),
        _ => return None,
    })
}

/// The text that the SQLite driver binds for a date or time.
#[cfg(feature = "with-chrono")]
fn chrono_text(bound: &Bound) -> Option<Value> {
    use chrono::SecondsFormat::AutoSi;
    let text = match bound {
        Bound::ChronoDate(v) => v.map(|v| v.format("%F").to_string()),
        Bound::ChronoTime(v) => v.map(|v| v.format("%T%.f").to_string()),
        Bound::ChronoDateTime(v) => v.map(|v| v.format("%F %T%.f").to_string()),
        Bound::ChronoDateTimeUtc(v) => v.map(|v| v.to_rfc3339_opts(AutoSi, false)),
        Bound::ChronoDateTimeLocal(v) => v.map(|v| v.to_rfc3339_opts(AutoSi, false)),
        Bound::ChronoDateTimeWithTimeZone(v) => v.map(|v| v.to_rfc3339_opts(AutoSi, false)),
        _ => return None,
    };
    Some(Value::from(text))
}

/// Appends a bound value to a key so that different values give different bytes.
pub(crate) fn write_key(bound: &Bound, out: &mut Vec<u8>) {
    match bound {
        Bound::Bool(Some(v)) => part(out, b'b', &[u8::from(*v)]),
        Bound::TinyInt(Some(v)) => part(out, b'1', &v.to_be_bytes()),
        Bound::SmallInt(Some(v)) => part(out, b'2', &v.to_be_bytes()),
        Bound::Int(Some(v)) => part(out, b'4', &v.to_be_bytes()),
        Bound::BigInt(Some(v)) => part(out, b'8', &v.to_be_bytes()),
        Bound::Double(Some(v)) => part(out, b'd', &v.to_bits().to_be_bytes()),
        Bound::String(Some(v)) => part(out, b's', v.as_bytes()),
        Bound::Bytes(Some(v)) => part(out, b'x', v),
        // The variant's name is part of the text, and every payload prints itself in full.
        other => part(out, b'?', format!("{other:?}").as_bytes()),
    }
}

fn part(out: &mut Vec<u8>, tag: u8, body: &[u8]) {
    out.push(tag);
    out.extend_from_slice(&(body.len() as u64).to_be_bytes());
    out.extend_from_slice(body);
}

/// A rough size in memory of what a model's column holds.
pub(crate) fn weight(bound: &Bound) -> usize {
    let heap = match bound {
        Bound::String(Some(v)) => v.len(),
        Bound::Bytes(Some(v)) => v.len(),
        #[cfg(feature = "with-json")]
        Bound::Json(Some(v)) => json_weight(v),
        _ => 0,
    };
    size_of::<Bound>() + heap
}

#[cfg(feature = "with-json")]
pub(crate) fn json_weight(json: &serde_json::Value) -> usize {
    let inner: usize = match json {
        serde_json::Value::String(text) => text.len(),
        serde_json::Value::Array(items) => items.iter().map(json_weight).sum(),
        serde_json::Value::Object(fields) => fields.iter().map(|(name, v)| name.len() + json_weight(v)).sum(),
        _ => 0,
    };
    size_of::<serde_json::Value>() + inner
}
