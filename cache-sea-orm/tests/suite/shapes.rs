//! Shapes of rows and of writes: partial models, groups, enumerations, bulk writes, nested saves.

use cache_sea_orm::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DerivePartialModel, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::shop::*;

#[derive(Clone, Debug, PartialEq, DerivePartialModel)]
#[sea_orm(entity = "Article")]
struct Headline {
    id: i32,
    title: String,
}

#[tokio::test]
async fn partial_models_are_entries_of_their_own() {
    let Shop { db, cache, .. } = shop().await;
    let headlines = || Article::find().order_by_asc(article::Column::Id).into_partial_model::<Headline>();
    let first = miss!(headlines().cached(&cache).all(&db));
    assert_eq!(first[1], Headline { id: 2, title: "Joins".to_owned() });
    assert_eq!(hit!(headlines().cached(&cache).all(&db)), first);
    article::ActiveModel { id: Set(2), title: Set("Unions".into()), ..Default::default() }.update(&db).await.unwrap();
    assert_eq!(miss!(headlines().cached(&cache).all(&db))[1].title, "Unions");
}

#[tokio::test]
async fn groups_go_when_a_row_joins_them() {
    let Shop { db, cache, .. } = shop().await;
    let groups = || {
        let query = Article::find().select_only().column(article::Column::CategoryId);
        let query = query.column_as(article::Column::Id.count(), "number").group_by(article::Column::CategoryId);
        query.order_by_asc(article::Column::CategoryId).into_tuple::<(i32, i64)>().cached(&cache)
    };
    assert_eq!(miss!(groups().all(&db)), [(1, 2), (2, 1)]);
    assert_eq!(hit!(groups().all(&db)), [(1, 2), (2, 1)]);
    new_article(2).insert(&db).await.unwrap();
    assert_eq!(miss!(groups().all(&db)), [(1, 2), (2, 2)]);
}

#[tokio::test]
async fn bulk_writes_are_seen() {
    let Shop { db, cache, .. } = shop().await;
    let count = |category: i32| {
        let query = Article::find().filter(article::Column::CategoryId.eq(category)).cached(&cache);
        let db = db.clone();
        async move { query.all(&db).await.map(|rows| rows.len()) }
    };
    assert_eq!((count(1).await.unwrap(), count(2).await.unwrap(), count(3).await.unwrap()), (2, 1, 0));
    Article::insert_many([new_article(3), new_article(3), new_article(2)]).exec(&db).await.unwrap();
    assert_eq!((miss!(count(2)), miss!(count(3))), (2, 2));
    let stars = Article::update_many().col_expr(article::Column::CategoryId, Expr::value(1));
    let moved = stars.filter(article::Column::CategoryId.eq(3));
    if db.support_returning() {
        assert_eq!(moved.exec_with_returning(&db).await.unwrap().len(), 2);
    } else {
        assert_eq!(moved.exec(&db).await.unwrap().rows_affected, 2);
    }
    assert_eq!((miss!(count(1)), miss!(count(3))), (4, 0));
    Article::delete_many().filter(article::Column::CategoryId.eq(1)).exec(&db).await.unwrap();
    assert_eq!(miss!(count(1)), 0);
}

