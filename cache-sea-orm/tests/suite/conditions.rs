//! Only what a write concerns is dropped.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter, TransactionTrait,
};

use cache_sea_orm::prelude::*;

use crate::shop::*;

#[tokio::test]
async fn saving_a_row_drops_the_get_of_that_row_and_of_no_other() {
    let Shop { db, cache, .. } = shop().await;
    let get = |id| Article::find_by_id(id).cached(&cache);
    let first = miss!(get(1).one(&db)).unwrap();
    miss!(get(2).one(&db));
    let mut change = first.into_active_model();
    change.title = Set("Borrowing".to_owned());
    change.update(&db).await.unwrap();
    hit!(get(2).one(&db));
    assert_eq!(miss!(get(1).one(&db)).unwrap().title, "Borrowing");
}

#[tokio::test]
async fn creating_a_child_drops_the_lists_of_its_parent_only() {
    let Shop { db, cache, .. } = shop().await;
    let list = |id: i32| Article::find().filter(article::Column::CategoryId.eq(id)).cached(&cache);
    for id in [1, 2, 3] {
        miss!(list(id).all(&db));
    }
    new_article(2).insert(&db).await.unwrap();
    hit!(list(1).all(&db));
    assert_eq!(miss!(list(2).all(&db)).len(), 2);
    hit!(list(3).all(&db));
}

#[tokio::test]
async fn moving_a_child_drops_the_lists_of_both_parents() {
    let Shop { db, cache, .. } = shop().await;
    let list = |id: i32| Article::find().filter(article::Column::CategoryId.eq(id)).cached(&cache);
    for id in [1, 2, 3] {
        miss!(list(id).all(&db));
    }
    let mut row = Article::find_by_id(1).one(&db).await.unwrap().unwrap().into_active_model();
    row.category_id = Set(3);
    row.update(&db).await.unwrap();
    assert_eq!(miss!(list(1).all(&db)).len(), 1);
    assert_eq!(miss!(list(3).all(&db)).len(), 1);
}

#[tokio::test]
async fn saving_a_row_leaves_the_lists_alone_that_it_is_not_in() {
    let Shop { db, cache, .. } = shop().await;
    let list = |id: i32| Article::find().filter(article::Column::CategoryId.eq(id)).cached(&cache);
    for id in [1, 2, 3] {
        miss!(list(id).all(&db));
    }
    let mut row = Article::find_by_id(1).one(&db).await.unwrap().unwrap().into_active_model();
    row.title = Set("Borrowing".to_owned());
    row.update(&db).await.unwrap();
    assert!(miss!(list(1).all(&db)).iter().any(|article| article.title == "Borrowing"));
    if db.support_returning() {
        hit!(list(2).all(&db));
        hit!(list(3).all(&db));
    }
}

#[tokio::test]
async fn a_row_saved_in_a_transaction_leaves_other_lists_alone() {
    let Shop { db, cache, .. } = shop().await;
    let list = |id: i32| Article::find().filter(article::Column::CategoryId.eq(id)).cached(&cache);
    for id in [1, 2, 3] {
        miss!(list(id).all(&db));
    }
    let transaction = db.begin().await.unwrap();
    let mut row = Article::find_by_id(1).one(&transaction).await.unwrap().unwrap().into_active_model();
    row.title = Set("Borrowing".to_owned());
    let row = row.update(&transaction).await.unwrap();
    let mut row = row.into_active_model();
    row.stars = Set(Some(5));
    row.update(&transaction).await.unwrap();
    hit!(list(1).all(&db));
    transaction.commit().await.unwrap();
    assert!(miss!(list(1).all(&db)).iter().any(|article| article.title == "Borrowing"));
    if db.support_returning() {
        hit!(list(2).all(&db));
        hit!(list(3).all(&db));
    }
}

#[tokio::test]
async fn one_to_one_equality_is_granular() {
    let Shop { db, cache, .. } = shop().await;
    let of = |id: i32| Cover::find().filter(cover::Column::ArticleId.eq(id)).cached(&cache);
    assert_eq!(miss!(of(1).one(&db)), None);
    assert_eq!(miss!(of(2).one(&db)), None);
    let red = cover::ActiveModel { article_id: Set(1), colour: Set("red".to_owned()), ..Default::default() };
    red.insert(&db).await.unwrap();
    assert!(miss!(of(1).one(&db)).is_some());
    hit!(of(2).one(&db));
}

#[tokio::test]
async fn flipping_a_flag_drops_the_lists_of_both_states() {
    let Shop { db, cache, .. } = shop().await;
    let flagged = |flag: bool| Article::find().filter(article::Column::Published.eq(flag)).cached(&cache);
    assert_eq!(miss!(flagged(true).all(&db)).len(), 2);
    assert_eq!(miss!(flagged(false).all(&db)).len(), 1);
    let mut row = Article::find_by_id(3).one(&db).await.unwrap().unwrap().into_active_model();
    row.published = Set(true);
    row.update(&db).await.unwrap();
    assert_eq!(miss!(flagged(true).all(&db)).len(), 3);
    assert_eq!(miss!(flagged(false).all(&db)).len(), 0);
}

#[tokio::test]
async fn an_excluded_list_combined_with_is_null_is_dropped() {
    let Shop { db, cache, .. } = shop().await;
    let query = || {
        let either =
            Condition::any().add(article::Column::Stars.is_null()).add(article::Column::Stars.is_not_in([3, 4]));
        Article::find().filter(either).cached(&cache)
    };
    assert_eq!(miss!(query().all(&db)).len(), 2);
    article::ActiveModel { stars: Set(Some(1)), ..new_article(1) }.insert(&db).await.unwrap();
    assert_eq!(miss!(query().all(&db)).len(), 3);
    new_article(1).insert(&db).await.unwrap();
    assert_eq!(miss!(query().all(&db)).len(), 4);
}

