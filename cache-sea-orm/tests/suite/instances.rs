//! Rows by their key, related rows by the key of their parent.

use cache_core::{Cache, Operations, Profile, Profiles};
use cache_sea_orm::prelude::*;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, ModelTrait,
    QueryFilter, TransactionTrait,
};

use crate::shop::*;

async fn article_of(db: &Db, id: i32) -> article::Model {
    Article::find_by_id(id).one(db).await.unwrap().unwrap()
}

fn titled(id: i32, title: &str) -> article::ActiveModel {
    article::ActiveModel { id: Set(id), title: Set(title.to_owned()), ..Default::default() }
}

#[tokio::test]
async fn a_row_by_its_key_is_kept_and_depends_on_that_row_alone() {
    let Shop { db, cache, .. } = shop().await;
    let row = || Article::by_key(1).cached(&cache);
    assert_eq!(miss!(row().one(&db)).unwrap().title, "Ownership");
    assert_eq!(hit!(row().one(&db)).unwrap().title, "Ownership");
    assert_eq!(hit!(row().require_one(&db)).id, 1);
    titled(2, "Other").update(&db).await.unwrap();
    hit!(row().one(&db));
    titled(1, "Borrowing").update(&db).await.unwrap();
    assert_eq!(miss!(row().one(&db)).unwrap().title, "Borrowing");
}

#[tokio::test]
async fn a_missing_row_is_kept_until_it_is_created() {
    let Shop { db, cache, .. } = shop().await;
    let row = || Article::by_key(77).cached(&cache);
    assert_eq!(miss!(row().one(&db)), None);
    assert_eq!(hit!(row().one(&db)), None);
    assert!(matches!(row().require_one(&db).await, Err(DbErr::RecordNotFound(_))));
    let new = article::ActiveModel {
        id: Set(77),
        category_id: Set(1),
        title: Set("New".to_owned()),
        published: Set(true),
        stars: Set(None),
    };
    new.insert(&db).await.unwrap();
    assert_eq!(miss!(row().one(&db)).unwrap().id, 77);
}

#[tokio::test]
async fn a_key_of_several_columns_is_a_key() {
    let Shop { db, cache, .. } = shop().await;
    let link = |article, tag| ArticleTag::by_key((article, tag)).cached(&cache);
    assert!(miss!(link(1, 1).one(&db)).is_some());
    assert!(miss!(link(1, 2).one(&db)).is_none());
    assert!(miss!(link(2, 1).one(&db)).is_none());
    assert!(hit!(link(1, 1).one(&db)).is_some());
    ArticleTag::delete_by_id((1, 1)).exec(&db).await.unwrap();
    assert!(miss!(link(1, 1).one(&db)).is_none());
    assert!(hit!(link(1, 2).one(&db)).is_none());
}

#[tokio::test]
async fn extra_and_the_entity_are_parts_of_the_key() {
    let Shop { db, cache, .. } = shop().await;
    miss!(Article::by_key(1).cached(&cache).extra("en").one(&db));
    miss!(Article::by_key(1).cached(&cache).extra("de").one(&db));
    miss!(Category::by_key(1).cached(&cache).extra("en").one(&db));
    hit!(Article::by_key(1).cached(&cache).extra("en").one(&db));
}

fn profiles(profile: Profile) -> Cache {
    let profiles = Profiles::builder().set("article", profile).set("comment", profile).build().unwrap();
    Cache::builder().profiles(profiles).build()
}

#[tokio::test]
async fn flags_of_the_profile_say_which_way_a_row_is_kept() {
    let flagged = profiles(Profile::new(Operations::ALL).instance(true).collections(true));
    let Shop { db, cache, .. } = shop_of(flagged).await;
    miss!(Article::by_key(1).one(&db));
    hit!(Article::by_key(1).cached(&cache).one(&db));
    miss!(Article::find_by_id(1).auto(&cache).one(&db));
    let article = article_of(&db, 1).await;
    miss!(article.related(Comment).all(&db));
    hit!(article.related(Comment).cached(&cache).all(&db));

    let Shop { db, cache, .. } = shop_of(profiles(Profile::new(Operations::ALL))).await;
    miss!(Article::by_key(1).one(&db));
    hit!(Article::find_by_id(1).auto(&cache).one(&db));
    miss!(article.related(Comment).all(&db));
    hit!(article.related(Comment).all(&db));
    miss!(article.related(Comment).cached(&cache).all(&db));
}

