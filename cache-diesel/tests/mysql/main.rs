//! What users rely on, through Diesel on a real MariaDB server.

use std::sync::atomic::{AtomicU32, Ordering};

use cache_core::Cache;
use cache_diesel::Database;
use cache_diesel::prelude::*;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;

type Db = CachedConnection<MysqlConnection>;

diesel::table! {
    thing (id) {
        id -> Integer,
        kind -> Integer,
        name -> Text,
        day -> Date,
        at -> Datetime,
        flag -> Bool,
        bytes -> Binary,
        note -> Nullable<Varchar>,
        small -> Unsigned<TinyInt>,
    }
}

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset)]
#[diesel(table_name = thing)]
#[diesel(treat_none_as_null = true)]
struct Thing {
    id: i32,
    kind: i32,
    name: String,
    day: NaiveDate,
    at: NaiveDateTime,
    flag: bool,
    bytes: Vec<u8>,
    note: Option<String>,
    small: u8,
}

fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 5, number).expect("a day")
}

/// The thing of this number; the first differs from the others in everything.
fn thing(id: u32) -> Thing {
    Thing {
        id: id as i32,
        kind: id as i32,
        name: format!("it's \"{id}\""),
        day: day(id),
        at: day(id).and_hms_opt(1, 2, 3).expect("a time"),
        flag: id == 1,
        bytes: vec![id as u8, 0xff],
        note: (id != 1).then(|| "x".to_owned()),
        small: 200 + id as u8,
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
        let url = test_servers::MariaDb::shared().create_database(&name);
        let served = Served { database: Database::new(cache_sql::Dialect::MySql, &Cache::in_memory()), url };
        let mut db = served.connect();
        db.batch_execute(
            "CREATE TABLE thing (
                 id int AUTO_INCREMENT PRIMARY KEY, kind int NOT NULL, name varchar(50) NOT NULL, day date NOT NULL,
                 at datetime NOT NULL, flag boolean NOT NULL, bytes varbinary(20) NOT NULL, note varchar(20),
                 small tinyint unsigned NOT NULL
             )",
        )
        .expect("a schema");
        Some((served, db))
    }

    fn connect(&self) -> Db {
        CachedConnection::with_database(MysqlConnection::establish(&self.url).expect("a connection"), &self.database)
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
    follows!(&mut db, cache, false, thing::name.eq("IT'S \"1\""));
    follows!(&mut db, cache, true, thing::day.eq(day(1)));
    follows!(&mut db, cache, false, thing::at.eq(thing(1).at));
    follows!(&mut db, cache, true, thing::flag.eq(true));
    follows!(&mut db, cache, true, thing::bytes.eq(vec![1_u8, 0xff]));
    follows!(&mut db, cache, true, thing::note.is_null());
    follows!(&mut db, cache, true, thing::kind.eq_any([1, 7]));
    follows!(&mut db, cache, true, thing::small.eq(201));
}

#[test]
fn saved_changes_and_upserts() {
    served!(served, db);
    let cache = served.database.cache();
    insert(&mut db, 1);
    let of = |kind: i32| thing::table.filter(thing::kind.eq(kind)).cached(cache);
    miss!(cache, of(1).count(&mut db));
    miss!(cache, of(5).count(&mut db));
    let saved: Thing = (&Thing { kind: 5, ..thing(1) }).save_changes(&mut db).expect("a row");
    assert_eq!(saved.kind, 5);
    assert_eq!(miss!(cache, of(1).count(&mut db)), 0);
    assert_eq!(miss!(cache, of(5).count(&mut db)), 1);
    diesel::insert_into(thing::table)
        .values(thing(1))
        .on_conflict(diesel::dsl::DuplicatedKeys)
        .do_update()
        .set(thing::kind.eq(1))
        .execute(&mut db)
        .expect("a write");
    assert_eq!(miss!(cache, of(1).count(&mut db)), 1);
    assert_eq!(miss!(cache, of(5).count(&mut db)), 0);
}

#[test]
fn transactions_and_savepoints() {
    served!(served, db);
    let cache = served.database.cache();
    let mut other = served.connect();
    let count = || thing::table.cached(cache);
    miss!(cache, count().count(&mut db));
    db.transaction(|db| {
        insert(db, 1);
        let inner = db.transaction(|db| {
            insert(db, 2);
            Err::<(), _>(Error::RollbackTransaction)
        });
        assert!(inner.is_err());
        assert_eq!(miss!(cache, count().count(db)), 1);
        assert_eq!(hit!(cache, count().count(&mut other)), 0);
        Ok::<_, Error>(())
    })
    .expect("a commit");
    assert_eq!(miss!(cache, count().count(&mut other)), 1);
}

#[test]
fn a_definition_commits_what_was_written_before_it() {
    served!(served, db);
    let cache = served.database.cache();
    let mut other = served.connect();
    let count = || thing::table.cached(cache);
    miss!(cache, count().count(&mut db));
    db.batch_execute("START TRANSACTION").expect("a transaction");
    insert(&mut db, 1);
    assert_eq!(hit!(cache, count().count(&mut other)), 0);
    db.batch_execute("CREATE TABLE more (id int)").expect("a table");
    assert_eq!(miss!(cache, count().count(&mut other)), 1);
}
