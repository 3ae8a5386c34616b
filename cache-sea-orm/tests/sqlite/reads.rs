//! Hits, misses and keys.

use std::time::Duration;

use cache_core::{Cache, Clock};
use cache_sea_orm::prelude::*;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult,
    JsonValue, QueryFilter, QueryOrder, QuerySelect, Statement,
};

use crate::shop::*;

#[tokio::test]
async fn the_same_query_twice_runs_one_statement() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().filter(article::Column::CategoryId.eq(1)).cached(&cache);
    let first = miss!(query().all(&db));
    assert_eq!(first.len(), 2);
    assert_eq!(hit!(query().all(&db)), first);
}

#[tokio::test]
async fn a_clone_of_a_query_and_a_clone_of_the_connection_share_the_entry() {
    let Shop { db, cache, .. } = shop().await;
    let query = Article::find().filter(article::Column::CategoryId.eq(1)).cached(&cache);
    miss!(query.clone().all(&db));
    let other = db.clone();
    hit!(query.all(&other));
}

#[tokio::test]
async fn a_provably_empty_query_runs_no_statement() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().filter(article::Column::Id.is_in(Vec::<i32>::new())).cached(&cache);
    assert_eq!(hit!(query().all(&db)).len(), 0);
    assert_eq!(hit!(query().one(&db)), None);
    assert!(!hit!(query().exists(&db)));
}

#[tokio::test]
async fn counting_an_empty_query_gives_nought() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().filter(article::Column::Id.is_in(Vec::<i32>::new())).cached(&cache);
    assert_eq!(query().count(&db).await.unwrap(), 0);
}

#[tokio::test]
async fn exists_is_cached() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().filter(article::Column::CategoryId.eq(3)).cached(&cache);
    assert!(!miss!(query().exists(&db)));
    assert!(!hit!(query().exists(&db)));
    Article::insert(new_article(3)).exec(&db).await.unwrap();
    assert!(miss!(query().exists(&db)));
}

#[tokio::test]
async fn count_is_cached() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().filter(article::Column::CategoryId.eq(1)).cached(&cache);
    assert_eq!(miss!(query().count(&db)), 2);
    assert_eq!(hit!(query().count(&db)), 2);
    Article::insert(new_article(1)).exec(&db).await.unwrap();
    assert_eq!(miss!(query().count(&db)), 3);
}

#[tokio::test]
async fn one_row_is_cached() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find_by_id(1).cached(&cache);
    let row = miss!(query().one(&db)).unwrap();
    assert_eq!(hit!(query().one(&db)).unwrap(), row);
    assert_eq!(hit!(query().require_one(&db)), row);
}

#[tokio::test]
async fn first_and_last_are_cached_also_when_nothing_matches() {
    let Shop { db, cache, .. } = shop().await;
    let first = || Article::find().order_by_asc(article::Column::Id).cached(&cache);
    let last = || Article::find().order_by_desc(article::Column::Id).cached(&cache);
    assert_eq!(miss!(first().one(&db)).unwrap().id, 1);
    assert_eq!(miss!(last().one(&db)).unwrap().id, 3);
    assert_eq!(hit!(first().one(&db)).unwrap().id, 1);
    assert_eq!(hit!(last().one(&db)).unwrap().id, 3);
    let none = || Article::find().filter(article::Column::CategoryId.eq(3)).order_by_asc(article::Column::Id);
    assert_eq!(miss!(none().cached(&cache).one(&db)), None);
    assert_eq!(hit!(none().cached(&cache).one(&db)), None);
}

#[tokio::test]
async fn a_row_that_was_not_found_is_cached_and_found_after_a_create() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find_by_id(77).cached(&cache);
    assert_eq!(miss!(query().one(&db)), None);
    assert_eq!(hit!(query().one(&db)), None);
    assert!(query().require_one(&db).await.is_err());
    article::ActiveModel { id: Set(77), ..new_article(1) }.insert(&db).await.unwrap();
    assert_eq!(miss!(query().one(&db)).unwrap().id, 77);
}

