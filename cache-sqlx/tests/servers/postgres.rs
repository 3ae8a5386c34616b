//! PostgreSQL.

use std::time::Duration;

use bigdecimal::BigDecimal;
use cache_core::Cache;
use cache_sqlx::prelude::*;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, Postgres};
use time::macros::{date, datetime, time};
use uuid::Uuid;

use crate::told_apart;

async fn database(name: &str, script: &'static str) -> CachedPool<Postgres> {
    test_servers::end_if_left_out();
    let url = test_servers::Postgres::shared().create_database(name);
    let pool = PgPoolOptions::new().max_connections(4).connect(&url).await.unwrap();
    pool.execute(script).await.unwrap();
    CachedPool::new(pool, &Cache::in_memory())
}

macro_rules! column {
    ($db:expr, $column:literal, $exact:expr, $one:expr, $other:expr) => {
        told_apart!(
            &$db,
            Postgres,
            concat!("SELECT count(*) FROM thing WHERE ", $column, " = $1"),
            concat!("INSERT INTO thing (", $column, ") VALUES ($1)"),
            $exact,
            $one,
            $other
        )
    };
}

#[tokio::test]
async fn each_type_is_compared_as_postgres_compares_it() {
    let db = database(
        "sqlx_types",
        "CREATE TABLE thing (b boolean, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, t text, v varchar(9), y bytea,
            u uuid, d date, tm time, ts timestamp, tz timestamptz, n numeric(10, 2), j jsonb, a int4[])",
    )
    .await;
    column!(db, "b", true, true, false);
    column!(db, "i2", true, 1_i16, 2_i16);
    column!(db, "i4", true, 1, 2);
    column!(db, "i8", true, i64::MAX, i64::MIN);
    column!(db, "f4", false, 0.1_f32, 0.5_f32);
    column!(db, "f8", false, 0.1_f64, -0.0_f64);
    column!(db, "t", true, "it's", "b");
    column!(db, "v", false, String::from("a"), String::from("b"));
    column!(db, "y", true, vec![0_u8, 255], vec![1_u8]);
    column!(db, "u", true, Uuid::from_u128(1), Uuid::from_u128(2));
    let day = |day| NaiveDate::from_ymd_opt(1999, 12, day).unwrap();
    column!(db, "d", true, day(31), day(1));
    let time = |nanos| NaiveTime::from_hms_nano_opt(23, 59, 59, nanos).unwrap();
    column!(db, "tm", false, time(999_999_999), time(0));
    column!(db, "ts", false, day(31).and_time(time(999_999_999)), day(1).and_time(time(1)));
    let utc = |nanos| DateTime::<Utc>::from_timestamp(0, nanos).unwrap();
    column!(db, "tz", false, utc(1), utc(5000));
    column!(db, "n", false, Decimal::new(250, 2), Decimal::new(25, 2));
    column!(db, "n", false, BigDecimal::new(250.into(), 2), BigDecimal::new(25.into(), 2));
    column!(db, "d", true, date!(1999 - 12 - 31), date!(1999 - 12 - 01));
    column!(db, "tm", false, time!(23:59:59.999_999), time!(00:00));
    column!(db, "ts", false, datetime!(1999-12-31 23:59:59.999_999), datetime!(1999-12-01 00:00));
    column!(db, "tz", false, datetime!(1999-12-31 23:59:59.5 +5:30), datetime!(1999-12-31 23:59:59.5 UTC));
    column!(db, "j", false, serde_json::json!({"a": 1}), serde_json::json!([]));
    column!(db, "a", false, vec![1, 2], Vec::<i32>::new());
}

