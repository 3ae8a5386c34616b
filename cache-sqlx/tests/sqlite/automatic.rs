//! Queries that are cached because profiles say so, and those that are not.

use std::time::Duration;

use cache_core::{Cache, CacheBuilder, Clock, Dependencies, Operation, Profile, Profiles};
use cache_sqlx::QueryAs;
use sqlx::Sqlite;

use crate::shop::*;

fn profiled(builder: CacheBuilder, list: &[(&str, &str)]) -> Cache {
    let set = |profiles: cache_core::ProfilesBuilder, (table, text): &(&str, &str)| {
        profiles.set(*table, text.parse::<Profile>().unwrap())
    };
    let profiles = list.iter().fold(Profiles::builder(), set).build().unwrap();
    builder.profiles(profiles).build()
}

async fn shop_with(list: &[(&str, &str)]) -> Shop {
    shop_of(profiled(Cache::builder(), list)).await
}

fn article(id: i64) -> QueryAs<Sqlite, Article> {
    cache_sqlx::query_as("SELECT * FROM article WHERE id = ?").bind(id)
}

fn scalar(text: &'static str) -> QueryAs<Sqlite, i64> {
    cache_sqlx::query_scalar(text)
}

#[tokio::test]
async fn without_a_profile_every_query_asks() {
    let Shop { cache, db, .. } = &shop().await;
    for _ in 0..2 {
        miss!(articles(1).auto(cache).fetch_all(db));
        miss!(article(1).auto(cache).fetch_one(db));
        miss!(count(1).auto(cache).fetch_one(db));
    }
}

#[tokio::test]
async fn a_profile_allows_its_operations_and_no_others() {
    let Shop { cache, db, .. } = &shop_with(&[("article", "get, count")]).await;
    assert_eq!(miss!(article(1).auto(cache).fetch_one(db)).title, "Ownership");
    assert_eq!(hit!(article(1).auto(cache).fetch_one(db)).title, "Ownership");
    miss!(article(1).auto(cache).fetch_all(db));
    hit!(article(1).auto(cache).fetch_all(db));
    miss!(count(1).auto(cache).fetch_one(db));
    hit!(count(1).auto(cache).fetch_one(db));
    let exists = || scalar("SELECT EXISTS (SELECT 1 FROM article WHERE id = 1)");
    for _ in 0..2 {
        miss!(articles(1).auto(cache).fetch_all(db));
        miss!(articles(1).auto(cache).fetch_optional(db));
        miss!(exists().auto(cache).fetch_one(db));
        miss!(scalar("SELECT max(stars) FROM article").auto(cache).fetch_one(db));
    }
}

#[tokio::test]
async fn what_a_query_asks_is_found_on_each_kind_of_connection() {
    let shop = shop_with(&[("article", "get")]).await;
    let mut connection = shop.db.acquire().await.unwrap();
    miss!(article(1).auto(&shop.cache).fetch_one(&mut connection));
    hit!(article(1).auto(&shop.cache).fetch_one(&mut connection));
    let mut tx = shop.db.begin().await.unwrap();
    hit!(article(1).auto(&shop.cache).fetch_one(&mut tx));
    miss!(articles(1).auto(&shop.cache).fetch_all(&mut tx));
    miss!(articles(1).auto(&shop.cache).fetch_all(&mut tx));
    cache_sqlx::query("UPDATE article SET stars = 1 WHERE id = ?").bind(1).execute(&mut tx).await.unwrap();
    assert_eq!(miss!(article(1).auto(&shop.cache).fetch_one(&mut tx)).stars, Some(1));
    assert_eq!(miss!(article(1).auto(&shop.cache).fetch_one(&mut tx)).stars, Some(1));
    tx.commit().await.unwrap();
    assert_eq!(miss!(article(1).auto(&shop.cache).fetch_one(&shop.db)).stars, Some(1));
}

#[tokio::test]
async fn aggregates_and_existence_have_names_of_their_own() {
    let Shop { cache, db, .. } = &shop_with(&[("article", "aggregate, exists")]).await;
    for text in ["SELECT max(stars) FROM article", "SELECT EXISTS (SELECT 1 FROM article WHERE id = 1)"] {
        miss!(scalar(text).auto(cache).fetch_one(db));
        hit!(scalar(text).auto(cache).fetch_one(db));
    }
    miss!(count(1).auto(cache).fetch_one(db));
    miss!(count(1).auto(cache).fetch_one(db));
}

