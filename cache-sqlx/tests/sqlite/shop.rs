//! A small shop of articles that the tests read and write.

use cache_core::Cache;
use cache_sqlx::{CachedPool, QueryAs};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Executor, Sqlite};

#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(crate) struct Article {
    pub(crate) id: i64,
    pub(crate) category_id: i64,
    pub(crate) title: String,
    pub(crate) stars: Option<i64>,
}

const SCHEMA: &str = "
    CREATE TABLE category (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE article (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        category_id INTEGER NOT NULL REFERENCES category (id) ON DELETE CASCADE,
        title TEXT NOT NULL UNIQUE,
        stars INTEGER
    );
    INSERT INTO category (id, name) VALUES (1, 'Rust'), (2, 'Data'), (3, 'Empty');
    INSERT INTO article (id, category_id, title, stars) VALUES
        (1, 1, 'Ownership', 5), (2, 2, 'Joins', 3), (3, 1, 'Traits', NULL);
";

/// A database in a file, on several connections, with its cache.
pub(crate) struct Shop {
    pub(crate) cache: Cache,
    pub(crate) db: CachedPool<Sqlite>,
    _folder: tempfile::TempDir,
}

pub(crate) async fn shop() -> Shop {
    shop_of(Cache::in_memory()).await
}

/// The shop with a cache of one's own.
pub(crate) async fn shop_of(cache: Cache) -> Shop {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("shop.db"))
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal);
    let pool = SqlitePoolOptions::new().max_connections(8).connect_with(options).await.unwrap();
    pool.execute(SCHEMA).await.unwrap();
    Shop { db: CachedPool::new(pool, &cache), cache, _folder: folder }
}

impl Shop {
    /// Runs SQL text through the wrapped pool.
    pub(crate) async fn sql(&self, text: &str) {
        self.db.execute(AssertSqlSafe(text)).await.unwrap();
    }
}

pub(crate) fn articles(category: i64) -> QueryAs<Sqlite, Article> {
    cache_sqlx::query_as("SELECT * FROM article WHERE category_id = ? ORDER BY id").bind(category)
}

pub(crate) fn count(category: i64) -> QueryAs<Sqlite, i64> {
    cache_sqlx::query_scalar("SELECT count(*) FROM article WHERE category_id = $1").bind(category)
}

pub(crate) fn insert(category: i64, title: &str) -> cache_sqlx::Query<Sqlite> {
    cache_sqlx::query("INSERT INTO article (category_id, title) VALUES (?, ?)").bind(category).bind(title)
}

/// Awaits something, insists on the number of statements it sends, and gives its value.
macro_rules! costs {
    ($statements:expr, $work:expr) => {{
        let (result, cost) = cache_core::observe::measure_async($work).await;
        let result = result.unwrap();
        assert_eq!(cost.statements, $statements, "statements of {}: {result:?}", stringify!($work));
        result
    }};
}

/// Insists that something is served from the cache.
macro_rules! hit {
    ($work:expr) => {
        $crate::shop::costs!(0, $work)
    };
}

/// Insists that something asks the database, once.
macro_rules! miss {
    ($work:expr) => {
        $crate::shop::costs!(1, $work)
    };
}

pub(crate) use {costs, hit, miss};
