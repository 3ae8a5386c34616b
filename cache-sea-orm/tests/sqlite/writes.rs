//! Every way to write is seen.

use cache_sea_orm::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter, Statement, StreamTrait,
};

use crate::shop::*;

/// The lists of categories 1 and 2, kept in the cache.
struct Lists<'s>(&'s Shop);

impl Lists<'_> {
    async fn of(&self, category: i32) -> (usize, u64) {
        let query = Article::find().filter(article::Column::CategoryId.eq(category)).cached(&self.0.cache);
        let (rows, cost) = cache_core::observe::measure_async(query.all(&self.0.db)).await;
        (rows.unwrap().len(), cost.statements)
    }

    async fn warm(&self) {
        self.of(1).await;
        self.of(2).await;
        assert_eq!((self.of(1).await.1, self.of(2).await.1), (0, 0));
    }

    /// Insists on the rows in category 1 after a write, and that category 2 was left alone.
    async fn changed_only_the_first(&self, rows: usize) {
        assert_eq!(self.of(1).await, (rows, 1), "the list that was written to");
        assert_eq!(self.of(2).await, (1, 0), "the list beside it");
    }
}

#[tokio::test]
async fn an_insert_is_seen() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    new_article(1).insert(&shop.db).await.unwrap();
    lists.changed_only_the_first(3).await;
    Article::insert(new_article(1)).exec(&shop.db).await.unwrap();
    lists.changed_only_the_first(4).await;
    Article::insert(new_article(1)).exec_with_returning(&shop.db).await.unwrap();
    lists.changed_only_the_first(5).await;
    new_article(1).save(&shop.db).await.unwrap();
    lists.changed_only_the_first(6).await;
}

#[tokio::test]
async fn an_update_by_instance_is_seen() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    let mut row = Article::find_by_id(1).one(&shop.db).await.unwrap().unwrap().into_active_model();
    row.title = Set("Renamed".to_owned());
    row.update(&shop.db).await.unwrap();
    let rows =
        Article::find().filter(article::Column::CategoryId.eq(1)).cached(&shop.cache).all(&shop.db).await.unwrap();
    assert!(rows.iter().any(|row| row.title == "Renamed"));
}

#[tokio::test]
async fn a_delete_by_instance_is_seen() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    let row = Article::find_by_id(1).one(&shop.db).await.unwrap().unwrap();
    row.delete(&shop.db).await.unwrap();
    assert_eq!(lists.of(1).await.0, 1);
    Article::delete_by_id(3).exec(&shop.db).await.unwrap();
    assert_eq!(lists.of(1).await.0, 0);
}

#[tokio::test]
async fn an_update_by_condition_is_seen() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    Article::update_many()
        .col_expr(article::Column::Title, Expr::value("Same"))
        .filter(article::Column::CategoryId.eq(1))
        .exec(&shop.db)
        .await
        .unwrap();
    lists.changed_only_the_first(2).await;
}

#[tokio::test]
async fn an_update_that_moves_rows_drops_the_old_and_the_new_list() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    Article::update_many()
        .col_expr(article::Column::CategoryId, Expr::value(2))
        .filter(article::Column::Title.eq("Traits"))
        .exec(&shop.db)
        .await
        .unwrap();
    assert_eq!(lists.of(1).await.0, 1);
    assert_eq!(lists.of(2).await.0, 2);
}

#[tokio::test]
async fn an_update_with_a_subselect_drops_the_old_and_the_new_list() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    let target = Expr::cust("(SELECT id FROM category WHERE name = 'Data')");
    Article::update_many()
        .col_expr(article::Column::CategoryId, target)
        .filter(article::Column::Id.eq(1))
        .exec(&shop.db)
        .await
        .unwrap();
    assert_eq!(lists.of(1).await.0, 1);
    assert_eq!(lists.of(2).await.0, 2);
}

