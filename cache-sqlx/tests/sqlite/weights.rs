//! What kept rows weigh.

use cache_core::{Cache, MemoryStore, Weigh};
use cache_sqlx::QueryAs;
use sqlx::Sqlite;

use crate::shop::*;

/// A title larger than the whole cache, which nothing may take for small.
async fn shop_with_a_long_title() -> Shop {
    let shop = shop_of(Cache::builder().store(MemoryStore::with_capacity(100_000)).build()).await;
    insert(3, &"x".repeat(200_000)).execute(&shop.db).await.unwrap();
    shop
}

fn titles(category: i64) -> QueryAs<Sqlite, String> {
    cache_sqlx::query_scalar("SELECT title FROM article WHERE category_id = ?").bind(category)
}

#[tokio::test]
async fn rows_that_are_heavier_than_the_cache_are_not_kept() {
    let Shop { cache, db, .. } = &shop_with_a_long_title().await;
    let weighed = |category| titles(category).cached(cache).weigh(Weigh::weigh);
    miss!(weighed(1).fetch_all(db));
    hit!(weighed(1).fetch_all(db));
    miss!(weighed(1).fetch_one(db));
    hit!(weighed(1).fetch_one(db));
    for _ in 0..2 {
        miss!(weighed(3).fetch_all(db));
        miss!(weighed(3).fetch_one(db));
        miss!(weighed(3).fetch_all_shared(db));
    }
}

#[tokio::test]
async fn a_row_weighs_what_the_function_says_and_else_its_type() {
    let Shop { cache, db, .. } = &shop_with_a_long_title().await;
    let weighed = |each: u64| articles(1).cached(cache).extra(each).weigh(move |_| each);
    miss!(weighed(10).fetch_all(db));
    hit!(weighed(10).fetch_all(db));
    miss!(weighed(1 << 20).fetch_all(db));
    miss!(weighed(1 << 20).fetch_all(db));
    miss!(articles(3).cached(cache).fetch_all(db));
    hit!(articles(3).cached(cache).fetch_all(db));
}
