//! Processes that share a store: what they share, and what becomes of writes that the store does not hear of.

use std::time::Duration;

use cache_core::testing::SimulatedStore;
use cache_core::{Cache, ErrorKind, Strict};
use cache_sea_orm::prelude::*;
use cache_sea_orm::store_failure;
use cache_sql::Dialect;
use cache_sql::adapter::{Database, Outcome, Session};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, TransactionTrait,
};

use crate::shop::{Article, Db, Shop, article, hit, miss, new_article, shop_of};

/// Two processes over one database and one store.
struct Two {
    store: SimulatedStore,
    here: Shop,
    there: Db,
}

fn cache(store: &SimulatedStore) -> Cache {
    Cache::builder().namespace("shop").store(store.clone()).build()
}

async fn two(store: SimulatedStore) -> Two {
    let here = shop_of(cache(&store)).await;
    let there = CachedConnection::new(here.db.inner().clone(), &cache(&store));
    Two { store, here, there }
}

fn strict() -> SimulatedStore {
    SimulatedStore::new().strict(Strict::new())
}

async fn titles(db: &Db) -> Result<Vec<String>, DbErr> {
    let rows = Article::find().filter(article::Column::CategoryId.eq(1)).cached(db.cache()).all(db).await?;
    Ok(rows.into_iter().map(|row| row.title).collect())
}

async fn page(db: &Db) -> Result<Vec<article::Model>, DbErr> {
    Article::find().order_by_asc(article::Column::Id).cached(db.cache()).paginate(db, 2).fetch_page(0).await
}

impl Two {
    /// What the database holds, whatever the caches say.
    async fn written(&self) -> u64 {
        Article::find().count(self.here.db.inner()).await.unwrap()
    }
}

fn is_committed(error: &DbErr) -> bool {
    store_failure(error) == Some(ErrorKind::Undelivered)
}

fn is_refused(error: &DbErr) -> bool {
    store_failure(error) == Some(ErrorKind::Refused)
}

#[tokio::test]
async fn rows_numbers_and_pages_are_shared() {
    for (store, knows_new_keys) in [(SimulatedStore::new(), true), (strict(), false)] {
        let Two { store, here, there } = two(store).await;
        let (db, one) = (&here.db, Article::find().filter(article::Column::Id.eq(2)));
        miss!(titles(db));
        miss!(one.clone().cached(db.cache()).one(db));
        miss!(Article::find().cached(db.cache()).count(db));
        miss!(Article::by_key(1).cached(db.cache()).one(db));
        miss!(page(db));
        store.settle();
        assert_eq!(hit!(titles(&there)), ["Ownership", "Traits"]);
        assert_eq!(hit!(one.clone().cached(there.cache()).one(&there)).map(|row| row.title).as_deref(), Some("Joins"));
        assert_eq!(hit!(Article::find().cached(there.cache()).count(&there)), 3);
        assert_eq!(hit!(Article::by_key(1).cached(there.cache()).one(&there)).map(|row| row.id), Some(1));
        assert_eq!(hit!(page(&there)).len(), 2);
        new_article(1).insert(&there).await.unwrap();
        assert_eq!(miss!(titles(db)).len(), 3);
        assert_eq!(miss!(Article::find().cached(db.cache()).count(db)), 4);
        store.settle();
        // What is announced before the statement does not know the key that it will give.
        if knows_new_keys {
            hit!(one.cached(db.cache()).one(db));
        }
    }
}

#[tokio::test]
async fn other_rows_are_shared_when_they_are_encoded() {
    let Two { store, here, there } = two(SimulatedStore::new()).await;
    let pairs = || Article::find().select_only().column(article::Column::Id).into_tuple::<i32>();
    miss!(pairs().cached(here.db.cache()).all(&here.db));
    store.settle();
    miss!(pairs().cached(there.cache()).all(&there));
    miss!(pairs().cached(here.db.cache()).extra(1).encoded().all(&here.db));
    store.settle();
    assert_eq!(hit!(pairs().cached(there.cache()).extra(1).encoded().all(&there)).len(), 3);
}

#[tokio::test]
async fn a_write_that_could_not_be_delivered_is_committed_and_an_error() {
    let Two { store, here, there } = two(SimulatedStore::new()).await;
    miss!(titles(&there));
    store.settle();
    store.fail(true);
    let error = new_article(1).insert(&here.db).await.unwrap_err();
    assert!(is_committed(&error), "{error}");
    let transaction = here.db.begin().await.unwrap();
    new_article(1).insert(&transaction).await.unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert!(is_committed(&error), "{error}");
    store.fail(false);
    store.settle();
    assert_eq!(titles(&there).await.unwrap().len(), 4, "it is delivered in the end");
}

