//! What a write reaches beyond its table: cascades, triggers, views; and changes of the schema itself.

use cache_sea_orm::prelude::*;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult,
    JsonValue, QueryFilter, Select, SelectModel, SelectorRaw, Statement, TransactionTrait,
};

use crate::shop::*;

fn raw(text: &str) -> SelectorRaw<SelectModel<JsonValue>> {
    JsonValue::find_by_statement(Statement::from_string(DbBackend::Sqlite, text))
}

fn comments_of(article: i32) -> Select<Comment> {
    Comment::find().filter(comment::Column::ArticleId.eq(article))
}

#[tokio::test]
async fn a_cascading_delete_reaches_the_children_and_their_children() {
    let Shop { db, cache, .. } = shop().await;
    assert_eq!(miss!(comments_of(1).cached(&cache).all(&db)).len(), 2);
    miss!(Tag::find().cached(&cache).all(&db));
    Category::delete_by_id(1).exec(&db).await.unwrap();
    assert_eq!(miss!(comments_of(1).cached(&cache).all(&db)).len(), 0);
    assert_eq!(miss!(ArticleTag::find().cached(&cache).all(&db)).len(), 1);
    hit!(Tag::find().cached(&cache).all(&db));
}

#[tokio::test]
async fn a_foreign_key_that_is_set_to_null_is_seen() {
    let shop = shop().await;
    shop.sql("CREATE TABLE note (id INTEGER PRIMARY KEY, tag_id INTEGER REFERENCES tag (id) ON DELETE SET NULL)").await;
    shop.sql("INSERT INTO note VALUES (1, 3)").await;
    let query = || raw("SELECT id FROM note WHERE tag_id IS NULL").cached(&shop.cache);
    assert_eq!(miss!(query().all(&shop.db)).len(), 0);
    Tag::delete_by_id(3).exec(&shop.db).await.unwrap();
    assert_eq!(miss!(query().all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn what_a_trigger_writes_is_seen() {
    let shop = shop().await;
    shop.sql(
        "CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT);
         CREATE TRIGGER note_articles AFTER INSERT ON article BEGIN INSERT INTO audit (what) VALUES (NEW.title); END;",
    )
    .await;
    let query = || raw("SELECT what FROM audit WHERE what = 'New'").cached(&shop.cache);
    assert_eq!(miss!(query().all(&shop.db)).len(), 0);
    new_article(1).insert(&shop.db).await.unwrap();
    assert_eq!(miss!(query().all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn a_view_is_dropped_by_the_tables_under_it() {
    let shop = shop().await;
    shop.sql(
        "CREATE VIEW praised AS SELECT * FROM article WHERE stars >= 4; CREATE VIEW best AS SELECT title FROM praised",
    )
    .await;
    let query = || raw("SELECT title FROM best").cached(&shop.cache);
    assert_eq!(miss!(query().all(&shop.db)).len(), 1);
    comment::ActiveModel { article_id: Set(1), text: Set("x".to_owned()), stars: Set(1), ..Default::default() }
        .insert(&shop.db)
        .await
        .unwrap();
    hit!(query().all(&shop.db));
    article::ActiveModel { stars: Set(Some(5)), ..new_article(2) }.insert(&shop.db).await.unwrap();
    assert_eq!(miss!(query().all(&shop.db)).len(), 2);
}

#[tokio::test]
async fn a_write_through_a_view_is_seen() {
    let shop = shop().await;
    shop.sql(
        "CREATE VIEW tags AS SELECT id, name FROM tag;
         CREATE TRIGGER rename_tag INSTEAD OF UPDATE ON tags BEGIN UPDATE tag SET name = NEW.name WHERE id = OLD.id; END;",
    )
    .await;
    let query = || Tag::find_by_id(1).cached(&shop.cache);
    miss!(query().one(&shop.db));
    shop.sql("UPDATE tags SET name = 'through a view' WHERE id = 1").await;
    assert_eq!(miss!(query().one(&shop.db)).unwrap().name, "through a view");
}

#[tokio::test]
async fn text_is_compared_by_the_collation_of_its_column() {
    let shop = shop().await;
    shop.sql("CREATE TABLE account (id INTEGER PRIMARY KEY, login TEXT COLLATE NOCASE)").await;
    let by_login = |login: &str| {
        let text = "SELECT id FROM account WHERE login = ?";
        JsonValue::find_by_statement(Statement::from_sql_and_values(DbBackend::Sqlite, text, [login.into()]))
    };
    assert_eq!(miss!(by_login("anna").cached(&shop.cache).all(&shop.db)).len(), 0);
    let text = "INSERT INTO account (login) VALUES (?)";
    let insert = Statement::from_sql_and_values(DbBackend::Sqlite, text, ["ANNA".into()]);
    shop.db.execute_raw(insert).await.unwrap();
    assert_eq!(miss!(by_login("anna").cached(&shop.cache).all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn a_generated_column_is_seen() {
    let shop = shop().await;
    shop.sql("CREATE TABLE box (id INTEGER PRIMARY KEY, side INTEGER, area INTEGER GENERATED ALWAYS AS (side * side))")
        .await;
    let query = || raw("SELECT id FROM box WHERE area = 9").cached(&shop.cache);
    assert_eq!(miss!(query().all(&shop.db)).len(), 0);
    shop.sql("INSERT INTO box (side) VALUES (3)").await;
    assert_eq!(miss!(query().all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn a_default_value_is_seen() {
    let shop = shop().await;
    let query = || raw("SELECT id FROM comment WHERE stars = 0").cached(&shop.cache);
    assert_eq!(miss!(query().all(&shop.db)).len(), 0);
    shop.sql("INSERT INTO comment (article_id, text) VALUES (1, 'x')").await;
    assert_eq!(miss!(query().all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn definitions_invalidate() {
    let shop = shop().await;
    let query = || raw("SELECT name FROM tag WHERE id = 1").cached(&shop.cache);
    for definition in
        ["ALTER TABLE tag ADD COLUMN colour TEXT DEFAULT 'grey'", "CREATE INDEX tag_colour ON tag (colour)"]
    {
        miss!(query().one(&shop.db));
        hit!(query().one(&shop.db));
        shop.sql(definition).await;
    }
    miss!(query().one(&shop.db));
    shop.sql("ALTER TABLE tag RENAME TO label").await;
    assert!(query().one(&shop.db).await.is_err());
    shop.sql("CREATE TABLE tag (id INTEGER, name TEXT)").await;
    assert_eq!(miss!(query().one(&shop.db)), None);
    shop.sql("DROP TABLE tag").await;
    assert!(query().one(&shop.db).await.is_err());
}

#[tokio::test]
async fn a_trigger_made_later_is_noticed() {
    let shop = shop().await;
    let query = || Tag::find_by_id(1).cached(&shop.cache);
    new_article(1).insert(&shop.db).await.unwrap();
    shop.sql("CREATE TRIGGER rename AFTER INSERT ON article BEGIN UPDATE tag SET name = 'renamed' WHERE id = 1; END")
        .await;
    assert_eq!(miss!(query().one(&shop.db)).unwrap().name, "language");
    new_article(1).insert(&shop.db).await.unwrap();
    assert_eq!(miss!(query().one(&shop.db)).unwrap().name, "renamed");
}

#[tokio::test]
async fn a_trigger_made_inside_a_transaction_is_noticed_there_and_after_its_commit() {
    let shop = shop_of_many().await;
    let query = || Tag::find_by_id(1).cached(&shop.cache);
    new_article(1).insert(&shop.db).await.unwrap();
    miss!(query().one(&shop.db));
    let transaction = shop.db.begin().await.unwrap();
    let trigger =
        "CREATE TRIGGER rename AFTER INSERT ON article BEGIN UPDATE tag SET name = NEW.title WHERE id = 1; END";
    transaction.execute_unprepared(trigger).await.unwrap();
    new_article(1).insert(&transaction).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(miss!(query().one(&shop.db)).unwrap().name, "New");
    article::ActiveModel { title: Set("Newer".to_owned()), ..new_article(1) }.insert(&shop.db).await.unwrap();
    assert_eq!(miss!(query().one(&shop.db)).unwrap().name, "Newer");
}

#[tokio::test]
async fn a_schema_changed_elsewhere_is_read_again_when_asked() {
    let shop = shop().await;
    let query = || Tag::find_by_id(1).cached(&shop.cache);
    new_article(1).insert(&shop.db).await.unwrap();
    miss!(query().one(&shop.db));
    let trigger =
        "CREATE TRIGGER rename AFTER INSERT ON article BEGIN UPDATE tag SET name = NEW.title WHERE id = 1; END";
    shop.db.inner().execute_unprepared(trigger).await.unwrap();
    shop.db.forget_schema();
    new_article(1).insert(&shop.db).await.unwrap();
    assert_eq!(miss!(query().one(&shop.db)).unwrap().name, "New");
}

#[tokio::test]
async fn a_column_with_a_default_that_is_not_given_may_hold_anything() {
    let shop = shop().await;
    let query = || Article::find().filter(article::Column::Published.eq(false)).cached(&shop.cache);
    assert_eq!(miss!(query().all(&shop.db)).len(), 1);
    shop.sql("INSERT INTO article (category_id, title) VALUES (1, 'Unsaid')").await;
    assert_eq!(miss!(query().all(&shop.db)).len(), 2);
}

#[tokio::test]
async fn a_trigger_that_ignores_the_rest_does_not_hide_rows_from_exactness() {
    let mut shop = shop().await;
    shop.db = shop.db.with_exact_rows();
    shop.sql("CREATE TEMP TRIGGER quiet AFTER UPDATE ON main.article BEGIN SELECT RAISE(IGNORE) WHERE NEW.id > 0; END")
        .await;
    let query = || Article::find().filter(article::Column::CategoryId.eq(1)).cached(&shop.cache);
    miss!(query().all(&shop.db));
    shop.sql("UPDATE article SET stars = stars + 1 WHERE title = 'Ownership'").await;
    miss!(query().all(&shop.db));
}

#[tokio::test]
async fn a_connection_that_leads_nowhere_can_be_wrapped_and_answers_with_errors() {
    let cache = cache_core::Cache::in_memory();
    let db = CachedConnection::new(sea_orm::DatabaseConnection::default(), &cache);
    assert!(Article::find().cached(&cache).all(&db).await.is_err());
    assert!(Article::delete_by_id(1).exec(&db).await.is_err());
}
