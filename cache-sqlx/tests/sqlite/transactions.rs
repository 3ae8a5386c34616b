//! Transactions: nothing is published before the commit, nothing uncommitted is stored.

use cache_core::Connection;
use sqlx::Executor;

use crate::shop::*;

macro_rules! number {
    ($shop:expr, $category:expr, $db:expr) => {
        count($category).cached(&$shop.cache).fetch_one($db)
    };
}

#[tokio::test]
async fn own_changes_are_seen_inside_and_by_others_after_the_commit() {
    let shop = shop().await;
    miss!(number!(shop, 1, &shop.db));
    let mut tx = shop.db.begin().await.unwrap();
    assert_eq!(hit!(number!(shop, 1, &mut tx)), 2);
    insert(1, "New").execute(&mut tx).await.unwrap();
    assert!(tx.bypass());
    assert_eq!(miss!(number!(shop, 1, &mut tx)), 3);
    assert_eq!(hit!(number!(shop, 1, &shop.db)), 2);
    tx.commit().await.unwrap();
    assert_eq!(miss!(number!(shop, 1, &shop.db)), 3);
    assert_eq!(hit!(number!(shop, 1, &shop.db)), 3);
}

#[tokio::test]
async fn a_rollback_and_a_drop_keep_what_was_cached() {
    let shop = shop().await;
    miss!(number!(shop, 1, &shop.db));
    let mut tx = shop.db.begin().await.unwrap();
    insert(1, "New").execute(&mut tx).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(hit!(number!(shop, 1, &shop.db)), 2);
    let mut tx = shop.db.begin().await.unwrap();
    insert(1, "New").execute(&mut tx).await.unwrap();
    drop(tx);
    assert_eq!(hit!(number!(shop, 1, &shop.db)), 2);
    assert_eq!(count(1).fetch_one(&shop.db).await.unwrap(), 2);
    insert(1, "New").execute(&shop.db).await.unwrap();
    assert_eq!(miss!(number!(shop, 1, &shop.db)), 3);
}

#[tokio::test]
async fn savepoints_publish_with_the_outermost_commit() {
    let shop = shop().await;
    for category in 1..=3 {
        miss!(number!(shop, category, &shop.db));
    }
    let mut tx = shop.db.begin().await.unwrap();
    insert(1, "A").execute(&mut tx).await.unwrap();
    let mut kept = tx.begin().await.unwrap();
    insert(2, "B").execute(&mut kept).await.unwrap();
    kept.commit().await.unwrap();
    let mut undone = tx.begin().await.unwrap();
    insert(3, "C").execute(&mut undone).await.unwrap();
    undone.rollback().await.unwrap();
    let mut dropped = tx.begin().await.unwrap();
    insert(3, "D").execute(&mut dropped).await.unwrap();
    drop(dropped);
    assert_eq!(number!(shop, 3, &mut tx).await.unwrap(), 0);
    assert_eq!(hit!(number!(shop, 2, &shop.db)), 1);
    tx.commit().await.unwrap();
    assert_eq!(miss!(number!(shop, 1, &shop.db)), 3);
    assert_eq!(miss!(number!(shop, 2, &shop.db)), 2);
    assert_eq!(hit!(number!(shop, 3, &shop.db)), 0);
}

#[tokio::test]
async fn three_levels_dropped_at_once_are_all_rolled_back() {
    let shop = shop().await;
    miss!(number!(shop, 1, &shop.db));
    {
        let mut tx = shop.db.begin().await.unwrap();
        insert(1, "A").execute(&mut tx).await.unwrap();
        let mut inner = tx.begin().await.unwrap();
        insert(1, "B").execute(&mut inner).await.unwrap();
        let mut innermost = inner.begin().await.unwrap();
        insert(1, "C").execute(&mut innermost).await.unwrap();
    }
    assert_eq!(hit!(number!(shop, 1, &shop.db)), 2);
    assert_eq!(count(1).fetch_one(&shop.db).await.unwrap(), 2);
}

