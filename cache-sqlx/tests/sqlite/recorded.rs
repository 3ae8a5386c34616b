//! Functions that depend on what they read through SQLx, and declarations that are compared with it.

use std::sync::{Arc, Mutex};

use cache_core::observe::Event;
use cache_core::testing::SimulatedStore;
use cache_core::{Cache, CacheBuilder, Verify, cached_as};
use cache_sqlx::prelude::*;
use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Executor, Row, Sqlite};

use crate::shop::*;

type Db = CachedPool<Sqlite>;

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

    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join("\n")
    }
}

async fn told_shop() -> (Shop, Told) {
    let told = Told::default();
    (shop_of(told.of(Cache::builder())).await, told)
}

#[cached_as(reads, extra = category, cache = db.cache())]
async fn titles(db: &Db, category: i64) -> sqlx::Result<Vec<String>> {
    Ok(articles(category).fetch_all(db).await?.into_iter().map(|article| article.title).collect())
}

#[tokio::test]
async fn what_is_read_is_what_a_result_depends_on() {
    let (Shop { db, .. }, told) = &told_shop().await;
    assert_eq!(miss!(titles(db, 1)), ["Ownership", "Traits"]);
    assert_eq!(told.take(), "kept: article: category_id = 1");
    insert(2, "Keys").execute(db).await.unwrap();
    hit!(titles(db, 1));
    insert(1, "Lifetimes").execute(db).await.unwrap();
    assert_eq!(miss!(titles(db, 1)).len(), 3);
}

#[cached_as(reads, extra = id, cache = db.cache())]
async fn plain(db: &Db, id: i64) -> sqlx::Result<(usize, Option<String>)> {
    let mut rows = sqlx::query("SELECT * FROM category WHERE id = 1").fetch(db);
    let mut found = 0;
    while rows.try_next().await?.is_some() {
        found += 1;
    }
    let row = sqlx::query("SELECT title FROM article WHERE id = ?").bind(id).fetch_optional(db).await?;
    Ok((found, row.map(|row| row.get("title"))))
}

#[tokio::test]
async fn plain_queries_are_reads_whose_binds_may_be_anything() {
    let (Shop { db, .. }, told) = &told_shop().await;
    assert_eq!(costs!(2, plain(db, 2)), (1, Some("Joins".to_owned())));
    assert_eq!(told.take(), "kept: article: id IS NOT NULL; category: id = 1");
    db.execute("UPDATE category SET name = 'x' WHERE id = 2").await.unwrap();
    hit!(plain(db, 2));
    db.execute("UPDATE article SET title = 'Left joins' WHERE id = 2").await.unwrap();
    assert_eq!(costs!(2, plain(db, 2)).1.as_deref(), Some("Left joins"));
}

#[cached_as(reads, extra = text, cache = db.cache())]
async fn any_text(db: &Db, text: &str) -> sqlx::Result<usize> {
    Ok(db.fetch_all(AssertSqlSafe(text)).await?.len())
}

#[tokio::test]
async fn what_cannot_be_told_and_what_writes_is_not_kept() {
    let (Shop { db, .. }, told) = &told_shop().await;
    any_text(db, "SELECT a.title FROM article a JOIN category c ON c.id = a.category_id WHERE c.id = 1").await.unwrap();
    assert_eq!(told.take(), "kept: article; category: id = 1");
    any_text(db, "SELECT random() FROM article").await.unwrap();
    assert!(told.take().starts_with("refused: not cacheable"));
    any_text(db, "DELETE FROM article WHERE id = 1 RETURNING id").await.unwrap();
    assert!(told.take().contains("does more than read: DELETE FROM article WHERE id = 1 RETURNING id"));
}

#[cached_as(reads, cache = db.cache())]
async fn in_a_transaction(db: &Db) -> sqlx::Result<i64> {
    let mut transaction = db.begin().await?;
    let found = count(1).fetch_one(&mut transaction).await?;
    transaction.commit().await?;
    Ok(found)
}

#[cached_as(reads, cache = db.cache())]
async fn by_words(db: &Db) -> sqlx::Result<i64> {
    let mut connection = db.acquire().await?;
    connection.execute("BEGIN").await?;
    let found = count(1).fetch_one(&mut connection).await?;
    connection.execute("COMMIT").await?;
    Ok(found)
}

#[cached_as(reads, cache = db.cache())]
async fn of_its_own_write(db: &Db) -> sqlx::Result<i64> {
    let mut transaction = db.begin().await?;
    insert(1, "Macros").execute(&mut transaction).await?;
    let found = count(1).fetch_one(&mut transaction).await?;
    transaction.rollback().await?;
    Ok(found)
}

#[tokio::test]
async fn reads_inside_of_transactions_are_recorded() {
    let (Shop { db, .. }, told) = &told_shop().await;
    assert_eq!(in_a_transaction(db).await.unwrap(), 2);
    assert_eq!(told.take(), "kept: article: category_id = 1");
    assert_eq!(by_words(db).await.unwrap(), 2);
    assert_eq!(told.take(), "kept: article: category_id = 1");
    assert_eq!(of_its_own_write(db).await.unwrap(), 3);
    assert!(told.take().starts_with("refused: not for others"));
    insert(1, "Lifetimes").execute(db).await.unwrap();
    assert_eq!((in_a_transaction(db).await.unwrap(), by_words(db).await.unwrap()), (3, 3));
}

#[cached_as(reads, ignore(other), cache = db.cache())]
async fn nested(db: &Db, other: impl AsyncFn() -> usize) -> sqlx::Result<usize> {
    let cached = count(2).cached(db.cache()).fetch_one(db).await?;
    Ok(titles(db, 1).await?.len() + cached as usize + other().await)
}

#[tokio::test]
async fn results_inside_hand_on_what_they_depend_on_unless_another_cache_would_be_told() {
    let ((Shop { db, .. }, told), other) = (&told_shop().await, shop().await);
    nested(db, async || 0).await.unwrap();
    assert!(told.take().ends_with("kept: article: category_id IN (1, 2)"));
    nested::invalidate(db);
    nested(db, async || articles(1).fetch_all(&other.db).await.unwrap().len()).await.unwrap();
    assert!(told.take().ends_with("tells another cache of its writes"));
}

#[tokio::test]
async fn processes_share_what_was_recorded() {
    let store = SimulatedStore::new();
    let cache = || Cache::builder().namespace("shop").store(store.clone()).build();
    let here = shop_of(cache()).await;
    let there = CachedPool::new(here.db.inner().clone(), &cache());
    costs!(2, plain(&here.db, 2));
    store.settle();
    hit!(plain(&there, 2));
    insert(2, "Keys").execute(&there).await.unwrap();
    costs!(2, plain(&here.db, 2));
}

#[cached_as(articles(category), extra = all, cache = db.cache())]
async fn declared(db: &Db, category: i64, all: bool) -> sqlx::Result<usize> {
    let found = articles(category).fetch_all(db).await?.len();
    let all = if all { sqlx::query("SELECT id FROM category").fetch_all(db).await?.len() } else { 0 };
    Ok(found + all)
}

#[tokio::test]
async fn what_was_not_declared_is_named() {
    let told = Told::default();
    let shop = shop_of(told.of(Cache::builder().verify(Verify::log()))).await;
    declared(&shop.db, 1, false).await.unwrap();
    assert_eq!(told.take(), "kept: article: category_id = 1");
    declared(&shop.db, 1, true).await.unwrap();
    assert_eq!(told.take(), "undeclared: category\nrefused: read and not declared: category");
}