#[tokio::test]
async fn an_in_list_with_null_and_an_equality_on_the_same_column_do_not_break() {
    let Shop { db, cache, .. } = shop().await;
    let query = || {
        Article::find()
            .filter(Expr::col(article::Column::Stars).is_in([Some(5), None, Some(3)]))
            .filter(article::Column::Stars.eq(5))
            .cached(&cache)
    };
    assert_eq!(miss!(query().all(&db)).len(), 1);
    article::ActiveModel { stars: Set(Some(5)), ..new_article(2) }.insert(&db).await.unwrap();
    assert_eq!(miss!(query().all(&db)).len(), 2);
}

#[tokio::test]
async fn a_comparison_of_columns_is_cached_and_coarse() {
    let Shop { db, cache, .. } = shop().await;
    let query = || {
        let same = Expr::col(article::Column::Stars).gt(Expr::col(article::Column::CategoryId));
        Article::find().filter(same).cached(&cache)
    };
    assert_eq!(miss!(query().all(&db)).len(), 2);
    hit!(query().all(&db));
    article::ActiveModel { stars: Set(Some(9)), ..new_article(1) }.insert(&db).await.unwrap();
    assert_eq!(miss!(query().all(&db)).len(), 3);
}

#[tokio::test]
async fn ranges_are_granular() {
    let Shop { db, cache, .. } = shop().await;
    let from = |stars: i32| Article::find().filter(article::Column::Stars.gte(stars)).cached(&cache);
    assert_eq!(miss!(from(1).all(&db)).len(), 2);
    assert_eq!(miss!(from(5).all(&db)).len(), 1);
    article::ActiveModel { stars: Set(Some(2)), ..new_article(1) }.insert(&db).await.unwrap();
    assert_eq!(miss!(from(1).all(&db)).len(), 3);
    hit!(from(5).all(&db));
}

#[tokio::test]
async fn a_prefix_finds_new_rows() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().filter(article::Column::Title.starts_with("Own")).cached(&cache);
    assert_eq!(miss!(query().all(&db)).len(), 1);
    article::ActiveModel { title: Set("Owner".to_owned()), ..new_article(1) }.insert(&db).await.unwrap();
    assert_eq!(miss!(query().all(&db)).len(), 2);
}

#[tokio::test]
async fn a_condition_through_the_related_row_is_dropped_like_one_on_the_foreign_key() {
    let Shop { db, cache, .. } = shop().await;
    let parent = Category::find_by_id(1).one(&db).await.unwrap().unwrap();
    let list = || parent.find_related(Article).cached(&cache);
    assert_eq!(miss!(list().all(&db)).len(), 2);
    hit!(list().all(&db));
    new_article(1).insert(&db).await.unwrap();
    assert_eq!(miss!(list().all(&db)).len(), 3);
    Article::update_many()
        .col_expr(article::Column::CategoryId, Expr::value(1))
        .filter(article::Column::Id.eq(2))
        .exec(&db)
        .await
        .unwrap();
    assert_eq!(miss!(list().all(&db)).len(), 4);
}

#[tokio::test]
async fn thirteen_alternatives_in_a_row_do_not_explode() {
    let Shop { db, cache, .. } = shop().await;
    let query = || {
        let alternatives = (0..13)
            .map(|n| Condition::any().add(article::Column::Stars.ne(100 + n)).add(article::Column::CategoryId.eq(n)));
        Article::find().filter(alternatives.fold(Condition::all(), Condition::add)).cached(&cache)
    };
    miss!(query().all(&db));
    hit!(query().all(&db));
    article::ActiveModel { stars: Set(Some(1)), ..new_article(1) }.insert(&db).await.unwrap();
    miss!(query().all(&db));
}

#[tokio::test]
async fn conditions_name_the_database_column() {
    mod renamed {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = "comment")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i32,
            #[sea_orm(column_name = "article_id")]
            pub owner: i32,
        }

        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    }
    let Shop { db, cache, .. } = shop().await;
    let query = |id: i32| renamed::Entity::find().filter(renamed::Column::Owner.eq(id)).cached(&cache);
    miss!(query(1).all(&db));
    miss!(query(2).all(&db));
    let comment =
        comment::ActiveModel { article_id: Set(2), text: Set("Well".to_owned()), stars: Set(1), ..Default::default() };
    comment.insert(&db).await.unwrap();
    hit!(query(1).all(&db));
    assert_eq!(miss!(query(2).all(&db)).len(), 2);
}

#[tokio::test]
async fn saving_a_row_with_an_expression_does_not_fail_and_drops() {
    let Shop { db, cache, .. } = shop().await;
    let with = |stars: i32| Article::find().filter(article::Column::Stars.eq(stars)).cached(&cache);
    assert_eq!(miss!(with(6).all(&db)).len(), 0);
    assert_eq!(miss!(with(5).all(&db)).len(), 1);
    Article::update_many()
        .col_expr(article::Column::Stars, Expr::col(article::Column::Stars).add(1))
        .filter(article::Column::Id.eq(1))
        .exec(&db)
        .await
        .unwrap();
    assert_eq!(miss!(with(6).all(&db)).len(), 1);
    assert_eq!(miss!(with(5).all(&db)).len(), 0);
}