#[tokio::test]
async fn a_number_that_a_column_rounds_is_found_by_what_it_holds() {
    let db = database("sqlx_rounding", "CREATE TABLE thing (n numeric(10, 2), f float4, t timestamp(0))").await;
    let count = |column: &str, literal: &str| {
        let text = format!("SELECT count(*) FROM thing WHERE {column} = {literal}");
        cache_sqlx::query_scalar::<Postgres, i64>(sqlx::AssertSqlSafe(text)).cached(db.cache())
    };
    let asked = [("n", "2.35"), ("f", "0.1::float4"), ("t", "'2024-01-01 00:00:01'::timestamp")];
    for (column, literal) in asked {
        assert_eq!(count(column, literal).fetch_one(&db).await.unwrap(), 0);
    }
    let moment = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap().and_hms_milli_opt(0, 0, 0, 700).unwrap();
    let write = cache_sqlx::query("INSERT INTO thing VALUES ($1, $2, $3)").bind(Decimal::new(2345, 3)).bind(0.1_f64);
    write.bind(moment).execute(&db).await.unwrap();
    for (column, literal) in asked {
        assert_eq!(count(column, literal).fetch_one(&db).await.unwrap(), 1, "{column}");
    }
}

#[tokio::test]
async fn a_date_and_a_number_written_as_text_are_found_by_their_binds() {
    let db = database("sqlx_literals", "CREATE TABLE thing (n numeric, d date)").await;
    let number = |text: &str| {
        let number: BigDecimal = text.parse().unwrap();
        let text = "SELECT count(*) FROM thing WHERE n = $1";
        cache_sqlx::query_scalar::<Postgres, i64>(text).bind(number).cached(db.cache())
    };
    let day = |day: time::Date| {
        let text = "SELECT count(*) FROM thing WHERE d = $1";
        cache_sqlx::query_scalar::<Postgres, i64>(text).bind(day).cached(db.cache())
    };
    let numbers = ["1e30", "0.1", "-12.50", "1E-12", "123456789012345678901234567890.123456789"];
    let days = [date!(2024 - 02 - 29), date!(0001 - 01 - 01), date!(9999 - 12 - 31)];
    for text in numbers {
        assert_eq!(number(text).fetch_one(&db).await.unwrap(), 0);
        db.execute(sqlx::AssertSqlSafe(format!("INSERT INTO thing (n) VALUES ({text})"))).await.unwrap();
        assert_eq!(number(text).fetch_one(&db).await.unwrap(), 1, "{text}");
    }
    for date in days {
        assert_eq!(day(date).fetch_one(&db).await.unwrap(), 0);
        db.execute(sqlx::AssertSqlSafe(format!("INSERT INTO thing (d) VALUES ('{date}')"))).await.unwrap();
        assert_eq!(day(date).fetch_one(&db).await.unwrap(), 1, "{date}");
    }
}

#[tokio::test]
async fn members_of_an_array_are_conditions() {
    let db = database("sqlx_arrays", "CREATE TABLE thing (id int4 PRIMARY KEY, name text)").await;
    let among = |ids: Vec<i32>| {
        let text = "SELECT count(*) FROM thing WHERE id = ANY($1)";
        cache_sqlx::query_scalar::<Postgres, i64>(text).bind(ids).cached(db.cache())
    };
    assert_eq!(among(vec![1, 2]).fetch_one(&db).await.unwrap(), 0);
    assert_eq!(among(vec![3]).fetch_one(&db).await.unwrap(), 0);
    assert_eq!(among(Vec::new()).fetch_one(&db).await.unwrap(), 0);
    cache_sqlx::query("INSERT INTO thing VALUES ($1, $2)").bind(2).bind("two").execute(&db).await.unwrap();
    assert_eq!(among(vec![1, 2]).fetch_one(&db).await.unwrap(), 1);
    let (kept, cost) = cache_core::observe::measure_async(among(vec![3]).fetch_one(&db)).await;
    assert_eq!((kept.unwrap(), cost.statements), (0, 0));
}

