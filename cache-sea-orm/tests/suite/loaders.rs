//! Related rows of many models, entity loaders, cursors, streams.

use cache_sea_orm::prelude::*;
use futures::TryStreamExt;
use sea_orm::compound::EntityLoaderTrait;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, LoaderTrait, ModelTrait,
    QueryFilter, QueryOrder,
};

use crate::shop::*;

async fn articles(db: &Db) -> Vec<article::Model> {
    Article::find().order_by_asc(article::Column::Id).all(db).await.unwrap()
}

#[tokio::test]
async fn load_many_is_an_entry_of_its_own() {
    let Shop { db, cache, .. } = shop().await;
    let articles = articles(&db).await;
    let load = || articles.cached(&cache).load_many(Comment, &db);
    let first = miss!(load());
    assert_eq!(first, articles.load_many(Comment, &db).await.unwrap());
    assert_eq!(first.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 0]);
    assert_eq!(hit!(load()), first);
    article::ActiveModel { id: Set(1), title: Set("Other".into()), ..Default::default() }.update(&db).await.unwrap();
    assert_eq!(hit!(load()), first, "the models are another level");
    Comment::delete_by_id(3).exec(&db).await.unwrap();
    assert_eq!(miss!(load()).iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 0]);
}

#[tokio::test]
async fn rows_are_grouped_by_the_models_at_hand() {
    let Shop { db, cache, .. } = shop().await;
    let mut articles = articles(&db).await;
    let lengths = |groups: Vec<Vec<comment::Model>>| groups.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(lengths(miss!(articles.cached(&cache).load_many(Comment, &db))), [2, 1, 0]);
    articles.reverse();
    assert_eq!(lengths(articles.cached(&cache).load_many(Comment, &db).await.unwrap()), [0, 1, 2]);
    articles.push(articles[2].clone());
    assert_eq!(lengths(articles.cached(&cache).load_many(Comment, &db).await.unwrap()), [0, 1, 2, 2]);
    articles.clear();
    assert_eq!(lengths(hit!(articles.cached(&cache).load_many(Comment, &db))), [0; 0]);
}

#[tokio::test]
async fn load_one_with_conditions() {
    let Shop { db, cache, .. } = shop().await;
    let articles = articles(&db).await;
    let load = |name: &str| {
        let query = Category::find().filter(category::Column::Name.eq(name));
        let articles = articles.clone();
        let (cache, db) = (cache.clone(), db.clone());
        async move { articles.cached(&cache).load_one(query, &db).await }
    };
    let names = |rows: Vec<Option<category::Model>>| rows.iter().map(Option::is_some).collect::<Vec<_>>();
    assert_eq!(names(miss!(load("Rust"))), [true, false, true]);
    assert_eq!(names(miss!(load("Data"))), [false, true, false]);
    assert_eq!(names(hit!(load("Rust"))), [true, false, true]);
    category::ActiveModel { id: Set(2), name: Set("Rust".into()) }.update(&db).await.unwrap();
    assert_eq!(names(miss!(load("Rust"))), [true, true, true]);
}

#[tokio::test]
async fn load_many_across_a_junction() {
    let Shop { db, cache, .. } = shop().await;
    let articles = articles(&db).await;
    let load = || articles.cached(&cache).load_many(Tag, &db);
    let lengths = |groups: Vec<Vec<tag::Model>>| groups.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(lengths(miss!(load())), [1, 1, 1]);
    assert_eq!(lengths(hit!(load())), [1, 1, 1]);
    article_tag::ActiveModel { article_id: Set(2), tag_id: Set(3) }.insert(&db).await.unwrap();
    assert_eq!(lengths(miss!(load())), [1, 2, 1]);
    tag::ActiveModel { id: Set(3), name: Set("used".into()) }.update(&db).await.unwrap();
    assert_eq!(lengths(miss!(load())), [1, 2, 1]);
    Tag::delete_by_id(1).exec(&db).await.unwrap();
    assert_eq!(lengths(miss!(load())), [0, 2, 0], "by the cascade");
}

