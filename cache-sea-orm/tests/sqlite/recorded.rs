//! Functions that depend on what they read, and declarations that are compared with it.

use std::sync::{Arc, Mutex};

use cache_core::observe::Event;
use cache_core::testing::SimulatedStore;
use cache_core::{Cache, CacheBuilder, Dependencies, Verify, cached_as};
use cache_sea_orm::{CachedTransaction, prelude::*};
use futures::TryStreamExt;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, LoaderTrait,
    PaginatorTrait, QueryFilter, QueryOrder, Statement, TransactionTrait,
};

use crate::shop::*;

/// What the cache has kept, and what it has not.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn of(&self, builder: CacheBuilder) -> Cache {
        let told = self.clone();
        let note = move |text: String| told.0.lock().unwrap().push(text);
        let told = move |event: &Event<'_>| match event {
            Event::Fill { dependencies, .. } => note(format!("kept: {dependencies}")),
            Event::Refused { reason, .. } => note(format!("refused: {reason}")),
            Event::Undeclared { missing, .. } => note(format!("undeclared: {missing}")),
            _ => {}
        };
        builder.subscriber(told).build()
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

async fn told_shop() -> (Shop, Told) {
    let told = Told::default();
    (shop_of(told.of(Cache::builder())).await, told)
}

fn in_category(category: i32) -> sea_orm::Select<Article> {
    Article::find().filter(article::Column::CategoryId.eq(category))
}

#[cached_as(reads, extra = category, cache = db.cache())]
async fn overview(db: &Db, category: i32) -> Result<(usize, Option<String>), DbErr> {
    let articles = in_category(category).all(db).await?;
    let name = Category::find_by_id(category).one(db).await?.map(|category| category.name);
    Ok((articles.len(), name))
}

#[tokio::test]
async fn what_is_read_is_what_a_result_depends_on() {
    let (Shop { db, .. }, told) = &told_shop().await;
    assert_eq!(costs!(2, overview(db, 1)), (2, Some("Rust".to_owned())));
    assert_eq!(told.take(), ["kept: article: category_id = 1; category: id = 1"]);
    hit!(overview(db, 1));
    new_article(2).insert(db).await.unwrap();
    category::ActiveModel { id: Set(2), name: Set("Databases".to_owned()) }.update(db).await.unwrap();
    hit!(overview(db, 1));
    category::ActiveModel { id: Set(1), name: Set("The Rust".to_owned()) }.update(db).await.unwrap();
    assert_eq!(costs!(2, overview(db, 1)).1.as_deref(), Some("The Rust"));
    new_article(1).insert(db).await.unwrap();
    assert_eq!(costs!(2, overview(db, 1)).0, 3);
}

#[cached_as(reads, cache = db.cache())]
async fn joined(db: &Db) -> Result<usize, DbErr> {
    Ok(Article::find().inner_join(Category).filter(category::Column::Name.eq("Rust")).all(db).await?.len())
}

#[tokio::test]
async fn a_join_depends_on_its_tables() {
    let (Shop { db, .. }, told) = &told_shop().await;
    let query = Article::find().inner_join(Category).filter(category::Column::Name.eq("Rust"));
    assert_eq!(miss!(joined(db)), 2);
    assert_eq!(told.take(), [format!("kept: {}", query.dependencies())]);
    category::ActiveModel { id: Set(2), name: Set("Rust".to_owned()) }.update(db).await.unwrap();
    assert_eq!(miss!(joined(db)), 3);
}

#[derive(Clone, FromQueryResult)]
struct Title {
    title: String,
}

#[cached_as(reads, extra = category, cache = db.cache())]
async fn by_text(db: &Db, category: i32) -> Result<Vec<String>, DbErr> {
    let text = "SELECT title FROM article WHERE category_id = ? ORDER BY id";
    let statement = Statement::from_sql_and_values(sea_orm::DbBackend::Sqlite, text, [category.into()]);
    Ok(Title::find_by_statement(statement).all(db).await?.into_iter().map(|row| row.title).collect())
}

#[cached_as(reads, extra = text, cache = db.cache())]
async fn any_text(db: &Db, text: &str) -> Result<usize, DbErr> {
    Ok(db.query_all_raw(Statement::from_string(sea_orm::DbBackend::Sqlite, text)).await?.len())
}

