//! Transactions: nothing is published before the commit, nothing uncommitted is stored.

use cache_core::Connection;
use cache_sea_orm::prelude::*;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    TransactionError, TransactionTrait,
};

use crate::shop::*;

macro_rules! count {
    ($shop:expr, $db:expr) => {
        Article::find().filter(article::Column::CategoryId.eq(1)).cached(&$shop.cache).count($db)
    };
}

#[tokio::test]
async fn own_changes_are_visible_inside_and_others_see_them_after_the_commit() {
    let shop = shop_of_many().await;
    assert_eq!(miss!(count!(shop, &shop.db)), 2);
    let transaction = shop.db.begin().await.unwrap();
    new_article(1).insert(&transaction).await.unwrap();
    assert_eq!(miss!(count!(shop, &transaction)), 3);
    assert_eq!(hit!(count!(shop, &shop.db)), 2);
    transaction.commit().await.unwrap();
    assert_eq!(miss!(count!(shop, &shop.db)), 3);
    assert_eq!(hit!(count!(shop, &shop.db)), 3);
}

#[tokio::test]
async fn a_nested_commit_does_not_publish() {
    let shop = shop_of_many().await;
    assert_eq!(miss!(count!(shop, &shop.db)), 2);
    let outer = shop.db.begin().await.unwrap();
    let inner = outer.begin().await.unwrap();
    new_article(1).insert(&inner).await.unwrap();
    inner.commit().await.unwrap();
    assert_eq!(hit!(count!(shop, &shop.db)), 2);
    assert_eq!(miss!(count!(shop, &outer)), 3);
    outer.commit().await.unwrap();
    assert_eq!(miss!(count!(shop, &shop.db)), 3);
}

