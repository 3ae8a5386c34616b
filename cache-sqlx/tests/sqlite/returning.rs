//! Rows that writes return make their changes exact.

use sqlx::{Executor, Sqlite};

use crate::shop::*;

#[tokio::test]
async fn an_update_by_key_drops_only_the_categories_of_its_rows() {
    let shop = shop().await;
    for category in 1..=2 {
        miss!(articles(category).cached(&shop.cache).fetch_all(&shop.db));
    }
    let text = "UPDATE article SET stars = ? WHERE id = ? RETURNING *";
    cache_sqlx::query_as::<Sqlite, Article>(text).bind(4).bind(2).fetch_one(&shop.db).await.unwrap();
    hit!(articles(1).cached(&shop.cache).fetch_all(&shop.db));
    assert_eq!(miss!(articles(2).cached(&shop.cache).fetch_all(&shop.db))[0].stars, Some(4));
    let mut tx = shop.db.begin().await.unwrap();
    cache_sqlx::query(text).bind(1).bind(2).execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    hit!(articles(1).cached(&shop.cache).fetch_all(&shop.db));
    miss!(articles(2).cached(&shop.cache).fetch_all(&shop.db));
    shop.db.execute("DELETE FROM article WHERE id = 2 RETURNING *").await.unwrap();
    hit!(articles(1).cached(&shop.cache).fetch_all(&shop.db));
    assert_eq!(miss!(articles(2).cached(&shop.cache).fetch_all(&shop.db)).len(), 0);
}
