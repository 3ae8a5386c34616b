//! Models come back as they were, or are not written.

use proptest::prelude::*;

use super::*;

mod sample {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "kind")]
    pub enum Kind {
        #[sea_orm(string_value = "plain")]
        Plain,
        #[sea_orm(string_value = "fancy")]
        Fancy,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "i32", db_type = "Integer")]
    pub enum Rank {
        #[sea_orm(num_value = 1)]
        First,
        #[sea_orm(num_value = 2)]
        Second,
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveValueType)]
    pub struct Title(pub String);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "sample")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub flag: bool,
        pub tiny: i8,
        pub small: i16,
        pub large: i64,
        pub byte: u8,
        pub word: u16,
        pub natural: Option<u32>,
        pub huge: u64,
        pub single: f32,
        pub double: Option<f64>,
        pub title: Title,
        pub note: Option<String>,
        pub data: Vec<u8>,
        pub kind: Kind,
        pub other: Option<Kind>,
        pub rank: Rank,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[cfg(all(feature = "with-chrono", feature = "with-json", feature = "with-uuid", feature = "with-rust_decimal"))]
mod special {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "special")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: Uuid,
        pub day: Date,
        pub hour: Time,
        pub moment: DateTime,
        pub instant: DateTimeUtc,
        pub local: Option<DateTimeLocal>,
        pub zoned: DateTimeWithTimeZone,
        pub doc: Json,
        pub price: Option<Decimal>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use sample::{Entity as Sample, Kind, Model, Rank, Title};

prop_compose! {
    fn models()(
        (id, flag, tiny, small, large, byte) in any::<(i32, bool, i8, i16, i64, u8)>(),
        (word, natural, huge, single, double) in any::<(u16, Option<u32>, u64, f32, Option<f64>)>(),
        (title, note, data) in any::<(String, Option<String>, Vec<u8>)>(),
        (fancy, other, first) in any::<(bool, Option<bool>, bool)>(),
    ) -> Model {
        let kind = |fancy| if fancy { Kind::Fancy } else { Kind::Plain };
        let rank = if first { Rank::First } else { Rank::Second };
        Model {
            id, flag, tiny, small, large, byte, word, natural, huge, single, double, title: Title(title), note, data,
            kind: kind(fancy), other: other.map(kind), rank,
        }
    }
}

proptest! {
    #[test]
    fn rows_come_back(models in proptest::collection::vec(models(), 0..5)) {
        let bytes = encode_rows::<Sample>(&models).unwrap();
        prop_assert_eq!(decode_rows::<Sample>(&bytes).unwrap(), models);
    }

    #[test]
    fn a_row_comes_back(model in proptest::option::of(models())) {
        let bytes = encode_row::<Sample>(&model).unwrap();
        prop_assert_eq!(decode_row::<Sample>(&bytes).unwrap(), model);
    }

    #[test]
    fn no_part_of_rows_is_rows(models in proptest::collection::vec(models(), 1..3), flip in 1..=255u8) {
        let mut bytes = encode_rows::<Sample>(&models).unwrap();
        for end in 0..bytes.len() {
            prop_assert!(decode_rows::<Sample>(&bytes[..end]).is_err());
        }
        for at in 0..bytes.len() {
            bytes[at] ^= flip;
            // The name of an enum's type is not part of a model.
            let _ = decode_rows::<Sample>(&bytes);
            bytes[at] ^= flip;
        }
        bytes.push(0);
        prop_assert!(decode_rows::<Sample>(&bytes).is_err());
    }
}

fn any_model() -> Model {
    Model {
        id: 1,
        flag: true,
        tiny: 2,
        small: 3,
        large: 4,
        byte: 5,
        word: 6,
        natural: None,
        huge: 7,
        single: 0.5,
        double: None,
        title: Title("One".to_owned()),
        note: None,
        data: vec![0],
        kind: Kind::Plain,
        other: None,
        rank: Rank::First,
    }
}

#[cfg(feature = "postgres-array")]
#[test]
fn arrays_are_not_written() {
    let array = sea_orm::Value::from(vec![1, 2]);
    assert!(put(&mut Vec::new(), &array).is_err());
}

#[test]
fn what_is_not_a_number_comes_back() {
    let bytes = encode_rows::<Sample>(&vec![Model { single: f32::NAN, ..any_model() }]).unwrap();
    assert!(decode_rows::<Sample>(&bytes).unwrap()[0].single.is_nan());
}

#[test]
fn zeros_keep_their_signs() {
    let bytes = encode_rows::<Sample>(&vec![Model { single: -0.0, ..any_model() }]).unwrap();
    assert!(decode_rows::<Sample>(&bytes).unwrap()[0].single.is_sign_negative());
}

