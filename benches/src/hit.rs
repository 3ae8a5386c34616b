//! A hit of `#[cached_as]` against bare look-ups and against other macros on the same work.

use std::hint::black_box;
use std::sync::Arc;

use cache_core::{Dependencies, cached_as, dependencies};
use cached::cached;

use crate::harness::ready;
use crate::report::Report;

type Page = Arc<Vec<u64>>;

fn work(category: i32, count: u64) -> Page {
    Arc::new((0..count).map(|number| number + category as u64).collect())
}

#[cached_as(dependencies! { article: category_id = category }, extra = count)]
fn ours_sync(category: i32, count: u64) -> Page {
    work(category, count)
}

#[cached_as(dependencies! { article: category_id = category }, extra = count)]
async fn ours_async(category: i32, count: u64) -> Page {
    work(category, count)
}

#[cached_as(three(category), extra = count)]
fn ours_three(category: i32, count: u64) -> Page {
    work(category, count)
}

fn three(category: i32) -> Dependencies {
    dependencies! { article: category_id = category; author: id = category; comment: article_id = category }
}

#[cached(max_size = 1000)]
fn theirs_sync(category: i32, count: u64) -> Page {
    work(category, count)
}

#[cached(max_size = 1000)]
async fn theirs_async(category: i32, count: u64) -> Page {
    work(category, count)
}

pub fn run(report: &mut Report) {
    let bare = quick_cache::sync::Cache::<(i32, u64), Page>::new(1000);
    bare.insert((3, 5), work(3, 5));
    let moka = moka::sync::Cache::<(i32, u64), Page>::new(1000);
    moka.insert((3, 5), work(3, 5));
    let _ = (ours_sync(3, 5), ready(ours_async(3, 5)), ours_three(3, 5), theirs_sync(3, 5));

    let bare_get = || drop(black_box(bare.get(black_box(&(3, 5)))));
    let sync = || drop(black_box(ours_sync(black_box(3), black_box(5))));
    let asynchronous = || drop(black_box(ready(ours_async(black_box(3), black_box(5)))));
    let three = || drop(black_box(ours_three(black_box(3), black_box(5))));
    report.compare("hit_sync", "quick_cache get", Some(3.0), sync, bare_get);
    report.compare("hit_async", "quick_cache get", Some(3.0), asynchronous, bare_get);
    report.compare("hit_three_dependencies", "quick_cache get", Some(3.0), three, bare_get);
    report.compare("hit_sync_against_moka", "moka get", None, sync, || drop(black_box(moka.get(black_box(&(3, 5))))));
    report.compare("hit_sync_against_cached", "#[cached]", None, sync, || {
        drop(black_box(theirs_sync(black_box(3), black_box(5))));
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    if report.wants("hit_async_against_cached") {
        runtime.block_on(async {
            drop(theirs_async(3, 5).await);
        });
    }
    report.compare("hit_async_against_cached", "#[cached] async", Some(1.0), asynchronous, || {
        drop(black_box(ready(theirs_async(black_box(3), black_box(5)))));
    });
}
