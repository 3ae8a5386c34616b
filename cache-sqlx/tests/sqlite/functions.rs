//! `#[cached_as]` on functions that read through SQLx.

use cache_core::{Cache, cached_as};
use cache_sqlx::prelude::*;
use sqlx::Sqlite;

use crate::shop::*;

#[cached_as(articles(category), cache = cache, ignore(cache))]
async fn titles(db: &CachedPool<Sqlite>, cache: &Cache, category: i64) -> sqlx::Result<Vec<String>> {
    let _ = cache;
    Ok(articles(category).fetch_all(db).await?.into_iter().map(|article| article.title).collect())
}

#[tokio::test]
async fn a_function_depends_on_its_query() {
    let shop = shop().await;
    assert_eq!(miss!(titles(&shop.db, &shop.cache, 1)), ["Ownership", "Traits"]);
    hit!(titles(&shop.db, &shop.cache, 1));
    insert(2, "Keys").execute(&shop.db).await.unwrap();
    hit!(titles(&shop.db, &shop.cache, 1));
    insert(1, "Lifetimes").execute(&shop.db).await.unwrap();
    assert_eq!(miss!(titles(&shop.db, &shop.cache, 1)).len(), 3);
}

#[test]
fn queries_are_querysets() {
    assert_eq!(articles(7).dependencies().to_string(), "article: category_id = 7");
    assert_eq!(count(7).dependencies().to_string(), "article: category_id = 7");
    assert!(insert(1, "x").dependencies().to_string() != "article: category_id = 1");
}
