//! The wrapped connection on a thread for blocking work, as `diesel-async` runs it.

use cache_diesel::prelude::*;
use diesel::prelude::*;
use diesel::result::Error;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncConnection, RunQueryDsl as AsyncDsl, SimpleAsyncConnection};

use crate::shop::*;

type Wrapper = SyncConnectionWrapper<Db>;

async fn count(cache: &cache_core::Cache, db: &mut Wrapper) -> QueryResult<i64> {
    let cache = cache.clone();
    db.spawn_blocking(move |db| article::table.filter(article::category_id.eq(1)).cached(&cache).count(db)).await
}

async fn insert(db: &mut Wrapper, category: i32) {
    let values = (article::category_id.eq(category), article::title.eq("New"));
    AsyncDsl::execute(diesel::insert_into(article::table).values(values), db).await.expect("a write");
}

#[tokio::test]
async fn writes_that_are_awaited_are_seen() {
    let (cache, db) = shop();
    let mut db = SyncConnectionWrapper::new(db);
    assert_eq!(miss!(cache, count(&cache, &mut db).await), 2);
    assert_eq!(hit!(cache, count(&cache, &mut db).await), 2);
    insert(&mut db, 2).await;
    assert_eq!(hit!(cache, count(&cache, &mut db).await), 2);
    insert(&mut db, 1).await;
    assert_eq!(miss!(cache, count(&cache, &mut db).await), 3);

    let insert = diesel::insert_into(article::table).values(new(9, 1, "Nine")).returning(article::title);
    let title: String = AsyncDsl::get_result(insert, &mut db).await.expect("a row");
    assert_eq!(title, "Nine");
    assert_eq!(miss!(cache, count(&cache, &mut db).await), 4);
    db.batch_execute("DELETE FROM article WHERE category_id = 1").await.expect("a batch");
    assert_eq!(miss!(cache, count(&cache, &mut db).await), 0);
}

#[tokio::test]
async fn transactions_that_are_awaited_are_followed() {
    let (cache, db) = shop();
    let mut db = SyncConnectionWrapper::new(db);
    miss!(cache, count(&cache, &mut db).await);
    let inside = cache.clone();
    let undone = db
        .transaction(async |db| {
            assert_eq!(hit!(inside, count(&inside, db).await), 2);
            insert(db, 1).await;
            assert_eq!(miss!(inside, count(&inside, db).await), 3);
            Err::<(), _>(Error::RollbackTransaction)
        })
        .await;
    assert!(undone.is_err());
    assert_eq!(hit!(cache, count(&cache, &mut db).await), 2);
    db.transaction(async |db| {
        insert(db, 1).await;
        Ok::<_, Error>(())
    })
    .await
    .expect("a commit");
    assert_eq!(miss!(cache, count(&cache, &mut db).await), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_caller_goes_away_is_seen_all_the_same() {
    let (cache, db) = shop();
    let mut db = SyncConnectionWrapper::new(db);
    miss!(cache, count(&cache, &mut db).await);
    {
        let values = (article::category_id.eq(1), article::title.eq("New"));
        let query = diesel::insert_into(article::table).values(values);
        let mut write = Box::pin(AsyncDsl::execute(query, &mut db));
        let waker = std::task::Waker::noop();
        let _ = write.as_mut().poll(&mut std::task::Context::from_waker(waker));
    }
    assert_eq!(count(&cache, &mut db).await.expect("an answer"), 3);
}