#[tokio::test]
async fn a_delete_by_condition_is_seen() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    Article::delete_many().filter(article::Column::CategoryId.eq(1)).exec(&shop.db).await.unwrap();
    lists.changed_only_the_first(0).await;
}

#[tokio::test]
async fn a_bulk_insert_is_seen() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    Article::insert_many([new_article(1), new_article(1), new_article(3)]).exec(&shop.db).await.unwrap();
    lists.changed_only_the_first(4).await;
}

#[tokio::test]
async fn an_upsert_is_seen_whether_it_inserts_or_updates() {
    let Shop { db, cache, .. } = shop().await;
    let named = |name: &str| Tag::find().filter(tag::Column::Name.eq(name)).cached(&cache);
    assert_eq!(miss!(named("language").all(&db)).len(), 1);
    assert_eq!(miss!(named("fresh").all(&db)).len(), 0);
    let upsert = |id: i32, name: &str| {
        let rule = OnConflict::column(tag::Column::Id).update_column(tag::Column::Name).to_owned();
        Tag::insert(tag::ActiveModel { id: Set(id), name: Set(name.to_owned()) }).on_conflict(rule)
    };
    upsert(9, "fresh").exec(&db).await.unwrap();
    assert_eq!(miss!(named("fresh").all(&db)).len(), 1);
    assert_eq!(named("language").all(&db).await.unwrap().len(), 1);
    upsert(1, "tongue").exec(&db).await.unwrap();
    assert_eq!(miss!(named("language").all(&db)).len(), 0);
}

#[tokio::test]
async fn an_insert_that_does_nothing_does_no_harm() {
    let Shop { db, cache, .. } = shop().await;
    let query = || ArticleTag::find().filter(article_tag::Column::ArticleId.eq(1)).cached(&cache);
    miss!(query().all(&db));
    let rule = OnConflict::new().do_nothing().to_owned();
    let link = article_tag::ActiveModel { article_id: Set(1), tag_id: Set(1) };
    let _ = ArticleTag::insert(link).on_conflict(rule).exec(&db).await;
    assert_eq!(query().all(&db).await.unwrap().len(), 1);
}

#[tokio::test]
async fn replace_drops_the_row_that_it_removes() {
    let shop = shop().await;
    let named = |name: &str| Tag::find().filter(tag::Column::Name.eq(name)).cached(&shop.cache);
    let by_id = |id: i32| Tag::find_by_id(id).cached(&shop.cache);
    miss!(named("language").all(&shop.db));
    miss!(by_id(1).one(&shop.db));
    shop.sql("REPLACE INTO tag (id, name) VALUES (8, 'language')").await;
    assert_eq!(miss!(named("language").all(&shop.db))[0].id, 8);
    assert_eq!(miss!(by_id(1).one(&shop.db)), None);
}

#[tokio::test]
async fn raw_statements_with_binds_are_seen() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    let run = |text: &str, category: i32| {
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, text, [category.into()]);
        shop.db.execute_raw(statement)
    };
    run("INSERT INTO article (category_id, title) VALUES (?, 'Raw')", 1).await.unwrap();
    lists.changed_only_the_first(3).await;
    run("UPDATE article SET title = 'Cooked' WHERE category_id = ?", 1).await.unwrap();
    lists.changed_only_the_first(3).await;
    run("DELETE FROM article WHERE category_id = ?", 1).await.unwrap();
    lists.changed_only_the_first(0).await;
}

#[tokio::test]
async fn one_text_with_several_statements_is_seen() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    shop.sql("INSERT INTO tag (name) VALUES ('x'); DELETE FROM article WHERE category_id = 1;").await;
    lists.changed_only_the_first(0).await;
    let tags = Tag::find().cached(&shop.cache).all(&shop.db).await.unwrap();
    assert_eq!(tags.len(), 4);
}

#[tokio::test]
async fn a_text_that_fails_half_way_drops_what_it_did() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    let text = "DELETE FROM article WHERE category_id = 1; INSERT INTO nowhere VALUES (1);";
    assert!(shop.db.execute_unprepared(text).await.is_err());
    assert_eq!(lists.of(1).await.0, 0);
}

