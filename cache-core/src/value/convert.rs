//! Conversions into [`Value`].

use std::borrow::Cow;
use std::sync::Arc;

use super::{Date, DateTime, Decimal, Instant, Time, Value};

macro_rules! from_whole {
    ($($source:ty),*) => {$(
        impl From<$source> for Value {
            fn from(value: $source) -> Self {
                Value::Int(value as i128)
            }
        }
    )*};
}

from_whole!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, usize);

impl From<u128> for Value {
    fn from(value: u128) -> Self {
        match i128::try_from(value) {
            Ok(value) => Value::Int(value),
            Err(_) => Value::Decimal(Decimal::from(value)),
        }
    }
}

macro_rules! from_variant {
    ($($variant:ident <- $source:ty),* $(,)?) => {$(
        impl From<$source> for Value {
            fn from(value: $source) -> Self {
                Value::$variant(value.into())
            }
        }
    )*};
}

from_variant!(
    Bool <- bool,
    Float <- f32,
    Float <- f64,
    Decimal <- Decimal,
    Text <- &str,
    Text <- String,
    Text <- Box<str>,
    Text <- Arc<str>,
    Text <- Cow<'_, str>,
    Bytes <- &[u8],
    Bytes <- Vec<u8>,
    Bytes <- Box<[u8]>,
    Bytes <- Arc<[u8]>,
    Bytes <- Cow<'_, [u8]>,
    Date <- Date,
    Time <- Time,
    DateTime <- DateTime,
    Instant <- Instant,
    Json <- serde_json::Value,
    Json <- Arc<serde_json::Value>,
);

impl From<char> for Value {
    fn from(value: char) -> Self {
        Value::from(&*value.encode_utf8(&mut [0; 4]))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl<T: Clone + Into<Value>> From<&T> for Value {
    fn from(value: &T) -> Self {
        value.clone().into()
    }
}

#[cfg(feature = "uuid")]
impl From<uuid::Uuid> for Value {
    fn from(value: uuid::Uuid) -> Self {
        Value::Uuid(value.into_bytes())
    }
}

#[cfg(feature = "chrono")]
mod chrono_types {
    use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike};

    use super::{Date, DateTime, Instant, Time, Value};

    /// 1970-01-01 in days since the start of the year 1.
    const EPOCH: i32 = 719_163;

    impl From<NaiveDate> for Value {
        fn from(value: NaiveDate) -> Self {
            Value::Date(Date::from_days(value.num_days_from_ce() - EPOCH))
        }
    }

    impl From<NaiveTime> for Value {
        /// A leap second runs into the next minute, as databases store it.
        fn from(value: NaiveTime) -> Self {
            Value::Time(Time::from_parts(value.num_seconds_from_midnight(), value.nanosecond()))
        }
    }

    impl From<NaiveDateTime> for Value {
        fn from(value: NaiveDateTime) -> Self {
            let utc = value.and_utc();
            Value::DateTime(DateTime::from_parts(utc.timestamp(), utc.timestamp_subsec_nanos()))
        }
    }

    impl<Tz: TimeZone> From<chrono::DateTime<Tz>> for Value {
        /// The point in time; the offset is forgotten.
        fn from(value: chrono::DateTime<Tz>) -> Self {
            Value::Instant(Instant::from_parts(value.timestamp(), value.timestamp_subsec_nanos()))
        }
    }
}
