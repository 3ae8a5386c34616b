//! Values of each type: a write that binds one drops the result that was asked for with it, and keeps the others.

use std::borrow::Cow;

use cache_sqlx::ToBind;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Utc};
use sqlx::types::Text;
use sqlx::{Encode, Sqlite, Type};
use time::Duration;
use time::macros::{date, offset, time};
use uuid::Uuid;

use crate::shop::*;

/// Asks for rows with each of two values, and writes one.
async fn told_apart<T>(shop: &Shop, one: T, other: T)
where
    T: Clone + for<'t> Encode<'t, Sqlite> + Type<Sqlite> + ToBind + 'static,
{
    let asked = |value: T| {
        let text = "SELECT count(*) FROM thing WHERE value = ?";
        cache_sqlx::query_scalar::<Sqlite, i64>(text).bind(value).cached(&shop.cache)
    };
    let kind = std::any::type_name::<T>();
    shop.sql("DELETE FROM thing").await;
    for value in [&one, &other] {
        assert_eq!(miss!(asked(value.clone()).fetch_one(&shop.db)), 0, "{kind}");
        assert_eq!(hit!(asked(value.clone()).fetch_one(&shop.db)), 0, "{kind}");
    }
    cache_sqlx::query("INSERT INTO thing (value) VALUES (?)").bind(one.clone()).execute(&shop.db).await.unwrap();
    assert_eq!(miss!(asked(one.clone()).fetch_one(&shop.db)), 1, "{kind}");
    assert_eq!(hit!(asked(other).fetch_one(&shop.db)), 0, "{kind}");
    // As SQLite sees it, not as Rust does: what it holds now, written once more as text.
    let held = cache_sqlx::query_scalar::<Sqlite, String>("SELECT quote(value) FROM thing");
    let held = held.fetch_one(&shop.db).await.unwrap();
    shop.sql("UPDATE thing SET value = NULL").await;
    assert_eq!(miss!(asked(one.clone()).fetch_one(&shop.db)), 0, "{kind}");
    shop.sql(&format!("INSERT INTO thing (value) VALUES ({held})")).await;
    assert_eq!(miss!(asked(one).fetch_one(&shop.db)), 1, "{kind} {held}");
}

#[tokio::test]
async fn each_type_is_compared_as_sqlite_compares_it() {
    let shop = shop().await;
    shop.sql("CREATE TABLE thing (value)").await;
    told_apart(&shop, 1_i8, 2).await;
    told_apart(&shop, 1_i16, 2).await;
    told_apart(&shop, 1_i32, 2).await;
    told_apart(&shop, i64::MAX, i64::MIN).await;
    told_apart(&shop, 1_u8, 2).await;
    told_apart(&shop, 1_u16, 2).await;
    told_apart(&shop, u32::MAX, 2).await;
    told_apart(&shop, true, false).await;
    told_apart(&shop, 0.5_f32, 1.5).await;
    told_apart(&shop, 0.1_f64, 0.2).await;
    told_apart(&shop, "a", "b").await;
    told_apart(&shop, String::from("it's\n"), String::new()).await;
    told_apart(&shop, Cow::Borrowed("a"), Cow::Borrowed("b")).await;
    told_apart(&shop, Text(7), Text(8)).await;
    told_apart(&shop, vec![0_u8, 255], vec![]).await;
    told_apart(&shop, b"a".as_slice(), b"b").await;
    told_apart(&shop, Some(1), Some(2)).await;
    told_apart(&shop, Uuid::from_u128(1), Uuid::from_u128(2)).await;
    told_apart(&shop, Uuid::from_u128(1).hyphenated(), Uuid::from_u128(2).hyphenated()).await;
    told_apart(&shop, Uuid::from_u128(1).simple(), Uuid::from_u128(2).simple()).await;
    let day = |day| NaiveDate::from_ymd_opt(2024, 2, day).unwrap();
    told_apart(&shop, day(1), day(29)).await;
    let time = |nanos| NaiveTime::from_hms_nano_opt(1, 2, 3, nanos).unwrap();
    told_apart(&shop, time(0), time(500)).await;
    told_apart(&shop, day(1).and_time(time(1)), day(1).and_time(time(2))).await;
    let utc = |seconds| DateTime::<Utc>::from_timestamp(seconds, 0).unwrap();
    told_apart(&shop, utc(0), utc(1)).await;
    let east = FixedOffset::east_opt(3600).unwrap();
    told_apart(&shop, utc(0).with_timezone(&east), utc(1).with_timezone(&east)).await;
}

#[tokio::test]
async fn times_of_the_crate_time_are_compared_as_sqlite_compares_them() {
    let shop = shop().await;
    shop.sql("CREATE TABLE thing (value)").await;
    told_apart(&shop, date!(2024 - 02 - 29), date!(2024 - 03 - 01)).await;
    told_apart(&shop, date!(-0044 - 03 - 15), date!(0001 - 01 - 01)).await;
    for fraction in [time!(00:00), time!(23:59:59.5), time!(01:02:03.000_000_001), time!(12:00:00.123_456)] {
        told_apart(&shop, fraction, time!(04:05:06)).await;
        told_apart(&shop, date!(2024 - 02 - 29).with_time(fraction), date!(2024 - 02 - 29).with_time(time!(04:05)))
            .await;
        for offset in [offset!(UTC), offset!(+5:30), offset!(-11)] {
            let moment = date!(2024 - 02 - 29).with_time(fraction).assume_offset(offset);
            told_apart(&shop, moment, moment + Duration::SECOND).await;
        }
    }
}

#[tokio::test]
async fn text_that_a_column_converts_is_found_as_a_number() {
    let shop = shop().await;
    let rated = || cache_sqlx::query_scalar::<Sqlite, i64>("SELECT count(*) FROM article WHERE stars = ?").bind(4);
    assert_eq!(miss!(rated().cached(&shop.cache).fetch_one(&shop.db)), 0);
    let text = "UPDATE article SET stars = ? WHERE id = ?";
    cache_sqlx::query(text).bind("4").bind("1").execute(&shop.db).await.unwrap();
    assert_eq!(miss!(rated().cached(&shop.cache).fetch_one(&shop.db)), 1);
}

#[tokio::test]
async fn what_json_holds_is_not_compared() {
    let shop = shop().await;
    shop.sql("CREATE TABLE thing (value)").await;
    let text = "SELECT count(*) FROM thing WHERE value = ?";
    let asked = || cache_sqlx::query_scalar::<Sqlite, i64>(text).bind(sqlx::types::Json(vec![1])).cached(&shop.cache);
    assert_eq!(miss!(asked().fetch_one(&shop.db)), 0);
    cache_sqlx::query("INSERT INTO thing VALUES (?)").bind(serde_json::json!([1])).execute(&shop.db).await.unwrap();
    assert_eq!(miss!(asked().fetch_one(&shop.db)), 1);
    hit!(asked().fetch_one(&shop.db));
}
