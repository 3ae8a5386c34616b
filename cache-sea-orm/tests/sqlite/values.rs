//! Values of every common type as parameters.

use cache_core::Cache;
use cache_sea_orm::prelude::*;
use sea_orm::prelude::{ChronoUtc, Date, DateTimeUtc, DateTimeWithTimeZone, Decimal, Json, Time, Uuid};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, DbBackend, EntityTrait, QueryFilter, Statement, Value};

use crate::shop::*;

mod sample {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text")]
    pub enum Kind {
        #[sea_orm(string_value = "plain")]
        Plain,
        #[sea_orm(string_value = "fancy")]
        Fancy,
    }

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "sample")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub flag: bool,
        pub small: i16,
        pub number: i32,
        pub large: i64,
        pub natural: u32,
        pub single: f32,
        pub double: f64,
        pub words: String,
        pub data: Vec<u8>,
        pub uid: Uuid,
        pub day: Date,
        pub hour: Time,
        pub moment: DateTime,
        pub instant: DateTimeUtc,
        pub zoned: DateTimeWithTimeZone,
        pub doc: Json,
        pub kind: Kind,
        pub price: Decimal,
        pub maybe: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use sample::{Column, Entity as Sample, Kind};

async fn samples() -> Shop {
    let shop = shop().await;
    shop.sql(
        "CREATE TABLE sample (
            id INTEGER PRIMARY KEY AUTOINCREMENT, flag BOOLEAN NOT NULL, small SMALLINT NOT NULL, number INTEGER NOT NULL,
            large BIGINT NOT NULL, natural INTEGER NOT NULL, single FLOAT NOT NULL, double DOUBLE NOT NULL,
            words VARCHAR NOT NULL, data BLOB NOT NULL, uid UUID_TEXT NOT NULL, day DATE_TEXT NOT NULL,
            hour TIME_TEXT NOT NULL, moment DATETIME_TEXT NOT NULL, instant TIMESTAMP_WITH_TIMEZONE_TEXT NOT NULL,
            zoned TIMESTAMP_WITH_TIMEZONE_TEXT NOT NULL, doc JSON_TEXT NOT NULL, kind TEXT NOT NULL,
            price REAL NOT NULL, maybe INTEGER
        )",
    )
    .await;
    shop
}

/// A row whose every column differs between `n`s.
fn row(n: u8) -> sample::ActiveModel {
    let day = Date::from_ymd_opt(2024, 2, 1).unwrap() + chrono::Days::new(400 * u64::from(n));
    let hour = Time::from_hms_micro_opt(n.into(), 30, 0, 250_000).unwrap();
    let instant = day.and_time(hour).and_utc();
    sample::ActiveModel {
        flag: Set(n % 2 == 1),
        small: Set(i16::from(n)),
        number: Set(-i32::from(n)),
        large: Set(i64::MAX - i64::from(n)),
        natural: Set(u32::MAX - u32::from(n)),
        single: Set(f32::from(n) + 0.1),
        double: Set(f64::from(n) + 0.1),
        words: Set(format!("word's \"{n}\" ☃")),
        data: Set(vec![0, 255, n]),
        uid: Set(Uuid::from_bytes([n; 16])),
        day: Set(day),
        hour: Set(hour),
        moment: Set(day.and_time(hour)),
        instant: Set(instant),
        zoned: Set(instant.into()),
        doc: Set(Json::from(vec![n])),
        kind: Set(if n % 2 == 1 { Kind::Fancy } else { Kind::Plain }),
        price: Set(Decimal::new(i64::from(n) * 100 + 50, 2)),
        maybe: Set(Some(n.into())),
        ..Default::default()
    }
}

async fn read(shop: &Shop, cache: &Cache, column: Column, value: &Value) -> (usize, u64) {
    let query = Sample::find().filter(column.eq(value.clone())).cached(cache);
    let (rows, cost) = cache_core::observe::measure_async(query.all(&shop.db)).await;
    (rows.unwrap().len(), cost.statements)
}

/// A condition on one column finds the row of its value, and is left alone by another row.
async fn finds(column: Column, granular: bool) {
    let shop = samples().await;
    let value = row(1).get(column).into_value().unwrap();
    assert_eq!(read(&shop, &shop.cache, column, &value).await, (0, 1), "{column:?} before");
    row(2).insert(&shop.db).await.unwrap();
    let (rows, statements) = read(&shop, &shop.cache, column, &value).await;
    assert_eq!(rows, 0, "{column:?} beside another row");
    assert_eq!(statements, u64::from(!granular), "{column:?} beside another row");
    row(1).insert(&shop.db).await.unwrap();
    assert_eq!(read(&shop, &shop.cache, column, &value).await, (1, 1), "{column:?} with its row");
    assert_eq!(read(&shop, &shop.cache, column, &value).await, (1, 0), "{column:?} again");
    Sample::delete_many().filter(column.eq(value.clone())).exec(&shop.db).await.unwrap();
    assert_eq!(read(&shop, &shop.cache, column, &value).await.0, 0, "{column:?} without its row");
}

