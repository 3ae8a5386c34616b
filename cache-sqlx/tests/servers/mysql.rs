//! MariaDB.

use bigdecimal::BigDecimal;
use cache_core::Cache;
use cache_sqlx::prelude::*;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{Executor, MySql};
use time::macros::{date, datetime, time};
use uuid::Uuid;

use crate::told_apart;

async fn database(name: &str, script: &'static str) -> CachedPool<MySql> {
    test_servers::end_if_left_out();
    let url = test_servers::MariaDb::shared().create_database(name);
    let pool = MySqlPoolOptions::new().max_connections(4).connect(&url).await.unwrap();
    pool.execute(script).await.unwrap();
    CachedPool::new(pool, &Cache::in_memory())
}

macro_rules! column {
    ($db:expr, $column:literal, $exact:expr, $one:expr, $other:expr) => {
        told_apart!(
            &$db,
            MySql,
            concat!("SELECT count(*) FROM thing WHERE ", $column, " = ?"),
            concat!("INSERT INTO thing (", $column, ") VALUES (?)"),
            $exact,
            $one,
            $other
        )
    };
}

#[tokio::test]
async fn each_type_is_compared_as_mariadb_compares_it() {
    let db = database(
        "sqlx_types",
        "CREATE TABLE thing (b boolean, i1 tinyint, i2 smallint, i4 integer, i8 bigint, u8 bigint unsigned, f4 float,
            f8 double, t varchar(9), y varbinary(16), d date, tm time, ts datetime, tz timestamp NULL,
            n decimal(10, 2))",
    )
    .await;
    column!(db, "b", true, true, false);
    column!(db, "i1", true, 1_i8, 2_i8);
    column!(db, "i2", true, 1_i16, 2_i16);
    column!(db, "i4", true, 1, 2);
    column!(db, "i8", true, i64::MAX, i64::MIN);
    column!(db, "u8", true, u64::MAX, 1_u64);
    column!(db, "f4", false, 0.5_f32, 1.5_f32);
    column!(db, "f8", false, 0.1, 0.2);
    column!(db, "t", false, "Case", "other");
    column!(db, "y", false, vec![0_u8, 255], vec![1_u8]);
    column!(db, "y", false, Uuid::from_u128(1), Uuid::from_u128(2));
    let day = |day| NaiveDate::from_ymd_opt(2024, 2, day).unwrap();
    column!(db, "d", true, day(29), day(1));
    let time = |hour| NaiveTime::from_hms_opt(hour, 59, 59).unwrap();
    column!(db, "tm", false, time(23), time(0));
    column!(db, "ts", false, day(1).and_time(time(1)), day(1).and_time(time(2)));
    let utc = |seconds| DateTime::<Utc>::from_timestamp(seconds, 0).unwrap();
    column!(db, "tz", false, utc(1_000_000), utc(2_000_000));
    column!(db, "n", false, Decimal::new(250, 2), Decimal::new(25, 2));
    column!(db, "n", false, BigDecimal::new(250.into(), 2), BigDecimal::new(25.into(), 2));
    column!(db, "d", true, date!(2024 - 02 - 29), date!(2024 - 02 - 01));
    column!(db, "tm", false, time!(23:59:59), time!(00:59:59));
    column!(db, "ts", false, datetime!(2024-02-01 01:59:59), datetime!(2024-02-01 02:59:59));
    column!(db, "tz", false, datetime!(2024-02-01 01:59:59 +5:30), datetime!(2024-02-01 01:59:59 UTC));
}

#[tokio::test]
async fn text_is_found_by_what_the_collation_takes_for_equal() {
    let db = database("sqlx_collation", "CREATE TABLE thing (t varchar(9))").await;
    let asked = || {
        let text = "SELECT count(*) FROM thing WHERE t = ?";
        cache_sqlx::query_scalar::<MySql, i64>(text).bind("news ").cached(db.cache())
    };
    assert_eq!(asked().fetch_one(&db).await.unwrap(), 0);
    cache_sqlx::query("INSERT INTO thing VALUES (?)").bind("NEWS").execute(&db).await.unwrap();
    assert_eq!(asked().fetch_one(&db).await.unwrap(), 1);
}

#[tokio::test]
async fn a_definition_commits_what_was_before_it() {
    let db = database("sqlx_definition", "CREATE TABLE thing (id integer PRIMARY KEY)").await;
    let count = || cache_sqlx::query_scalar::<MySql, i64>("SELECT count(*) FROM thing").cached(db.cache());
    assert_eq!(count().fetch_one(&db).await.unwrap(), 0);
    let mut tx = db.begin().await.unwrap();
    cache_sqlx::query("INSERT INTO thing VALUES (?)").bind(1).execute(&mut tx).await.unwrap();
    assert_eq!(count().fetch_one(&db).await.unwrap(), 0);
    tx.execute("CREATE TABLE other (id integer)").await.unwrap();
    assert_eq!(count().fetch_one(&db).await.unwrap(), 1);
    cache_sqlx::query("INSERT INTO thing VALUES (?)").bind(2).execute(&mut tx).await.unwrap();
    assert_eq!(count().fetch_one(&db).await.unwrap(), 2);
    let _ = tx.rollback().await;
    assert_eq!(count().fetch_one(&db).await.unwrap(), 2);
}

#[tokio::test]
async fn savepoints_and_returned_rows() {
    let script = "CREATE TABLE thing (id integer PRIMARY KEY AUTO_INCREMENT, family integer NOT NULL)";
    let db = database("sqlx_savepoints", script).await;
    let count = |family: i32| {
        let text = "SELECT count(*) FROM thing WHERE family = ?";
        cache_sqlx::query_scalar::<MySql, i64>(text).bind(family).cached(db.cache())
    };
    for family in 1..=2 {
        assert_eq!(count(family).fetch_one(&db).await.unwrap(), 0);
    }
    let insert = |family: i32| {
        cache_sqlx::query_scalar::<MySql, i32>("INSERT INTO thing (family) VALUES (?) RETURNING id").bind(family)
    };
    let mut tx = db.begin().await.unwrap();
    assert_eq!(insert(1).fetch_one(&mut tx).await.unwrap(), 1);
    let mut savepoint = tx.begin().await.unwrap();
    insert(2).fetch_one(&mut savepoint).await.unwrap();
    savepoint.rollback().await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(1).fetch_one(&db).await.unwrap(), 1);
    let (kept, cost) = cache_core::observe::measure_async(count(2).fetch_one(&db)).await;
    assert_eq!((kept.unwrap(), cost.statements), (0, 0));
}
