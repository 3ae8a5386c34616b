//! Rows that a write returns are not always all that it wrote, nor under the names that they seem to have.

use cache_core::{Cache, Key};
use cache_sea_orm::prelude::*;
use cache_sql::{Analyser, Dialect};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbBackend, Statement};

use crate::shop::Db;

async fn database(schema: &str) -> (Db, Cache) {
    let cache = Cache::in_memory();
    let options = ConnectOptions::new("sqlite::memory:").max_connections(1).min_connections(1).to_owned();
    let db = CachedConnection::new(Database::connect(options).await.unwrap(), &cache);
    db.execute_unprepared(schema).await.unwrap();
    (db, cache)
}

fn text(sql: &str) -> Statement {
    Statement::from_string(DbBackend::Sqlite, sql)
}

/// Keeps the result of a query, and asks whether it is still kept.
fn keep(cache: &Cache, sql: &str) -> Key {
    let key = Key::new("query").with(sql);
    let dependencies = || Analyser::new(Dialect::Sqlite).dependencies(sql, &[]);
    cache.entry(key.clone()).depends_on(dependencies).get_or_fill(|| ());
    assert!(cache.get::<()>(&key).is_some(), "{sql} is not kept");
    key
}

/// A primary key that is no row number may hold NULL in many rows.
#[tokio::test]
async fn one_row_does_not_stand_for_all_whose_key_is_null() {
    let schema = "CREATE TABLE t (id TEXT PRIMARY KEY, a INTEGER, b INTEGER); \
        INSERT INTO t VALUES (NULL, 1, 1), (NULL, 2, 1)";
    let (db, cache) = database(schema).await;
    let key = keep(&cache, "SELECT * FROM t WHERE a = 2");
    let update = text("UPDATE t SET b = 9 WHERE id IS NULL RETURNING *");
    assert!(db.query_one_raw(update).await.unwrap().is_some());
    assert!(cache.get::<()>(&key).is_none(), "the second row has changed");
}

/// A temporary trigger runs before the rows are returned, and may keep them back.
#[tokio::test]
async fn a_trigger_may_keep_written_rows_back() {
    let schema = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER); \
        INSERT INTO t VALUES (1, 1, 1), (2, 2, 1); \
        CREATE TEMP TRIGGER u AFTER UPDATE ON main.t BEGIN SELECT RAISE(IGNORE); END; \
        CREATE TEMP TRIGGER i AFTER INSERT ON main.t BEGIN SELECT RAISE(IGNORE); END";
    let (db, cache) = database(schema).await;
    let key = keep(&cache, "SELECT * FROM t WHERE a = 2");
    assert!(db.query_all_raw(text("UPDATE t SET b = 9 RETURNING *")).await.unwrap().is_empty());
    assert!(db.query_all_raw(text("SELECT * FROM t WHERE b = 9")).await.unwrap().len() == 2);
    assert!(cache.get::<()>(&key).is_none(), "updated");
    let key = keep(&cache, "SELECT * FROM t WHERE a = 2");
    assert!(db.query_one_raw(text("INSERT INTO t (a, b) VALUES (2, 2) RETURNING *")).await.unwrap().is_none());
    assert!(cache.get::<()>(&key).is_none(), "inserted");
}

/// The driver remembers the names of the columns with the statement, across definitions.
#[tokio::test]
async fn returned_columns_are_not_taken_by_names_that_are_outdated() {
    let (db, cache) = database("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, c INTEGER)").await;
    db.execute_unprepared("INSERT INTO t VALUES (1, 10, 20, 0)").await.unwrap();
    let update = || text("UPDATE t SET c = c + 1 WHERE id = 1 RETURNING *");
    db.query_one_raw(update()).await.unwrap();
    for rename in ["a TO x", "b TO a", "x TO b"] {
        db.execute_unprepared(&format!("ALTER TABLE t RENAME COLUMN {rename}")).await.unwrap();
    }
    let key = keep(&cache, "SELECT * FROM t WHERE a = 20");
    let rows = db.query_all_raw(text("SELECT * FROM t WHERE a = 20")).await.unwrap();
    assert_eq!(rows.len(), 1);
    db.query_one_raw(update()).await.unwrap();
    assert!(cache.get::<()>(&key).is_none(), "the row has changed");
}

/// The same where a column was dropped and made anew.
#[tokio::test]
async fn returned_columns_are_not_taken_by_names_of_dropped_columns() {
    let (db, cache) = database("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, c INTEGER)").await;
    db.execute_unprepared("INSERT INTO t VALUES (1, 10, 20, 0)").await.unwrap();
    let update = || text("UPDATE t SET c = c + 1 WHERE id = 1 RETURNING *");
    db.query_one_raw(update()).await.unwrap();
    db.execute_unprepared("ALTER TABLE t DROP COLUMN a").await.unwrap();
    db.execute_unprepared("ALTER TABLE t ADD COLUMN a INTEGER DEFAULT 7").await.unwrap();
    let key = keep(&cache, "SELECT * FROM t WHERE b = 20");
    db.query_one_raw(update()).await.unwrap();
    assert!(cache.get::<()>(&key).is_none(), "the row has changed");
}

/// Text that is not UTF-8 is no blob: it sorts before all of these.
#[tokio::test]
async fn text_that_cannot_be_read_is_not_taken_for_bytes() {
    let schema = "CREATE TABLE t (id INTEGER PRIMARY KEY, a BLOB, b INTEGER); \
        INSERT INTO t VALUES (1, CAST(x'78ff' AS TEXT), 1)";
    let (db, cache) = database(schema).await;
    let sql = "SELECT id, b FROM t WHERE a < x'50'";
    let key = keep(&cache, sql);
    assert_eq!(db.query_all_raw(text(sql)).await.unwrap().len(), 1);
    db.query_one_raw(text("UPDATE t SET b = 9 WHERE id = 1 RETURNING *")).await.unwrap();
    assert!(cache.get::<()>(&key).is_none(), "the row has changed");
}

/// A read that waits for its turn may find that a write on the same transaction went first.
#[tokio::test]
async fn a_read_that_waited_behind_a_write_of_its_transaction_is_not_kept() {
    use cache_core::Connection;
    const SLOW: &str =
        "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 1000000) SELECT max(n) FROM c";
    use sea_orm::TransactionTrait;
    let (db, cache) = database("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)").await;
    db.execute_unprepared("INSERT INTO t VALUES (1, 1)").await.unwrap();
    let tx = db.begin().await.unwrap();
    let mut slow = Box::pin(tx.query_all_raw(text(SLOW)));
    assert!(futures::poll!(&mut slow).is_pending());
    let key = Key::new("count");
    let dependencies = || Analyser::new(Dialect::Sqlite).dependencies("SELECT id FROM t", &[]);
    let entry = cache.entry(key.clone()).as_of(tx.read_point()).bypass(tx.bypass()).depends_on(dependencies);
    let count = async || tx.query_all_raw(text("SELECT id FROM t")).await.unwrap().len();
    let mut read = Box::pin(entry.get_or_fill_async(count));
    assert!(futures::poll!(&mut read).is_pending());
    slow.await.unwrap();
    tx.execute_unprepared("INSERT INTO t VALUES (2, 2)").await.unwrap();
    assert_eq!(read.await, 2);
    tx.rollback().await.unwrap();
    assert_eq!(cache.get::<usize>(&key), None, "a row that was never committed is kept");
}