#[tokio::test]
async fn returned_rows_are_read() {
    let script = "CREATE TABLE thing (id int4 PRIMARY KEY, family int4 NOT NULL, name text, size float8);
        INSERT INTO thing VALUES (1, 1, 'one', 0.5), (2, 2, 'two', 1.5)";
    let db = database("sqlx_returning", script).await;
    let names = |family: i32| {
        let text = "SELECT name FROM thing WHERE family = $1 ORDER BY id";
        cache_sqlx::query_scalar::<Postgres, String>(text).bind(family).cached(db.cache())
    };
    for family in 1..=2 {
        names(family).fetch_all(&db).await.unwrap();
    }
    let text = "UPDATE thing SET name = $1 WHERE id = $2 RETURNING *";
    cache_sqlx::query(text).bind("zwei").bind(2).fetch_one(&db).await.unwrap();
    assert_eq!(names(2).fetch_all(&db).await.unwrap(), ["zwei"]);
    assert_eq!(names(1).fetch_all(&db).await.unwrap(), ["one"]);
}

#[tokio::test]
async fn a_failed_transaction_holds_on() {
    let db = database("sqlx_failed", "CREATE TABLE thing (id int4 PRIMARY KEY)").await;
    let count = || cache_sqlx::query_scalar::<Postgres, i64>("SELECT count(*) FROM thing").cached(db.cache());
    assert_eq!(count().fetch_one(&db).await.unwrap(), 0);
    let mut tx = db.begin().await.unwrap();
    let insert = || cache_sqlx::query::<Postgres>("INSERT INTO thing VALUES ($1)").bind(1);
    insert().execute(&mut tx).await.unwrap();
    let mut savepoint = tx.begin().await.unwrap();
    assert!(insert().execute(&mut savepoint).await.is_err());
    assert!(insert().execute(&mut savepoint).await.is_err());
    savepoint.rollback().await.unwrap();
    assert_eq!(count().fetch_one(&db).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(count().fetch_one(&db).await.unwrap(), 1);
}

#[tokio::test]
async fn callers_that_go_away_leave_no_transaction_open() {
    let db = database("sqlx_cancelled", "CREATE TABLE thing (id int4 PRIMARY KEY)").await;
    let count = || cache_sqlx::query_scalar::<Postgres, i64>("SELECT count(*) FROM thing").cached(db.cache());
    for round in 0..20_u64 {
        count().fetch_one(&db).await.unwrap();
        let work = async {
            let mut tx = db.begin().await.unwrap();
            let insert = "INSERT INTO thing SELECT $1 FROM pg_sleep(0.002)";
            cache_sqlx::query(insert).bind(round as i32).execute(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
        };
        let _ = tokio::time::timeout(Duration::from_micros(400 * round), work).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let told = cache_sqlx::query_scalar::<Postgres, i64>("SELECT count(*) FROM thing").fetch_one(&db).await.unwrap();
    assert_eq!(count().fetch_one(&db).await.unwrap(), told);
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
    assert_eq!(cache_sqlx::query_scalar::<Postgres, i64>(open).fetch_one(&db).await.unwrap(), 0);
}

#[tokio::test]
async fn arrays_of_bytes_and_types_without_a_bind() {
    let db = database("sqlx_opaque", "CREATE TABLE thing (span interval)").await;
    let span = |days| sqlx::postgres::types::PgInterval { months: 0, days, microseconds: 0 };
    let asked = |days| {
        let text = "SELECT count(*) FROM thing WHERE span = $1";
        cache_sqlx::query_scalar::<Postgres, i64>(text).bind_opaque(span(days)).cached(db.cache())
    };
    assert_eq!(asked(1).fetch_one(&db).await.unwrap(), 0);
    let write = cache_sqlx::query("INSERT INTO thing VALUES ($1)").bind_opaque(span(1));
    write.execute(&db).await.unwrap();
    assert_eq!(asked(1).fetch_one(&db).await.unwrap(), 1);
    assert_eq!(asked(2).fetch_one(&db).await.unwrap(), 0);
}
