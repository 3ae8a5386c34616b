//! Notes that writers leave in their transactions, and what is done with those that are left behind.

use std::time::Duration;

use cache_core::Cache;
use cache_sea_orm::prelude::*;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement, TransactionTrait,
};

use crate::shop::{Article, Db, article, hit, miss, new_article, shop};

async fn titles(db: &Db, category: i32) -> Result<Vec<String>, DbErr> {
    let rows = Article::find().filter(article::Column::CategoryId.eq(category)).cached(db.cache()).all(db).await?;
    Ok(rows.into_iter().map(|row| row.title).collect())
}

async fn notes(db: &Db) -> usize {
    let statement = Statement::from_string(db.get_database_backend(), "SELECT id FROM cache_outbox");
    db.inner().query_all_raw(statement).await.unwrap().len()
}

/// Waits until so many notes are left.
async fn left(db: &Db, count: usize) {
    for _ in 0..2000 {
        if notes(db).await == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(notes(db).await, count);
}

#[tokio::test]
async fn a_note_goes_with_its_transaction_and_is_deleted_when_the_cache_knows() {
    let shop = shop().await;
    let db = shop.db.clone().with_outbox();
    db.create_outbox().await.unwrap();
    db.create_outbox().await.unwrap();
    let transaction = db.begin().await.unwrap();
    let inner = transaction.begin().await.unwrap();
    new_article(1).insert(&inner).await.unwrap();
    inner.commit().await.unwrap();
    transaction.commit().await.unwrap();
    left(&db, 0).await;
    let transaction = db.begin().await.unwrap();
    new_article(1).insert(&transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(notes(&db).await, 0);
    new_article(1).insert(&db).await.unwrap();
    db.execute_unprepared("DELETE FROM article WHERE id = 3").await.unwrap();
    left(&db, 0).await;
    assert_eq!(titles(&db, 1).await.unwrap(), ["Ownership", "New", "New"]);
    assert_eq!(db.sweep_outbox().await.unwrap(), 0);
}

#[tokio::test]
async fn a_note_that_was_left_behind_is_swept() {
    let shop = shop().await;
    let db = shop.db.clone().with_outbox();
    db.create_outbox().await.unwrap();
    // A process that commits, and dies before it tells anybody: its cache is another one.
    let dying = CachedConnection::new(db.inner().clone(), &Cache::in_memory()).with_outbox();
    miss!(titles(&db, 1));
    miss!(titles(&db, 2));
    let transaction = dying.begin().await.unwrap();
    new_article(1).insert(&transaction).await.unwrap();
    transaction.commit().await.unwrap();
    left(&db, 0).await;
    hit!(titles(&db, 1));
    let note = r#"INSERT INTO cache_outbox (changes) VALUES ('[{"table": "article", "rows": [{"category_id": 1}]}]')"#;
    db.inner().execute_unprepared(note).await.unwrap();
    assert_eq!(db.sweep_outbox().await.unwrap(), 0, "its writer may still be about to tell");
    let mut swept = 0;
    for _ in 0..100 {
        swept = db.sweep_outbox().await.unwrap();
        if swept > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!((swept, notes(&db).await), (1, 0));
    assert_eq!(miss!(titles(&db, 1)).len(), 3);
    hit!(titles(&db, 2));
}
