//! Cached queries of every kind.

use std::sync::Arc;
use std::time::Duration;

use cache_core::Cache;
use cache_diesel::prelude::*;
use diesel::dsl::{exists, max};
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::Integer;

use crate::shop::*;

#[test]
fn all_rows_are_cached_until_one_of_them_changes() {
    let (cache, mut db) = shop();
    let rust = || article::table.filter(article::category_id.eq(1)).select(Article::as_select()).cached(&cache);
    assert_eq!(miss!(cache, rust().load(&mut db)).len(), 2);
    assert_eq!(hit!(cache, rust().load(&mut db)).len(), 2);
    assert_eq!(hit!(cache, rust().get_results(&mut db)).len(), 2);
    let one: Arc<Vec<Article>> = hit!(cache, rust().load_shared(&mut db));
    let other = hit!(cache, rust().load_shared(&mut db));
    assert!(Arc::ptr_eq(&one, &other));

    diesel::insert_into(article::table).values(new(4, 2, "Indexes")).execute(&mut db).expect("a write");
    hit!(cache, rust().load(&mut db));
    diesel::insert_into(article::table).values(new(5, 1, "Macros")).execute(&mut db).expect("a write");
    assert_eq!(miss!(cache, rust().load(&mut db)).len(), 3);
}

#[test]
fn a_table_is_a_query() {
    let (cache, mut db) = shop();
    assert_eq!(miss!(cache, article::table.cached(&cache).load::<Article>(&mut db)).len(), 3);
    assert_eq!(hit!(cache, article::table.cached(&cache).load::<Article>(&mut db)).len(), 3);
    diesel::update(article::table.find(3)).set(article::stars.eq(1)).execute(&mut db).expect("a write");
    miss!(cache, article::table.cached(&cache).load::<Article>(&mut db));
}

#[test]
fn a_row_that_is_missing_is_cached_as_missing() {
    let (cache, mut db) = shop();
    let ninth = || article::table.find(9).cached(&cache);
    assert_eq!(miss!(cache, ninth().first::<Article>(&mut db).optional()), None);
    assert_eq!(hit!(cache, ninth().first::<Article>(&mut db).optional()), None);
    assert_eq!(ninth().first::<Article>(&mut db), Err(Error::NotFound));
    diesel::insert_into(article::table).values(new(8, 1, "Eight")).execute(&mut db).expect("a write");
    assert_eq!(hit!(cache, ninth().first::<Article>(&mut db).optional()), None);
    diesel::insert_into(article::table).values(new(9, 1, "Nine")).execute(&mut db).expect("a write");
    assert_eq!(miss!(cache, ninth().first::<Article>(&mut db)).title, "Nine");
    diesel::delete(article::table.find(9)).execute(&mut db).expect("a write");
    assert_eq!(ninth().first::<Article>(&mut db), Err(Error::NotFound));
}

#[test]
fn counts_and_aggregates() {
    let (cache, mut db) = shop();
    let rust = article::table.filter(article::category_id.eq(1));
    assert_eq!(miss!(cache, rust.cached(&cache).count(&mut db)), 2);
    assert_eq!(hit!(cache, rust.cached(&cache).count(&mut db)), 2);
    assert_eq!(hit!(cache, rust.count().cached(&cache).get_result::<i64>(&mut db)), 2);
    let most = || article::table.select(max(article::stars)).cached(&cache);
    assert_eq!(miss!(cache, most().get_result::<Option<i32>>(&mut db)), Some(5));
    let any = || diesel::select(exists(article::table.filter(article::category_id.eq(7)))).cached(&cache);
    assert!(!miss!(cache, any().get_result::<bool>(&mut db)));
    assert!(!hit!(cache, any().get_result::<bool>(&mut db)));
    diesel::insert_into(article::table).values(new(7, 7, "Seven")).execute(&mut db).expect("a write");
    assert!(miss!(cache, any().get_result::<bool>(&mut db)));
    assert_eq!(hit!(cache, rust.cached(&cache).count(&mut db)), 2);
    miss!(cache, most().get_result::<Option<i32>>(&mut db));
}

#[test]
fn boxed_queries_and_lists_and_subqueries() {
    let (cache, mut db) = shop();
    let boxed = |title: Option<&'static str>| {
        let query = article::table.select(article::id).into_boxed();
        match title {
            Some(title) => query.filter(article::title.eq(title)),
            None => query,
        }
    };
    assert_eq!(miss!(cache, boxed(Some("Joins")).cached(&cache).load::<i32>(&mut db)), [3]);
    assert_eq!(hit!(cache, boxed(Some("Joins")).cached(&cache).load::<i32>(&mut db)), [3]);
    assert_eq!(miss!(cache, boxed(None).cached(&cache).load::<i32>(&mut db)).len(), 3);

    let listed = || article::table.filter(article::id.eq_any([1, 3])).select(article::title).cached(&cache);
    assert_eq!(miss!(cache, listed().load::<String>(&mut db)), ["Ownership", "Joins"]);
    diesel::delete(article::table.find(2)).execute(&mut db).expect("a write");
    assert_eq!(hit!(cache, listed().load::<String>(&mut db)), ["Ownership", "Joins"]);
    diesel::delete(article::table.find(3)).execute(&mut db).expect("a write");
    assert_eq!(miss!(cache, listed().load::<String>(&mut db)), ["Ownership"]);

    let commented = || {
        let ids = comment::table.filter(comment::text.eq("good")).select(comment::article_id);
        article::table.filter(article::id.eq_any(ids)).select(article::id).cached(&cache)
    };
    assert_eq!(miss!(cache, commented().load::<i32>(&mut db)), [1]);
    let good = (comment::id.eq(9), comment::article_id.eq(1), comment::text.eq("bad"));
    diesel::insert_into(comment::table).values(good).execute(&mut db).expect("a write");
    assert_eq!(hit!(cache, commented().load::<i32>(&mut db)), [1]);
    diesel::delete(comment::table.find(1)).execute(&mut db).expect("a write");
    assert!(miss!(cache, commented().load::<i32>(&mut db)).is_empty());
}

