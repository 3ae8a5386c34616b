//! Values in PostgreSQL's binary format.

use cache_core::{Date, DateTime, Decimal, Instant, Value};
use cache_sql::Bind;

/// 2000-01-01, from which PostgreSQL counts, in days since 1970-01-01.
const EPOCH: i32 = 10_957;
const NANOSECONDS_OF_DAY: i128 = 86_400_000_000_000;

/// The numbers of the types that are read here.
mod oid {
    pub(super) const BOOL: u32 = 16;
    pub(super) const BYTEA: u32 = 17;
    pub(super) const INT8: u32 = 20;
    pub(super) const INT2: u32 = 21;
    pub(super) const INT4: u32 = 23;
    pub(super) const TEXT: u32 = 25;
    pub(super) const BPCHAR: u32 = 1042;
    pub(super) const VARCHAR: u32 = 1043;
    pub(super) const DATE: u32 = 1082;
    pub(super) const TIMESTAMP: u32 = 1114;
    pub(super) const TIMESTAMPTZ: u32 = 1184;
    pub(super) const NUMERIC: u32 = 1700;
    pub(super) const UUID: u32 = 2950;
}

/// Arrays of the types above.
const ARRAYS: [u32; 13] = [1000, 1001, 1016, 1005, 1007, 1009, 1014, 1015, 1182, 1115, 1185, 1231, 2951];

/// What was bound, as the database compares it.
pub(crate) fn bind(oid: u32, sent: &[u8]) -> Bind {
    if ARRAYS.contains(&oid) {
        return list(sent).map_or(Bind::Unknown, Bind::List);
    }
    value(oid, sent).map_or(Bind::Unknown, Bind::Value)
}

/// The elements of an array of one dimension; `None` when one of them is not known.
fn list(bytes: &[u8]) -> Option<Vec<Value>> {
    let mut rest = bytes;
    let mut number = || {
        let (first, others) = rest.split_first_chunk()?;
        rest = others;
        Some(i32::from_be_bytes(*first))
    };
    let (dimensions, _, oid) = (number()?, number()?, number()?.cast_unsigned());
    if dimensions == 0 {
        return rest.is_empty().then(Vec::new);
    }
    let (count, _) = (number()?, number()?);
    if dimensions != 1 {
        return None;
    }
    let mut values = Vec::new();
    for _ in 0..count {
        let (length, others) = rest.split_first_chunk()?;
        rest = others;
        values.push(match i32::from_be_bytes(*length) {
            -1 => Value::Null,
            length => {
                let (element, others) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                rest = others;
                value(oid, element)?
            }
        });
    }
    rest.is_empty().then_some(values)
}

/// One value that is not NULL; `None` for types and forms that are not known exactly.
pub(crate) fn value(oid: u32, bytes: &[u8]) -> Option<Value> {
    Some(match oid {
        oid::BOOL => match bytes {
            [0] => Value::Bool(false),
            [1] => Value::Bool(true),
            _ => return None,
        },
        oid::INT2 => Value::from(i16::from_be_bytes(bytes.try_into().ok()?)),
        oid::INT4 => Value::from(i32::from_be_bytes(bytes.try_into().ok()?)),
        oid::INT8 => Value::from(i64::from_be_bytes(bytes.try_into().ok()?)),
        oid::TEXT | oid::VARCHAR | oid::BPCHAR => Value::from(std::str::from_utf8(bytes).ok()?),
        oid::BYTEA => Value::from(bytes),
        oid::UUID => Value::Uuid(bytes.try_into().ok()?),
        oid::DATE => Value::Date(date(i32::from_be_bytes(bytes.try_into().ok()?))?),
        oid::TIMESTAMP => Value::DateTime(DateTime::from_nanoseconds(moment(bytes)?)?),
        oid::TIMESTAMPTZ => Value::Instant(Instant::from_nanoseconds(moment(bytes)?)?),
        oid::NUMERIC => Value::Decimal(numeric(bytes)?),
        _ => return None,
    })
}

/// The two ends of the range stand for infinity.
fn date(days: i32) -> Option<Date> {
    if matches!(days, i32::MIN | i32::MAX) {
        return None;
    }
    days.checked_add(EPOCH).map(Date::from_days)
}