#[tokio::test]
async fn sql_text_is_read_as_well() {
    let (Shop { db, .. }, told) = &told_shop().await;
    assert_eq!(miss!(by_text(db, 1)), ["Ownership", "Traits"]);
    assert_eq!(told.take(), ["kept: article: category_id = 1"]);
    new_article(2).insert(db).await.unwrap();
    hit!(by_text(db, 1));
    miss!(any_text(db, "SELECT title FROM article ORDER BY random()"));
    let refused = told.take().concat();
    assert!(refused.starts_with("refused: not cacheable"), "{refused}");
    miss!(any_text(db, "UPDATE article SET stars = 1 WHERE id = 1 RETURNING id"));
    let refused = told.take().concat();
    assert!(refused.contains("a statement inside does more than read: UPDATE article SET stars = 1"), "{refused}");
    miss!(any_text(db, "SELECT 1"));
    assert!(told.take().concat().contains("nothing was read"));
}

#[cached_as(reads, cache = db.cache())]
async fn streamed(db: &Db) -> Result<usize, DbErr> {
    let rows = Article::find().stream(db).await?;
    let rows: Vec<article::Model> = rows.try_collect().await?;
    Ok(rows.len())
}

#[tokio::test]
async fn streams_are_reads() {
    let (Shop { db, .. }, told) = &told_shop().await;
    assert_eq!((miss!(streamed(db)), told.take()), (3, vec!["kept: article".to_owned()]));
    new_article(1).insert(db).await.unwrap();
    assert_eq!(miss!(streamed(db)), 4);
}

#[cached_as(reads, cache = db.cache())]
async fn with_a_transaction(db: &Db) -> Result<usize, DbErr> {
    let transaction = db.begin().await?;
    let found = in_category(1).all(&transaction).await?.len();
    transaction.commit().await?;
    Ok(found)
}

#[cached_as(reads, cache = cache, ignore(cache))]
async fn through_a_transaction(cache: &Cache, transaction: &CachedTransaction) -> Result<usize, DbErr> {
    let _ = cache;
    Ok(in_category(1).all(transaction).await?.len())
}

#[tokio::test]
async fn reads_inside_of_transactions_are_recorded() {
    let (Shop { db, cache, .. }, told) = &told_shop().await;
    with_a_transaction(db).await.unwrap();
    assert_eq!(told.take(), ["kept: article: category_id = 1"]);
    hit!(with_a_transaction(db));
    new_article(1).insert(db).await.unwrap();
    assert_eq!(with_a_transaction(db).await.unwrap(), 3);

    told.take();
    let transaction = db.begin().await.unwrap();
    assert_eq!(through_a_transaction(cache, &transaction).await.unwrap(), 3);
    assert_eq!(told.take(), ["kept: article: category_id = 1"]);
    new_article(1).insert(&transaction).await.unwrap();
    assert_eq!(through_a_transaction(cache, &transaction).await.unwrap(), 4);
    assert_eq!(told.take(), [""; 0], "past the cache");
    transaction.rollback().await.unwrap();
}

#[cached_as(reads, cache = db.cache())]
async fn writes_in_a_transaction(db: &Db) -> Result<usize, DbErr> {
    let transaction = db.begin().await?;
    new_article(1).insert(&transaction).await?;
    let found = in_category(1).all(&transaction).await?.len();
    transaction.rollback().await?;
    Ok(found)
}

#[tokio::test]
async fn what_only_a_transaction_sees_is_not_kept() {
    let (Shop { db, .. }, told) = &told_shop().await;
    assert_eq!(writes_in_a_transaction(db).await.unwrap(), 3);
    assert!(told.take().concat().starts_with("refused: not for others"));
}

#[cached_as(reads, cache = db.cache())]
async fn nested(db: &Db) -> Result<usize, DbErr> {
    let (one, _) = overview(db, 1).await?;
    let two = in_category(2).cached(db.cache()).count(db).await?;
    let row = Article::by_key(3).cached(db.cache()).one(db).await?;
    let tags = Tag::find().order_by_asc(tag::Column::Id).paginate(db, 2).fetch_page(0).await?;
    let articles = Article::find_by_id(1).all(db).await?;
    let comments = articles.load_many(Comment, db).await?;
    Ok(one + two as usize + usize::from(row.is_some()) + tags.len() + comments.len())
}

#[tokio::test]
async fn results_inside_hand_on_what_they_depend_on() {
    let (Shop { db, .. }, told) = &told_shop().await;
    nested(db).await.unwrap();
    let kept = told.take().pop().unwrap();
    for part in [
        "article: category_id IN (1, 2)",
        "article: id IN (1, 3)",
        "category: id = 1",
        "comment: article_id = 1",
        "; tag",
    ] {
        assert!(kept.contains(part), "{part}: {kept}");
    }
    hit!(nested(db));
    tag::ActiveModel { name: Set("new".to_owned()), ..Default::default() }.insert(db).await.unwrap();
    costs!(3, nested(db));
}