#[tokio::test]
async fn after_a_write_through_the_row_is_there_without_a_statement() {
    let Shop { db, cache, .. } = shop().await;
    let row = |id| Article::by_key(id).cached(&cache);
    miss!(row(1).one(&db));
    titled(1, "Borrowing").through(&cache).update(&db).await.unwrap();
    assert_eq!(hit!(row(1).one(&db)).unwrap().title, "Borrowing");
    titled(1, "Lifetimes").through(&cache).save(&db).await.unwrap();
    assert_eq!(hit!(row(1).one(&db)).unwrap().title, "Lifetimes");
    let new = article::ActiveModel {
        category_id: Set(1),
        title: Set("New".to_owned()),
        published: Set(true),
        stars: Set(None),
        ..Default::default()
    };
    let inserted = new.through(&cache).insert(&db).await.unwrap();
    assert_eq!(hit!(row(inserted.id).one(&db)), Some(inserted));
}

#[tokio::test]
async fn after_a_delete_through_the_row_is_missing_without_a_statement() {
    let Shop { db, cache, .. } = shop().await;
    let row = || Article::by_key(3).cached(&cache);
    assert!(miss!(row().one(&db)).is_some());
    article_of(&db, 3).await.into_active_model().through(&cache).delete(&db).await.unwrap();
    assert_eq!(hit!(row().one(&db)), None);
    cache.invalidate(cache_core::Change::everything()).unwrap();
    assert_eq!(miss!(row().one(&db)), None);
}

#[tokio::test]
async fn a_profile_turns_writing_through_on() {
    let Shop { db, cache, .. } = shop_of(profiles(Profile::new(Operations::GET).instance(true))).await;
    titled(1, "Plain").auto_through(&cache).update(&db).await.unwrap();
    assert_eq!(miss!(Article::by_key(1).one(&db)).unwrap().title, "Plain");

    let through = Profile::new(Operations::GET).instance(true).write_through(true);
    let Shop { db, cache, .. } = shop_of(profiles(through)).await;
    titled(1, "Through").auto_through(&cache).update(&db).await.unwrap();
    assert_eq!(hit!(Article::by_key(1).one(&db)).unwrap().title, "Through");
}

