//! Hits, misses, and what makes two queries two.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{Error, Sqlite};

use crate::shop::*;

#[tokio::test]
async fn a_hit_after_a_miss_for_each_way_to_fetch() {
    let shop = shop().await;
    let all = || articles(1).cached(&shop.cache);
    assert_eq!(miss!(all().fetch_all(&shop.db)).len(), 2);
    assert_eq!(hit!(all().fetch_all(&shop.db)).len(), 2);
    let first = hit!(all().fetch_all_shared(&shop.db));
    assert!(Arc::ptr_eq(&first, &hit!(all().fetch_all_shared(&shop.db))));
    assert_eq!(miss!(all().fetch_one(&shop.db)).title, "Ownership");
    assert_eq!(hit!(all().fetch_optional(&shop.db)).unwrap().id, 1);
    assert_eq!(miss!(count(1).cached(&shop.cache).fetch_one(&shop.db)), 2);
    assert_eq!(hit!(count(1).cached(&shop.cache).fetch_one(&shop.db)), 2);
}

#[tokio::test]
async fn that_nothing_was_found_is_kept_until_it_appears() {
    let shop = shop().await;
    let missing = || articles(3).cached(&shop.cache);
    assert_eq!(miss!(missing().fetch_optional(&shop.db)), None);
    assert_eq!(hit!(missing().fetch_optional(&shop.db)), None);
    assert!(matches!(missing().fetch_one(&shop.db).await, Err(Error::RowNotFound)));
    insert(3, "New").execute(&shop.db).await.unwrap();
    assert_eq!(miss!(missing().fetch_one(&shop.db)).title, "New");
}

#[tokio::test]
async fn queries_that_differ_do_not_share_a_result() {
    let shop = shop().await;
    miss!(articles(1).cached(&shop.cache).fetch_all(&shop.db));
    miss!(articles(2).cached(&shop.cache).fetch_all(&shop.db));
    miss!(articles(1).cached(&shop.cache).extra("de").fetch_all(&shop.db));
    miss!(articles(1).cached(&shop.cache).extra("en").fetch_all(&shop.db));
    type Pair = (i64, i64);
    let text = "SELECT ?, ?";
    let pair = |a: i64, b: i64| cache_sqlx::query_as::<Sqlite, Pair>(text).bind(a).bind(b).cached(&shop.cache);
    assert_eq!(miss!(pair(1, 2).fetch_one(&shop.db)), (1, 2));
    assert_eq!(miss!(pair(2, 1).fetch_one(&shop.db)), (2, 1));
    assert_eq!(hit!(pair(1, 2).fetch_one(&shop.db)), (1, 2));
}

#[tokio::test]
async fn binds_that_differ_in_type_or_sign_do_not_share_a_result() {
    let shop = shop().await;
    let kind = || cache_sqlx::query_scalar::<Sqlite, String>("SELECT typeof(?1) || quote(?1)");
    let asks = |query: cache_sqlx::QueryAs<Sqlite, String>| query.cached(&shop.cache);
    assert_eq!(miss!(asks(kind().bind(1)).fetch_one(&shop.db)), "integer1");
    assert_eq!(hit!(asks(kind().bind(1_i64)).fetch_one(&shop.db)), "integer1");
    assert_eq!(hit!(asks(kind().bind(true)).fetch_one(&shop.db)), "integer1");
    assert_eq!(miss!(asks(kind().bind(1.0)).fetch_one(&shop.db)), "real1.0");
    assert_eq!(miss!(asks(kind().bind("1")).fetch_one(&shop.db)), "text'1'");
    assert_eq!(miss!(asks(kind().bind(b"1".as_slice())).fetch_one(&shop.db)), "blobX'31'");
    assert_eq!(miss!(asks(kind().bind(None::<i64>)).fetch_one(&shop.db)), "nullNULL");
    assert_eq!(miss!(asks(kind().bind(0.0)).fetch_one(&shop.db)), "real0.0");
    miss!(asks(kind().bind(-0.0)).fetch_one(&shop.db));
    assert_eq!(miss!(asks(kind().bind_opaque("1")).fetch_one(&shop.db)), "text'1'");
    assert_eq!(hit!(asks(kind().bind_opaque("1")).fetch_one(&shop.db)), "text'1'");
    assert_eq!(miss!(asks(kind().bind_opaque("2")).fetch_one(&shop.db)), "text'2'");
}

