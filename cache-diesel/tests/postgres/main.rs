//! What users rely on, through Diesel on a real PostgreSQL server.

mod asynchronous;

use std::sync::atomic::{AtomicU32, Ordering};

use bigdecimal::BigDecimal;
use cache_core::Cache;
use cache_diesel::Database;
use cache_diesel::prelude::*;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::connection::SimpleConnection;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::result::Error;
use diesel::serialize::{self, IsNull, Output, ToSql};
use uuid::Uuid;

type Db = CachedConnection<PgConnection>;

mod sql_types {
    #[derive(Debug, diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "mood"))]
    pub struct Mood;
}

#[derive(Clone, Copy, Debug, PartialEq, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Mood)]
enum Mood {
    Glad,
    Sad,
}

impl ToSql<sql_types::Mood, Pg> for Mood {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        use std::io::Write;
        out.write_all(if *self == Mood::Glad { b"glad" } else { b"sad" })?;
        Ok(IsNull::No)
    }
}

impl FromSql<sql_types::Mood, Pg> for Mood {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(if value.as_bytes() == b"glad" { Mood::Glad } else { Mood::Sad })
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::Mood;

    thing (id) {
        id -> Int4,
        kind -> Int4,
        code -> Uuid,
        name -> Text,
        mood -> Mood,
        price -> Numeric,
        day -> Date,
        at -> Timestamp,
        flag -> Bool,
        bytes -> Bytea,
        note -> Nullable<Varchar>,
    }
}

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset)]
#[diesel(table_name = thing)]
#[diesel(treat_none_as_null = true)]
struct Thing {
    id: i32,
    kind: i32,
    code: Uuid,
    name: String,
    mood: Mood,
    price: BigDecimal,
    day: NaiveDate,
    at: NaiveDateTime,
    flag: bool,
    bytes: Vec<u8>,
    note: Option<String>,
}

fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 5, number).expect("a day")
}

/// The thing of this number; the first differs from the others in everything.
fn thing(id: u32) -> Thing {
    Thing {
        id: id as i32,
        kind: id as i32,
        code: Uuid::from_u128(id.into()),
        name: format!("it's \"{id}\""),
        mood: if id == 1 { Mood::Glad } else { Mood::Sad },
        price: BigDecimal::new((id * 1250).into(), 2),
        day: day(id),
        at: day(id).and_hms_micro_opt(1, 2, 3, id).expect("a time"),
        flag: id == 1,
        bytes: vec![id as u8, 0xff],
        note: (id != 1).then(|| "x".to_owned()),
    }
}

struct Served {
    database: Database,
    url: String,
}

