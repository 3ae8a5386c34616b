//! Rows that others have not committed.

use cache_sea_orm::prelude::*;
use sea_orm::{ConnectionTrait, EntityTrait, IsolationLevel, TransactionTrait};

use crate::shop::*;

#[tokio::test]
async fn rows_that_others_have_not_committed_are_not_kept() {
    let shop = shop_of_many().await;
    let writer = shop.db.begin().await.unwrap();
    writer.execute_unprepared("UPDATE article SET title = 'uncommitted' WHERE id = 1").await.unwrap();
    let reader = shop.db.begin_with_config(Some(IsolationLevel::ReadUncommitted), None).await.unwrap();
    let seen = Article::find_by_id(1).cached(&shop.cache).one(&reader).await.unwrap().unwrap();
    assert_eq!(seen.title, "uncommitted");
    reader.commit().await.unwrap();
    writer.rollback().await.unwrap();
    let seen = Article::find_by_id(1).cached(&shop.cache).one(&shop.db).await.unwrap().unwrap();
    assert_ne!(seen.title, "uncommitted");
}
