//! Readers beside writers.

use std::sync::Arc;

use cache_sea_orm::prelude::*;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, TransactionTrait};

use crate::shop::*;

async fn count(shop: &Shop) -> u64 {
    let query = Article::find().filter(article::Column::CategoryId.eq(1));
    query.cached(&shop.cache).count(&shop.db).await.unwrap()
}

/// When the reader reads: before the transaction's write, between write and commit, after the commit.
async fn interleaving(before: bool, during: bool, after: bool) {
    let shop = shop_of_many().await;
    if before {
        assert_eq!(count(&shop).await, 2);
    }
    let transaction = shop.db.begin().await.unwrap();
    new_article(1).insert(&transaction).await.unwrap();
    if during {
        assert_eq!(count(&shop).await, 2);
    }
    transaction.commit().await.unwrap();
    if after {
        assert_eq!(count(&shop).await, 3);
    }
    let (rows, cost) = cache_core::observe::measure_async(count(&shop)).await;
    assert_eq!((rows, cost.statements), (3, u64::from(!after)));
    let (rows, cost) = cache_core::observe::measure_async(count(&shop)).await;
    assert_eq!((rows, cost.statements), (3, 0));
}

#[tokio::test]
async fn seven_interleavings_of_a_reader_and_a_writing_transaction_end_with_the_new_value_and_one_statement() {
    for plan in 1..8 {
        interleaving(plan & 1 != 0, plan & 2 != 0, plan & 4 != 0).await;
    }
}

#[tokio::test]
async fn a_result_that_was_overtaken_by_a_commit_is_not_served_afterwards() {
    let shop = shop_of_many().await;
    let key = || cache_core::Key::new("overtaken");
    let entry = || shop.cache.entry(key()).depends_on(|| Article.dependencies());
    let overtaken = entry().try_get_or_fill_async(|| async {
        let rows = Article::find().all(&shop.db).await?;
        new_article(1).insert(&shop.db).await?;
        Ok::<_, sea_orm::DbErr>(rows.len())
    });
    assert_eq!(overtaken.await.unwrap(), 3);
    assert_eq!(shop.cache.get::<usize>(&key()), None);
    let fresh = entry().try_get_or_fill_async(|| async { Article::find().all(&shop.db).await.map(|rows| rows.len()) });
    assert_eq!(fresh.await.unwrap(), 4);
}

#[tokio::test]
async fn simultaneous_misses_run_one_statement() {
    let shop = shop_of_many().await;
    let reads = (0..20).map(|_| count(&shop));
    let (counts, cost) = cache_core::observe::measure_async(futures::future::join_all(reads)).await;
    assert!(counts.iter().all(|count| *count == 2));
    assert_eq!(cost.statements, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_reader_sees_less_than_what_was_acknowledged() {
    let shop = Arc::new(shop_of_many().await);
    let acknowledged = Arc::new(std::sync::atomic::AtomicU64::new(2));
    let order = std::sync::atomic::Ordering::SeqCst;
    let writer = {
        let (shop, acknowledged) = (Arc::clone(&shop), Arc::clone(&acknowledged));
        tokio::spawn(async move {
            for round in 0..120 {
                if round % 3 == 0 {
                    let transaction = shop.db.begin().await.unwrap();
                    new_article(1).insert(&transaction).await.unwrap();
                    new_article(2).insert(&transaction).await.unwrap();
                    transaction.commit().await.unwrap();
                } else {
                    new_article(1).insert(&shop.db).await.unwrap();
                }
                acknowledged.fetch_add(1, order);
            }
        })
    };
    let readers = (0..6).map(|_| {
        let (shop, acknowledged) = (Arc::clone(&shop), Arc::clone(&acknowledged));
        tokio::spawn(async move {
            let mut reads = 0_u64;
            loop {
                let least = acknowledged.load(order);
                let seen = count(&shop).await;
                assert!(seen >= least, "{seen} of at least {least}");
                reads += 1;
                if least == 122 {
                    return reads;
                }
                tokio::task::yield_now().await;
            }
        })
    });
    let readers: Vec<_> = readers.collect();
    writer.await.unwrap();
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
    assert!(shop.cache.counters().hits > 0);
}