#[tokio::test]
async fn a_write_that_returns_rows_is_seen() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    let returning = |text: &str| Statement::from_string(DbBackend::Sqlite, text);
    let insert = "INSERT INTO article (category_id, title) VALUES (1, 'R') RETURNING id";
    assert!(shop.db.query_one_raw(returning(insert)).await.unwrap().is_some());
    lists.changed_only_the_first(3).await;
    let update = "UPDATE article SET title = 'S' WHERE category_id = 1 RETURNING id";
    assert_eq!(shop.db.query_all_raw(returning(update)).await.unwrap().len(), 3);
    lists.changed_only_the_first(3).await;
}

#[tokio::test]
async fn a_write_in_a_stream_is_seen_even_when_the_stream_is_dropped() {
    use futures::StreamExt;
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    let delete = "DELETE FROM article WHERE category_id = 1 RETURNING id";
    let mut rows = shop.db.stream_raw(Statement::from_string(DbBackend::Sqlite, delete)).await.unwrap();
    rows.next().await.unwrap().unwrap();
    drop(rows);
    lists.changed_only_the_first(0).await;
}

#[tokio::test]
async fn a_failed_write_does_no_harm() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Tag::find().cached(&cache);
    miss!(query().all(&db));
    let twice = tag::ActiveModel { name: Set("language".to_owned()), ..Default::default() };
    assert!(twice.insert(&db).await.is_err());
    assert_eq!(query().all(&db).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_statement_that_is_not_understood_drops_what_it_names() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    shop.sql("UPDATE article NOT INDEXED SET category_id = 2 WHERE title = 'Traits'").await;
    assert_eq!(lists.of(1).await, (1, 1));
    assert_eq!(lists.of(2).await, (2, 1));
}

#[tokio::test]
async fn a_write_through_the_inner_connection_is_not_seen() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    new_article(1).insert(shop.db.inner()).await.unwrap();
    assert_eq!(lists.of(1).await, (2, 0));
}

#[tokio::test]
async fn a_cancelled_write_is_carried_to_its_end_and_seen() {
    let shop = shop_of_many().await;
    let lists = Lists(&shop);
    for polls in 1..6 {
        lists.warm().await;
        let before = lists.of(1).await.0;
        let mut write = Box::pin(new_article(1).insert(&shop.db));
        for _ in 0..polls {
            let _ = futures::poll!(write.as_mut());
        }
        drop(write);
        let mut after = before;
        for _ in 0..200 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            after = lists.of(1).await.0;
            if after > before {
                break;
            }
        }
        let real = Article::find().filter(article::Column::CategoryId.eq(1)).all(&shop.db).await.unwrap().len();
        assert_eq!(after, real, "after {polls} polls");
    }
}

#[tokio::test]
async fn muted_writes_do_not_invalidate() {
    let shop = shop().await;
    let lists = Lists(&shop);
    lists.warm().await;
    let insert = async { Article::insert(new_article(1)).exec(&shop.db).await };
    shop.cache.no_invalidation_scope(insert).await.unwrap();
    assert_eq!(lists.of(1).await, (2, 0));
}

#[tokio::test]
async fn find_or_create_reads_from_the_cache_and_always_creates_in_the_database() {
    let Shop { db, cache, .. } = shop().await;
    let find = || Tag::find().filter(tag::Column::Name.eq("found")).cached(&cache);
    for expected in [2, 1, 0] {
        let (tag, cost) = cache_core::observe::measure_async(async {
            match find().one(&db).await.unwrap() {
                Some(tag) => tag,
                None => {
                    let tag = tag::ActiveModel { name: Set("found".to_owned()), ..Default::default() };
                    tag.insert(&db).await.unwrap()
                }
            }
        })
        .await;
        assert_eq!((tag.name.as_str(), cost.statements), ("found", expected));
    }
}
