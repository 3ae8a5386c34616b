//! Writes whose rows the database tells.

use cache_sea_orm::prelude::*;
use sea_orm::prelude::*;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ConnectionTrait, DbBackend, FromQueryResult, Statement, TransactionTrait,
};

use crate::shop::*;

/// The articles of both categories and the comments of both articles, and how many statements they cost.
async fn costs<D: Source>(shop: &Shop, db: &D) -> [u64; 4] {
    let mut costs = [0; 4];
    for category in [1, 2] {
        let query = Article::find().filter(article::Column::CategoryId.eq(category)).cached(&shop.cache);
        let (rows, cost) = cache_core::observe::measure_async(query.all(db)).await;
        rows.unwrap();
        costs[category as usize - 1] = cost.statements;
    }
    for article in [1, 2] {
        let query = Comment::find().filter(comment::Column::ArticleId.eq(article)).cached(&shop.cache);
        let (rows, cost) = cache_core::observe::measure_async(query.all(db)).await;
        rows.unwrap();
        costs[article as usize + 1] = cost.statements;
    }
    costs
}

async fn exact_shop() -> Shop {
    let mut shop = shop().await;
    shop.db = shop.db.with_exact_rows();
    for text in [
        "DELETE FROM comment",
        "DELETE FROM article",
        "INSERT INTO article (id, category_id, title, published, stars) VALUES (1, 1, 'a', 1, 5), (2, 2, 'b', 1, 1)",
        "INSERT INTO comment (id, article_id, text, stars) VALUES (1, 1, 'x', 1), (2, 2, 'y', 1)",
    ] {
        shop.db.execute_unprepared(text).await.unwrap();
    }
    costs(&shop, &shop.db).await;
    assert_eq!(costs(&shop, &shop.db).await, [0; 4]);
    shop
}

#[tokio::test]
async fn a_mass_update_drops_what_its_rows_were_in() {
    let shop = exact_shop().await;
    shop.db.execute_unprepared("UPDATE article SET title = title || '!' WHERE stars > 3").await.unwrap();
    assert_eq!(costs(&shop, &shop.db).await, [1, 0, 0, 0]);
}

#[tokio::test]
async fn a_row_that_moves_drops_both_lists() {
    let shop = exact_shop().await;
    shop.db.execute_unprepared("UPDATE article SET category_id = category_id + 1 WHERE stars > 3").await.unwrap();
    assert_eq!(costs(&shop, &shop.db).await, [1, 1, 0, 0]);
}

#[tokio::test]
async fn a_write_of_no_row_drops_nothing() {
    let shop = exact_shop().await;
    shop.db.execute_unprepared("UPDATE article SET title = 'none' WHERE stars > 100").await.unwrap();
    assert_eq!(costs(&shop, &shop.db).await, [0; 4]);
}

#[tokio::test]
async fn a_cascade_drops_the_lists_of_the_rows_that_went() {
    let shop = exact_shop().await;
    shop.db.execute_unprepared("DELETE FROM article WHERE title = 'a'").await.unwrap();
    assert_eq!(costs(&shop, &shop.db).await, [1, 0, 1, 0]);
}

#[tokio::test]
async fn in_a_transaction_rows_count_at_its_commit() {
    let shop = exact_shop().await;
    let outer = shop.db.begin().await.unwrap();
    let inner = outer.begin().await.unwrap();
    inner.execute_unprepared("UPDATE article SET title = 'gone' WHERE stars < 3").await.unwrap();
    inner.rollback().await.unwrap();
    outer.execute_unprepared("UPDATE article SET title = 'kept' WHERE stars > 3").await.unwrap();
    outer.commit().await.unwrap();
    assert_eq!(costs(&shop, &shop.db).await, [1, 0, 0, 0]);
}

#[tokio::test]
async fn columns_can_still_be_dropped_and_added() {
    let shop = exact_shop().await;
    shop.db.execute_unprepared("UPDATE article SET title = 'x' WHERE stars > 3").await.unwrap();
    shop.db.execute_unprepared("ALTER TABLE article ADD COLUMN extra INTEGER").await.unwrap();
    shop.db.execute_unprepared("UPDATE article SET extra = 1 WHERE stars > 3").await.unwrap();
    shop.db.execute_unprepared("ALTER TABLE article DROP COLUMN extra").await.unwrap();
    costs(&shop, &shop.db).await;
    shop.db.execute_unprepared("UPDATE article SET title = 'y' WHERE stars > 3").await.unwrap();
    assert_eq!(costs(&shop, &shop.db).await, [1, 0, 0, 0]);
}

#[tokio::test]
async fn a_violated_constraint_changes_nothing_and_is_answered() {
    let shop = exact_shop().await;
    let error =
        shop.db.execute_unprepared("INSERT INTO article (id, category_id, title, published) VALUES (1, 1, 'c', 1)");
    assert!(error.await.unwrap_err().sql_err().is_some());
    shop.db.execute_unprepared("UPDATE article SET title = 'y' WHERE stars > 3").await.unwrap();
    let left = Article::find().filter(article::Column::Title.eq("y")).cached(&shop.cache).all(&shop.db).await.unwrap();
    assert_eq!(left.len(), 1);
}

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
