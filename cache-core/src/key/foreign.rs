//! Our own types and those of other crates as parts of a key.

use super::writer::tag;
use super::{CacheKey, Key, KeyWriter};
use crate::value::{Numbers, Value, write_json};

impl CacheKey for Key {
    fn write_key(&self, key: &mut KeyWriter) {
        key.delimited(tag::KEY, self.as_bytes());
    }
}

impl CacheKey for Value {
    /// Equal values are one part; an `Int` differs from the same number as a Rust integer.
    fn write_key(&self, key: &mut KeyWriter) {
        key.delimited(tag::VALUE, &self.canonical());
    }
}

impl CacheKey for serde_json::Value {
    /// Members have no order, but `1` and `1.0` differ, because a reader can tell them apart.
    fn write_key(&self, key: &mut KeyWriter) {
        let mut text = String::new();
        write_json(self, Numbers::AsWritten, &mut text);
        key.delimited(tag::JSON, text.as_bytes());
    }
}

#[cfg(feature = "uuid")]
impl CacheKey for uuid::Uuid {
    fn write_key(&self, key: &mut KeyWriter) {
        key.tag(tag::UUID);
        key.raw(self.as_bytes());
    }
}

#[cfg(feature = "chrono")]
mod chrono_types {
    use chrono::{
        DateTime, Datelike, FixedOffset, Local, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone,
        Timelike, Utc,
    };

    use super::{CacheKey, KeyWriter, tag};

    impl CacheKey for NaiveDate {
        fn write_key(&self, key: &mut KeyWriter) {
            key.tag(tag::DATE);
            key.raw(&self.num_days_from_ce().to_le_bytes());
        }
    }

    impl CacheKey for NaiveTime {
        fn write_key(&self, key: &mut KeyWriter) {
            key.tag(tag::TIME);
            key.raw(&self.num_seconds_from_midnight().to_le_bytes());
            key.raw(&self.nanosecond().to_le_bytes());
        }
    }

    impl CacheKey for NaiveDateTime {
        fn write_key(&self, key: &mut KeyWriter) {
            key.tag(tag::DATE_TIME);
            moment(key, self.and_utc());
        }
    }

    impl CacheKey for TimeDelta {
        fn write_key(&self, key: &mut KeyWriter) {
            key.tag(tag::TIME_DELTA);
            key.raw(&self.num_seconds().to_le_bytes());
            key.raw(&self.subsec_nanos().to_le_bytes());
        }
    }

    // Zones with rules of their own are left out: a function can tell two of them apart even where
    // point in time and offset agree.
    macro_rules! zones {
        ($($zone:ty),*) => {$(
            impl CacheKey for DateTime<$zone> {
                fn write_key(&self, key: &mut KeyWriter) {
                    key.tag(tag::INSTANT);
                    key.raw(&self.offset().fix().local_minus_utc().to_le_bytes());
                    moment(key, self.to_utc());
                }
            }
        )*};
    }

    zones!(Utc, FixedOffset, Local);

    fn moment<Tz: TimeZone>(key: &mut KeyWriter, moment: DateTime<Tz>) {
        key.raw(&moment.timestamp().to_le_bytes());
        key.raw(&moment.timestamp_subsec_nanos().to_le_bytes());
    }
}