#[cached_as(reads, ignore(other), cache = db.cache())]
async fn through_another(db: &Db, other: impl AsyncFn() -> usize) -> Result<usize, DbErr> {
    Ok(Article::find().all(db).await?.len() + other().await)
}

#[tokio::test]
async fn a_read_through_the_connection_of_another_cache_is_not_kept() {
    let ((Shop { db, .. }, told), other) = (&told_shop().await, shop().await);
    let read = async || Article::find().count(&other.db).await.unwrap() as usize;
    assert_eq!(through_another(db, read).await.unwrap(), 6);
    assert!(told.take().concat().contains("tells another cache of its writes"));
}

#[tokio::test]
async fn processes_share_what_was_recorded() {
    let store = SimulatedStore::new();
    let cache = || Cache::builder().namespace("shop").store(store.clone()).build();
    let here = shop_of(cache()).await;
    let there = CachedConnection::new(here.db.inner().clone(), &cache());
    costs!(2, overview(&here.db, 1));
    store.settle();
    assert_eq!(hit!(overview(&there, 1)).0, 2);
    new_article(2).insert(&there).await.unwrap();
    hit!(overview(&here.db, 1));
    new_article(1).insert(&there).await.unwrap();
    assert_eq!(costs!(2, overview(&here.db, 1)).0, 3);
}

#[cached_as(depends = |found| found.clone().map(|row| row.dependencies()), extra = title, cache = db.cache())]
async fn titled(db: &Db, title: &str) -> Result<Option<article::Model>, DbErr> {
    Article::find().filter(article::Column::Title.eq(title)).one(db).await
}

#[tokio::test]
async fn a_row_that_was_found_says_what_it_depends_on() {
    let (Shop { db, .. }, told) = &told_shop().await;
    assert_eq!(miss!(titled(db, "Joins")).map(|row| row.id), Some(2));
    assert_eq!(told.take(), ["kept: article: id = 2"]);
    new_article(1).insert(db).await.unwrap();
    hit!(titled(db, "Joins"));
    article::ActiveModel { id: Set(2), stars: Set(Some(9)), ..Default::default() }.update(db).await.unwrap();
    assert_eq!(miss!(titled(db, "Joins")).and_then(|row| row.stars), Some(9));
    miss!(titled(db, "Nothing"));
    miss!(titled(db, "Nothing"));
}

#[cached_as(
    if by_tag { Tag } else { in_category(1) },
    only.map(Article::find_by_id),
    match only { Some(_) => "comment", None => Dependencies::none() },
    cache = db.cache()
)]
async fn chosen(db: &Db, by_tag: bool, only: Option<i32>) -> Result<u64, DbErr> {
    let _ = (by_tag, only);
    Article::find().count(db).await
}

#[tokio::test]
async fn querysets_of_several_types_stand_in_branches() {
    let (Shop { db, .. }, told) = &told_shop().await;
    for (by_tag, only, kept) in [
        (true, None, "kept: tag"),
        (false, None, "kept: article: category_id = 1"),
        (true, Some(2), "kept: article: id = 2; comment; tag"),
    ] {
        miss!(chosen(db, by_tag, only));
        assert_eq!(told.take(), [kept]);
    }
}

#[cached_as(in_category(category), extra = with_comments, cache = db.cache())]
async fn declared(db: &Db, category: i32, with_comments: bool) -> Result<usize, DbErr> {
    let articles = in_category(category).filter(article::Column::Stars.gt(2)).all(db).await?;
    let comments = if with_comments { articles.load_many(Comment, db).await? } else { Vec::new() };
    Ok(articles.len() + comments.len())
}

#[cached_as(in_category(category), extra = with_comments, verify = "panic", cache = db.cache())]
async fn verified(db: &Db, category: i32, with_comments: bool) -> Result<usize, DbErr> {
    declared::uncached(db, category, with_comments).await
}

#[tokio::test]
async fn what_was_not_declared_is_named() {
    let told = Told::default();
    let Shop { db, .. } = shop_of(told.of(Cache::builder().verify(Verify::log()))).await;
    declared(&db, 1, false).await.unwrap();
    assert_eq!(told.take(), ["kept: article: category_id = 1"]);
    declared(&db, 2, true).await.unwrap();
    let missing = "comment: article_id = 2";
    assert_eq!(told.take(), [format!("undeclared: {missing}"), format!("refused: read and not declared: {missing}")]);
    verified(&db, 1, false).await.unwrap();
    let panic = tokio::spawn(async move { verified(&db, 1, true).await }).await.unwrap_err().into_panic();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("verified") && message.contains("comment: article_id = 1"), "{message}");
}