#[tokio::test]
async fn a_lenient_store_logs_what_it_could_not_deliver() {
    let both = two(SimulatedStore::new().lenient()).await;
    both.store.fail(true);
    new_article(1).insert(&both.here.db).await.unwrap();
    both.store.fail(false);
    both.store.settle();
    assert_eq!(both.written().await, 4);
}

#[tokio::test]
async fn a_write_that_could_not_be_announced_is_not_made() {
    let both = two(strict()).await;
    let db = &both.here.db;
    titles(db).await.unwrap();
    both.store.fail(true);
    let error = new_article(1).insert(db).await.unwrap_err();
    assert!(is_refused(&error), "{error}");
    let error = db.execute_unprepared("UPDATE article SET title = 'Gone'").await.unwrap_err();
    assert!(is_refused(&error), "{error}");
    let error =
        (db.clone().with_exact_rows()).execute_unprepared("DELETE FROM article WHERE stars > 1").await.unwrap_err();
    assert!(is_refused(&error), "{error}");
    both.store.fail(false);
    both.store.settle();
    assert_eq!(both.written().await, 3);
    assert_eq!(titles(db).await.unwrap(), ["Ownership", "Traits"]);
}

#[tokio::test]
async fn a_transaction_that_could_not_be_announced_is_rolled_back() {
    let both = two(strict()).await;
    let db = &both.here.db;
    let transaction = db.begin().await.unwrap();
    let inner = transaction.begin().await.unwrap();
    new_article(1).insert(&inner).await.unwrap();
    both.store.fail(true);
    inner.commit().await.unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert!(is_refused(&error), "{error}");
    both.store.fail(false);
    both.store.settle();
    assert_eq!(both.written().await, 3);
    new_article(1).insert(db).await.unwrap();
    assert_eq!(both.written().await, 4, "the connection is of use again");
}

#[tokio::test]
async fn an_announced_change_is_not_served_until_its_fate_is_known() {
    let Two { store, here, there } = two(strict()).await;
    miss!(titles(&there));
    store.settle();
    new_article(1).insert(&here.db).await.unwrap();
    assert_eq!(miss!(titles(&there)).len(), 3);
    store.settle();
    assert_eq!(hit!(titles(&here.db)).len(), 3, "its intent is over");
    let transaction = here.db.begin().await.unwrap();
    new_article(2).insert(&transaction).await.unwrap();
    transaction.commit().await.unwrap();
    hit!(titles(&there));
}

#[tokio::test]
async fn a_writer_that_dies_after_commit_leaves_nothing_stale_in_strict_mode() {
    let lease = Duration::from_millis(200);
    let Two { store, here, there } = two(SimulatedStore::new().strict(Strict::new().lease(lease))).await;
    miss!(titles(&there));
    store.settle();
    let text = "INSERT INTO article (category_id, title, published) VALUES (1, 'Late', TRUE)";
    let session = Session::pool(&Database::new(Dialect::Sqlite, &here.cache).without_schema()).begin();
    session.announce(text, Vec::new).over(Outcome::Done, None).await.unwrap();
    let mut committing = session.committing();
    committing.permission().await.unwrap();
    here.db.inner().execute_unprepared(text).await.unwrap();
    // The process dies.
    std::mem::forget((committing, session));
    assert_eq!(titles(&there).await.unwrap().len(), 3);
    tokio::time::sleep(2 * lease).await;
    assert_eq!(miss!(titles(&there)).len(), 3);
    store.settle();
    assert_eq!(hit!(titles(&there)).len(), 3, "after the lease it is cached again");
}

#[tokio::test]
async fn a_write_whose_caller_goes_away_is_told_in_the_end() {
    let Two { store, here, there } = two(strict()).await;
    // The schema is known from now on, so that the write is on its way when it was polled once.
    new_article(2).insert(&here.db).await.unwrap();
    miss!(titles(&there));
    store.settle();
    let mut write = Box::pin(new_article(1).insert(&here.db));
    let _ = begun(&mut write).await;
    drop(write);
    let mut found = 0;
    for _ in 0..1000 {
        found = titles(&there).await.unwrap().len();
        if found == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(found, 3);
}

/// Polls a future once.
async fn begun<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    tokio::time::timeout(Duration::ZERO, future).await.ok()
}

#[tokio::test]
async fn an_update_of_a_model_goes_through_both() {
    let Two { store, here, there } = two(strict()).await;
    let row = Article::by_key(1).cached(here.db.cache()).one(&here.db).await.unwrap().unwrap();
    store.settle();
    let mut changed: article::ActiveModel = row.into();
    changed.title = Set("Lifetimes".to_owned());
    changed.update(&there).await.unwrap();
    let row = miss!(Article::by_key(1).cached(here.db.cache()).one(&here.db)).unwrap();
    assert_eq!(row.title, "Lifetimes");
}
