//! Bound values, and stored ones, as the cache knows them.

use cache_sql::Bind;
use rusqlite::types::{Value, ValueRef};

/// The binds as the database will see them. SQLite has five classes of values, and `Value` is one of them.
pub(crate) fn binds(values: &[Value]) -> Vec<Bind> {
    values.iter().map(|value| known(value.into()).map_or(Bind::Unknown, Bind::Value)).collect()
}

/// A row as it is stored. What cannot be read exactly is left out.
pub(crate) fn image(names: &[String], row: &rusqlite::Row<'_>) -> cache_core::Row {
    let mut image = cache_core::Row::new();
    for (at, name) in names.iter().enumerate() {
        if let Some(value) = row.get_ref(at).ok().and_then(known) {
            image.set(name.as_str(), value);
        }
    }
    image
}

fn known(value: ValueRef<'_>) -> Option<cache_core::Value> {
    Some(match value {
        ValueRef::Null => cache_core::Value::Null,
        ValueRef::Integer(number) => number.into(),
        // SQLite stores it as NULL.
        ValueRef::Real(number) if number.is_nan() => cache_core::Value::Null,
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => std::str::from_utf8(text).ok()?.into(),
        ValueRef::Blob(bytes) => bytes.to_vec().into(),
    })
}

/// Different values give different bytes: each has its class and its length before it.
pub(crate) fn key(values: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in values {
        match value {
            Value::Null => part(&mut bytes, b'n', &[]),
            Value::Integer(number) => part(&mut bytes, b'i', &number.to_be_bytes()),
            Value::Real(number) => part(&mut bytes, b'r', &number.to_bits().to_be_bytes()),
            Value::Text(text) => part(&mut bytes, b't', text.as_bytes()),
            Value::Blob(blob) => part(&mut bytes, b'b', blob),
        }
    }
    bytes
}

fn part(bytes: &mut Vec<u8>, class: u8, body: &[u8]) {
    bytes.push(class);
    bytes.extend_from_slice(&(body.len() as u64).to_be_bytes());
    bytes.extend_from_slice(body);
}
