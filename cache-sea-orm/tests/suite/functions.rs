//! Cached functions with SeaORM's queries as querysets.

use cache_core::{Cache, cached_as};
use cache_sea_orm::prelude::*;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::shop::*;

#[allow(unused_variables)]
#[cached_as(Article::find().filter(article::Column::CategoryId.eq(category)), extra = count, cache = cache, ignore(cache))]
async fn top_titles(cache: &Cache, db: &Db, category: i32, count: u64) -> Result<Vec<String>, DbErr> {
    Article::find()
        .filter(article::Column::CategoryId.eq(category))
        .order_by_asc(article::Column::Id)
        .limit(count)
        .select_only()
        .column(article::Column::Title)
        .into_tuple()
        .all(db)
        .await
}

#[tokio::test]
async fn a_function_with_a_filtered_query_is_dropped_by_matching_writes_only() {
    let Shop { db, cache, .. } = shop().await;
    assert_eq!(miss!(top_titles(&cache, &db, 1, 5)), ["Ownership", "Traits"]);
    assert_eq!(hit!(top_titles(&cache, &db, 1, 5)), ["Ownership", "Traits"]);
    assert_eq!(miss!(top_titles(&cache, &db, 1, 1)), ["Ownership"]);
    new_article(2).insert(&db).await.unwrap();
    hit!(top_titles(&cache, &db, 1, 5));
    new_article(1).insert(&db).await.unwrap();
    assert_eq!(miss!(top_titles(&cache, &db, 1, 5)).len(), 3);
}

#[tokio::test]
async fn querysets_of_every_kind_tell_what_they_depend_on() {
    let Shop { db, .. } = shop().await;
    let text = |dependencies: cache_core::Dependencies| dependencies.to_string();
    assert_eq!(Article.dependencies(), cache_core::Dependencies::table("article"));
    assert_eq!(Article::find().dependencies(), cache_core::Dependencies::table("article"));
    let filtered = Article::find().filter(article::Column::CategoryId.eq(3));
    let on = cache_core::Dependencies::on("article", cache_core::column("category_id").eq(3));
    assert_eq!(filtered.dependencies(), on, "{}", text(filtered.dependencies()));
    assert_eq!(filtered.clone().into_json().dependencies(), on);
    let row = Article::find_by_id(1).one(&db).await.unwrap().unwrap();
    assert_eq!(row.dependencies(), cache_core::Dependencies::row("article", [("id", 1)]));
    let link = article_tag::Model { article_id: 1, tag_id: 2 };
    assert_eq!(link.dependencies(), cache_core::Dependencies::row("article_tag", [("article_id", 1), ("tag_id", 2)]));
}

#[allow(unused_variables)]
#[cached_as(Article, Comment, cache = cache, ignore(cache))]
async fn totals(cache: &Cache, db: &Db) -> Result<(u64, u64), DbErr> {
    use sea_orm::PaginatorTrait;
    Ok((Article::find().count(db).await?, Comment::find().count(db).await?))
}

#[tokio::test]
async fn several_querysets_are_dropped_by_either() {
    let Shop { db, cache, .. } = shop().await;
    assert_eq!(costs!(2, totals(&cache, &db)), (3, 3));
    hit!(totals(&cache, &db));
    tag::ActiveModel { name: Set("x".to_owned()), ..Default::default() }.insert(&db).await.unwrap();
    hit!(totals(&cache, &db));
    new_article(1).insert(&db).await.unwrap();
    assert_eq!(costs!(2, totals(&cache, &db)), (4, 3));
    Comment::delete_by_id(1).exec(&db).await.unwrap();
    assert_eq!(costs!(2, totals(&cache, &db)), (4, 2));
}

#[allow(unused_variables)]
#[cached_as(Article::find_by_id(id), cache = cache, ignore(cache))]
async fn page_of(cache: &Cache, db: &Db, id: i32) -> Result<String, DbErr> {
    let row = Article::find_by_id(id).one(db).await?;
    Ok(row.map_or_else(String::new, |row| row.title))
}

#[tokio::test]
async fn a_function_of_a_row_is_dropped_by_that_row_only() {
    let Shop { db, cache, .. } = shop().await;
    assert_eq!(miss!(page_of(&cache, &db, 1)), "Ownership");
    article::ActiveModel { id: Set(2), title: Set("x".to_owned()), ..Default::default() }.update(&db).await.unwrap();
    hit!(page_of(&cache, &db, 1));
    article::ActiveModel { id: Set(1), title: Set("Owned".to_owned()), ..Default::default() }
        .update(&db)
        .await
        .unwrap();
    assert_eq!(miss!(page_of(&cache, &db, 1)), "Owned");
}

#[allow(unused_variables)]
#[cached_as(Category, cache = cache, ignore(cache))]
async fn menu(cache: &Cache, db: &Db) -> Result<usize, DbErr> {
    let categories = Category::find().cached(cache).all(db).await?;
    let articles = Article::find().cached(cache).all(db).await?;
    Ok(categories.len() + articles.len())
}

#[tokio::test]
async fn a_function_inherits_the_dependencies_of_the_cached_queries_inside() {
    let Shop { db, cache, .. } = shop().await;
    assert_eq!(costs!(2, menu(&cache, &db)), 6);
    hit!(menu(&cache, &db));
    new_article(1).insert(&db).await.unwrap();
    assert_eq!(miss!(menu(&cache, &db)), 7);
}