#[tokio::test]
async fn what_a_profile_caches_goes_with_the_row() {
    let Shop { cache, db, .. } = &shop_with(&[("article", "all")]).await;
    assert_eq!(miss!(articles(1).auto(cache).fetch_all(db)).len(), 2);
    miss!(articles(2).auto(cache).fetch_all(db));
    insert(1, "Lifetimes").execute(db).await.unwrap();
    assert_eq!(miss!(articles(1).auto(cache).fetch_all(db)).len(), 3);
    hit!(articles(2).auto(cache).fetch_all(db));
}

#[tokio::test]
async fn none_and_a_join_with_a_table_without_profile_are_not_cached() {
    let Shop { cache, db, .. } = &shop_with(&[("category", "none"), ("comment", "all"), ("article", "all")]).await;
    let join = || scalar("SELECT count(*) FROM article JOIN category ON category.id = category_id");
    for _ in 0..2 {
        miss!(scalar("SELECT id FROM category").auto(cache).fetch_all(db));
        assert_eq!(miss!(join().auto(cache).fetch_one(db)), 3);
    }
    // By hand profiles do not matter.
    miss!(join().cached(cache).fetch_one(db));
    hit!(join().cached(cache).fetch_one(db));
}

#[tokio::test]
async fn the_time_to_live_of_the_profile_holds_unless_the_query_names_one() {
    let clock = Clock::manual();
    let cache = profiled(Cache::builder().clock(clock.clone()), &[("article", "all, 60s")]);
    let Shop { cache, db, .. } = &shop_of(cache).await;
    let longer = || articles(2).auto(cache).ttl(Duration::from_secs(90));
    miss!(articles(1).auto(cache).fetch_all(db));
    miss!(longer().fetch_all(db));
    clock.advance(Duration::from_secs(59));
    hit!(articles(1).auto(cache).fetch_all(db));
    clock.advance(Duration::from_secs(2));
    miss!(articles(1).auto(cache).fetch_all(db));
    hit!(longer().fetch_all(db));
    clock.advance(Duration::from_secs(30));
    miss!(longer().fetch_all(db));
}

#[tokio::test]
async fn named_operations_narrow() {
    let Shop { cache, db, .. } = &shop_with(&[("article", "all")]).await;
    let by_hand = |query: QueryAs<Sqlite, i64>| query.cached(cache).ops([Operation::Count, Operation::Get]);
    miss!(by_hand(count(1)).fetch_one(db));
    hit!(by_hand(count(1)).fetch_one(db));
    let ids = || scalar("SELECT id FROM article WHERE category_id = 1");
    miss!(by_hand(ids()).fetch_all(db));
    miss!(by_hand(ids()).fetch_all(db));
    let auto = || article(1).auto(cache).ops([Operation::Fetch]);
    miss!(auto().fetch_one(db));
    miss!(auto().fetch_one(db));
}

#[tokio::test]
async fn nocache_asks_every_time_and_leaves_the_entry() {
    let Shop { cache, db, .. } = &shop_with(&[("article", "all")]).await;
    miss!(articles(1).cached(cache).fetch_all(db));
    for _ in 0..2 {
        miss!(articles(1).cached(cache).nocache().fetch_all(db));
        miss!(articles(1).auto(cache).nocache().fetch_all(db));
    }
    hit!(articles(1).cached(cache).fetch_all(db));
}

#[tokio::test]
async fn what_surrounds_an_uncached_query_depends_on_it_all_the_same() {
    let Shop { cache, db, .. } = &shop_with(&[("article", "none"), ("*", "all")]).await;
    let around = || {
        let entry = cache.entry(cache_core::Key::new("around")).depends_on(Dependencies::none);
        entry.try_get_or_fill_async(|| async { articles(1).auto(cache).fetch_all(db).await.map(|rows| rows.len()) })
    };
    assert_eq!(miss!(around()), 2);
    assert_eq!(hit!(around()), 2);
    insert(1, "Lifetimes").execute(db).await.unwrap();
    assert_eq!(miss!(around()), 3);
}

#[tokio::test]
async fn a_statement_that_writes_is_run_every_time_whatever_a_profile_says() {
    let Shop { cache, db, .. } = &shop_with(&[("*", "all")]).await;
    let more = || scalar("UPDATE article SET stars = stars + 1 WHERE id = 1 RETURNING stars").auto(cache);
    assert_eq!(more().fetch_one(db).await.unwrap(), 6);
    assert_eq!(more().fetch_one(db).await.unwrap(), 7);
}