macro_rules! parameters {
    ($($name:ident: $column:ident $granular:literal;)*) => {$(
        #[tokio::test]
        async fn $name() {
            finds(Column::$column, $granular).await;
        }
    )*};
}

parameters! {
    a_boolean_is_a_parameter: Flag true;
    a_small_integer_is_a_parameter: Small true;
    an_integer_is_a_parameter: Number true;
    a_large_integer_is_a_parameter: Large true;
    an_unsigned_integer_is_a_parameter: Natural true;
    a_double_is_a_parameter: Double true;
    text_is_a_parameter: Words true;
    bytes_are_a_parameter: Data true;
    a_uuid_is_a_parameter: Uid true;
    a_date_is_a_parameter: Day true;
    a_time_is_a_parameter: Hour true;
    a_date_and_time_is_a_parameter: Moment true;
    an_instant_is_a_parameter: Instant true;
    an_instant_with_a_zone_is_a_parameter: Zoned true;
    a_json_document_is_a_parameter: Doc true;
    an_enum_is_a_parameter: Kind true;
    an_optional_value_is_a_parameter: Maybe true;
}

#[tokio::test]
async fn a_decimal_is_a_parameter_whatever_its_scale() {
    let shop = samples().await;
    let price = |text: &str| Value::from(text.parse::<Decimal>().unwrap());
    for text in ["1.5", "1.50", "1.500"] {
        assert_eq!(read(&shop, &shop.cache, Column::Price, &price(text)).await.0, 0);
    }
    row(1).insert(&shop.db).await.unwrap();
    for text in ["1.5", "1.50", "1.500"] {
        assert_eq!(read(&shop, &shop.cache, Column::Price, &price(text)).await, (1, 1), "{text}");
    }
}

