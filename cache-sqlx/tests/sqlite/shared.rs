//! Processes that share a store: what they share, and what becomes of writes that the store does not hear of.

use cache_core::testing::SimulatedStore;
use cache_core::{Cache, Strict};
use cache_sqlx::CachedPool;
use sqlx::{Error, Executor, Sqlite};

use crate::shop::*;

fn cache(store: &SimulatedStore) -> Cache {
    Cache::builder().namespace("shop").store(store.clone()).build()
}

async fn two(store: &SimulatedStore) -> (Shop, CachedPool<Sqlite>) {
    let here = shop_of(cache(store)).await;
    let there = CachedPool::new(here.db.inner().clone(), &cache(store));
    (here, there)
}

fn strict() -> SimulatedStore {
    SimulatedStore::new().strict(Strict::new())
}

fn says(error: &Error, what: &str) -> bool {
    matches!(error, Error::Protocol(text) if text.starts_with(what))
}

#[tokio::test]
async fn encoded_results_are_shared_and_others_stay() {
    for store in [SimulatedStore::new(), strict()] {
        let (here, there) = two(&store).await;
        miss!(count(1).cached(&here.cache).encoded().fetch_one(&here.db));
        miss!(articles(1).cached(&here.cache).fetch_all(&here.db));
        store.settle();
        assert_eq!(hit!(count(1).cached(there.cache()).encoded().fetch_one(&there)), 2);
        miss!(articles(1).cached(there.cache()).fetch_all(&there));
        hit!(articles(1).cached(&here.cache).fetch_all(&here.db));
        insert(1, "New").execute(&there).await.unwrap();
        assert_eq!(miss!(count(1).cached(&here.cache).encoded().fetch_one(&here.db)), 3);
        assert_eq!(miss!(articles(1).cached(&here.cache).fetch_all(&here.db)).len(), 3);
    }
}

#[tokio::test]
async fn a_write_that_could_not_be_delivered_is_committed_and_an_error() {
    let store = SimulatedStore::new();
    let (here, there) = two(&store).await;
    miss!(count(1).cached(there.cache()).encoded().fetch_one(&there));
    store.settle();
    store.fail(true);
    let error = insert(1, "A").execute(&here.db).await.unwrap_err();
    assert!(says(&error, "the write is committed"), "{error}");
    let mut transaction = here.db.begin().await.unwrap();
    insert(1, "B").execute(&mut transaction).await.unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert!(says(&error, "the write is committed"), "{error}");
    store.fail(false);
    store.settle();
    assert_eq!(count(1).cached(there.cache()).encoded().fetch_one(&there).await.unwrap(), 4);
}

#[tokio::test]
async fn a_write_that_could_not_be_announced_is_not_made() {
    let store = strict();
    let (here, _) = two(&store).await;
    let mut transaction = here.db.begin().await.unwrap();
    insert(1, "A").execute(&mut transaction).await.unwrap();
    store.fail(true);
    let error = transaction.commit().await.unwrap_err();
    assert!(says(&error, "the write was not made"), "{error}");
    let error = insert(1, "B").execute(&here.db).await.unwrap_err();
    assert!(says(&error, "the write was not made"), "{error}");
    store.fail(false);
    let mut connection = here.db.acquire().await.unwrap();
    connection.execute("BEGIN").await.unwrap();
    connection.execute("INSERT INTO article (category_id, title) VALUES (1, 'C')").await.unwrap();
    store.fail(true);
    let error = connection.execute("COMMIT").await.unwrap_err();
    assert!(says(&error, "the write was not made"), "{error}");
    connection.execute("ROLLBACK").await.unwrap();
    store.fail(false);
    store.settle();
    assert_eq!(count(1).fetch_one(&here.db).await.unwrap(), 2);
}