#[derive(Clone, Debug, PartialEq, FromQueryResult)]
struct Title {
    title: String,
}

#[tokio::test]
async fn rows_models_tuples_and_maps_are_different_entries() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().select_only().column(article::Column::Title).order_by_asc(article::Column::Id);
    let models = miss!(query().into_model::<Title>().cached(&cache).all(&db));
    let tuples = miss!(query().into_tuple::<String>().cached(&cache).all(&db));
    let maps = miss!(query().into_json().cached(&cache).all(&db));
    assert_eq!(models[0].title, "Ownership");
    assert_eq!(tuples[0], "Ownership");
    assert_eq!(maps[0]["title"], JsonValue::from("Ownership"));
    assert_eq!(hit!(query().into_model::<Title>().cached(&cache).all(&db)), models);
    assert_eq!(hit!(query().into_tuple::<String>().cached(&cache).all(&db)), tuples);
    assert_eq!(hit!(query().into_json().cached(&cache).all(&db)), maps);
}

#[tokio::test]
async fn all_one_count_and_exists_of_a_query_are_different_entries() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().filter(article::Column::Id.eq(1)).cached(&cache);
    assert_eq!(miss!(query().all(&db)).len(), 1);
    assert!(miss!(query().one(&db)).is_some());
    assert_eq!(miss!(query().count(&db)), 1);
    assert!(miss!(query().exists(&db)));
}

#[tokio::test]
async fn a_different_ordering_is_a_different_entry() {
    let Shop { db, cache, .. } = shop().await;
    let up = miss!(Article::find().order_by_asc(article::Column::Id).cached(&cache).all(&db));
    let down = miss!(Article::find().order_by_desc(article::Column::Id).cached(&cache).all(&db));
    assert_eq!(up.iter().rev().collect::<Vec<_>>(), down.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn distinct_and_sliced_queries_are_cached_with_right_results() {
    let Shop { db, cache, .. } = shop().await;
    let categories = || {
        let query = Article::find().select_only().column(article::Column::CategoryId).distinct();
        query.order_by_asc(article::Column::CategoryId).into_tuple::<i32>().cached(&cache)
    };
    assert_eq!(miss!(categories().all(&db)), [1, 2]);
    assert_eq!(hit!(categories().all(&db)), [1, 2]);
    let slice = |from| Article::find().order_by_asc(article::Column::Id).offset(from).limit(1).cached(&cache);
    assert_eq!(miss!(slice(0).all(&db))[0].id, 1);
    assert_eq!(miss!(slice(2).all(&db))[0].id, 3);
    assert_eq!(hit!(slice(0).all(&db))[0].id, 1);
}

#[tokio::test]
async fn different_binds_never_share_an_entry() {
    let Shop { db, cache, .. } = shop().await;
    let title = |text: &str| Article::find().filter(article::Column::Title.eq(text)).cached(&cache);
    assert_eq!(miss!(title("Joins").all(&db)).len(), 1);
    for other in ["joins", "Joins ", "", "Joins' OR '1'='1", "1"] {
        assert_eq!(miss!(title(other).all(&db)).len(), 0, "{other}");
    }
    let either = |a: &str, b: &str| Article::find().filter(article::Column::Title.is_in([a, b])).cached(&cache);
    miss!(either("ab", "c").all(&db));
    miss!(either("a", "bc").all(&db));
}

#[tokio::test]
async fn values_that_are_not_ascii_work() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Category::find().filter(category::Column::Name.eq("Čeština ☃")).cached(&cache);
    assert_eq!(miss!(query().all(&db)).len(), 0);
    category::ActiveModel { name: Set("Čeština ☃".to_owned()), ..Default::default() }.insert(&db).await.unwrap();
    assert_eq!(miss!(query().all(&db)).len(), 1);
}

#[tokio::test]
async fn tables_with_names_that_are_not_ascii_work() {
    let shop = shop().await;
    shop.sql("CREATE TABLE \"käse\" (sorte TEXT)").await;
    let text = "SELECT sorte FROM \"käse\" WHERE sorte = 'Brie'";
    let query = || Article::find().from_raw_sql(Statement::from_string(DbBackend::Sqlite, text)).into_json();
    assert_eq!(miss!(query().cached(&shop.cache).all(&shop.db)).len(), 0);
    shop.sql("INSERT INTO \"käse\" VALUES ('Brie')").await;
    assert_eq!(miss!(query().cached(&shop.cache).all(&shop.db)).len(), 1);
}

#[tokio::test]
async fn changing_a_returned_row_does_not_change_the_cached_one() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().cached(&cache);
    let mut rows = query().all(&db).await.unwrap();
    rows[0].title = "Changed".to_owned();
    rows.clear();
    assert_eq!(hit!(query().all(&db))[0].title, "Ownership");
}

