//! Template values as parts of a key.

use cache_core::KeyWriter;
use minijinja::Value;
use minijinja::value::{Enumerator, ValueKind};

use crate::error::{Error, ErrorKind};
use crate::queryset::QuerySet;

/// Deeper values are refused: a namespace can contain itself.
const DEPTH: usize = 24;

/// Writes a value by type and content; nothing is ever printed into a key.
pub(super) fn write(key: &mut KeyWriter, value: &Value) -> Result<(), Error> {
    write_at(key, value, DEPTH)
}

fn write_at(key: &mut KeyWriter, value: &Value, depth: usize) -> Result<(), Error> {
    if depth == 0 {
        return Err(refused("a value that is nested too deeply"));
    }
    match value.kind() {
        ValueKind::None => {
            key.part("none");
        }
        ValueKind::Bool => {
            key.part("bool").part(&value.is_true());
        }
        ValueKind::Number if value.is_integer() => integer(key, value)?,
        ValueKind::Number => {
            let float = f64::try_from(value.clone()).map_err(|_| refused("this number"))?;
            key.part("float").part(&float.to_bits());
        }
        ValueKind::String => {
            let kind = if value.is_safe() { "safe" } else { "text" };
            key.part(kind).part(value.as_str().unwrap_or_default());
        }
        ValueKind::Bytes => {
            key.part("bytes").bytes(value.as_bytes().unwrap_or_default());
        }
        ValueKind::Seq => {
            let kind = if value.is_tuple() { "tuple" } else { "list" };
            let items: Vec<Value> = value.try_iter()?.checked().collect::<Result<_, _>>()?;
            key.part(kind).part(&items.len());
            for item in &items {
                write_at(key, item, depth - 1)?;
            }
        }
        ValueKind::Map => map(key, value, depth)?,
        ValueKind::Undefined => {
            return Err(Error::new(
                ErrorKind::Argument,
                "`extra` is undefined, or has something undefined in it: everybody would get the same text",
            ));
        }
        kind => match value.downcast_object_ref::<QuerySet>() {
            Some(queryset) => {
                key.part("queryset");
                queryset.write_key(key);
            }
            None => return Err(refused(&format!("a value of type {kind}"))),
        },
    }
    Ok(())
}

fn refused(what: &str) -> Error {
    Error::new(
        ErrorKind::Argument,
        format!(
            "`extra` cannot take {what}: give text, numbers, truth values, none, querysets, or lists and maps of them"
        ),
    )
}

fn integer(key: &mut KeyWriter, value: &Value) -> Result<(), Error> {
    key.part("integer");
    if let Ok(number) = i128::try_from(value.clone()) {
        key.part(&number);
    } else {
        key.part(&u128::try_from(value.clone()).map_err(|_| refused("this number"))?);
    }
    Ok(())
}

fn map(key: &mut KeyWriter, value: &Value, depth: usize) -> Result<(), Error> {
    let Some(object) = value.as_object() else {
        return Err(refused("this map"));
    };
    // Objects that do not list their contents would all look alike.
    if matches!(object.enumerate(), Enumerator::Empty | Enumerator::NonEnumerable) {
        return Err(refused("an object that does not list its contents"));
    }
    let pairs = object.try_iter_pairs().ok_or_else(|| refused("an object that does not list its contents"))?;
    let mut entries = Vec::new();
    for (name, item) in pairs {
        let mut entry = KeyWriter::new();
        write_at(&mut entry, &name, depth - 1)?;
        write_at(&mut entry, &item, depth - 1)?;
        entries.push(entry.finish());
    }
    entries.sort_unstable();
    key.part("map").part(&entries.len());
    for entry in &entries {
        key.bytes(entry.as_bytes());
    }
    Ok(())
}
