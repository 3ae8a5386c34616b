//! Values of columns as bytes: a byte for the type, with its highest bit set when there is a value, and the value.

use sea_orm::Value;
use sea_orm::sea_query::{Enum, OptionEnum};

#[cfg(feature = "with-chrono")]
use super::temporal;

const PRESENT: u8 = 0x80;

const BOOL: u8 = 1;
const TINY_INT: u8 = 2;
const SMALL_INT: u8 = 3;
const INT: u8 = 4;
const BIG_INT: u8 = 5;
const TINY_UNSIGNED: u8 = 6;
const SMALL_UNSIGNED: u8 = 7;
const UNSIGNED: u8 = 8;
const BIG_UNSIGNED: u8 = 9;
const FLOAT: u8 = 10;
const DOUBLE: u8 = 11;
const STRING: u8 = 12;
const ENUM: u8 = 13;
const CHAR: u8 = 14;
const BYTES: u8 = 15;
#[cfg(feature = "with-json")]
const JSON: u8 = 16;
#[cfg(feature = "with-chrono")]
const DATE: u8 = 17;
#[cfg(feature = "with-chrono")]
const TIME: u8 = 18;
#[cfg(feature = "with-chrono")]
const DATE_TIME: u8 = 19;
#[cfg(feature = "with-chrono")]
const UTC: u8 = 20;
#[cfg(feature = "with-chrono")]
const LOCAL: u8 = 21;
#[cfg(feature = "with-chrono")]
const ZONED: u8 = 22;
#[cfg(feature = "with-uuid")]
const UUID: u8 = 23;
#[cfg(feature = "with-rust_decimal")]
const DECIMAL: u8 = 24;

/// Appends a value.
pub(super) fn put(out: &mut Vec<u8>, value: &Value) -> Result<(), &'static str> {
    match value {
        Value::Bool(v) => fixed(out, BOOL, v.map(|v| [u8::from(v)])),
        Value::TinyInt(v) => fixed(out, TINY_INT, v.map(i8::to_le_bytes)),
        Value::SmallInt(v) => fixed(out, SMALL_INT, v.map(i16::to_le_bytes)),
        Value::Int(v) => fixed(out, INT, v.map(i32::to_le_bytes)),
        Value::BigInt(v) => fixed(out, BIG_INT, v.map(i64::to_le_bytes)),
        Value::TinyUnsigned(v) => fixed(out, TINY_UNSIGNED, v.map(u8::to_le_bytes)),
        Value::SmallUnsigned(v) => fixed(out, SMALL_UNSIGNED, v.map(u16::to_le_bytes)),
        Value::Unsigned(v) => fixed(out, UNSIGNED, v.map(u32::to_le_bytes)),
        Value::BigUnsigned(v) => fixed(out, BIG_UNSIGNED, v.map(u64::to_le_bytes)),
        Value::Float(v) => fixed(out, FLOAT, v.map(f32::to_le_bytes)),
        Value::Double(v) => fixed(out, DOUBLE, v.map(f64::to_le_bytes)),
        Value::Char(v) => fixed(out, CHAR, v.map(|v| u32::from(v).to_le_bytes())),
        Value::String(v) => long(out, STRING, v.as_deref().map(str::as_bytes))?,
        Value::Bytes(v) => long(out, BYTES, v.as_deref())?,
        Value::Enum(OptionEnum::Some(v)) => {
            out.push(ENUM | PRESENT);
            put_bytes(out, v.type_name.as_bytes())?;
            put_bytes(out, v.value.as_bytes())?;
        }
        Value::Enum(OptionEnum::None(type_name)) => {
            out.push(ENUM);
            put_bytes(out, type_name.as_bytes())?;
        }
        #[cfg(feature = "with-json")]
        Value::Json(v) => {
            let text =
                v.as_ref().map(serde_json::to_vec).transpose().map_err(|_| "it is JSON that cannot be written")?;
            long(out, JSON, text.as_deref())?;
        }
        #[cfg(feature = "with-chrono")]
        Value::ChronoDate(v) => fixed(out, DATE, v.map(temporal::date_bytes)),
        #[cfg(feature = "with-chrono")]
        Value::ChronoTime(v) => fixed(out, TIME, v.map(temporal::time_bytes)),
        #[cfg(feature = "with-chrono")]
        Value::ChronoDateTime(v) => fixed(out, DATE_TIME, v.map(temporal::moment_bytes)),
        #[cfg(feature = "with-chrono")]
        Value::ChronoDateTimeUtc(v) => fixed(out, UTC, v.map(|v| temporal::moment_bytes(v.naive_utc()))),
        #[cfg(feature = "with-chrono")]
        Value::ChronoDateTimeLocal(v) => fixed(out, LOCAL, v.map(|v| temporal::moment_bytes(v.naive_utc()))),
        #[cfg(feature = "with-chrono")]
        Value::ChronoDateTimeWithTimeZone(v) => fixed(out, ZONED, v.map(temporal::zoned_bytes)),
        #[cfg(feature = "with-uuid")]
        Value::Uuid(v) => fixed(out, UUID, v.map(sea_orm::prelude::Uuid::into_bytes)),
        #[cfg(feature = "with-rust_decimal")]
        Value::Decimal(v) => long(out, DECIMAL, v.map(|v| v.to_string()).as_deref().map(str::as_bytes))?,
        // Arrays too: what SeaORM makes of one panics at an element of another type.
        #[allow(unreachable_patterns)]
        _ => return Err("its type is not known"),
    }
    Ok(())
}