#[tokio::test]
async fn a_nested_rollback_forgets_only_the_inner_changes() {
    let shop = shop_of_many().await;
    let second = || Article::find().filter(article::Column::CategoryId.eq(2)).cached(&shop.cache);
    assert_eq!(miss!(count!(shop, &shop.db)), 2);
    miss!(second().all(&shop.db));
    let outer = shop.db.begin().await.unwrap();
    new_article(1).insert(&outer).await.unwrap();
    let inner = outer.begin().await.unwrap();
    new_article(2).insert(&inner).await.unwrap();
    inner.rollback().await.unwrap();
    outer.commit().await.unwrap();
    assert_eq!(miss!(count!(shop, &shop.db)), 3);
    assert_eq!(hit!(second().all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn after_a_rollback_everyone_sees_the_old_value() {
    let shop = shop_of_many().await;
    assert_eq!(miss!(count!(shop, &shop.db)), 2);
    let transaction = shop.db.begin().await.unwrap();
    new_article(1).insert(&transaction).await.unwrap();
    assert_eq!(miss!(count!(shop, &transaction)), 3);
    transaction.rollback().await.unwrap();
    assert_eq!(hit!(count!(shop, &shop.db)), 2);
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back() {
    let shop = shop_of_many().await;
    assert_eq!(miss!(count!(shop, &shop.db)), 2);
    let transaction = shop.db.begin().await.unwrap();
    new_article(1).insert(&transaction).await.unwrap();
    drop(transaction);
    assert_eq!(hit!(count!(shop, &shop.db)), 2);
    assert_eq!(Article::find().all(&shop.db).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_cancelled_transaction_is_rolled_back() {
    let shop = shop_of_many().await;
    assert_eq!(miss!(count!(shop, &shop.db)), 2);
    let work = shop.db.transaction::<_, (), DbErr>(|transaction| {
        Box::pin(async move {
            new_article(1).insert(transaction).await?;
            std::future::pending().await
        })
    });
    let cancelled = tokio::time::timeout(std::time::Duration::from_millis(100), work).await;
    assert!(cancelled.is_err());
    assert_eq!(hit!(count!(shop, &shop.db)), 2);
    assert_eq!(Article::find().all(&shop.db).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_cancelled_commit_is_carried_to_its_end_and_seen() {
    let shop = shop_of_many().await;
    for polls in 1..5 {
        let before = count!(shop, &shop.db).await.unwrap();
        let transaction = shop.db.begin().await.unwrap();
        new_article(1).insert(&transaction).await.unwrap();
        let mut commit = Box::pin(transaction.commit());
        for _ in 0..polls {
            if futures::poll!(commit.as_mut()).is_ready() {
                break;
            }
        }
        drop(commit);
        for _ in 0..200 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            if count!(shop, &shop.db).await.unwrap() > before {
                break;
            }
        }
        assert_eq!(count!(shop, &shop.db).await.unwrap(), before + 1, "after {polls} polls");
    }
}

#[tokio::test]
async fn a_commit_that_fails_applies_the_changes() {
    let shop = shop_of_many().await;
    let other = |id: i32| Comment::find().filter(comment::Column::ArticleId.eq(id)).cached(&shop.cache);
    miss!(other(1).all(&shop.db));
    miss!(other(2).all(&shop.db));
    let transaction = shop.db.begin().await.unwrap();
    transaction.execute_unprepared("PRAGMA defer_foreign_keys = ON").await.unwrap();
    let text = "INSERT INTO comment (article_id, text) VALUES (1, 'kept'), (999, 'nobody')";
    transaction.execute_unprepared(text).await.unwrap();
    assert!(transaction.commit().await.is_err());
    assert_eq!(miss!(other(1).all(&shop.db)).len(), 2);
}

#[tokio::test]
async fn a_closure_commits_or_rolls_back() {
    let shop = shop_of_many().await;
    assert_eq!(miss!(count!(shop, &shop.db)), 2);
    let failed = shop.db.transaction::<_, (), DbErr>(|transaction| {
        Box::pin(async move {
            new_article(1).insert(transaction).await?;
            Err(DbErr::Custom("changed my mind".to_owned()))
        })
    });
    assert!(matches!(failed.await, Err(TransactionError::Transaction(_))));
    assert_eq!(hit!(count!(shop, &shop.db)), 2);
    let done = shop.db.transaction::<_, i32, DbErr>(|transaction| {
        Box::pin(async move { Ok(new_article(1).insert(transaction).await?.id) })
    });
    assert!(done.await.unwrap() > 3);
    assert_eq!(miss!(count!(shop, &shop.db)), 3);
    let configured = shop.db.transaction_with_config::<_, (), DbErr>(
        |transaction| Box::pin(async move { new_article(1).insert(transaction).await.map(|_| ()) }),
        None,
        None,
    );
    configured.await.unwrap();
    assert_eq!(miss!(count!(shop, &shop.db)), 4);
    let immediate = sea_orm::TransactionOptions {
        sqlite_transaction_mode: Some(sea_orm::SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let transaction = shop.db.begin_with_options(immediate).await.unwrap();
    new_article(1).insert(&transaction).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(miss!(count!(shop, &shop.db)), 5);
}

#[tokio::test]
async fn a_transaction_that_only_reads_uses_and_fills_the_cache() {
    let shop = shop_of_many().await;
    let transaction = shop.db.begin().await.unwrap();
    assert_eq!(miss!(count!(shop, &transaction)), 2);
    assert_eq!(hit!(count!(shop, &transaction)), 2);
    assert_eq!(hit!(count!(shop, &shop.db)), 2);
    new_article(2).insert(&transaction).await.unwrap();
    assert_eq!(miss!(count!(shop, &transaction)), 2);
    assert_eq!(miss!(count!(shop, &transaction)), 2);
    transaction.rollback().await.unwrap();
}

#[tokio::test]
async fn what_a_transaction_read_from_an_old_snapshot_is_not_stored() {
    let shop = shop_of_many().await;
    let transaction = shop.db.begin().await.unwrap();
    Article::find().one(&transaction).await.unwrap();
    new_article(1).insert(&shop.db).await.unwrap();
    assert_eq!(miss!(count!(shop, &transaction)), 2);
    assert_eq!(miss!(count!(shop, &shop.db)), 3);
    transaction.rollback().await.unwrap();
    assert_eq!(hit!(count!(shop, &shop.db)), 3);
}

#[tokio::test]
async fn a_plain_read_through_a_transaction_keeps_the_result_around_it_from_being_stored() {
    let shop = shop_of_many().await;
    let key = || cache_core::Key::new("titles");
    let titles = async |db: &CachedTransaction| {
        let entry = shop.cache.entry(key()).depends_on(|| Article.dependencies());
        entry.try_get_or_fill_async(|| Article::find().all(db)).await.unwrap().len()
    };
    let transaction = shop.db.begin().await.unwrap();
    new_article(1).insert(&transaction).await.unwrap();
    assert_eq!(titles(&transaction).await, 4);
    assert_eq!(shop.cache.get::<Vec<article::Model>>(&key()), None);
    transaction.rollback().await.unwrap();
}

#[tokio::test]
async fn a_constraint_error_inside_an_inner_block_leaves_the_state_clean() {
    let shop = shop_of_many().await;
    assert_eq!(miss!(count!(shop, &shop.db)), 2);
    let outer = shop.db.begin().await.unwrap();
    let inner = outer.begin().await.unwrap();
    let twice = tag::ActiveModel { name: Set("language".to_owned()), ..Default::default() };
    assert!(twice.insert(&inner).await.is_err());
    inner.rollback().await.unwrap();
    new_article(1).insert(&outer).await.unwrap();
    outer.commit().await.unwrap();
    assert_eq!(miss!(count!(shop, &shop.db)), 3);
    assert_eq!(hit!(count!(shop, &shop.db)), 3);
}

#[tokio::test]
async fn transactions_of_two_databases_nested_do_not_disturb_each_other() {
    let (a, b) = (shop_of_many().await, shop_of_many().await);
    assert_eq!(miss!(count!(a, &a.db)), 2);
    assert_eq!(miss!(count!(b, &b.db)), 2);
    let outer = a.db.begin().await.unwrap();
    new_article(1).insert(&outer).await.unwrap();
    let inner = b.db.begin().await.unwrap();
    new_article(1).insert(&inner).await.unwrap();
    inner.commit().await.unwrap();
    assert_eq!(miss!(count!(b, &b.db)), 3);
    assert_eq!(hit!(count!(a, &a.db)), 2);
    outer.rollback().await.unwrap();
    assert_eq!(hit!(count!(a, &a.db)), 2);
    assert_eq!(hit!(count!(b, &b.db)), 3);
}

#[tokio::test]
async fn invalidation_has_happened_when_the_commit_returns() {
    let shop = shop_of_many().await;
    let before = shop.cache.counters().invalidations;
    let transaction = shop.db.begin().await.unwrap();
    new_article(1).insert(&transaction).await.unwrap();
    assert_eq!(shop.cache.counters().invalidations, before);
    transaction.commit().await.unwrap();
    assert_eq!(shop.cache.counters().invalidations, before + 1);
}

#[tokio::test]
async fn levels_that_end_out_of_order_invalidate_everything() {
    let shop = shop_of_many().await;
    assert_eq!(miss!(count!(shop, &shop.db)), 2);
    let outer = shop.db.begin().await.unwrap();
    let inner = outer.begin().await.unwrap();
    new_article(1).insert(&inner).await.unwrap();
    // The driver ends the innermost level first, whichever handle is told to.
    outer.commit().await.unwrap();
    count!(shop, &shop.db).await.unwrap();
    inner.commit().await.unwrap();
    let real = Article::find().filter(article::Column::CategoryId.eq(1)).all(&shop.db).await.unwrap().len();
    assert_eq!(count!(shop, &shop.db).await.unwrap(), real as u64);
}

#[tokio::test]
async fn a_transaction_opened_by_text_is_understood() {
    let shop = shop().await;
    assert_eq!(miss!(count!(shop, &shop.db)), 2);
    shop.sql("BEGIN").await;
    assert!(shop.db.is_dirty());
    shop.sql("INSERT INTO article (category_id, title) VALUES (1, 'Typed')").await;
    assert_eq!(miss!(count!(shop, &shop.db)), 3);
    assert_eq!(miss!(count!(shop, &shop.db)), 3);
    shop.sql("ROLLBACK").await;
    assert!(!shop.db.is_dirty());
    assert_eq!(miss!(count!(shop, &shop.db)), 2);
    shop.sql("BEGIN IMMEDIATE; INSERT INTO article (category_id, title) VALUES (1, 'Typed'); COMMIT").await;
    assert!(!shop.db.is_dirty());
    assert_eq!(miss!(count!(shop, &shop.db)), 3);
    shop.sql("SAVEPOINT one").await;
    shop.sql("DELETE FROM article WHERE category_id = 1").await;
    shop.sql("ROLLBACK TO one").await;
    assert!(shop.db.is_dirty());
    shop.sql("RELEASE one").await;
    assert!(!shop.db.is_dirty());
    assert_eq!(miss!(count!(shop, &shop.db)), 3);
}

#[tokio::test]
async fn transaction_words_as_text_inside_a_transaction_invalidate_everything() {
    let shop = shop_of_many().await;
    assert_eq!(miss!(count!(shop, &shop.db)), 2);
    let transaction = shop.db.begin().await.unwrap();
    new_article(1).insert(&transaction).await.unwrap();
    transaction.execute_unprepared("COMMIT").await.unwrap();
    assert_eq!(miss!(count!(shop, &shop.db)), 3);
    new_article(1).insert(&transaction).await.unwrap();
    assert_eq!(miss!(count!(shop, &shop.db)), 4);
    assert!(transaction.commit().await.is_err());
}

#[tokio::test]
async fn after_the_database_ended_a_transaction_by_itself_writes_are_seen_at_once() {
    let shop = shop_of_many().await;
    assert_eq!(miss!(count!(shop, &shop.db)), 2);
    let transaction = shop.db.begin().await.unwrap();
    new_article(2).insert(&transaction).await.unwrap();
    let text = "INSERT OR ROLLBACK INTO tag (name) VALUES ('language')";
    assert!(transaction.execute_unprepared(text).await.is_err());
    new_article(1).insert(&transaction).await.unwrap();
    assert_eq!(miss!(count!(shop, &shop.db)), 3);
    drop(transaction);
    assert_eq!(miss!(count!(shop, &shop.db)), 3);
}

#[tokio::test]
async fn a_schema_changed_beside_a_transaction_makes_its_commit_drop_everything() {
    let shop = shop_of_many().await;
    let tags = || Tag::find().cached(&shop.cache);
    let transaction = shop.db.begin().await.unwrap();
    new_article(1).insert(&transaction).await.unwrap();
    miss!(tags().all(&shop.db));
    shop.db.forget_schema();
    transaction.commit().await.unwrap();
    miss!(tags().all(&shop.db));
}

#[tokio::test]
async fn a_reader_in_a_transaction_does_not_wait_for_one_that_waits_for_its_connection() {
    let shop = shop().await;
    let transaction = shop.db.begin().await.unwrap();
    // The only connection is taken: this reader leads, and waits for it.
    let mut leader = Box::pin(count!(shop, &shop.db));
    assert!(futures::poll!(leader.as_mut()).is_pending());
    let inside = tokio::time::timeout(std::time::Duration::from_secs(5), count!(shop, &transaction));
    assert_eq!(inside.await.expect("no deadlock").unwrap(), 2);
    transaction.rollback().await.unwrap();
    assert_eq!(leader.await.unwrap(), 2);
}

#[tokio::test]
async fn the_state_of_a_connection_is_told_to_cached_functions() {
    let shop = shop_of_many().await;
    assert!(!shop.db.bypass());
    assert_eq!(shop.db.read_point(), None);
    let transaction = shop.db.begin().await.unwrap();
    assert!(!transaction.bypass());
    assert!(transaction.read_point().is_some());
    new_article(1).insert(&transaction).await.unwrap();
    assert!(transaction.bypass());
    transaction.rollback().await.unwrap();
}
