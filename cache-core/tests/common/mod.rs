//! What tests of shared stores read and write.

use cache_core::{Cache, Codec, Dependencies, Key, Row, column};

/// Reads what `made` makes of a category, through a cache.
pub fn read(cache: &Cache, category: i32, made: impl FnOnce() -> u64) -> u64 {
    cache
        .entry(Key::new("titles").with(&category))
        .codec(Codec::serde::<u64>())
        .depends_on(move || Dependencies::on("article", column("category_id").eq(category)))
        .get_or_fill(made)
}

/// A row of a category.
pub fn row(category: i32) -> Row {
    Row::from([("category_id", category)])
}