#[tokio::test]
async fn a_single_float_is_a_parameter() {
    let shop = samples().await;
    let above = |value: f32| Sample::find().filter(Column::Single.gt(value)).cached(&shop.cache);
    assert_eq!(miss!(above(1.0).all(&shop.db)).len(), 0);
    row(1).insert(&shop.db).await.unwrap();
    assert_eq!(miss!(above(1.0).all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn lists_of_values_are_parameters() {
    let shop = samples().await;
    let query = || {
        Sample::find().filter(Column::Uid.is_in([1_u8, 2, 3].map(|n| Uuid::from_bytes([n; 16])))).cached(&shop.cache)
    };
    assert_eq!(miss!(query().all(&shop.db)).len(), 0);
    row(4).insert(&shop.db).await.unwrap();
    assert_eq!(hit!(query().all(&shop.db)).len(), 0);
    row(3).insert(&shop.db).await.unwrap();
    assert_eq!(miss!(query().all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn ranges_of_dates_and_times_are_dropped() {
    let shop = samples().await;
    let from = |n: u8| {
        let model = row(n);
        [
            Sample::find().filter(Column::Day.gte(model.day.clone().unwrap())).cached(&shop.cache),
            Sample::find().filter(Column::Moment.gte(model.moment.clone().unwrap())).cached(&shop.cache),
            Sample::find()
                .filter(Column::Instant.between(model.instant.clone().unwrap(), row(9).instant.unwrap()))
                .cached(&shop.cache),
        ]
    };
    for query in from(3) {
        assert_eq!(miss!(query.all(&shop.db)).len(), 0);
    }
    row(1).insert(&shop.db).await.unwrap();
    let [_, _, between] = from(3);
    assert_eq!(hit!(between.all(&shop.db)).len(), 0);
    row(5).insert(&shop.db).await.unwrap();
    for query in from(3) {
        assert_eq!(miss!(query.all(&shop.db)).len(), 1);
    }
}

#[tokio::test]
async fn models_come_back_from_the_cache_as_they_were() {
    let shop = samples().await;
    row(1).insert(&shop.db).await.unwrap();
    sample::ActiveModel { maybe: Set(None), ..row(2) }.insert(&shop.db).await.unwrap();
    let query = || Sample::find().cached(&shop.cache);
    let plain = Sample::find().all(&shop.db).await.unwrap();
    assert_eq!(miss!(query().all(&shop.db)), plain);
    assert_eq!(hit!(query().all(&shop.db)), plain);
}

#[tokio::test]
async fn two_spellings_of_an_instant_are_two_texts_and_both_are_right() {
    let shop = samples().await;
    let utc: DateTimeUtc = row(1).instant.unwrap();
    let east = utc.with_timezone(&chrono::FixedOffset::east_opt(7200).unwrap());
    let query = |value: DateTimeWithTimeZone| Sample::find().filter(Column::Zoned.eq(value)).cached(&shop.cache);
    assert_eq!(miss!(query(utc.into()).all(&shop.db)).len(), 0);
    assert_eq!(miss!(query(east).all(&shop.db)).len(), 0);
    sample::ActiveModel { zoned: Set(east), ..row(2) }.insert(&shop.db).await.unwrap();
    assert_eq!(query(utc.into()).all(&shop.db).await.unwrap().len(), 0);
    assert_eq!(miss!(query(east).all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn a_uuid_compared_as_a_blob_and_as_a_value_is_dropped() {
    let shop = samples().await;
    let text = "SELECT id FROM sample WHERE uid = x'01010101010101010101010101010101'";
    let statement = || Statement::from_string(DbBackend::Sqlite, text);
    let query = || Sample::find().from_raw_sql(statement()).into_json().cached(&shop.cache);
    assert_eq!(miss!(query().all(&shop.db)).len(), 0);
    row(2).insert(&shop.db).await.unwrap();
    assert_eq!(hit!(query().all(&shop.db)).len(), 0);
    row(1).insert(&shop.db).await.unwrap();
    assert_eq!(miss!(query().all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn numbers_are_compared_by_value_whatever_their_type() {
    let shop = samples().await;
    let queries = || {
        [
            Sample::find().filter(Column::Number.eq(-1)).cached(&shop.cache),
            Sample::find().filter(Expr::col(Column::Number).eq(-1_i64)).cached(&shop.cache),
            Sample::find().filter(Expr::col(Column::Number).eq(-1.0)).cached(&shop.cache),
            Sample::find().filter(Expr::col(Column::Number).eq("-1")).cached(&shop.cache),
            Sample::find().filter(Expr::col(Column::Number).eq("-1.0")).cached(&shop.cache),
        ]
    };
    for query in queries() {
        assert_eq!(miss!(query.all(&shop.db)).len(), 0);
    }
    row(1).insert(&shop.db).await.unwrap();
    for query in queries() {
        let real = Sample::find().filter(Column::Number.eq(-1)).all(&shop.db).await.unwrap().len();
        assert_eq!(miss!(query.all(&shop.db)).len(), real);
    }
}

#[tokio::test]
async fn text_in_a_numeric_column_is_compared_as_the_database_does() {
    let shop = shop().await;
    shop.sql("CREATE TABLE price (id INTEGER PRIMARY KEY, amount NUMERIC)").await;
    let query = || {
        let text = "SELECT id FROM price WHERE amount = ?";
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, text, ["1.50".into()]);
        Article::find().from_raw_sql(statement).into_json().cached(&shop.cache)
    };
    assert_eq!(miss!(query().all(&shop.db)).len(), 0);
    use sea_orm::ConnectionTrait;
    let insert = "INSERT INTO price (amount) VALUES (?)";
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, insert, ["1.5".into()]);
    shop.db.execute_raw(statement).await.unwrap();
    assert_eq!(miss!(query().all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn not_a_number_is_null_to_the_database() {
    let shop = shop().await;
    shop.sql("CREATE TABLE reading (id INTEGER PRIMARY KEY, level REAL)").await;
    let text = "SELECT id FROM reading WHERE level IS NULL";
    let query = || Article::find().from_raw_sql(Statement::from_string(DbBackend::Sqlite, text)).into_json();
    assert_eq!(miss!(query().cached(&shop.cache).all(&shop.db)).len(), 0);
    use sea_orm::ConnectionTrait;
    let insert = "INSERT INTO reading (level) VALUES (?)";
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, insert, [f64::NAN.into()]);
    shop.db.execute_raw(statement).await.unwrap();
    assert_eq!(miss!(query().cached(&shop.cache).all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn the_present_is_a_plain_parameter() {
    let shop = samples().await;
    let now = ChronoUtc::now();
    let query = || Sample::find().filter(Column::Instant.lt(now)).cached(&shop.cache);
    miss!(query().all(&shop.db));
    hit!(query().all(&shop.db));
}

#[tokio::test]
async fn a_bound_value_equals_the_literal_that_the_database_keeps() {
    use sea_orm::{FromQueryResult, IdenStatic, JsonValue, QuerySelect};
    for column in [Column::Day, Column::Hour, Column::Moment, Column::Instant, Column::Zoned, Column::Uid, Column::Doc]
    {
        let shop = samples().await;
        let value = row(1).get(column).into_value().unwrap();
        row(1).insert(&shop.db).await.unwrap();
        let literal = Expr::cust(format!("quote(\"{}\")", column.as_str()));
        let literal: Vec<String> =
            Sample::find().select_only().expr_as(literal, "q").into_tuple().all(&shop.db).await.unwrap();
        shop.sql("DELETE FROM sample").await;
        row(2).insert(&shop.db).await.unwrap();
        assert_eq!(read(&shop, &shop.cache, column, &value).await, (0, 1), "{column:?}");
        let text = format!("UPDATE sample SET \"{}\" = {} WHERE words <> ''", column.as_str(), literal[0]);
        shop.sql(&text).await;
        assert_eq!(read(&shop, &shop.cache, column, &value).await, (1, 1), "{column:?}: {text}");
        let raw = format!("SELECT id FROM sample WHERE \"{}\" = {}", column.as_str(), literal[0]);
        let raw = || JsonValue::find_by_statement(Statement::from_string(DbBackend::Sqlite, &raw)).cached(&shop.cache);
        shop.sql("DELETE FROM sample").await;
        assert_eq!(miss!(raw().all(&shop.db)).len(), 0);
        row(1).insert(&shop.db).await.unwrap();
        assert_eq!(miss!(raw().all(&shop.db)).len(), 1, "{column:?}");
    }
}