#[tokio::test]
async fn shared_rows_are_the_same_allocation() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().cached(&cache);
    let first = miss!(query().all_shared(&db));
    let second = hit!(query().all_shared(&db));
    assert!(std::sync::Arc::ptr_eq(&first, &second));
    assert_eq!(hit!(query().all(&db)), *first);
}

#[tokio::test]
async fn building_a_query_does_no_io() {
    let Shop { db, cache, .. } = shop().await;
    let future = costs!(0, async { Ok::<_, ()>(Article::find().cached(&cache)) });
    let pages = costs!(0, async { Ok::<_, ()>(Article::find().cached(&cache).paginate(&db, 2)) });
    drop(pages);
    miss!(future.all(&db));
}

#[tokio::test]
async fn functions_of_the_time_and_of_chance_are_not_cached() {
    let Shop { db, cache, .. } = shop().await;
    for text in ["stars < strftime('%s', 'now')", "id <> random()", "id IN (SELECT abs(random()))"] {
        let query = || Article::find().filter(Expr::cust(text)).cached(&cache);
        miss!(query().all(&db));
        miss!(query().all(&db));
    }
    let chance = || Article::find().order_by(Expr::cust("random()"), sea_orm::Order::Asc).cached(&cache);
    miss!(chance().all(&db));
    miss!(chance().all(&db));
    let column = || Article::find().expr_as(Expr::cust("datetime('now')"), "now").into_json().cached(&cache);
    miss!(column().all(&db));
    miss!(column().all(&db));
}

#[tokio::test]
async fn a_locking_read_is_not_cached() {
    // SQLite has no locking reads, and SeaORM leaves the clause out; other dialects render it.
    let query = Article::find().lock(LockType::Update);
    let statement = sea_orm::QueryTrait::build(&query, DbBackend::Postgres);
    assert!(statement.dependencies().uncacheable_reason().is_some(), "{statement}");
}

#[tokio::test]
async fn rows_fetched_by_ids_are_cached() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().filter(article::Column::Id.is_in([1, 3])).cached(&cache);
    assert_eq!(miss!(query().all(&db)).len(), 2);
    hit!(query().all(&db));
    Article::delete_by_id(2).exec(&db).await.unwrap();
    hit!(query().all(&db));
    Article::delete_by_id(3).exec(&db).await.unwrap();
    assert_eq!(miss!(query().all(&db)).len(), 1);
}

#[tokio::test]
async fn a_stream_is_not_cached_and_reads_the_database() {
    use futures::TryStreamExt;
    let Shop { db, .. } = shop().await;
    for _ in 0..2 {
        let ids: Vec<i32> = costs!(1, async {
            Article::find()
                .order_by_asc(article::Column::Id)
                .stream(&db)
                .await?
                .map_ok(|row| row.id)
                .try_collect()
                .await
        });
        assert_eq!(ids, [1, 2, 3]);
    }
}