#[tokio::test]
async fn a_failed_commit_applies_and_rolls_back() {
    let shop = shop().await;
    shop.sql("CREATE TABLE later (id INTEGER REFERENCES category (id) DEFERRABLE INITIALLY DEFERRED)").await;
    miss!(number!(shop, 1, &shop.db));
    let mut tx = shop.db.begin().await.unwrap();
    insert(1, "New").execute(&mut tx).await.unwrap();
    tx.execute("INSERT INTO later VALUES (99)").await.unwrap();
    assert!(tx.commit().await.is_err());
    assert_eq!(miss!(number!(shop, 1, &shop.db)), 2);
    insert(1, "New").execute(&shop.db).await.unwrap();
    assert_eq!(miss!(number!(shop, 1, &shop.db)), 3);
}

#[tokio::test]
async fn a_violated_constraint_leaves_the_transaction_open() {
    let shop = shop().await;
    miss!(number!(shop, 1, &shop.db));
    miss!(number!(shop, 2, &shop.db));
    let mut tx = shop.db.begin().await.unwrap();
    assert!(insert(1, "Joins").execute(&mut tx).await.is_err());
    insert(1, "New").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(miss!(number!(shop, 1, &shop.db)), 3);
    assert_eq!(hit!(number!(shop, 2, &shop.db)), 1);
}

#[tokio::test]
async fn a_transaction_that_was_ended_by_text_hides_nothing() {
    let shop = shop().await;
    miss!(number!(shop, 1, &shop.db));
    let mut tx = shop.db.begin().await.unwrap();
    insert(1, "A").execute(&mut tx).await.unwrap();
    tx.execute("COMMIT").await.unwrap();
    assert_eq!(number!(shop, 1, &shop.db).await.unwrap(), 3);
    insert(1, "B").execute(&mut tx).await.unwrap();
    assert_eq!(number!(shop, 1, &shop.db).await.unwrap(), 4);
    let _ = tx.rollback().await;
    assert_eq!(number!(shop, 1, &shop.db).await.unwrap(), 4);
}

#[tokio::test]
async fn a_transaction_of_a_statement_of_its_own() {
    let shop = shop().await;
    miss!(number!(shop, 1, &shop.db));
    let mut tx = shop.db.begin_with("BEGIN IMMEDIATE").await.unwrap();
    insert(1, "New").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(miss!(number!(shop, 1, &shop.db)), 3);
    assert!(shop.db.begin_with("SELECT 1").await.is_err());
    assert_eq!(hit!(number!(shop, 1, &shop.db)), 3);
}

#[tokio::test]
async fn an_old_snapshot_stores_nothing() {
    let shop = shop().await;
    let mut tx = shop.db.begin().await.unwrap();
    assert_eq!(count(2).fetch_one(&mut tx).await.unwrap(), 1);
    insert(1, "New").execute(&shop.db).await.unwrap();
    assert_eq!(number!(shop, 1, &mut tx).await.unwrap(), 2);
    assert_eq!(miss!(number!(shop, 1, &shop.db)), 3);
}

#[tokio::test]
async fn a_constraint_that_ends_the_transaction_hides_nothing() {
    let shop = shop().await;
    shop.sql("CREATE TABLE label (id INTEGER PRIMARY KEY, name TEXT UNIQUE ON CONFLICT ROLLBACK)").await;
    shop.sql("INSERT INTO label (name) VALUES ('a')").await;
    miss!(number!(shop, 1, &shop.db));
    let mut tx = shop.db.begin().await.unwrap();
    assert!(tx.execute("INSERT INTO label (name) VALUES ('a')").await.is_err());
    // The transaction is gone, so this is committed at once.
    insert(1, "New").execute(&mut tx).await.unwrap();
    assert_eq!(number!(shop, 1, &shop.db).await.unwrap(), 3);
    drop(tx);
    assert_eq!(number!(shop, 1, &shop.db).await.unwrap(), 3);
    let mut db = shop.db.acquire().await.unwrap();
    db.execute("BEGIN").await.unwrap();
    assert!(db.execute("INSERT INTO label (name) VALUES ('a')").await.is_err());
    insert(1, "Newer").execute(&mut db).await.unwrap();
    assert_eq!(number!(shop, 1, &shop.db).await.unwrap(), 4);
}