#[test]
fn text_of_sql_is_cached_with_its_binds() {
    let (cache, mut db) = shop();
    let by = |category: i32| {
        diesel::sql_query("SELECT * FROM article WHERE category_id = ?").bind::<Integer, _>(category).cached(&cache)
    };
    assert_eq!(miss!(cache, by(1).load::<Article>(&mut db)).len(), 2);
    assert_eq!(miss!(cache, by(2).load::<Article>(&mut db)).len(), 1);
    diesel::update(article::table.filter(article::category_id.eq(2)))
        .set(article::title.eq("Views"))
        .execute(&mut db)
        .expect("a write");
    assert_eq!(hit!(cache, by(1).load::<Article>(&mut db)).len(), 2);
    assert_eq!(miss!(cache, by(2).load::<Article>(&mut db))[0].title, "Views");
}

#[test]
fn options_are_part_of_the_key_or_of_the_entry() {
    let (cache, mut db) = shop();
    let ids = || article::table.select(article::id).order(article::id).cached(&cache);
    miss!(cache, ids().extra("en").load::<i32>(&mut db));
    miss!(cache, ids().extra("de").load::<i32>(&mut db));
    hit!(cache, ids().extra("en").name("ids").load::<i32>(&mut db));
    miss!(cache, ids().tags(["front page"]).load::<i32>(&mut db));
    hit!(cache, ids().load::<i32>(&mut db));
    cache.invalidate_tag("front page").expect("an invalidation");
    miss!(cache, ids().load::<i32>(&mut db));
    miss!(cache, ids().extra(1).ttl(Duration::ZERO).load::<i32>(&mut db));
    miss!(cache, ids().extra(1).ttl(Duration::ZERO).load::<i32>(&mut db));
    let wide: Vec<i64> = miss!(cache, article::table.select(article::id + 0).cached(&cache).load::<i32>(&mut db))
        .into_iter()
        .map(i64::from)
        .collect();
    assert_eq!(wide, [1, 2, 3]);
}

#[test]
fn one_text_with_results_of_two_types_is_two_results() {
    let (cache, mut db) = shop();
    let ids = || article::table.select((article::id, article::stars)).cached(&cache);
    miss!(cache, ids().load::<(i32, Option<i32>)>(&mut db));
    #[derive(Clone, Queryable)]
    #[allow(dead_code)]
    struct Stars {
        id: i32,
        stars: Option<i32>,
    }
    miss!(cache, ids().load::<Stars>(&mut db));
    miss!(cache, ids().get_result::<Stars>(&mut db));
    hit!(cache, ids().load::<Stars>(&mut db));
}

#[test]
fn errors_are_not_cached() {
    let (cache, mut db) = shop();
    let missing = || diesel::sql_query("SELECT * FROM missing").cached(&cache);
    assert!(missing().load::<Article>(&mut db).is_err());
    diesel::sql_query("CREATE TABLE missing AS SELECT * FROM article").execute(&mut db).expect("a write");
    assert_eq!(miss!(cache, missing().load::<Article>(&mut db)).len(), 3);
}

#[test]
fn a_write_that_returns_rows_runs_every_time() {
    let (cache, mut db) = shop();
    let insert = || {
        diesel::insert_into(article::table)
            .values((article::category_id.eq(1), article::title.eq("Again")))
            .returning(article::id)
            .cached(&cache)
    };
    assert_eq!(miss!(cache, insert().get_result::<i32>(&mut db)), 4);
    assert_eq!(miss!(cache, insert().get_result::<i32>(&mut db)), 5);
}

#[test]
fn chance_and_time_are_asked_every_time() {
    let (cache, mut db) = shop();
    let random = || article::table.select(diesel::dsl::sql::<diesel::sql_types::BigInt>("random()")).cached(&cache);
    let one = miss!(cache, random().first::<i64>(&mut db));
    let other = miss!(cache, random().first::<i64>(&mut db));
    assert_ne!(one, other);
}

#[test]
fn another_cache_than_the_connections_is_not_used() {
    let (_, mut db) = shop();
    let other = Cache::in_memory();
    for _ in 0..2 {
        miss!(other, article::table.cached(&other).load::<Article>(&mut db));
    }
}