#[tokio::test]
async fn extra_is_a_part_of_the_key() {
    let Shop { db, cache, .. } = shop().await;
    let query = |extra: &str| Article::find().cached(&cache).extra(extra);
    miss!(query("en").all(&db));
    miss!(query("de").all(&db));
    hit!(query("en").all(&db));
    miss!(Article::find().cached(&cache).extra("e").extra("n").all(&db));
}

#[tokio::test]
async fn a_tag_drops_the_queries_that_carry_it() {
    let Shop { db, cache, .. } = shop().await;
    let tagged = || Article::find().cached(&cache).tags(["front-page"]);
    miss!(tagged().all(&db));
    hit!(tagged().all(&db));
    cache.invalidate_tag("other").unwrap();
    hit!(tagged().all(&db));
    cache.invalidate_tag("front-page").unwrap();
    miss!(tagged().all(&db));
}

#[tokio::test]
async fn time_to_live_ends_an_entry() {
    let Shop { db, .. } = shop().await;
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).build();
    let db = CachedConnection::new(db.inner().clone(), &cache);
    let query = |ttl| Article::find().cached(&cache).ttl(Duration::from_secs(ttl));
    miss!(query(60).all(&db));
    clock.advance(Duration::from_secs(59));
    hit!(query(60).all(&db));
    clock.advance(Duration::from_secs(2));
    miss!(query(60).all(&db));
}

#[tokio::test]
async fn a_timeout_of_nought_never_hits() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().cached(&cache).ttl(Duration::ZERO);
    miss!(query().all(&db));
    miss!(query().all(&db));
}

#[tokio::test]
async fn an_error_is_not_cached() {
    let shop = shop().await;
    let statement = || Statement::from_string(DbBackend::Sqlite, "SELECT id FROM later");
    let query = || Article::find().from_raw_sql(statement()).into_json().cached(&shop.cache);
    assert!(query().all(&shop.db).await.is_err());
    shop.sql("CREATE TABLE later (id INTEGER)").await;
    assert_eq!(miss!(query().all(&shop.db)).len(), 0);
}

#[tokio::test]
async fn while_disabled_reads_go_to_the_database_and_writes_still_invalidate() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().filter(article::Column::CategoryId.eq(1)).cached(&cache);
    miss!(query().all(&db));
    miss!(cache.disabled_scope(query().all(&db)));
    let insert = async { Article::insert(new_article(1)).exec(&db).await };
    cache.disabled_scope(insert).await.unwrap();
    assert_eq!(miss!(query().all(&db)).len(), 3);
}

#[tokio::test]
async fn raw_selects_are_cached_with_their_binds() {
    let Shop { db, cache, .. } = shop().await;
    let query = |category: i32| {
        let text = "SELECT * FROM article WHERE category_id = ?";
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, text, [category.into()]);
        Article::find().from_raw_sql(statement).cached(&cache)
    };
    assert_eq!(miss!(query(1).all(&db)).len(), 2);
    assert_eq!(miss!(query(2).all(&db)).len(), 1);
    Article::insert(new_article(2)).exec(&db).await.unwrap();
    assert_eq!(hit!(query(1).all(&db)).len(), 2);
    assert_eq!(miss!(query(2).all(&db)).len(), 2);
}

#[tokio::test]
async fn the_connection_still_answers_plain_queries() {
    let Shop { db, .. } = shop().await;
    assert_eq!(costs!(1, Article::find().all(&db)).len(), 3);
    assert_eq!(costs!(1, Article::find().all(&db)).len(), 3);
    assert!(db.support_returning());
    assert!(!db.is_mock_connection());
}

#[tokio::test]
async fn a_prefix_finds_rows_that_differ_in_case() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().filter(article::Column::Title.starts_with("Own")).cached(&cache);
    assert_eq!(miss!(query().all(&db)).len(), 1);
    article::ActiveModel { title: Set("OWNER".to_owned()), ..new_article(1) }.insert(&db).await.unwrap();
    assert_eq!(miss!(query().all(&db)).len(), 2);
}