#[tokio::test]
async fn an_upsert_is_seen_as_an_insert_and_as_an_update() {
    let Shop { db, cache, .. } = shop().await;
    let named = |name: &str| Tag::find().filter(tag::Column::Name.eq(name)).cached(&cache);
    miss!(named("storage").all(&db));
    miss!(named("disks").all(&db));
    for (id, name) in [(2, "disks"), (9, "storage")] {
        let row = tag::ActiveModel { id: Set(id), name: Set(name.to_owned()) };
        let conflict = OnConflict::column(tag::Column::Id).update_column(tag::Column::Name).to_owned();
        Tag::insert(row).on_conflict(conflict).exec_without_returning(&db).await.unwrap();
        let fresh = Tag::find().filter(tag::Column::Name.eq(name)).all(&db).await.unwrap();
        assert_eq!(named(name).all(&db).await.unwrap(), fresh, "{name}");
    }
    assert_eq!(named("disks").all(&db).await.unwrap().len(), 1);
    assert_eq!(named("storage").all(&db).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_expression_of_a_column_is_seen() {
    let Shop { db, cache, .. } = shop().await;
    let best = || Article::find().filter(article::Column::Stars.gte(6)).cached(&cache);
    assert_eq!(miss!(best().all(&db)).len(), 0);
    let more = Article::update_many().col_expr(article::Column::Stars, Expr::col(article::Column::Stars).add(1));
    more.exec(&db).await.unwrap();
    assert_eq!(miss!(best().all(&db)).len(), 1);
}

#[tokio::test]
async fn a_nested_save_is_seen_on_every_level() {
    let Shop { db, cache, .. } = shop().await;
    let articles = || Article::find().filter(article::Column::CategoryId.eq(3)).cached(&cache);
    let categories = || Category::find().cached(&cache);
    let covers = || Cover::find().cached(&cache);
    assert_eq!(miss!(articles().all(&db)).len() + miss!(covers().all(&db)).len(), 0);
    miss!(categories().all(&db));
    let new = article::ActiveModel::builder()
        .set_title("Nested")
        .set_published(true)
        .set_stars(None)
        .set_category(category::ActiveModel { id: Set(3), name: Set("Full".to_owned()) }.into_ex())
        .set_cover(cover::ActiveModel::builder().set_colour("red"));
    new.save(&db).await.unwrap();
    assert_eq!(miss!(covers().all(&db)).len(), 1);
    let fresh = Article::find().filter(article::Column::Title.eq("Nested")).all(&db).await.unwrap();
    assert_eq!(articles().all(&db).await.unwrap(), fresh);
    assert_eq!(categories().all(&db).await.unwrap(), Category::find().all(&db).await.unwrap());
}

/// A table with an enumeration kept as text and one kept as a number.
mod task {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "String(StringLen::N(10))")]
    pub enum State {
        #[sea_orm(string_value = "open")]
        Open,
        #[sea_orm(string_value = "done")]
        Done,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "i32", db_type = "Integer")]
    pub enum Urgency {
        #[sea_orm(num_value = 0)]
        Low,
        #[sea_orm(num_value = 9)]
        High,
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "task")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub state: State,
        pub urgency: Urgency,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[tokio::test]
async fn enumerations_are_conditions() {
    use task::{State, Urgency};
    let shop = shop().await;
    shop.sql("CREATE TABLE task (id INTEGER PRIMARY KEY, state VARCHAR(10) NOT NULL, urgency INTEGER NOT NULL)").await;
    shop.sql("INSERT INTO task VALUES (1, 'open', 0), (2, 'done', 9)").await;
    let Shop { db, cache, .. } = shop;
    let in_state = |state: State| task::Entity::find().filter(task::Column::State.eq(state)).cached(&cache);
    let urgent = |urgency: Urgency| task::Entity::find().filter(task::Column::Urgency.eq(urgency)).cached(&cache);
    assert_eq!(miss!(in_state(State::Open).all(&db)).len(), 1);
    assert_eq!(miss!(in_state(State::Done).all(&db)).len(), 1);
    assert_eq!(miss!(urgent(Urgency::Low).all(&db)).len(), 1);
    assert_eq!(miss!(urgent(Urgency::High).all(&db)).len(), 1);
    let new = task::ActiveModel { id: Set(3), state: Set(State::Open), urgency: Set(Urgency::High) };
    new.insert(&db).await.unwrap();
    assert_eq!(miss!(in_state(State::Open).all(&db)).len(), 2);
    assert_eq!(hit!(in_state(State::Done).all(&db)).len(), 1);
    assert_eq!(hit!(urgent(Urgency::Low).all(&db)).len(), 1);
    assert_eq!(miss!(urgent(Urgency::High).all(&db)).len(), 2);
    let row = task::ActiveModel { id: Set(1), urgency: Set(Urgency::High), ..Default::default() };
    row.update(&db).await.unwrap();
    assert_eq!(miss!(urgent(Urgency::Low).all(&db)).len(), 0);
    assert_eq!(miss!(urgent(Urgency::High).all(&db)).len(), 3);
}