fn fixed<const N: usize>(out: &mut Vec<u8>, tag: u8, value: Option<[u8; N]>) {
    match value {
        Some(value) => {
            out.push(tag | PRESENT);
            out.extend(value);
        }
        None => out.push(tag),
    }
}

fn long(out: &mut Vec<u8>, tag: u8, value: Option<&[u8]>) -> Result<(), &'static str> {
    match value {
        Some(value) => {
            out.push(tag | PRESENT);
            put_bytes(out, value)
        }
        None => {
            out.push(tag);
            Ok(())
        }
    }
}

pub(super) fn put_length(out: &mut Vec<u8>, length: usize) -> Result<(), &'static str> {
    out.extend(u32::try_from(length).map_err(|_| "it is too long")?.to_le_bytes());
    Ok(())
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), &'static str> {
    put_length(out, bytes.len())?;
    out.extend_from_slice(bytes);
    Ok(())
}

/// Bytes that may be anything, from which parts are taken at the front. No length is believed before its bytes are there.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

type Read<T> = Result<T, &'static str>;

const ENDS: &str = "it ends too early";

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(ENDS)?;
        self.rest = rest;
        Ok(*array)
    }

    pub(super) fn length(&mut self) -> Read<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).map_err(|_| ENDS)
    }

    pub(super) fn bytes(&mut self) -> Read<&'a [u8]> {
        let length = self.length()?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(ENDS)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Read<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| "it has text that is none")
    }

    pub(super) fn finish(self) -> Read<()> {
        if self.rest.is_empty() { Ok(()) } else { Err("something follows it") }
    }

    /// One value.
    pub(super) fn value(&mut self) -> Read<Value> {
        let [tag] = self.array()?;
        self.scalar(tag & !PRESENT, tag & PRESENT != 0)
    }

    fn scalar(&mut self, tag: u8, present: bool) -> Read<Value> {
        Ok(match tag {
            BOOL => Value::Bool(self.given(present, Self::bool)?),
            TINY_INT => Value::TinyInt(self.given(present, |it| it.array().map(i8::from_le_bytes))?),
            SMALL_INT => Value::SmallInt(self.given(present, |it| it.array().map(i16::from_le_bytes))?),
            INT => Value::Int(self.given(present, |it| it.array().map(i32::from_le_bytes))?),
            BIG_INT => Value::BigInt(self.given(present, |it| it.array().map(i64::from_le_bytes))?),
            TINY_UNSIGNED => Value::TinyUnsigned(self.given(present, |it| it.array().map(u8::from_le_bytes))?),
            SMALL_UNSIGNED => Value::SmallUnsigned(self.given(present, |it| it.array().map(u16::from_le_bytes))?),
            UNSIGNED => Value::Unsigned(self.given(present, |it| it.array().map(u32::from_le_bytes))?),
            BIG_UNSIGNED => Value::BigUnsigned(self.given(present, |it| it.array().map(u64::from_le_bytes))?),
            FLOAT => Value::Float(self.given(present, |it| it.array().map(f32::from_le_bytes))?),
            DOUBLE => Value::Double(self.given(present, |it| it.array().map(f64::from_le_bytes))?),
            CHAR => Value::Char(self.given(present, Self::char)?),
            STRING => Value::String(self.given(present, |it| it.text().map(str::to_owned))?),
            BYTES => Value::Bytes(self.given(present, |it| it.bytes().map(<[u8]>::to_vec))?),
            ENUM => {
                let type_name = self.text()?.into();
                Value::Enum(match self.given(present, Self::text)? {
                    Some(value) => OptionEnum::Some(Box::new(Enum { type_name, value: value.to_owned().into() })),
                    None => OptionEnum::None(type_name),
                })
            }
            #[cfg(feature = "with-json")]
            JSON => Value::Json(self.given(present, |it| {
                serde_json::from_slice(it.bytes()?).map(Box::new).map_err(|_| "it has JSON that is none")
            })?),
            #[cfg(feature = "with-chrono")]
            DATE => Value::ChronoDate(self.given(present, temporal::date)?),
            #[cfg(feature = "with-chrono")]
            TIME => Value::ChronoTime(self.given(present, temporal::time)?),
            #[cfg(feature = "with-chrono")]
            DATE_TIME => Value::ChronoDateTime(self.given(present, temporal::moment)?),
            #[cfg(feature = "with-chrono")]
            UTC => Value::ChronoDateTimeUtc(self.given(present, |it| Ok(temporal::moment(it)?.and_utc()))?),
            #[cfg(feature = "with-chrono")]
            LOCAL => Value::ChronoDateTimeLocal(self.given(present, temporal::local)?),
            #[cfg(feature = "with-chrono")]
            ZONED => Value::ChronoDateTimeWithTimeZone(self.given(present, temporal::zoned)?),
            #[cfg(feature = "with-uuid")]
            UUID => Value::Uuid(self.given(present, |it| it.array().map(sea_orm::prelude::Uuid::from_bytes))?),
            #[cfg(feature = "with-rust_decimal")]
            DECIMAL => Value::Decimal(self.given(present, |it| {
                sea_orm::prelude::Decimal::from_str_exact(it.text()?).map_err(|_| "it has a decimal that is none")
            })?),
            _ => return Err("it has a type that is not known"),
        })
    }

    fn given<T>(&mut self, present: bool, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<Option<T>> {
        if present { read(self).map(Some) } else { Ok(None) }
    }

    fn bool(&mut self) -> Read<bool> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err("it has a truth value that is none"),
        }
    }

    fn char(&mut self) -> Read<char> {
        char::from_u32(u32::from_le_bytes(self.array()?)).ok_or("it has a character that is none")
    }
}
