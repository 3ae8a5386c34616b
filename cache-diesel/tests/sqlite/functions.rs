//! Cached functions with Diesel's queries as querysets.

use cache_core::{Cache, Dependencies, cached_as, column};
use cache_diesel::prelude::*;
use cache_diesel::sqlite::prelude::*;
use diesel::prelude::*;

use crate::shop::*;

#[allow(unused_variables)]
#[cached_as(article::table.filter(article::category_id.eq(category)), extra = count, cache = cache, ignore(cache))]
fn top_titles(
    cache: &Cache,
    conn: &mut CachedConnection<SqliteConnection>,
    category: i32,
    count: i64,
) -> QueryResult<Vec<String>> {
    article::table
        .filter(article::category_id.eq(category))
        .order(article::id)
        .limit(count)
        .select(article::title)
        .load(conn)
}

#[test]
fn a_function_with_a_filtered_query_is_dropped_by_matching_writes_only() {
    let (cache, mut db) = shop();
    assert_eq!(miss!(cache, top_titles(&cache, &mut db, 1, 5)), ["Ownership", "Traits"]);
    assert_eq!(hit!(cache, top_titles(&cache, &mut db, 1, 5)), ["Ownership", "Traits"]);
    assert_eq!(miss!(cache, top_titles(&cache, &mut db, 1, 1)), ["Ownership"]);
    diesel::insert_into(article::table).values(new(8, 2, "Eight")).execute(&mut db).expect("a write");
    hit!(cache, top_titles(&cache, &mut db, 1, 5));
    diesel::insert_into(article::table).values(new(9, 1, "Nine")).execute(&mut db).expect("a write");
    assert_eq!(miss!(cache, top_titles(&cache, &mut db, 1, 5)).len(), 3);
}

#[test]
fn a_function_in_a_transaction_that_has_written_is_run() {
    let (cache, mut db) = shop();
    miss!(cache, top_titles(&cache, &mut db, 1, 5));
    db.transaction(|db| {
        diesel::insert_into(article::table).values(new(9, 1, "Nine")).execute(db)?;
        assert_eq!(miss!(cache, top_titles(&cache, db, 1, 5)).len(), 3);
        Err::<(), _>(diesel::result::Error::RollbackTransaction)
    })
    .expect_err("a rollback");
    assert_eq!(hit!(cache, top_titles(&cache, &mut db, 1, 5)).len(), 2);
}

#[test]
fn querysets_of_every_kind_tell_what_they_depend_on() {
    let on = |category: i32| Dependencies::on("article", column("category_id").eq(category));
    assert_eq!(article::table.dependencies(), Dependencies::table("article"));
    let query = article::table.filter(article::category_id.eq(3));
    assert_eq!(query.dependencies(), on(3));
    assert_eq!((&query).dependencies(), on(3));
    assert_eq!(query.into_boxed::<diesel::sqlite::Sqlite>().dependencies(), on(3));
    let text =
        diesel::sql_query("SELECT * FROM article WHERE category_id = ?").bind::<diesel::sql_types::Integer, _>(3);
    assert_eq!(text.dependencies(), on(3));
    assert_eq!(article::table.find(3).dependencies(), Dependencies::row("article", [("id", 3)]));
}