#[tokio::test]
async fn a_write_through_in_a_transaction_keeps_nothing() {
    let Shop { db, cache, .. } = shop().await;
    let row = || Article::by_key(1).cached(&cache);
    miss!(row().one(&db));
    let tx = db.begin().await.unwrap();
    costs!(if tx.support_returning() { 1 } else { 2 }, titled(1, "Undone").through(&cache).update(&tx));
    assert_eq!(hit!(row().one(&db)).unwrap().title, "Ownership");
    tx.rollback().await.unwrap();
    assert_eq!(hit!(row().one(&db)).unwrap().title, "Ownership");
    let tx = db.begin().await.unwrap();
    titled(1, "Done").through(&cache).update(&tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(miss!(row().one(&db)).unwrap().title, "Done");
}

/// A table whose rows are changed once more after they were saved.
mod note {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub text: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    #[async_trait::async_trait]
    impl ActiveModelBehavior for ActiveModel {
        async fn before_save<C: ConnectionTrait>(mut self, db: &C, insert: bool) -> Result<Self, DbErr> {
            let earlier = Entity::find().count(db).await?;
            if insert && earlier == 0 {
                self.text = sea_orm::ActiveValue::Set("first".to_owned());
            }
            Ok(self)
        }

        async fn after_save<C: ConnectionTrait>(model: Model, db: &C, _: bool) -> Result<Model, DbErr> {
            let update = Entity::update_many().col_expr(Column::Text, Expr::value("from the hook"));
            update.filter(Column::Id.eq(model.id)).exec(db).await?;
            Ok(model)
        }
    }
}

#[tokio::test]
async fn what_is_kept_after_a_write_is_what_the_database_holds() {
    let shop = shop().await;
    shop.sql("CREATE TABLE note (id INTEGER PRIMARY KEY, text VARCHAR(200) NOT NULL)").await;
    let Shop { db, cache, .. } = shop;
    let all = || note::Entity::find().cached(&cache);
    assert_eq!(miss!(all().all(&db)).len(), 0);
    let new = note::ActiveModel { id: Set(1), text: Set("mine".to_owned()) };
    let returned = new.through(&cache).insert(&db).await.unwrap();
    assert_eq!(returned.text, "first", "the hook before has changed it");
    let kept = hit!(note::Entity::by_key(1).cached(&cache).one(&db)).unwrap();
    assert_eq!(kept.text, "from the hook");
    assert_eq!(miss!(all().all(&db)), [kept], "statements of hooks are seen");
}

#[tokio::test]
async fn children_come_in_the_order_of_their_key() {
    let Shop { db, cache, .. } = shop().await;
    let article = article_of(&db, 1).await;
    let comments = || article.related(Comment).cached(&cache);
    for id in [9, 7, 8] {
        let new = comment::ActiveModel { id: Set(id), article_id: Set(1), text: Set("x".into()), stars: Set(10 - id) };
        new.insert(&db).await.unwrap();
    }
    let ids = |rows: Vec<comment::Model>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(miss!(comments().all(&db))), [1, 3, 7, 8, 9]);
    assert_eq!(ids(hit!(comments().all(&db))), [1, 3, 7, 8, 9]);
    let by_stars = || {
        let rows = article.related(Comment).order_by_desc(comment::Column::Stars);
        rows.order_by_asc(comment::Column::Id).cached(&cache)
    };
    assert_eq!(ids(miss!(by_stars().all(&db))), [1, 7, 8, 3, 9]);
    comment::ActiveModel { id: Set(9), stars: Set(99), ..Default::default() }.update(&db).await.unwrap();
    assert_eq!(ids(miss!(by_stars().all(&db))), [9, 1, 7, 8, 3]);
    assert_eq!(hit!(by_stars().all(&db)), *hit!(by_stars().all_shared(&db)));
}

#[tokio::test]
async fn moving_a_child_changes_the_old_and_the_new_parents_collection() {
    let Shop { db, cache, .. } = shop().await;
    let (one, two) = (article_of(&db, 1).await, article_of(&db, 2).await);
    let comments = |of: &article::Model| {
        let (of, cache, db) = (of.clone(), cache.clone(), db.clone());
        async move { of.related(Comment).cached(&cache).all(&db).await.map(|rows| rows.len()) }
    };
    assert_eq!((miss!(comments(&one)), miss!(comments(&two))), (2, 1));
    comment::ActiveModel { id: Set(3), article_id: Set(2), ..Default::default() }.update(&db).await.unwrap();
    assert_eq!((miss!(comments(&one)), miss!(comments(&two))), (1, 2));
    titled(1, "The parent itself does not matter").update(&db).await.unwrap();
    assert_eq!(hit!(comments(&one)), 1);
}

#[tokio::test]
async fn saving_a_member_refreshes_it_inside_its_collection_only() {
    let Shop { db, cache, .. } = shop().await;
    let (article, other) = (article_of(&db, 1).await, article_of(&db, 2).await);
    let comments = || article.related(Comment).cached(&cache);
    miss!(comments().all(&db));
    miss!(other.related(Comment).cached(&cache).all(&db));
    comment::ActiveModel { id: Set(1), text: Set("Edited".into()), ..Default::default() }.update(&db).await.unwrap();
    assert_eq!(miss!(comments().all(&db))[0].text, "Edited");
    if db.support_returning() {
        hit!(other.related(Comment).cached(&cache).all(&db));
    }
}

