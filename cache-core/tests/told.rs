//! What work says of itself while it is part of a fill.
#![cfg(not(feature = "shuttle"))]

use std::time::Duration;

use cache_core::{Cache, Change, Clock, Dependencies, Key, context};

fn article() -> Dependencies {
    Dependencies::table("article")
}

async fn page(cache: &Cache, work: impl AsyncFnOnce() -> u32) -> u32 {
    cache.entry(Key::new("page")).get_or_fill_async(|| work()).await
}

#[tokio::test]
async fn a_fill_knows_what_it_was_told_and_what_nested_results_were() {
    let cache = Cache::in_memory();
    let inner = || cache.entry(Key::new("inner")).depends_on(article).get_or_fill(|| ());
    page(&cache, async || {
        assert!(context::told().unwrap().dependencies.is_empty());
        inner();
        context::add_dependencies_async(&cache, &Dependencies::tag("front")).await;
        let told = context::told().unwrap();
        assert_eq!(told.dependencies, article() | Dependencies::tag("front"));
        0
    })
    .await;
    assert!(context::told().is_none());
}

#[tokio::test]
async fn what_is_said_after_reading_is_compared_with_changes_since() {
    let cache = Cache::in_memory();
    for (changes_between, kept) in [(true, false), (false, true)] {
        let made = page(&cache, async || {
            let point = cache.read_point();
            if changes_between {
                cache.invalidate(Change::table("article")).unwrap();
            }
            context::add_dependencies_as_of_async(&cache, &article(), point).await;
            1
        });
        made.await;
        assert_eq!(page(&cache, async || 2).await == 1, kept);
        cache.invalidate(Change::table("article")).unwrap();
        cache.delete(&Key::new("page"));
    }
    page(&cache, async || {
        let point = cache.read_point();
        context::add_dependencies_as_of_async(&cache, &article(), point).await;
        1
    })
    .await;
    cache.invalidate(Change::table("article")).unwrap();
    assert_eq!(page(&cache, async || 2).await, 2);
}

#[tokio::test]
async fn work_bounds_the_life_of_its_result() {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).ttl(Duration::from_secs(60)).build();
    let seconds = Duration::from_secs;
    page(&cache, async || {
        context::expire_within(&cache, seconds(30));
        context::expire_within(&cache, seconds(90));
        1
    })
    .await;
    clock.advance(seconds(29));
    assert_eq!(page(&cache, async || 2).await, 1);
    clock.advance(seconds(2));
    assert_eq!(page(&cache, async || 2).await, 2);
    context::expire_within(&cache, seconds(0));
}
