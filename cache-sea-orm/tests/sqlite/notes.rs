//! What the temporary triggers of exact rows must not overlook or break.

use cache_sea_orm::prelude::*;
use sea_orm::prelude::*;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    DbBackend, FromQueryResult, Statement,
};

use crate::exact::exact_shop;
use crate::shop::*;

#[tokio::test]
async fn a_text_with_a_zero_byte_is_not_cut_short() {
    let shop = exact_shop().await;
    let text = "a\0b";
    let change = article::ActiveModel { id: Unchanged(1), title: Set(text.to_owned()), ..Default::default() };
    change.update(&shop.db).await.unwrap();
    let find = || Article::find().filter(article::Column::Title.eq(text)).cached(&shop.cache).all(&shop.db);
    assert_eq!(find().await.unwrap().len(), 1);
    shop.db.execute_unprepared("UPDATE article SET title = 'z' WHERE stars > 3").await.unwrap();
    assert_eq!(find().await.unwrap().len(), 0);
}

#[derive(Clone, FromQueryResult)]
struct Count {
    num_items: i64,
}

#[tokio::test]
async fn a_virtual_table_is_told_by_the_text() {
    let shop = exact_shop().await;
    shop.db.execute_unprepared("CREATE VIRTUAL TABLE words USING fts5 (word)").await.unwrap();
    let count = || async {
        let statement = Statement::from_string(DbBackend::Sqlite, "SELECT count(*) AS num_items FROM words");
        Count::find_by_statement(statement).cached(&shop.cache).one(&shop.db).await.unwrap().unwrap().num_items
    };
    assert_eq!(count().await, 0);
    shop.db.execute_unprepared("INSERT INTO words (word) VALUES ('c')").await.unwrap();
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn a_table_of_an_attached_database_is_told_by_the_text() {
    let shop = exact_shop().await;
    let count = || async {
        let text = "SELECT count(*) AS num_items FROM article WHERE title = 'c'";
        let statement = Statement::from_string(DbBackend::Sqlite, text);
        let row = Count::find_by_statement(statement).cached(&shop.cache).one(&shop.db).await.unwrap();
        row.unwrap().num_items
    };
    shop.db.execute_unprepared("ATTACH ':memory:' AS other").await.unwrap();
    shop.db.execute_unprepared("ALTER TABLE comment RENAME TO remark").await.unwrap();
    shop.db.execute_unprepared("ALTER TABLE article RENAME TO old_article").await.unwrap();
    shop.db.execute_unprepared("CREATE TABLE other.article (id INTEGER PRIMARY KEY, title TEXT)").await.unwrap();
    assert_eq!(count().await, 0);
    shop.db.execute_unprepared("INSERT INTO article (title) VALUES ('c')").await.unwrap();
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn an_attached_table_of_the_same_name_is_told_by_the_text() {
    let shop = exact_shop().await;
    shop.db.execute_unprepared("ATTACH ':memory:' AS other").await.unwrap();
    shop.db.execute_unprepared("CREATE TABLE other.article (id INTEGER PRIMARY KEY, title TEXT)").await.unwrap();
    let count = || async {
        let text = "SELECT count(*) AS num_items FROM other.article WHERE title = 'c'";
        let statement = Statement::from_string(DbBackend::Sqlite, text);
        let row = Count::find_by_statement(statement).cached(&shop.cache).one(&shop.db).await.unwrap();
        row.unwrap().num_items
    };
    assert_eq!(count().await, 0);
    shop.db.execute_unprepared("INSERT INTO other.article (title) VALUES ('c')").await.unwrap();
    assert_eq!(count().await, 1);
}

/// Some statements fail inside of a transaction, and some bring their own.
#[tokio::test]
async fn definitions_are_not_put_into_a_transaction_that_breaks_them() {
    let shop = exact_shop().await;
    shop.db.execute_unprepared("VACUUM").await.unwrap();
    shop.db.execute_unprepared("ATTACH ':memory:' AS other").await.unwrap();
    shop.db.execute_unprepared("DETACH other").await.unwrap();
    shop.db.execute_unprepared("BEGIN; CREATE TABLE note (id INTEGER); COMMIT").await.unwrap();
}