/// Microseconds since 2000 in nanoseconds since 1970; the two ends of the range stand for infinity.
fn moment(bytes: &[u8]) -> Option<i128> {
    let microseconds = i64::from_be_bytes(bytes.try_into().ok()?);
    if matches!(microseconds, i64::MIN | i64::MAX) {
        return None;
    }
    Some(i128::from(microseconds) * 1000 + i128::from(EPOCH) * NANOSECONDS_OF_DAY)
}

/// Groups of four decimal digits, the first of which stands before so many others as its weight says.
fn numeric(bytes: &[u8]) -> Option<Decimal> {
    let (head, groups) = bytes.split_at_checked(8)?;
    let word = |at: usize| [head[at], head[at + 1]];
    let count = usize::from(u16::from_be_bytes(word(0)));
    let weight = i16::from_be_bytes(word(2));
    let sign = match u16::from_be_bytes(word(4)) {
        0 => "",
        0x4000 => "-",
        // NaN and the infinities.
        _ => return None,
    };
    if groups.len() != count * 2 {
        return None;
    }
    let mut text = String::with_capacity(count * 4 + 16);
    text.push_str(sign);
    text.push('0');
    for group in groups.chunks_exact(2) {
        let group = u16::from_be_bytes([group[0], group[1]]);
        if group > 9999 {
            return None;
        }
        text.push_str(&format!("{group:04}"));
    }
    let exponent = (i64::from(weight) + 1 - count as i64) * 4;
    text.push_str(&format!("e{exponent}"));
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use bigdecimal::BigDecimal;
    use cache_core::{Decimal, Value};
    use cache_sql::Bind;
    use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
    use diesel::pg::Pg;
    use diesel::query_builder::QueryFragment;
    use diesel::sql_types::{
        Array, BigInt, Binary, Bool, Date, Double, Integer, Json, Nullable, Numeric, SmallInt, Text, Timestamp,
        Timestamptz, Uuid,
    };
    use diesel::{IntoSql, select};
    use proptest::prelude::*;

    use crate::backend::CachedBackend;

    fn bound<Q: QueryFragment<Pg>>(query: &Q) -> Bind {
        let mut binds = Pg::binds(query).expect("binds");
        assert_eq!(binds.values.len(), 1);
        binds.values.remove(0)
    }

    fn moment(seconds: i64, micros: u32) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, micros * 1000).expect("in range")
    }

    proptest! {
        #[test]
        fn what_was_bound_is_read_back(
            text: String, bytes: Vec<u8>, long: i64, int: i32, small: i16, flag: bool, id: u128,
            days in -700_000..700_000_i32, seconds in -60_000_000_000..60_000_000_000_i64, micros in 0..1_000_000_u32,
        ) {
            let null: Option<&str> = None;
            prop_assert_eq!(bound(&select(text.as_str().into_sql::<Text>())), Bind::from(text.as_str()));
            prop_assert_eq!(bound(&select(null.into_sql::<Nullable<Text>>())), Bind::Value(Value::Null));
            prop_assert_eq!(bound(&select(bytes.as_slice().into_sql::<Binary>())), Bind::from(bytes.as_slice()));
            prop_assert_eq!(bound(&select(long.into_sql::<BigInt>())), Bind::from(long));
            prop_assert_eq!(bound(&select(int.into_sql::<Integer>())), Bind::from(int));
            prop_assert_eq!(bound(&select(small.into_sql::<SmallInt>())), Bind::from(small));
            prop_assert_eq!(bound(&select(flag.into_sql::<Bool>())), Bind::from(flag));
            prop_assert_eq!(
                bound(&select(uuid::Uuid::from_u128(id).into_sql::<Uuid>())),
                Bind::Value(Value::Uuid(id.to_be_bytes()))
            );

            let day = NaiveDate::from_num_days_from_ce_opt(719_163 + days).expect("in range");
            prop_assert_eq!(bound(&select(day.into_sql::<Date>())), Bind::Value(Value::Date(cache_core::Date::from_days(days))));
            let utc = moment(seconds, micros);
            let nanoseconds = i128::from(utc.timestamp_micros()) * 1000;
            let naive: NaiveDateTime = utc.naive_utc();
            prop_assert_eq!(
                bound(&select(naive.into_sql::<Timestamp>())),
                Bind::Value(Value::DateTime(cache_core::DateTime::from_nanoseconds(nanoseconds).expect("in range")))
            );
            prop_assert_eq!(
                bound(&select(utc.into_sql::<Timestamptz>())),
                Bind::Value(Value::Instant(cache_core::Instant::from_nanoseconds(nanoseconds).expect("in range")))
            );
        }

        #[test]
        fn decimals_are_read_back(digits: i128, scale in -30..60_i64) {
            let number = BigDecimal::new(digits.into(), scale);
            let expected: Decimal = format!("{digits}e{}", -scale).parse().expect("a number");
            prop_assert_eq!(bound(&select(number.into_sql::<Numeric>())), Bind::Value(Value::Decimal(expected)));
        }

        #[test]
        fn arrays_are_read_back(numbers: Vec<i32>, texts: Vec<Option<String>>) {
            let list = Bind::List(numbers.iter().map(Value::from).collect());
            prop_assert_eq!(bound(&select(numbers.into_sql::<Array<Integer>>())), list);
            let list = Bind::List(texts.iter().map(Value::from).collect());
            prop_assert_eq!(bound(&select(texts.into_sql::<Array<Nullable<Text>>>())), list);
        }

        #[test]
        fn no_bytes_are_too_strange(oid in prop::sample::select(vec![16_u32, 17, 1007, 1009, 20, 21, 23, 25, 1082, 1114, 1184, 1700, 2950]), bytes: Vec<u8>) {
            let _ = super::bind(oid, &bytes);
        }

        #[test]
        fn different_binds_make_different_keys(one: String, other: String, a: Option<i64>, b: Option<i64>) {
            let key = |text: &str, number: Option<i64>| {
                Pg::binds(&select((text.into_sql::<Text>(), number.into_sql::<Nullable<BigInt>>()))).expect("binds").key
            };
            prop_assert_eq!(key(&one, a) == key(&other, b), (one, a) == (other, b));
        }
    }

    #[test]
    fn types_of_the_user_are_told_apart_by_their_names() {
        #[derive(diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "mood"))]
        struct Mood;
        #[derive(diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "colour"))]
        struct Colour;
        let mood = diesel::sql_query("SELECT $1").bind::<Nullable<Mood>, _>(Null);
        let colour = diesel::sql_query("SELECT $1").bind::<Nullable<Colour>, _>(Null);
        assert_ne!(Pg::binds(&mood).expect("binds").key, Pg::binds(&colour).expect("binds").key);

        #[derive(Debug)]
        struct Null;
        impl<T> diesel::serialize::ToSql<Nullable<T>, Pg> for Null
        where
            T: diesel::sql_types::SqlType<IsNull = diesel::sql_types::is_nullable::NotNull>,
        {
            fn to_sql<'b>(&'b self, _: &mut diesel::serialize::Output<'b, '_, Pg>) -> diesel::serialize::Result {
                Ok(diesel::serialize::IsNull::Yes)
            }
        }
    }

    #[test]
    fn what_is_not_certain_is_unknown() {
        assert_eq!(bound(&select(0.5_f64.into_sql::<Double>())), Bind::Unknown);
        let document = diesel::sql_query("SELECT $1").bind::<Nullable<Json>, _>(None::<serde::Document>);
        assert_eq!(Pg::binds(&document).expect("binds").values, [Bind::Value(Value::Null)]);
        for (oid, bytes) in [(1082, i32::MAX.to_be_bytes().to_vec()), (1114, i64::MIN.to_be_bytes().to_vec())] {
            assert_eq!(super::bind(oid, &bytes), Bind::Unknown, "infinity");
        }
        assert_eq!(super::bind(1700, &[0, 0, 0, 0, 0xc0, 0, 0, 0]), Bind::Unknown, "NaN");
    }

    mod serde {
        #[derive(Debug)]
        pub(super) struct Document;
        impl diesel::serialize::ToSql<diesel::sql_types::Json, diesel::pg::Pg> for Document {
            fn to_sql<'b>(
                &'b self,
                _: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                Ok(diesel::serialize::IsNull::Yes)
            }
        }
    }
}
