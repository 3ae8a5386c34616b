//! Each kind of write drops what it concerns, and only that.

use futures::TryStreamExt;
use sqlx::{Executor, Sqlite};

use crate::shop::*;

/// Fills the results of three categories, writes, and tells which categories were dropped.
macro_rules! dropped {
    ($shop:expr, $write:expr) => {{
        for category in 1..=3 {
            articles(category).cached(&$shop.cache).fetch_all(&$shop.db).await.unwrap();
            hit!(articles(category).cached(&$shop.cache).fetch_all(&$shop.db));
        }
        $write.await.unwrap();
        let mut dropped = Vec::new();
        for category in 1..=3_i64 {
            let (rows, cost) =
                cache_core::observe::measure_async(articles(category).cached(&$shop.cache).fetch_all(&$shop.db)).await;
            assert_eq!(rows.unwrap(), articles(category).fetch_all(&$shop.db).await.unwrap());
            if cost.statements > 0 {
                dropped.push(category);
            }
        }
        dropped
    }};
}

#[tokio::test]
async fn only_what_the_row_was_in_or_is_in_is_dropped() {
    let shop = shop().await;
    let query = cache_sqlx::query::<Sqlite>;
    assert_eq!(dropped!(shop, insert(2, "Keys").execute(&shop.db)), [2]);
    let text = "UPDATE article SET category_id = ? WHERE category_id = ? AND id = ?";
    assert_eq!(dropped!(shop, query(text).bind(3).bind(1).bind(1).execute(&shop.db)), [1, 3]);
    assert_eq!(dropped!(shop, query("DELETE FROM article WHERE category_id = $1").bind(2).execute(&shop.db)), [2]);
    let text = "UPDATE category SET name = ? WHERE id = ?";
    assert_eq!(dropped!(shop, query(text).bind("News").bind(1).execute(&shop.db)), [0_i64; 0]);
}

#[tokio::test]
async fn what_foreign_keys_delete_is_dropped() {
    let shop = shop().await;
    let delete = cache_sqlx::query("DELETE FROM category WHERE id = ?").bind(1);
    assert!(dropped!(shop, delete.execute(&shop.db)).contains(&1));
    assert_eq!(miss!(count(1).cached(&shop.cache).fetch_one(&shop.db)), 0);
}

#[tokio::test]
async fn unknown_binds_drop_more_and_never_less() {
    let shop = shop().await;
    let text = "UPDATE article SET title = ? WHERE category_id = ?";
    let opaque = cache_sqlx::query(text).bind_opaque("News").bind_opaque(3);
    assert_eq!(dropped!(shop, opaque.execute(&shop.db)), [1, 2, 3]);
    let with = cache_sqlx::query_with::<Sqlite>(text, {
        let mut arguments = sqlx::sqlite::SqliteArguments::default();
        sqlx::Arguments::add(&mut arguments, "News").unwrap();
        sqlx::Arguments::add(&mut arguments, 3).unwrap();
        arguments
    });
    assert_eq!(dropped!(shop, with.execute(&shop.db)), [1, 2, 3]);
}

#[tokio::test]
async fn each_way_to_run_a_write_is_seen() {
    let shop = shop().await;
    let text = "UPDATE article SET stars = stars WHERE category_id = ? RETURNING *";
    let write = || cache_sqlx::query::<Sqlite>(text).bind(1);
    assert_eq!(dropped!(shop, write().execute(&shop.db)), [1]);
    assert_eq!(dropped!(shop, write().fetch_all(&shop.db)), [1]);
    assert_eq!(dropped!(shop, write().fetch_one(&shop.db)), [1]);
    assert_eq!(dropped!(shop, write().fetch_optional(&shop.db)), [1]);
    let typed = || cache_sqlx::query_as::<Sqlite, Article>(text).bind(1);
    assert_eq!(dropped!(shop, typed().fetch_all(&shop.db)), [1]);
    let text = "UPDATE article SET stars = stars WHERE category_id = 1 RETURNING *";
    assert_eq!(dropped!(shop, shop.db.execute(text)), [1]);
    assert_eq!(dropped!(shop, shop.db.fetch_optional(text)), [1]);
    assert_eq!(dropped!(shop, shop.db.fetch(text).try_collect::<Vec<_>>()), [1]);
}

#[tokio::test]
async fn the_first_row_of_a_write_does_not_cut_it_short() {
    let shop = shop().await;
    let text = "UPDATE article SET stars = 1 WHERE category_id = 1 RETURNING id";
    shop.db.fetch_optional(text).await.unwrap();
    assert_eq!(articles(1).fetch_all(&shop.db).await.unwrap().iter().filter(|row| row.stars == Some(1)).count(), 2);
}

#[tokio::test]
async fn a_write_that_fails_leaves_the_truth() {
    let shop = shop().await;
    for category in 1..=2 {
        miss!(articles(category).cached(&shop.cache).fetch_all(&shop.db));
    }
    assert!(insert(1, "Joins").execute(&shop.db).await.is_err());
    assert_eq!(articles(1).cached(&shop.cache).fetch_all(&shop.db).await.unwrap().len(), 2);
    hit!(articles(2).cached(&shop.cache).fetch_all(&shop.db));
    let half = "INSERT INTO article (category_id, title) VALUES (2, 'Half'); INSERT INTO nowhere VALUES (1)";
    assert!(shop.db.execute(half).await.is_err());
    assert_eq!(articles(2).cached(&shop.cache).fetch_all(&shop.db).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_bind_that_cannot_be_encoded_is_an_error() {
    struct Broken;
    impl sqlx::Type<Sqlite> for Broken {
        fn type_info() -> sqlx::sqlite::SqliteTypeInfo {
            <i64 as sqlx::Type<Sqlite>>::type_info()
        }
    }
    impl sqlx::Encode<'_, Sqlite> for Broken {
        fn encode_by_ref(
            &self,
            _: &mut <Sqlite as sqlx::Database>::ArgumentBuffer,
        ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
            Err("broken".into())
        }
    }
    let shop = shop().await;
    let query = cache_sqlx::query("DELETE FROM article WHERE id = ?").bind_opaque(Broken);
    let error = query.execute(&shop.db).await.unwrap_err();
    assert!(error.to_string().contains("placeholder 1"), "{error}");
    let query = cache_sqlx::query_scalar::<Sqlite, i64>("SELECT ?").bind_opaque(Broken).cached(&shop.cache);
    assert!(matches!(query.fetch_one(&shop.db).await, Err(sqlx::Error::Encode(_))));
}
