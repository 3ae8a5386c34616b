//! Queries over several tables.

use cache_diesel::prelude::*;
use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::shop::*;

#[test]
fn an_inner_join_depends_on_both_tables() {
    let (cache, mut db) = shop();
    let of = |name: &'static str| {
        article::table
            .inner_join(category::table)
            .filter(category::name.eq(name))
            .select((article::title, category::name))
            .order(article::id)
            .cached(&cache)
    };
    assert_eq!(miss!(cache, of("Rust").load::<(String, String)>(&mut db)).len(), 2);
    hit!(cache, of("Rust").load::<(String, String)>(&mut db));
    diesel::update(category::table.find(2)).set(category::name.eq("Rust 2")).execute(&mut db).expect("a write");
    assert_eq!(of("Rust").load::<(String, String)>(&mut db).expect("an answer").len(), 2);
    diesel::update(article::table.find(1)).set(article::title.eq("Moves")).execute(&mut db).expect("a write");
    assert_eq!(miss!(cache, of("Rust").load::<(String, String)>(&mut db))[0].0, "Moves");
    diesel::update(category::table.find(1)).set(category::name.eq("C")).execute(&mut db).expect("a write");
    assert!(miss!(cache, of("Rust").load::<(String, String)>(&mut db)).is_empty());
}

#[test]
fn a_left_join_notices_the_first_row_on_its_right() {
    let (cache, mut db) = shop();
    let of = || {
        article::table
            .left_join(comment::table)
            .filter(article::id.eq(2))
            .select((article::id, comment::text.nullable()))
            .cached(&cache)
    };
    assert_eq!(miss!(cache, of().load::<(i32, Option<String>)>(&mut db)), [(2, None)]);
    let values = (comment::article_id.eq(2), comment::text.eq("first"));
    diesel::insert_into(comment::table).values(values).execute(&mut db).expect("a write");
    assert_eq!(miss!(cache, of().load::<(i32, Option<String>)>(&mut db)), [(2, Some("first".to_owned()))]);
}

#[test]
fn groups_are_counted_again() {
    let (cache, mut db) = shop();
    let groups = || {
        article::table
            .group_by(article::category_id)
            .select((article::category_id, count_star()))
            .order(article::category_id)
            .cached(&cache)
    };
    assert_eq!(miss!(cache, groups().load::<(i32, i64)>(&mut db)), [(1, 2), (2, 1)]);
    assert_eq!(hit!(cache, groups().load::<(i32, i64)>(&mut db)), [(1, 2), (2, 1)]);
    diesel::delete(article::table.find(3)).execute(&mut db).expect("a write");
    assert_eq!(miss!(cache, groups().load::<(i32, i64)>(&mut db)), [(1, 2)]);
}
