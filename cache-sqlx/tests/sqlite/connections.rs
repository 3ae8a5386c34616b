//! One connection, with transactions as text and by handles.

use std::time::Duration;

use cache_core::Cache;
use cache_sqlx::{CachedConnection, CachedPool};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{Connection, Executor, Sqlite, SqliteConnection};

use crate::shop::*;

#[tokio::test]
async fn transaction_words_as_text_are_followed() {
    let shop = shop().await;
    let mut db = shop.db.acquire().await.unwrap();
    for category in 1..=3 {
        miss!(count(category).cached(&shop.cache).fetch_one(&shop.db));
    }
    db.execute("BEGIN").await.unwrap();
    insert(1, "A").execute(&mut db).await.unwrap();
    db.execute("SAVEPOINT a").await.unwrap();
    insert(2, "B").execute(&mut db).await.unwrap();
    db.execute("ROLLBACK TO a").await.unwrap();
    db.execute("RELEASE a").await.unwrap();
    assert_eq!(hit!(count(1).cached(&shop.cache).fetch_one(&shop.db)), 2);
    assert_eq!(miss!(count(1).cached(&shop.cache).fetch_one(&mut db)), 3);
    db.execute("COMMIT").await.unwrap();
    assert_eq!(miss!(count(1).cached(&shop.cache).fetch_one(&shop.db)), 3);
    hit!(count(2).cached(&shop.cache).fetch_one(&shop.db));
    hit!(count(3).cached(&shop.cache).fetch_one(&mut db));
}

#[tokio::test]
async fn handles_on_a_connection() {
    let shop = shop().await;
    let mut db = shop.db.acquire().await.unwrap();
    miss!(count(1).cached(&shop.cache).fetch_one(&shop.db));
    let mut tx = db.begin().await.unwrap();
    insert(1, "A").execute(&mut tx).await.unwrap();
    drop(tx);
    assert_eq!(hit!(count(1).cached(&shop.cache).fetch_one(&mut db)), 2);
    let mut tx = db.begin().await.unwrap();
    insert(1, "A").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(miss!(count(1).cached(&shop.cache).fetch_one(&mut db)), 3);
    assert_eq!(hit!(count(1).cached(&shop.cache).fetch_one(&shop.db)), 3);
}

#[tokio::test]
async fn a_handle_is_refused_while_a_transaction_by_text_is_open() {
    let shop = shop().await;
    let mut db = shop.db.acquire().await.unwrap();
    db.execute("BEGIN").await.unwrap();
    assert!(db.begin().await.is_err());
    insert(1, "A").execute(&mut db).await.unwrap();
    db.execute("ROLLBACK").await.unwrap();
    db.begin().await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn an_own_connection_beside_a_pool() {
    let shop = shop().await;
    let path = shop.db.inner().connect_options().get_filename().to_owned();
    let url = format!("sqlite://{}", path.display());
    let own = SqliteConnection::connect(&url).await.unwrap();
    let mut db = CachedConnection::<Sqlite>::of(own, shop.db.database());
    miss!(count(1).cached(&shop.cache).fetch_one(&shop.db));
    insert(1, "A").execute(&mut db).await.unwrap();
    assert_eq!(miss!(count(1).cached(&shop.cache).fetch_one(&shop.db)), 3);
    assert_eq!(hit!(count(1).cached(&shop.cache).fetch_one(&mut db)), 3);
    assert!(sqlx::Connection::ping(db.inner().await.unwrap()).await.is_ok());
}

#[tokio::test]
async fn whoever_holds_the_connection_does_not_wait_for_one_who_wants_it() {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    let cache = Cache::in_memory();
    let db = CachedPool::new(pool, &cache);
    db.execute("CREATE TABLE article (id INTEGER PRIMARY KEY, category_id INTEGER)").await.unwrap();
    let mut held = db.acquire().await.unwrap();
    let mut first = Box::pin(count(1).cached(&cache).fetch_one(&db));
    assert!(futures::poll!(first.as_mut()).is_pending());
    let second = count(1).cached(&cache).fetch_one(&mut held);
    let second = tokio::time::timeout(Duration::from_secs(20), second).await;
    assert_eq!(second.expect("it waited for the one who waits for its connection").unwrap(), 0);
    drop(held);
    assert_eq!(first.await.unwrap(), 0);
}

/// What such a transaction sees, and whoever gets its connection next, would be kept and shown to all.
#[tokio::test]
async fn a_transaction_by_text_does_not_outlive_its_handle() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("shop.db")).create_if_missing(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let cache = Cache::in_memory();
    let db = CachedPool::new(pool, &cache);
    db.execute("CREATE TABLE article (id INTEGER PRIMARY KEY, category_id INTEGER, title TEXT)").await.unwrap();
    assert_eq!(count(1).cached(&cache).fetch_one(&db).await.unwrap(), 0);
    let mut lent = db.acquire().await.unwrap();
    lent.execute("BEGIN").await.unwrap();
    insert(1, "A").execute(&mut lent).await.unwrap();
    drop(lent);
    assert_eq!(count(1).fetch_one(&db).await.unwrap(), 0, "it was rolled back");
    insert(2, "B").execute(&db).await.unwrap();
    assert_eq!(count(2).cached(&cache).fetch_one(&db).await.unwrap(), 1);
    db.begin().await.unwrap().commit().await.unwrap();
    assert_eq!(count(1).cached(&cache).fetch_one(&db).await.unwrap(), count(1).fetch_one(&db).await.unwrap());
}

#[tokio::test]
async fn a_setting_does_not_outlive_its_handle() {
    let shop = shop().await;
    let mut lent = shop.db.acquire().await.unwrap();
    lent.execute("PRAGMA case_sensitive_like = ON").await.unwrap();
    drop(lent);
    for _ in 0..8 {
        let mut next = shop.db.acquire().await.unwrap();
        let found: i64 = cache_sqlx::query_scalar("SELECT 'a' LIKE 'A'").fetch_one(&mut next).await.unwrap();
        assert_eq!(found, 1);
    }
}
