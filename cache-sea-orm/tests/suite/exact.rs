//! Writes whose rows the database tells.

use cache_sea_orm::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, QueryFilter,
    Statement, TransactionTrait,
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

pub(crate) async fn exact_shop() -> Shop {
    let mut shop = shop().await;
    shop.db = shop.db.with_exact_rows();
    for text in [
        "DELETE FROM comment",
        "DELETE FROM article",
        "INSERT INTO article (id, category_id, title, published, stars) VALUES (1, 1, 'a', TRUE, 5), (2, 2, 'b', TRUE, 1)",
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
    shop.db.execute_unprepared("UPDATE article SET title = 'all', stars = stars + 1 WHERE stars > 3").await.unwrap();
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
async fn binds_of_the_condition_are_bound_again() {
    let shop = exact_shop().await;
    let moved = Article::update_many()
        .col_expr(article::Column::Title, Expr::value("moved"))
        .col_expr(article::Column::CategoryId, Expr::col(article::Column::CategoryId).add(1))
        .filter(article::Column::Stars.gt(3))
        .filter(article::Column::Title.eq("a"));
    assert_eq!(moved.exec(&shop.db).await.unwrap().rows_affected, 1);
    assert_eq!(costs(&shop, &shop.db).await, [1, 1, 0, 0]);
    let gone = Comment::delete_many().filter(comment::Column::Stars.eq(1)).filter(comment::Column::Text.eq("y"));
    assert_eq!(gone.exec(&shop.db).await.unwrap().rows_affected, 1);
    assert_eq!(costs(&shop, &shop.db).await, [0, 0, 0, 1]);
}

#[tokio::test]
async fn a_row_found_again_by_its_key_tells_what_an_expression_has_made_of_it() {
    let shop = exact_shop().await;
    let few = || Article::find().filter(article::Column::Stars.lt(4)).cached(&shop.cache);
    let seven = || Article::find().filter(article::Column::Stars.eq(7)).cached(&shop.cache);
    assert_eq!(miss!(few().all(&shop.db)).len(), 1);
    assert_eq!(miss!(seven().all(&shop.db)).len(), 0);
    shop.db.execute_unprepared("UPDATE article SET stars = stars + 1 WHERE id = 1").await.unwrap();
    hit!(few().all(&shop.db));
    hit!(seven().all(&shop.db));
    shop.db.execute_unprepared("UPDATE article SET stars = stars + 1 WHERE id = 1").await.unwrap();
    hit!(few().all(&shop.db));
    assert_eq!(miss!(seven().all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn a_model_that_is_saved_drops_where_it_was_and_where_it_is() {
    let shop = exact_shop().await;
    let mut third = new_article(3);
    third.title = Set("c".to_owned());
    third.insert(&shop.db).await.unwrap();
    assert_eq!(costs(&shop, &shop.db).await, [0; 4]);
    let moved = article::ActiveModel { id: Set(1), category_id: Set(3), ..Default::default() };
    moved.update(&shop.db).await.unwrap();
    assert_eq!(costs(&shop, &shop.db).await, [1, 0, 0, 0]);
}

#[tokio::test]
async fn a_cascade_drops_the_lists_of_the_rows_that_went() {
    let shop = exact_shop().await;
    shop.db.execute_unprepared("DELETE FROM article WHERE title = 'a'").await.unwrap();
    // Only SQLite tells the rows of a cascade.
    let others = u64::from(shop.db.get_database_backend() != DbBackend::Sqlite);
    assert_eq!(costs(&shop, &shop.db).await, [1, 0, 1, others]);
}

#[tokio::test]
async fn a_deletion_of_no_row_cascades_nowhere() {
    let shop = exact_shop().await;
    shop.db.execute_unprepared("DELETE FROM article WHERE title = 'none'").await.unwrap();
    assert_eq!(costs(&shop, &shop.db).await, [0; 4]);
}

#[tokio::test]
async fn a_mass_update_is_one_invalidation() {
    let shop = exact_shop().await;
    let before = shop.cache.counters().invalidations;
    shop.db.execute_unprepared("UPDATE article SET stars = stars + 1").await.unwrap();
    assert_eq!(shop.cache.counters().invalidations, before + 1);
    assert_eq!(costs(&shop, &shop.db).await, [1, 1, 0, 0]);
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
        shop.db.execute_unprepared("INSERT INTO article (id, category_id, title, published) VALUES (1, 1, 'c', TRUE)");
    assert!(error.await.unwrap_err().sql_err().is_some());
    shop.db.execute_unprepared("UPDATE article SET title = 'y' WHERE stars > 3").await.unwrap();
    let left = Article::find().filter(article::Column::Title.eq("y")).cached(&shop.cache).all(&shop.db).await.unwrap();
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn a_violated_constraint_of_an_update_leaves_rows_and_results() {
    let shop = exact_shop().await;
    let taken = shop.db.execute_unprepared("UPDATE article SET id = 2 WHERE title = 'a'");
    assert!(taken.await.unwrap_err().sql_err().is_some());
    costs(&shop, &shop.db).await;
    let all = Article::find().all(shop.db.inner()).await.unwrap();
    assert_eq!(all.iter().map(|article| article.id).collect::<Vec<_>>().len(), 2);
    shop.db.execute_unprepared("UPDATE article SET title = 'y' WHERE stars > 3").await.unwrap();
    assert_eq!(costs(&shop, &shop.db).await, [1, 0, 0, 0]);
}

#[tokio::test]
async fn a_transaction_opened_by_text_is_left_alone() {
    let shop = exact_shop().await;
    if shop.db.get_database_backend() != DbBackend::Sqlite {
        return;
    }
    shop.sql("BEGIN").await;
    shop.sql("UPDATE article SET title = 'gone' WHERE stars > 3").await;
    shop.sql("ROLLBACK").await;
    let gone = Article::find().filter(article::Column::Title.eq("gone")).all(shop.db.inner()).await.unwrap();
    assert_eq!(gone.len(), 0);
}

#[tokio::test]
async fn more_rows_than_are_told_apart_are_told_by_the_text() {
    let shop = exact_shop().await;
    for _ in 0..11 {
        let doubled = "INSERT INTO comment (article_id, text, stars) SELECT article_id, text, stars FROM comment";
        shop.sql(doubled).await;
    }
    costs(&shop, &shop.db).await;
    shop.sql("UPDATE comment SET stars = stars + 1 WHERE stars < 100").await;
    assert_eq!(costs(&shop, &shop.db).await, [0, 0, 1, 1]);
    shop.sql("UPDATE comment SET stars = stars + 1 WHERE id = 1").await;
    assert_eq!(costs(&shop, &shop.db).await, [0, 0, 1, 0]);
}

#[tokio::test]
async fn a_question_that_fails_leaves_the_transaction_as_it_was() {
    let shop = exact_shop().await;
    let inner = shop.db.inner();
    if inner.get_database_backend() == DbBackend::Sqlite {
        return;
    }
    inner.execute_unprepared("ALTER TABLE article DROP COLUMN published").await.unwrap();
    let transaction = shop.db.begin().await.unwrap();
    transaction.execute_unprepared("UPDATE comment SET stars = 9 WHERE text = 'x'").await.unwrap();
    transaction.execute_unprepared("UPDATE article SET stars = stars + 1 WHERE title = 'a'").await.unwrap();
    transaction.commit().await.unwrap();
    let both = "SELECT a.stars + c.stars FROM article a JOIN comment c ON c.article_id = a.id WHERE a.id = 1";
    let row = inner.query_one_raw(Statement::from_string(inner.get_database_backend(), both)).await.unwrap().unwrap();
    let stars = row.try_get_by_index::<i64>(0).or_else(|_| row.try_get_by_index::<i32>(0).map(i64::from));
    assert_eq!(stars.unwrap(), 15);
    let comments = Comment::find().filter(comment::Column::ArticleId.eq(1)).cached(&shop.cache);
    assert_eq!(miss!(comments.all(&shop.db))[0].stars, 9);
}
