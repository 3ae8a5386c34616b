//! A small shop of articles that the tests read and write.

use cache_core::Cache;
use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

pub(crate) type Db = CachedConnection<SqliteConnection>;

diesel::table! {
    category (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    article (id) {
        id -> Integer,
        category_id -> Integer,
        title -> Text,
        stars -> Nullable<Integer>,
    }
}

diesel::table! {
    comment (id) {
        id -> Integer,
        article_id -> Integer,
        text -> Text,
    }
}

diesel::joinable!(article -> category (category_id));
diesel::joinable!(comment -> article (article_id));
diesel::allow_tables_to_appear_in_same_query!(category, article, comment);

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Identifiable, AsChangeset, Insertable, QueryableByName)]
#[diesel(table_name = article)]
#[diesel(treat_none_as_null = true)]
pub(crate) struct Article {
    pub(crate) id: i32,
    pub(crate) category_id: i32,
    pub(crate) title: String,
    pub(crate) stars: Option<i32>,
}

pub(crate) fn new(id: i32, category_id: i32, title: &str) -> Article {
    Article { id, category_id, title: title.to_owned(), stars: None }
}

const SCHEMA: &str = "
    CREATE TABLE category (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE article (
        id INTEGER PRIMARY KEY, category_id INTEGER NOT NULL, title TEXT NOT NULL DEFAULT '', stars INTEGER
    );
    CREATE TABLE comment (
        id INTEGER PRIMARY KEY, article_id INTEGER NOT NULL REFERENCES article (id) ON DELETE CASCADE, text TEXT NOT NULL
    );
    INSERT INTO category VALUES (1, 'Rust'), (2, 'SQL');
    INSERT INTO article VALUES (1, 1, 'Ownership', 5), (2, 1, 'Traits', NULL), (3, 2, 'Joins', 4);
    INSERT INTO comment VALUES (1, 1, 'good'), (2, 1, 'long'), (3, 3, 'short');
";

/// A cache, and a connection to a database in memory that is filled and known.
pub(crate) fn shop() -> (Cache, Db) {
    let cache = Cache::in_memory();
    let db = shop_of(&cache);
    (cache, db)
}

/// The connection alone, for a cache of one's own.
pub(crate) fn shop_of(cache: &Cache) -> Db {
    let mut db = CachedConnection::new(SqliteConnection::establish(":memory:").expect("a database"), cache);
    db.batch_execute("PRAGMA foreign_keys = ON").expect("a setting");
    db.batch_execute(SCHEMA).expect("a schema");
    db
}

/// A database in a file, for several connections.
pub(crate) struct File {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) cache: Cache,
    pub(crate) database: cache_diesel::Database,
}

impl File {
    pub(crate) fn new() -> (Self, Db) {
        let cache = Cache::in_memory();
        let database = cache_diesel::Database::new(cache_sql::Dialect::Sqlite, &cache);
        let file = File { folder: tempfile::tempdir().expect("a folder"), cache, database };
        let mut db = file.connect();
        db.batch_execute("PRAGMA journal_mode = WAL").expect("a setting");
        db.batch_execute(SCHEMA).expect("a schema");
        (file, db)
    }

    pub(crate) fn url(&self) -> String {
        self.folder.path().join("shop.sqlite").to_str().expect("a path").to_owned()
    }

    pub(crate) fn connect(&self) -> Db {
        let connection = SqliteConnection::establish(&self.url()).expect("a connection");
        CachedConnection::with_database(connection, &self.database)
    }
}

/// The answer of a query that has to be served from the cache.
macro_rules! hit {
    ($cache:expr, $ask:expr) => {{
        let before = $cache.counters().hits;
        let answer = $ask.expect("an answer");
        assert_eq!($cache.counters().hits, before + 1, "not a hit");
        answer
    }};
}

/// The answer of a query that has to be asked of the database.
macro_rules! miss {
    ($cache:expr, $ask:expr) => {{
        let before = $cache.counters().hits;
        let answer = $ask.expect("an answer");
        assert_eq!($cache.counters().hits, before, "a hit");
        answer
    }};
}

pub(crate) use {hit, miss};
