//! Many-to-many relations: the rows of the link table.

use cache_sea_orm::prelude::*;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, QueryOrder,
};

use crate::shop::*;

struct Lists {
    article: article::Model,
    tag: tag::Model,
}

impl Lists {
    async fn of(db: &Db, article: i32, tag: i32) -> Self {
        Lists {
            article: Article::find_by_id(article).one(db).await.unwrap().unwrap(),
            tag: Tag::find_by_id(tag).one(db).await.unwrap().unwrap(),
        }
    }

    fn tags(&self) -> sea_orm::Select<Tag> {
        self.article.find_related(Tag).order_by_asc(tag::Column::Id)
    }

    fn articles(&self) -> sea_orm::Select<Article> {
        self.tag.find_related(Article).order_by_asc(article::Column::Id)
    }
}

#[tokio::test]
async fn adding_a_link_drops_the_lists_of_both_sides() {
    let Shop { db, cache, .. } = shop().await;
    let lists = Lists::of(&db, 2, 1).await;
    let link = |id: i32| ArticleTag::find().filter(article_tag::Column::ArticleId.eq(id)).cached(&cache);
    assert_eq!(miss!(lists.tags().cached(&cache).all(&db)).len(), 1);
    assert_eq!(miss!(lists.articles().cached(&cache).all(&db)).len(), 2);
    miss!(link(2).all(&db));
    miss!(link(3).all(&db));
    article_tag::ActiveModel { article_id: Set(2), tag_id: Set(1) }.insert(&db).await.unwrap();
    assert_eq!(miss!(lists.tags().cached(&cache).all(&db)).len(), 2);
    assert_eq!(miss!(lists.articles().cached(&cache).all(&db)).len(), 3);
    miss!(link(2).all(&db));
    hit!(link(3).all(&db));
}

#[tokio::test]
async fn removing_a_link_drops_the_lists_of_both_sides() {
    let Shop { db, cache, .. } = shop().await;
    let lists = Lists::of(&db, 1, 1).await;
    assert_eq!(miss!(lists.tags().cached(&cache).all(&db)).len(), 1);
    assert_eq!(miss!(lists.articles().cached(&cache).all(&db)).len(), 2);
    ArticleTag::delete_by_id((1, 1)).exec(&db).await.unwrap();
    assert_eq!(miss!(lists.tags().cached(&cache).all(&db)).len(), 0);
    assert_eq!(miss!(lists.articles().cached(&cache).all(&db)).len(), 1);
}

#[tokio::test]
async fn clearing_one_side_drops_both_and_leaves_the_targets() {
    let Shop { db, cache, .. } = shop().await;
    let lists = Lists::of(&db, 1, 1).await;
    miss!(lists.tags().cached(&cache).all(&db));
    miss!(lists.articles().cached(&cache).all(&db));
    miss!(Tag::find_by_id(1).cached(&cache).one(&db));
    ArticleTag::delete_many().filter(article_tag::Column::TagId.eq(1)).exec(&db).await.unwrap();
    assert_eq!(miss!(lists.tags().cached(&cache).all(&db)).len(), 0);
    assert_eq!(miss!(lists.articles().cached(&cache).all(&db)).len(), 0);
    hit!(Tag::find_by_id(1).cached(&cache).one(&db));
}

#[tokio::test]
async fn saving_a_member_refreshes_it_inside_the_lists() {
    let Shop { db, cache, .. } = shop().await;
    let lists = Lists::of(&db, 1, 1).await;
    miss!(lists.tags().cached(&cache).all(&db));
    tag::ActiveModel { id: Set(1), name: Set("idiom".to_owned()) }.update(&db).await.unwrap();
    assert_eq!(miss!(lists.tags().cached(&cache).all(&db))[0].name, "idiom");
}

#[tokio::test]
async fn a_nested_save_drops_what_its_link_rows_concern() {
    let Shop { db, cache, .. } = shop().await;
    let lists = Lists::of(&db, 1, 3).await;
    assert_eq!(miss!(lists.articles().cached(&cache).all(&db)).len(), 0);
    let tag = Tag::find_by_id(3).one(&db).await.unwrap().unwrap();
    let saved = article::ActiveModel::builder()
        .set_category_id(1)
        .set_title("Nested")
        .set_published(true)
        .add_tag(tag.into_active_model())
        .add_comment(comment::ActiveModel::builder().set_text("First").set_stars(5))
        .save(&db)
        .await
        .unwrap();
    let articles = miss!(lists.articles().cached(&cache).all(&db));
    assert_eq!(articles.iter().map(|row| &row.title[..]).collect::<Vec<_>>(), ["Nested"]);
    let comments = || Comment::find().filter(comment::Column::Stars.eq(5)).cached(&cache);
    assert_eq!(miss!(comments().all(&db)).len(), 1);
    drop(saved);
}
