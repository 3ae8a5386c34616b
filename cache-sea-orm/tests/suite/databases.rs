//! Several databases and several caches.

use cache_core::{Cache, Key};
use cache_sea_orm::prelude::*;
use sea_orm::{ActiveModelTrait, EntityTrait, TransactionTrait};

use crate::shop::*;

#[tokio::test]
async fn a_write_to_one_database_leaves_the_entries_of_the_other() {
    let (a, b) = (shop().await, shop().await);
    miss!(Article::find().cached(&a.cache).all(&a.db));
    miss!(Article::find().cached(&b.cache).all(&b.db));
    new_article(1).insert(&b.db).await.unwrap();
    assert_eq!(hit!(Article::find().cached(&a.cache).all(&a.db)).len(), 3);
    assert_eq!(miss!(Article::find().cached(&b.cache).all(&b.db)).len(), 4);
}

#[tokio::test]
async fn two_connections_with_one_cache_share_entries_unless_told_apart() {
    let a = shop().await;
    let replica = CachedConnection::new(a.db.inner().clone(), &a.cache);
    miss!(Article::find().cached(&a.cache).all(&a.db));
    hit!(Article::find().cached(&a.cache).all(&replica));
    miss!(Article::find().cached(&a.cache).extra("replica").all(&replica));
    new_article(1).insert(&replica).await.unwrap();
    assert_eq!(miss!(Article::find().cached(&a.cache).all(&a.db)).len(), 4);
}

#[tokio::test]
async fn a_cache_of_its_own_namespace_keeps_its_own_entries() {
    let Shop { db, cache, .. } = shop().await;
    let other = Cache::builder().namespace("other").build();
    let to_other = CachedConnection::new(db.inner().clone(), &other);
    miss!(Article::find().cached(&cache).all(&db));
    miss!(Article::find().cached(&other).all(&to_other));
    hit!(Article::find().cached(&cache).all(&db));
    hit!(Article::find().cached(&other).all(&to_other));
}

#[tokio::test]
async fn a_cache_that_the_connection_does_not_invalidate_is_not_used() {
    let Shop { db, .. } = shop().await;
    let other = Cache::in_memory();
    assert_eq!(Article::find().cached(&other).all(&db).await.unwrap().len(), 3);
    new_article(1).insert(&db).await.unwrap();
    assert_eq!(Article::find().cached(&other).all(&db).await.unwrap().len(), 4, "stale");
    assert_eq!((other.counters().hits, other.counters().fills), (0, 0));
}

#[tokio::test]
async fn a_result_of_another_cache_is_not_kept_when_it_reads_rows_itself() {
    let Shop { db, cache, .. } = shop().await;
    let other = Cache::in_memory();
    let plain = || other.entry(Key::new("plain")).try_get_or_fill_async(|| Article::find().all(&db));
    let nested = || other.entry(Key::new("nested")).try_get_or_fill_async(|| Article::find().cached(&cache).all(&db));
    for rows in [3, 4] {
        assert_eq!(plain().await.unwrap().len(), rows);
        assert_eq!(nested().await.unwrap().len(), rows);
        assert!(other.get::<Vec<article::Model>>(&Key::new("plain")).is_none());
        assert!(other.get::<Vec<article::Model>>(&Key::new("nested")).is_some());
        if rows == 3 {
            new_article(1).insert(&db).await.unwrap();
        }
    }
}

#[tokio::test]
async fn everything_can_be_invalidated_inside_a_transaction() {
    let shop = shop_of_many().await;
    miss!(Article::find().cached(&shop.cache).all(&shop.db));
    let transaction = shop.db.begin().await.unwrap();
    shop.cache.invalidate_all().unwrap();
    miss!(Article::find().cached(&shop.cache).all(&shop.db));
    transaction.rollback().await.unwrap();
    hit!(Article::find().cached(&shop.cache).all(&shop.db));
}