#[test]
fn several_rows_are_not_one() {
    let bytes = encode_rows::<Sample>(&vec![any_model(), any_model()]).unwrap();
    assert_eq!(decode_row::<Sample>(&bytes), Err("it has more than one row".to_owned()));
}

#[test]
fn another_entity_is_told_by_its_columns() {
    let bytes = encode_rows::<Sample>(&vec![any_model()]).unwrap();
    let renamed = String::from_utf8_lossy(&bytes).find("natural").unwrap();
    let mut renamed_bytes = bytes.clone();
    renamed_bytes[renamed] = b'N';
    assert_eq!(decode_rows::<Sample>(&renamed_bytes), Err("it has other columns".to_owned()));
    let mut fewer = bytes;
    fewer[0] -= 1;
    assert_eq!(decode_rows::<Sample>(&fewer), Err("it has other columns".to_owned()));
}

#[test]
fn counts_that_lie_are_not_believed() {
    let mut bytes = encode_rows::<Sample>(&Vec::new()).unwrap();
    let at = bytes.len() - 4;
    bytes[at..].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(decode_rows::<Sample>(&bytes), Err("it ends too early".to_owned()));
    let mut reader = Reader::new(b"\x8c\xff\xff\xff\xff");
    assert_eq!(reader.value(), Err("it ends too early"));
}

#[cfg(all(feature = "with-chrono", feature = "with-json", feature = "with-uuid", feature = "with-rust_decimal"))]
mod specially {
    use chrono::{DateTime, FixedOffset, Local, NaiveDate, NaiveTime, TimeZone};
    use sea_orm::prelude::{Decimal, Json, Uuid};

    use super::special::{Entity as Special, Model};
    use super::*;

    prop_compose! {
        fn models()(
            id in any::<u128>(),
            days in -1_000_000..1_000_000i32,
            (seconds, nanoseconds) in (0..86_400u32, 0..1_000_000_000u32),
            offset in -86_399..=86_399i32,
            (local, price) in any::<(bool, Option<(i64, bool)>)>(),
            scale in 0..=28u32,
            words in proptest::collection::vec(".{0,5}", 0..3),
            number in any::<i64>(),
        ) -> Model {
            let day = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            let hour = NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanoseconds).unwrap();
            let moment = day.and_time(hour);
            Model {
                id: Uuid::from_u128(id),
                day,
                hour,
                moment,
                instant: moment.and_utc(),
                local: local.then(|| Local.from_utc_datetime(&moment)),
                zoned: FixedOffset::east_opt(offset).unwrap().from_utc_datetime(&moment),
                doc: serde_json::json!({"words": words, "number": number, "half": 0.5, "none": null}),
                price: price.map(|(units, negative)| Decimal::new(if negative { units } else { 0 }, scale)),
            }
        }
    }

    fn through(model: &Model) -> Result<Model, String> {
        decode_row::<Special>(&encode_row::<Special>(&Some(model.clone()))?).map(Option::unwrap)
    }

    proptest! {
        #[test]
        fn special_values_come_back(model in models()) {
            let again = through(&model).unwrap();
            // Equality of these two looks past the offset and the scale.
            prop_assert_eq!(again.zoned.offset(), model.zoned.offset());
            prop_assert_eq!(again.price.map(|price| price.scale()), model.price.map(|price| price.scale()));
            prop_assert_eq!(again, model);
        }

        #[test]
        fn special_bytes_do_no_harm(model in models(), flip in 1..=255u8) {
            let mut bytes = encode_row::<Special>(&Some(model)).unwrap();
            for at in 0..bytes.len() {
                bytes[at] ^= flip;
                if let Ok(Some(model)) = decode_row::<Special>(&bytes) {
                    let _ = format!("{model:?}");
                }
                bytes[at] ^= flip;
            }
        }
    }

    #[test]
    fn the_ends_of_time_do_no_harm() {
        let some = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap().and_time(NaiveTime::MIN);
        let model = |moment: chrono::NaiveDateTime, zoned: DateTime<FixedOffset>| Model {
            id: Uuid::nil(),
            day: moment.date(),
            hour: moment.time(),
            moment,
            instant: moment.and_utc(),
            local: None,
            zoned,
            doc: Json::Null,
            price: Some(Decimal::MIN),
        };
        let zoned = some.and_utc().fixed_offset();
        for moment in [chrono::NaiveDateTime::MIN, chrono::NaiveDateTime::MAX, some] {
            let model = model(moment, zoned);
            assert_eq!(through(&model), Ok(model));
        }
        assert!(through(&model(some, DateTime::<chrono::Utc>::MAX_UTC.fixed_offset())).is_err());
        let leap = some.date().and_time(NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).unwrap());
        let model = model(leap, zoned);
        assert_eq!(through(&model), Ok(model));
    }
}