mod staff {
    use sea_orm::RelationType;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "staff")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub boss_id: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter)]
    pub enum Relation {
        Boss,
        Reports,
    }

    impl RelationTrait for Relation {
        fn def(&self) -> RelationDef {
            let boss = Entity::belongs_to(Entity).from(Column::BossId).to(Column::Id).into();
            match self {
                Relation::Boss => boss,
                Relation::Reports => RelationDef { rel_type: RelationType::HasMany, ..boss.rev() },
            }
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[tokio::test]
async fn rows_of_the_same_table_are_loaded() {
    let shop = shop().await;
    shop.sql("CREATE TABLE staff (id INTEGER PRIMARY KEY, boss_id INTEGER REFERENCES staff (id))").await;
    shop.sql("INSERT INTO staff VALUES (1, NULL), (2, 1), (3, 1)").await;
    let Shop { db, cache, .. } = shop;
    let all = staff::Entity::find().order_by_asc(staff::Column::Id).all(&db).await.unwrap();
    let bosses = || all.cached(&cache).load_self(staff::Entity, staff::Relation::Boss, &db);
    let reports = || all.cached(&cache).load_self_many(staff::Entity, staff::Relation::Reports, &db);
    let found = miss!(bosses());
    assert_eq!(
        found.iter().map(|boss| boss.as_ref().map(|boss| boss.id)).collect::<Vec<_>>(),
        [None, Some(1), Some(1)]
    );
    let lengths = |groups: Vec<Vec<staff::Model>>| groups.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(lengths(miss!(reports())), [2, 0, 0]);
    hit!(bosses());
    hit!(reports());
    staff::ActiveModel { id: Set(3), boss_id: Set(Some(2)) }.update(&db).await.unwrap();
    assert_eq!(lengths(miss!(reports())), [1, 1, 0]);
}

#[tokio::test]
async fn an_entity_loader_depends_on_all_that_it_reads() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::load().filter(article::Column::CategoryId.eq(1)).order_by_id_asc();
    let load = || query().with(Comment).with(Tag).with(Category).cached(&cache);
    let first = load().all(&db).await.unwrap();
    assert_eq!(first, query().with(Comment).with(Tag).with(Category).all(&db).await.unwrap());
    assert_eq!(hit!(load().all(&db)), first);
    comment::ActiveModel { id: Set(2), text: Set("of another article".into()), ..Default::default() }
        .update(&db)
        .await
        .unwrap();
    if db.support_returning() {
        assert_eq!(hit!(load().all(&db)), first);
    }
    for change in ["a comment", "a link", "the category", "the article"] {
        match change {
            "a comment" => {
                let comment = comment::ActiveModel { id: Set(1), text: Set("Edited".into()), ..Default::default() };
                comment.update(&db).await.unwrap();
            }
            "a link" => {
                article_tag::ActiveModel { article_id: Set(3), tag_id: Set(2) }.insert(&db).await.unwrap();
            }
            "the category" => {
                category::ActiveModel { id: Set(1), name: Set("Ferris".into()) }.update(&db).await.unwrap();
            }
            _ => {
                let article = article::ActiveModel { id: Set(3), title: Set("Generics".into()), ..Default::default() };
                article.update(&db).await.unwrap();
            }
        }
        let fresh = query().with(Comment).with(Tag).with(Category).all(&db).await.unwrap();
        assert_eq!(load().all(&db).await.unwrap(), fresh, "{change}");
        assert_eq!(hit!(load().all(&db)), fresh, "{change}");
    }
}

#[tokio::test]
async fn what_an_entity_loader_loads_is_a_part_of_its_key() {
    let Shop { db, cache, .. } = shop().await;
    let load = || Article::load().order_by_id_asc();
    let plain = load().cached(&cache).all(&db).await.unwrap();
    let with = load().with(Comment).cached(&cache).all(&db).await.unwrap();
    let nested = load().with((Comment, Article)).cached(&cache).all(&db).await.unwrap();
    assert_ne!(plain, with);
    assert_ne!(with, nested);
    assert_eq!(hit!(load().with(Comment).cached(&cache).all(&db)), with);
    assert_eq!(load().with(Comment).cached(&cache).one(&db).await.unwrap().as_ref(), with.first());
    assert_eq!(load().cached(&cache).page(&db, 1, 2).await.unwrap(), plain[2..]);
    assert_eq!(hit!(load().cached(&cache).page(&db, 1, 2)), plain[2..]);
}

#[tokio::test]
async fn cursors_are_cached() {
    let shop = shop().await;
    let (db, cache) = (&shop.db, &shop.cache);
    let ids = |rows: Vec<article::Model>| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    let mut first = Article::find().cursor_by(article::Column::Id);
    assert_eq!(ids(miss!(first.first(2).cached(cache).all(db))), [1, 2]);
    let mut again = Article::find().cursor_by(article::Column::Id);
    assert_eq!(ids(hit!(again.first(2).cached(cache).all(db))), [1, 2]);
    let mut last = Article::find().cursor_by(article::Column::Id);
    last.last(2);
    assert_eq!(ids(miss!(last.cached(cache).all(db))), [2, 3]);
    let mut after = Article::find().cursor_by(article::Column::Id);
    after.after(1).before(3).first(5);
    assert_eq!(ids(miss!(after.cached(cache).all(db))), [2]);
    shop.sql("INSERT INTO article (id, category_id, title, published) VALUES (100000, 1, 'Far', TRUE)").await;
    let mut after = Article::find().cursor_by(article::Column::Id);
    assert_eq!(ids(hit!(after.after(1).before(3).first(5).cached(cache).all(db))), [2], "it is outside");
    Article::delete_by_id(2).exec(db).await.unwrap();
    let mut after = Article::find().cursor_by(article::Column::Id);
    assert_eq!(ids(miss!(after.after(1).before(3).first(5).cached(cache).all(db))), [0; 0]);
}

#[tokio::test]
async fn a_stream_of_kept_rows() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().order_by_asc(article::Column::Id).cached(&cache);
    let ids = async || {
        let rows: Vec<article::Model> = query().stream(&db).await?.try_collect().await?;
        Ok::<_, sea_orm::DbErr>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    };
    assert_eq!(miss!(ids()), [1, 2, 3]);
    assert_eq!(hit!(ids()), [1, 2, 3]);
    assert_eq!(hit!(query().all(&db)).len(), 3, "they are the same rows");
    articles(&db).await.remove(0).delete(&db).await.unwrap();
    assert_eq!(miss!(ids()), [2, 3]);
}

#[tokio::test]
async fn what_sea_orm_refuses_to_load_is_refused() {
    let shop = shop().await;
    let articles = Article::find().all(&shop.db).await.unwrap();
    assert!(articles.load_one(Comment, &shop.db).await.is_err());
    assert!(articles.cached(&shop.cache).load_one(Comment, &shop.db).await.is_err());
}
