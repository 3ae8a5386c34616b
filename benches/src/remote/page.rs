//! What is cached: a text under a category's condition.

use std::sync::Arc;

use cache_core::{Cache, Change, Codec, Dependencies, Key, Row, column};

pub type Page = Arc<str>;

const PAGE: Codec = Codec::serde::<Page>();

/// About 1 KB.
pub fn page() -> Page {
    "All titles of one category, ".repeat(36).into()
}

pub fn key(number: u64) -> Key {
    Key::new("page").with(&number)
}

fn on(category: u64) -> Dependencies {
    Dependencies::on("article", column("category_id").eq(category))
}

pub fn changed(category: u64) -> Change {
    Change::inserted("article", Row::from([("category_id", category)]))
}

pub fn read(cache: &Cache, number: u64, category: u64) -> Page {
    cache.entry(key(number)).codec(PAGE).depends_on(|| on(category)).get_or_fill(page)
}

pub async fn read_async(cache: &Cache, number: u64, category: u64) -> Page {
    cache.entry(key(number)).codec(PAGE).depends_on(|| on(category)).get_or_fill_async(async || page()).await
}
