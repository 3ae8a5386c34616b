//! Plain queries of SQLx, and those that its macros make, through the wrappers.

use futures::TryStreamExt;
use sqlx::{Executor, Row, Sqlite};

use crate::shop::*;

#[tokio::test]
async fn writes_of_plain_queries_are_seen() {
    let shop = shop().await;
    miss!(articles(1).cached(&shop.cache).fetch_all(&shop.db));
    sqlx::query("INSERT INTO article (category_id, title) VALUES (?, ?)")
        .bind(1)
        .bind("A")
        .execute(&shop.db)
        .await
        .unwrap();
    assert_eq!(miss!(articles(1).cached(&shop.cache).fetch_all(&shop.db)).len(), 3);
    let map = sqlx::query("INSERT INTO article (category_id, title) VALUES (1, 'B') RETURNING id")
        .try_map(|row: sqlx::sqlite::SqliteRow| row.try_get::<i64, _>(0));
    map.fetch_one(&shop.db).await.unwrap();
    assert_eq!(miss!(articles(1).cached(&shop.cache).fetch_all(&shop.db)).len(), 4);
    let mut builder = sqlx::QueryBuilder::<Sqlite>::new("DELETE FROM article WHERE category_id = ");
    builder.push_bind(1);
    builder.build().execute(&shop.db).await.unwrap();
    assert_eq!(miss!(articles(1).cached(&shop.cache).fetch_all(&shop.db)).len(), 0);
    sqlx::raw_sql("INSERT INTO article (category_id, title) VALUES (1, 'C')").execute(&shop.db).await.unwrap();
    assert_eq!(miss!(articles(1).cached(&shop.cache).fetch_all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn reads_of_plain_queries_run_every_time() {
    let shop = shop().await;
    let all = || sqlx::query_as::<_, Article>("SELECT * FROM article WHERE category_id = ?").bind(1);
    assert_eq!(miss!(all().fetch_all(&shop.db)).len(), 2);
    assert_eq!(miss!(all().fetch_all(&shop.db)).len(), 2);
    assert_eq!(miss!(all().fetch_one(&shop.db)).category_id, 1);
    let streamed: Vec<Article> = all().fetch(&shop.db).try_collect().await.unwrap();
    assert_eq!(streamed.len(), 2);
    let mut db = shop.db.acquire().await.unwrap();
    let streamed: Vec<Article> = all().fetch(&mut db).try_collect().await.unwrap();
    assert_eq!(streamed.len(), 2);
    let mut half = all().fetch(&shop.db);
    half.try_next().await.unwrap();
    drop(half);
}

#[tokio::test]
async fn plain_queries_in_transactions() {
    let shop = shop().await;
    miss!(articles(1).cached(&shop.cache).fetch_all(&shop.db));
    let mut tx = shop.db.begin().await.unwrap();
    sqlx::query("DELETE FROM article WHERE id = 1").execute(&mut tx).await.unwrap();
    assert_eq!(sqlx::query("SELECT * FROM article WHERE category_id = 1").fetch_all(&mut tx).await.unwrap().len(), 1);
    hit!(articles(1).cached(&shop.cache).fetch_all(&shop.db));
    tx.commit().await.unwrap();
    assert_eq!(miss!(articles(1).cached(&shop.cache).fetch_all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn statements_can_be_prepared_and_described() {
    let shop = shop().await;
    let statement = (&shop.db).prepare(sqlx::SqlStr::from_static("SELECT id FROM article WHERE id = ?")).await.unwrap();
    let query = sqlx::Statement::query(&statement).bind(2);
    assert_eq!(query.fetch_one(&shop.db).await.unwrap().get::<i64, _>(0), 2);
    let mut db = shop.db.acquire().await.unwrap();
    let described = (&mut db).describe(sqlx::SqlStr::from_static("SELECT id FROM article")).await.unwrap();
    assert_eq!(described.columns().len(), 1);
}