#[tokio::test]
async fn a_row_and_a_scalar_of_one_type_are_two_results() {
    #[derive(Clone, Debug, PartialEq, sqlx::Type)]
    #[sqlx(transparent)]
    struct Number(i64);
    impl<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> for Number {
        fn from_row(row: &'r sqlx::sqlite::SqliteRow) -> sqlx::Result<Self> {
            sqlx::Row::try_get(row, 1).map(Number)
        }
    }
    let shop = shop().await;
    let text = "SELECT id, category_id FROM article WHERE id = 2";
    let row = cache_sqlx::query_as::<Sqlite, Number>(text).cached(&shop.cache);
    let scalar = cache_sqlx::query_scalar::<Sqlite, Number>("SELECT id + 10, category_id FROM article WHERE id = 2");
    assert_eq!(miss!(row.fetch_one(&shop.db)), Number(2));
    assert_eq!(miss!(scalar.cached(&shop.cache).fetch_one(&shop.db)), Number(12));
    let scalar = cache_sqlx::query_scalar::<Sqlite, Number>(text).cached(&shop.cache);
    miss!(scalar.fetch_one(&shop.db));
}

#[tokio::test]
async fn tags_and_time_limits() {
    let shop = shop().await;
    let tagged = || articles(1).cached(&shop.cache).tags(["front page"]).name("front");
    miss!(tagged().fetch_all(&shop.db));
    hit!(tagged().fetch_all(&shop.db));
    shop.cache.invalidate_tag("front page").unwrap();
    miss!(tagged().fetch_all(&shop.db));
    let brief = || articles(2).cached(&shop.cache).ttl(Duration::ZERO);
    miss!(brief().fetch_all(&shop.db));
    miss!(brief().fetch_all(&shop.db));
}

#[tokio::test]
async fn chance_and_what_writes_is_run_every_time() {
    let shop = shop().await;
    let random = || cache_sqlx::query_scalar::<Sqlite, i64>("SELECT random()").cached(&shop.cache);
    miss!(random().fetch_one(&shop.db));
    miss!(random().fetch_one(&shop.db));
    miss!(articles(1).cached(&shop.cache).fetch_all(&shop.db));
    let text = "UPDATE article SET stars = coalesce(stars, 0) + 1 WHERE id = ? RETURNING stars";
    let update = || cache_sqlx::query_scalar::<Sqlite, i64>(text).bind(1).cached(&shop.cache);
    assert_eq!(miss!(update().fetch_one(&shop.db)), 6);
    assert_eq!(miss!(update().fetch_one(&shop.db)), 7);
    assert_eq!(miss!(articles(1).cached(&shop.cache).fetch_all(&shop.db))[0].stars, Some(7));
}

#[tokio::test]
async fn errors_are_not_kept() {
    let shop = shop().await;
    let query = || cache_sqlx::query_scalar::<Sqlite, i64>("SELECT n FROM later").cached(&shop.cache);
    assert!(query().fetch_one(&shop.db).await.is_err());
    shop.sql("CREATE TABLE later (n INTEGER); INSERT INTO later VALUES (1)").await;
    assert_eq!(query().fetch_one(&shop.db).await.unwrap(), 1);
    let text = cache_sqlx::query_scalar::<Sqlite, String>("SELECT stars FROM article WHERE id = 1");
    assert!(matches!(text.cached(&shop.cache).fetch_one(&shop.db).await, Err(Error::ColumnDecode { .. })));
}

#[tokio::test]
async fn another_cache_than_the_connection_s_is_passed_by() {
    let shop = shop().await;
    let other = cache_core::Cache::in_memory();
    miss!(articles(1).cached(&other).fetch_all(&shop.db));
    miss!(articles(1).cached(&other).fetch_all(&shop.db));
}

#[tokio::test]
async fn placeholders_of_two_kinds_are_not_taken_for_others() {
    let shop = shop().await;
    // The driver binds the second value to the bare mark; SQLite would count it as the third.
    let text = "SELECT count(*) FROM article WHERE stars IS NOT ?2 AND category_id = ?";
    let query = || cache_sqlx::query_scalar::<Sqlite, i64>(text).bind(7).bind(2).bind(9).cached(&shop.cache);
    assert_eq!(miss!(query().fetch_one(&shop.db)), 1);
    insert(2, "Keys").execute(&shop.db).await.unwrap();
    assert_eq!(miss!(query().fetch_one(&shop.db)), 2);
}
