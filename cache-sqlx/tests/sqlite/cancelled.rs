//! Callers that go away.

use std::time::Duration;

use futures::FutureExt;

use crate::shop::*;

/// Polls a future a few times and drops it.
async fn abandon<F: Future>(work: F, polls: usize) {
    let mut work = Box::pin(work);
    for _ in 0..polls {
        if futures::poll!(work.as_mut()).is_ready() {
            break;
        }
        tokio::task::yield_now().await;
    }
}

/// What is asked is cached meanwhile, so that a change that is never told would stay hidden.
async fn becomes(shop: &Shop, category: i64, number: i64) {
    for _ in 0..1000 {
        let cached = count(category).cached(&shop.cache).fetch_one(&shop.db).await.unwrap();
        if cached == number {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let told = count(category).fetch_one(&shop.db).await.unwrap();
    panic!("the cache never says {number}; the database says {told}");
}

#[tokio::test]
async fn a_write_that_was_begun_is_carried_to_its_end_and_seen() {
    let shop = shop().await;
    insert(3, "first").execute(&shop.db).await.unwrap();
    for polls in 1..12 {
        let before = count(1).fetch_one(&shop.db).await.unwrap();
        count(1).cached(&shop.cache).fetch_one(&shop.db).await.unwrap();
        abandon(insert(1, &format!("title {polls}")).execute(&shop.db), polls).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let after = count(1).fetch_one(&shop.db).await.unwrap();
        assert!(after == before || after == before + 1);
        becomes(&shop, 1, after).await;
    }
}

#[tokio::test]
async fn a_write_inside_a_transaction_is_forgotten_with_it() {
    let shop = shop().await;
    for polls in 1..8 {
        count(1).cached(&shop.cache).fetch_one(&shop.db).await.unwrap();
        let mut tx = shop.db.begin().await.unwrap();
        abandon(insert(1, &format!("title {polls}")).execute(&mut tx), polls).await;
        drop(tx);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(count(1).fetch_one(&shop.db).await.unwrap(), 2, "after {polls} polls");
        becomes(&shop, 1, 2).await;
    }
    // No connection was left with an open transaction.
    insert(1, "last").execute(&shop.db).await.unwrap();
    becomes(&shop, 1, 3).await;
}

#[tokio::test]
async fn a_write_inside_a_transaction_counts_when_the_transaction_goes_on() {
    let shop = shop().await;
    count(1).cached(&shop.cache).fetch_one(&shop.db).await.unwrap();
    let mut tx = shop.db.begin().await.unwrap();
    abandon(insert(1, "abandoned").execute(&mut tx), 1).await;
    insert(1, "after it").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let number = count(1).fetch_one(&shop.db).await.unwrap();
    assert_eq!(miss!(count(1).cached(&shop.cache).fetch_one(&shop.db)), number);
}

#[tokio::test]
async fn a_commit_is_carried_to_its_end_and_seen() {
    let shop = shop().await;
    for polls in 1..6 {
        let before = count(1).cached(&shop.cache).fetch_one(&shop.db).await.unwrap();
        let mut tx = shop.db.begin().await.unwrap();
        insert(1, &format!("title {polls}")).execute(&mut tx).await.unwrap();
        abandon(tx.commit(), polls).await;
        becomes(&shop, 1, before + 1).await;
    }
}

#[tokio::test]
async fn a_commit_on_a_borrowed_connection_is_carried_to_its_end_and_seen() {
    let shop = shop().await;
    let mut db = shop.db.acquire().await.unwrap();
    for polls in 1..6 {
        let before = count(1).cached(&shop.cache).fetch_one(&shop.db).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        insert(1, &format!("title {polls}")).execute(&mut tx).await.unwrap();
        abandon(tx.commit(), polls).await;
        becomes(&shop, 1, before + 1).await;
        assert_eq!(count(1).fetch_one(&mut db).await.unwrap(), before + 1);
    }
}

#[tokio::test]
async fn a_begin_that_nobody_waits_for_leaves_nothing_open() {
    let shop = shop().await;
    let mut db = shop.db.acquire().await.unwrap();
    for polls in 1..6 {
        abandon(shop.db.begin(), polls).await;
        abandon(db.begin(), polls).await;
        insert(1, &format!("title {polls}")).execute(&mut db).await.unwrap();
        becomes(&shop, 1, 2 + polls as i64).await;
        db.begin().await.unwrap().commit().await.unwrap();
    }
    // No transaction is in the way of another writer.
    shop.db.begin_with("BEGIN IMMEDIATE").await.unwrap().rollback().await.unwrap();
}

#[tokio::test]
async fn a_read_that_nobody_waits_for_is_taken_over() {
    let shop = shop().await;
    for polls in 1..6 {
        abandon(articles(1).cached(&shop.cache).fetch_all(&shop.db), polls).await;
        assert_eq!(articles(1).cached(&shop.cache).fetch_all(&shop.db).await.unwrap().len(), 2);
    }
    let never_polled = insert(1, "never").execute(&shop.db);
    drop(never_polled);
    assert!(insert(1, "other").execute(&shop.db).now_or_never().is_none());
}