impl Served {
    fn new() -> Option<(Self, Db)> {
        static DATABASES: AtomicU32 = AtomicU32::new(0);
        if test_servers::left_out() {
            return None;
        }
        let name = format!("shop{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let url = test_servers::Postgres::shared().create_database(&name);
        let served = Served { database: Database::new(cache_sql::Dialect::Postgres, &Cache::in_memory()), url };
        let mut db = served.connect();
        db.batch_execute(
            "CREATE TYPE mood AS ENUM ('glad', 'sad');
             CREATE TABLE thing (
                 id serial PRIMARY KEY, kind int NOT NULL, code uuid NOT NULL, name text NOT NULL, mood mood NOT NULL,
                 price numeric NOT NULL, day date NOT NULL, at timestamp NOT NULL, flag boolean NOT NULL,
                 bytes bytea NOT NULL, note varchar(20)
             );",
        )
        .expect("a schema");
        Some((served, db))
    }

    fn connect(&self) -> Db {
        CachedConnection::with_database(PgConnection::establish(&self.url).expect("a connection"), &self.database)
    }
}

macro_rules! served {
    ($served:ident, $db:ident) => {
        let Some(($served, mut $db)) = Served::new() else { return };
    };
}

macro_rules! hit {
    ($cache:expr, $ask:expr) => {{
        let before = $cache.counters().hits;
        let answer = $ask.expect("an answer");
        assert_eq!($cache.counters().hits, before + 1, "not a hit: {}", stringify!($ask));
        answer
    }};
}

macro_rules! miss {
    ($cache:expr, $ask:expr) => {{
        let before = $cache.counters().hits;
        let answer = $ask.expect("an answer");
        assert_eq!($cache.counters().hits, before, "a hit: {}", stringify!($ask));
        answer
    }};
}

pub(crate) use {hit, miss};

fn insert(db: &mut Db, id: u32) {
    diesel::insert_into(thing::table).values(thing(id)).execute(db).expect("a write");
}

/// A query for the first thing goes with the first, and survives the second where the values can be told apart.
macro_rules! follows {
    ($db:expr, $cache:expr, $tells:literal, $condition:expr) => {{
        let query = || thing::table.filter($condition).select(thing::id).cached($cache);
        assert!(miss!($cache, query().load::<i32>($db)).is_empty());
        insert($db, 2);
        if $tells {
            assert!(hit!($cache, query().load::<i32>($db)).is_empty());
        } else {
            assert!(query().load::<i32>($db).expect("an answer").is_empty());
        }
        insert($db, 1);
        assert_eq!(miss!($cache, query().load::<i32>($db)), [1]);
        diesel::delete(thing::table).execute($db).expect("a write");
        assert!(miss!($cache, query().load::<i32>($db)).is_empty());
    }};
}

#[test]
fn values_of_every_type_are_compared_as_they_are_stored() {
    served!(served, db);
    let cache = served.database.cache();
    follows!(&mut db, cache, true, thing::kind.eq(1));
    follows!(&mut db, cache, true, thing::code.eq(Uuid::from_u128(1)));
    follows!(&mut db, cache, true, thing::name.eq("it's \"1\""));
    follows!(&mut db, cache, false, thing::mood.eq(Mood::Glad));
    follows!(&mut db, cache, false, thing::price.eq(BigDecimal::new(125.into(), 1)));
    follows!(&mut db, cache, true, thing::day.eq(day(1)));
    follows!(&mut db, cache, false, thing::at.eq(thing(1).at));
    follows!(&mut db, cache, true, thing::flag.eq(true));
    follows!(&mut db, cache, true, thing::bytes.eq(vec![1_u8, 0xff]));
    follows!(&mut db, cache, true, thing::note.is_null());
    follows!(&mut db, cache, true, thing::kind.eq_any([1, 7]));
    follows!(&mut db, cache, true, thing::code.eq_any([Uuid::from_u128(1), Uuid::from_u128(7)]));
    follows!(&mut db, cache, true, thing::name.eq_any(["it's \"1\"", "x"]));
    follows!(&mut db, cache, false, thing::mood.eq_any([Mood::Glad]));
}

#[test]
fn rows_that_come_back_tell_exactly_what_was_written() {
    served!(served, db);
    let cache = served.database.cache();
    insert(&mut db, 1);
    insert(&mut db, 2);
    let of = |kind: i32| thing::table.filter(thing::kind.eq(kind)).select(thing::name).cached(cache);
    let ask = |db: &mut Db, kind: i32| of(kind).load::<String>(db);
    let refill = |db: &mut Db| (1..=3).for_each(|kind| assert!(ask(db, kind).is_ok()));

    refill(&mut db);
    let row: Thing = diesel::update(thing::table.find(2))
        .set(thing::name.eq("New"))
        .returning(Thing::as_returning())
        .get_result(&mut db)
        .expect("a row");
    assert_eq!(row.name, "New");
    hit!(cache, ask(&mut db, 1));
    assert_eq!(miss!(cache, ask(&mut db, 2)), ["New"]);
    hit!(cache, ask(&mut db, 3));

    refill(&mut db);
    let saved: Thing = (&Thing { id: 2, ..thing(3) }).save_changes(&mut db).expect("a row");
    assert_eq!(saved.kind, 3);
    assert!(miss!(cache, ask(&mut db, 2)).is_empty());
    assert_eq!(miss!(cache, ask(&mut db, 3)).len(), 1);

    refill(&mut db);
    let kinds: Vec<i32> =
        diesel::delete(thing::table.find(2)).returning(thing::kind).get_results(&mut db).expect("rows");
    assert_eq!(kinds, [3]);
    assert!(miss!(cache, ask(&mut db, 3)).is_empty());
}

#[test]
fn transactions_with_an_isolation_level() {
    served!(served, db);
    let cache = served.database.cache();
    let mut other = served.connect();
    let count = || thing::table.cached(cache);
    assert_eq!(miss!(cache, count().count(&mut db)), 0);
    db.build_transaction()
        .serializable()
        .run(|db| {
            assert_eq!(hit!(cache, count().count(db)), 0);
            insert(db, 1);
            assert_eq!(miss!(cache, count().count(db)), 1);
            assert_eq!(hit!(cache, count().count(&mut other)), 0);
            Ok::<_, Error>(())
        })
        .expect("a commit");
    assert_eq!(miss!(cache, count().count(&mut other)), 1);

    db.build_transaction()
        .repeatable_read()
        .read_only()
        .run(|db| {
            thing::table.load::<Thing>(db)?;
            insert(&mut other, 2);
            assert_eq!(miss!(cache, count().count(db)), 1);
            assert_eq!(miss!(cache, count().count(&mut other)), 2);
            Ok::<_, Error>(())
        })
        .expect("a commit");
    assert_eq!(hit!(cache, count().count(&mut db)), 2);
}

#[test]
fn a_commit_that_fails_leaves_no_doubt() {
    served!(served, db);
    let cache = served.database.cache();
    db.batch_execute(
        "CREATE TABLE late (id int PRIMARY KEY, other int REFERENCES late (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    .expect("a table");
    miss!(cache, thing::table.cached(cache).count(&mut db));
    let failed = db.transaction(|db| {
        insert(db, 1);
        diesel::sql_query("INSERT INTO late VALUES (1, 7)").execute(db)?;
        Ok::<_, Error>(())
    });
    assert!(failed.is_err());
    assert!(!db.is_dirty());
    assert_eq!(miss!(cache, thing::table.cached(cache).count(&mut db)), 0);
    assert_eq!(hit!(cache, thing::table.cached(cache).count(&mut db)), 0);
}

#[test]
fn an_error_inside_a_savepoint_undoes_only_that() {
    served!(served, db);
    let cache = served.database.cache();
    let mut other = served.connect();
    miss!(cache, thing::table.cached(cache).count(&mut db));
    db.transaction(|db| {
        insert(db, 1);
        let twice = db.transaction(|db| {
            insert(db, 2);
            diesel::insert_into(thing::table).values(thing(2)).execute(db)
        });
        assert!(matches!(twice, Err(Error::DatabaseError(..))), "{twice:?}");
        insert(db, 3);
        assert_eq!(hit!(cache, thing::table.cached(cache).count(&mut other)), 0);
        Ok::<_, Error>(())
    })
    .expect("a commit");
    assert_eq!(miss!(cache, thing::table.cached(cache).count(&mut other)), 2);
}

#[test]
fn what_is_copied_in_is_seen() {
    served!(served, db);
    let cache = served.database.cache();
    db.batch_execute("CREATE TABLE plain (id int PRIMARY KEY, name text NOT NULL)").expect("a table");
    diesel::table! {
        plain { id -> Int4, name -> Text, }
    }
    miss!(cache, plain::table.cached(cache).count(&mut db));
    miss!(cache, thing::table.cached(cache).count(&mut db));
    let copied = diesel::copy_from(plain::table)
        .from_raw_data(plain::table, |copy| {
            writeln!(copy, "1,a").expect("room");
            writeln!(copy, "2,b").expect("room");
            diesel::QueryResult::Ok(())
        })
        .with_format(diesel::pg::CopyFormat::Csv)
        .execute(&mut db)
        .expect("a copy");
    assert_eq!(copied, 2);
    assert_eq!(miss!(cache, plain::table.cached(cache).count(&mut db)), 2);
}

#[test]
fn rows_taken_one_by_one_are_watched_too() {
    served!(served, db);
    let cache = served.database.cache();
    let kinds = || thing::table.select(thing::kind).cached(cache);
    miss!(cache, kinds().load::<i32>(&mut db));
    {
        let rows = vec![thing(1), thing(2)];
        let mut ids = diesel::insert_into(thing::table)
            .values(&rows)
            .returning(thing::id)
            .load_iter::<i32, diesel::pg::PgRowByRowLoadingMode>(&mut db)
            .expect("rows");
        assert!(ids.next().is_some());
    }
    assert_eq!(miss!(cache, kinds().load::<i32>(&mut db)).len(), 2);
}

#[test]
fn locking_reads_run_every_time() {
    served!(served, db);
    let cache = served.database.cache();
    db.transaction(|db| {
        for _ in 0..2 {
            miss!(cache, thing::table.for_update().cached(cache).load::<Thing>(db));
        }
        Ok::<_, Error>(())
    })
    .expect("a commit");
}

#[test]
fn rows_that_are_leaked_do_not_hide_their_write() {
    served!(served, db);
    let cache = served.database.cache();
    miss!(cache, thing::table.cached(cache).count(&mut db));
    let rows = diesel::insert_into(thing::table)
        .values(thing(1))
        .returning(thing::id)
        .load_iter::<i32, diesel::connection::DefaultLoadingMode>(&mut db)
        .expect("rows");
    std::mem::forget(rows);
    let one: i32 = diesel::select(1.into_sql::<diesel::sql_types::Integer>()).get_result(&mut db).expect("an answer");
    assert_eq!(one, 1);
    assert_eq!(miss!(cache, thing::table.cached(cache).count(&mut db)), 1);
}
