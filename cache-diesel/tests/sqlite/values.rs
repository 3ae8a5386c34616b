//! Values of every type in conditions.

use cache_diesel::prelude::*;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::connection::SimpleConnection;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Text;
use diesel::sqlite::{Sqlite, SqliteValue};

use crate::shop::{hit, miss, shop};

diesel::table! {
    thing (id) {
        id -> Integer,
        status -> Text,
        note -> Nullable<Text>,
        day -> Date,
        at -> Timestamp,
        price -> Double,
        flag -> Bool,
        bytes -> Binary,
    }
}

/// Kept under another name than it has here.
#[derive(Clone, Copy, Debug, PartialEq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
enum Status {
    Live,
    Gone,
}

impl ToSql<Text, Sqlite> for Status {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(match self {
            Status::Live => "l \"i\" v'e\\",
            Status::Gone => "gone\n",
        });
        Ok(IsNull::No)
    }
}

impl FromSql<Text, Sqlite> for Status {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(if value.read_text() == "gone\n" { Status::Gone } else { Status::Live })
    }
}

fn filled() -> (cache_core::Cache, crate::shop::Db) {
    let (cache, mut db) = shop();
    db.batch_execute(
        "CREATE TABLE thing (
            id INTEGER PRIMARY KEY, status TEXT NOT NULL, note TEXT, day TEXT NOT NULL, at TEXT NOT NULL,
            price REAL NOT NULL, flag INTEGER NOT NULL, bytes BLOB NOT NULL
        )",
    )
    .expect("a table");
    (cache, db)
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 5, day).expect("a day")
}

fn at(day_of_month: u32) -> NaiveDateTime {
    day(day_of_month).and_hms_micro_opt(1, 2, 3, 400).expect("a time")
}

fn insert(db: &mut crate::shop::Db, id: i32, status: Status, number: u32) {
    diesel::insert_into(thing::table)
        .values((
            thing::id.eq(id),
            thing::status.eq(status),
            thing::note.eq(None::<String>),
            thing::day.eq(day(number)),
            thing::at.eq(at(number)),
            thing::price.eq(f64::from(number) / 10.0),
            thing::flag.eq(number.is_multiple_of(2)),
            thing::bytes.eq(vec![number as u8, 0xff]),
        ))
        .execute(db)
        .expect("a write");
}

/// A query for the first thing is kept while the second is written, and goes with the first.
macro_rules! follows {
    ($condition:expr) => {{
        let (cache, mut db) = filled();
        let query = || thing::table.filter($condition).select(thing::id).order(thing::id).cached(&cache);
        assert!(miss!(cache, query().load::<i32>(&mut db)).is_empty());
        insert(&mut db, 2, Status::Gone, 2);
        assert!(hit!(cache, query().load::<i32>(&mut db)).is_empty());
        insert(&mut db, 1, Status::Live, 1);
        assert_eq!(miss!(cache, query().load::<i32>(&mut db)), [1]);
        diesel::delete(thing::table.find(1)).execute(&mut db).expect("a write");
        assert!(miss!(cache, query().load::<i32>(&mut db)).is_empty());
    }};
}

#[test]
fn enums_are_compared_as_they_are_stored() {
    follows!(thing::status.eq(Status::Live));
}

#[test]
fn dates_and_times_are_compared_as_they_are_stored() {
    follows!(thing::day.eq(day(1)));
    follows!(thing::at.eq(at(1)));
}

#[test]
fn numbers_flags_and_bytes() {
    follows!(thing::price.eq(0.1));
    follows!(thing::flag.eq(false));
    follows!(thing::bytes.eq(vec![1_u8, 0xff]));
}

#[test]
fn nothing_is_a_value() {
    let (cache, mut db) = filled();
    insert(&mut db, 1, Status::Live, 1);
    let noted = || thing::table.filter(thing::note.is_null()).cached(&cache);
    assert_eq!(miss!(cache, noted().count(&mut db)), 1);
    diesel::update(thing::table.find(1)).set(thing::note.eq(Some("x"))).execute(&mut db).expect("a write");
    assert_eq!(miss!(cache, noted().count(&mut db)), 0);
    diesel::update(thing::table.find(1)).set(thing::note.eq(None::<&str>)).execute(&mut db).expect("a write");
    assert_eq!(miss!(cache, noted().count(&mut db)), 1);
    let is = |text: Option<&'static str>| {
        thing::table.filter(diesel::SqliteExpressionMethods::is(thing::note, text)).cached(&cache)
    };
    assert_eq!(miss!(cache, is(None).count(&mut db)), 1);
    assert_eq!(miss!(cache, is(Some("x")).count(&mut db)), 0);
}
