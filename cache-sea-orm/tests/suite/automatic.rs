//! Queries that are cached because profiles say so.

use std::time::Duration;

use cache_core::{Cache, Clock, Dependencies, Operation, Operations, Profile, Profiles};
use cache_sea_orm::prelude::*;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    TransactionTrait,
};

use crate::shop::*;

fn profiles(list: &[(&str, &str)]) -> Profiles {
    let set = |builder: cache_core::ProfilesBuilder, (table, text): &(&str, &str)| {
        builder.set(*table, text.parse::<Profile>().unwrap())
    };
    list.iter().fold(Profiles::builder(), set).build().unwrap()
}

async fn shop_with(list: &[(&str, &str)]) -> Shop {
    shop_of(Cache::builder().profiles(profiles(list)).build()).await
}

#[tokio::test]
async fn without_a_profile_every_query_asks() {
    let Shop { db, cache, .. } = shop().await;
    for _ in 0..2 {
        miss!(Article::find().auto(&cache).all(&db));
        miss!(Article::find_by_id(1).auto(&cache).one(&db));
        miss!(Article::by_key(1).one(&db));
        miss!(Article::find().auto(&cache).count(&db));
    }
}

#[tokio::test]
async fn a_profile_allows_its_operations_and_no_others() {
    let Shop { db, cache, .. } = shop_with(&[("article", "get, count")]).await;
    miss!(Article::find_by_id(1).auto(&cache).one(&db));
    hit!(Article::find_by_id(1).auto(&cache).one(&db));
    miss!(Article::find().auto(&cache).count(&db));
    hit!(Article::find().auto(&cache).count(&db));
    for _ in 0..2 {
        miss!(Article::find().auto(&cache).all(&db));
        miss!(Article::find().filter(article::Column::Title.eq("Joins")).auto(&cache).one(&db));
        miss!(Article::find().auto(&cache).exists(&db));
    }
}

#[tokio::test]
async fn sums_are_aggregates() {
    let Shop { db, cache, .. } = shop_with(&[("article", "aggregate")]).await;
    let most = || {
        let query = Article::find().select_only().column_as(article::Column::Stars.max(), "most");
        query.into_tuple::<Option<i32>>().auto(&cache)
    };
    assert_eq!(miss!(most().one(&db)), Some(Some(5)));
    assert_eq!(hit!(most().one(&db)), Some(Some(5)));
    miss!(Article::find().auto(&cache).all(&db));
    miss!(Article::find().auto(&cache).all(&db));
}

#[tokio::test]
async fn what_a_profile_caches_goes_with_the_row() {
    let Shop { db, cache, .. } = shop_with(&[("article", "all")]).await;
    let rust = || Article::find().filter(article::Column::CategoryId.eq(1)).auto(&cache);
    assert_eq!(miss!(rust().all(&db)).len(), 2);
    article::ActiveModel { id: Set(2), category_id: Set(1), ..Default::default() }.update(&db).await.unwrap();
    assert_eq!(miss!(rust().all(&db)).len(), 3);
    assert_eq!(hit!(rust().all(&db)).len(), 3);
}

#[tokio::test]
async fn a_join_needs_the_profiles_of_all_its_tables() {
    let Shop { db, cache, .. } = shop_with(&[("article", "all"), ("comment", "all"), ("category", "get")]).await;
    miss!(Article::find().find_also_related(Comment).auto(&cache).all(&db));
    hit!(Article::find().find_also_related(Comment).auto(&cache).all(&db));
    miss!(Article::find().find_also_related(Category).auto(&cache).all(&db));
    miss!(Article::find().find_also_related(Category).auto(&cache).all(&db));
}

#[tokio::test]
async fn pages_are_fetched_and_counted() {
    let Shop { db, cache, .. } = shop_with(&[("article", "fetch")]).await;
    let pages = || Article::find().order_by_asc(article::Column::Id).auto(&cache).paginate(&db, 2);
    miss!(pages().fetch_page(0));
    hit!(pages().fetch_page(0));
    miss!(pages().num_items());
    miss!(pages().num_items());
}

#[tokio::test]
async fn the_time_to_live_of_the_profile_holds_unless_the_query_names_one() {
    let clock = Clock::manual();
    let list = profiles(&[("article", "all, 60s")]);
    let Shop { db, cache, .. } = shop_of(Cache::builder().clock(clock.clone()).profiles(list).build()).await;
    let plain = || Article::find().auto(&cache);
    let longer = || Article::find().order_by_asc(article::Column::Id).auto(&cache).ttl(Duration::from_secs(90));
    miss!(plain().all(&db));
    miss!(longer().all(&db));
    clock.advance(Duration::from_secs(61));
    hit!(longer().all(&db));
    miss!(plain().all(&db));
    clock.advance(Duration::from_secs(30));
    miss!(longer().all(&db));
}

#[tokio::test]
async fn named_operations_narrow() {
    let Shop { db, cache, .. } = shop_with(&[("article", "all")]).await;
    let by_hand = || Article::find().cached(&cache).ops([Operation::Count, Operation::Get]);
    miss!(by_hand().count(&db));
    hit!(by_hand().count(&db));
    miss!(by_hand().all(&db));
    miss!(by_hand().all(&db));
    let auto = || Article::find_by_id(1).auto(&cache).ops([Operation::Fetch]);
    miss!(auto().one(&db));
    miss!(auto().one(&db));
}

#[tokio::test]
async fn nocache_asks_every_time_and_leaves_the_entry() {
    let Shop { db, cache, .. } = shop().await;
    miss!(Article::find().cached(&cache).all(&db));
    miss!(Article::find().cached(&cache).nocache().all(&db));
    miss!(Article::by_key(1).cached(&cache).nocache().one(&db));
    miss!(Article::by_key(1).cached(&cache).nocache().one(&db));
    hit!(Article::find().cached(&cache).all(&db));
}

#[tokio::test]
async fn what_surrounds_an_uncached_query_depends_on_it_all_the_same() {
    let Shop { db, cache, .. } = shop_with(&[("article", "none"), ("*", "all")]).await;
    let around = || {
        let entry = cache.entry(cache_core::Key::new("around")).depends_on(Dependencies::none);
        entry.try_get_or_fill_async(|| async { Article::find().auto(&cache).all(&db).await.map(|rows| rows.len()) })
    };
    assert_eq!(miss!(around()), 3);
    assert_eq!(hit!(around()), 3);
    Article::delete_by_id(3).exec(&db).await.unwrap();
    assert_eq!(miss!(around()), 2);
}

#[tokio::test]
async fn a_transaction_that_has_written_goes_past_the_cache() {
    let Shop { db, cache, .. } = shop_with(&[("article", "all")]).await;
    miss!(Article::find().auto(&cache).all(&db));
    let tx = db.begin().await.unwrap();
    Article::delete_by_id(3).exec(&tx).await.unwrap();
    assert_eq!(miss!(Article::find().auto(&cache).all(&tx)).len(), 2);
    tx.rollback().await.unwrap();
    assert_eq!(hit!(Article::find().auto(&cache).all(&db)).len(), 3);
}

#[tokio::test]
async fn code_says_the_same_as_words() {
    let list = Profiles::builder().set("art*", Profile::new(Operations::GET).instance(true)).build().unwrap();
    let Shop { db, cache, .. } = shop_of(Cache::builder().profiles(list).build()).await;
    miss!(Article::by_key(1).one(&db));
    hit!(Article::by_key(1).one(&db));
    miss!(Article::find().auto(&cache).all(&db));
    miss!(Article::find().auto(&cache).all(&db));
    assert_eq!(Article::find().count(&db).await.unwrap(), 3);
}