#[tokio::test]
async fn one_to_one() {
    let Shop { db, cache, .. } = shop().await;
    let (one, two) = (article_of(&db, 1).await, article_of(&db, 2).await);
    let cover = |of: &article::Model| {
        let (of, cache, db) = (of.clone(), cache.clone(), db.clone());
        async move { of.related(Cover).cached(&cache).one(&db).await.map(|cover| cover.map(|cover| cover.colour)) }
    };
    assert_eq!(miss!(cover(&one)), None);
    assert_eq!(hit!(cover(&one)), None);
    assert_eq!(miss!(cover(&two)), None);
    let new = cover::ActiveModel { id: Set(1), article_id: Set(1), colour: Set("red".into()) };
    let red = new.insert(&db).await.unwrap();
    assert_eq!(miss!(cover(&one)).as_deref(), Some("red"));
    assert_eq!(hit!(cover(&one)).as_deref(), Some("red"));
    assert_eq!(hit!(cover(&two)), None);
    cover::ActiveModel { id: Set(1), colour: Set("blue".into()), ..Default::default() }.update(&db).await.unwrap();
    assert_eq!(miss!(cover(&one)).as_deref(), Some("blue"));
    cover::ActiveModel { id: Set(1), article_id: Set(2), ..Default::default() }.update(&db).await.unwrap();
    assert_eq!(miss!(cover(&one)), None);
    assert_eq!(miss!(cover(&two)).as_deref(), Some("blue"));
    red.delete(&db).await.unwrap();
    assert_eq!(miss!(cover(&two)), None);
    assert_eq!(hit!(cover(&two)), None);
}

#[tokio::test]
async fn a_forward_key_is_served_from_the_row_that_is_kept_by_it() {
    let Shop { db, cache, .. } = shop().await;
    let comment = Comment::find_by_id(1).one(&db).await.unwrap().unwrap();
    miss!(Article::by_key(1).cached(&cache).one(&db));
    assert_eq!(hit!(comment.related(Article).cached(&cache).one(&db)).unwrap().id, 1);
    titled(1, "Borrowing").through(&cache).update(&db).await.unwrap();
    assert_eq!(hit!(comment.related(Article).cached(&cache).one(&db)).unwrap().title, "Borrowing");
}

#[tokio::test]
async fn links_of_many_to_many_both_ways() {
    let Shop { db, cache, .. } = shop().await;
    let one = article_of(&db, 1).await;
    let language = Tag::find_by_id(1).one(&db).await.unwrap().unwrap();
    let storage = Tag::find_by_id(2).one(&db).await.unwrap().unwrap();
    let tags = || async { one.related(Tag).cached(&cache).all(&db).await.map(|rows| rows.len()) };
    let articles = |of: &tag::Model| {
        let (of, cache, db) = (of.clone(), cache.clone(), db.clone());
        async move { of.related(Article).cached(&cache).all(&db).await.map(|rows| rows.len()) }
    };
    assert_eq!((miss!(tags()), miss!(articles(&language)), miss!(articles(&storage))), (1, 2, 1));
    let link = article_tag::ActiveModel { article_id: Set(1), tag_id: Set(2) };
    let link = link.insert(&db).await.unwrap();
    assert_eq!((miss!(tags()), miss!(articles(&storage))), (2, 2));
    link.delete(&db).await.unwrap();
    assert_eq!((miss!(tags()), miss!(articles(&storage))), (1, 1));
    tag::ActiveModel { id: Set(1), name: Set("languages".into()) }.update(&db).await.unwrap();
    assert_eq!(miss!(tags()), 1, "a member was saved");
    ArticleTag::delete_many().filter(article_tag::Column::ArticleId.eq(1)).exec(&db).await.unwrap();
    assert_eq!((miss!(tags()), miss!(articles(&language))), (0, 1));
}

#[tokio::test]
async fn a_write_on_another_connection_reaches_rows_by_key() {
    let shop = shop().await;
    let (db, cache) = (&shop.db, &shop.cache);
    let article = article_of(db, 1).await;
    miss!(Article::by_key(1).cached(cache).one(db));
    miss!(article.related(Comment).cached(cache).all(db));
    shop.sql("UPDATE comment SET article_id = 2 WHERE id = 1").await;
    assert_eq!(miss!(article.related(Comment).cached(cache).all(db)).len(), 1);
    shop.sql("DELETE FROM article WHERE id = 1").await;
    assert_eq!(miss!(Article::by_key(1).cached(cache).one(db)), None);
    assert_eq!(miss!(article.related(Comment).cached(cache).all(db)).len(), 0, "by the cascade");
}
