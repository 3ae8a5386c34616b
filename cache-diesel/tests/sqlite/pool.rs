//! Pools of connections that share one database.

use cache_core::cached_as;
use cache_diesel::prelude::*;
use cache_diesel::sqlite::prelude::*;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool, TestCustomizer};
use diesel::result::Error;

use crate::shop::*;

fn pool(file: &File) -> Pool<CachedManager<SqliteConnection>> {
    let manager = CachedManager::with_database(file.url(), &file.database);
    Pool::builder().max_size(3).build(manager).expect("a pool")
}

#[test]
fn all_connections_see_the_writes_of_each() {
    let (file, _db) = File::new();
    let cache = &file.cache;
    let pool = pool(&file);
    let (mut one, mut other) = (pool.get().expect("a connection"), pool.get().expect("a connection"));
    let ids = || article::table.select(article::id).cached(cache);
    assert_eq!(miss!(cache, ids().load::<i32>(&mut one)).len(), 3);
    assert_eq!(hit!(cache, ids().load::<i32>(&mut other)).len(), 3);
    one.transaction(|one| {
        diesel::insert_into(article::table).values(new(9, 1, "Nine")).execute(one)?;
        assert_eq!(hit!(cache, ids().load::<i32>(&mut other)).len(), 3);
        assert_eq!(miss!(cache, ids().load::<i32>(one)).len(), 4);
        Ok::<_, Error>(())
    })
    .expect("a commit");
    assert_eq!(miss!(cache, ids().load::<i32>(&mut other)).len(), 4);
}

#[test]
fn a_definition_on_one_connection_is_known_to_all() {
    let (file, _db) = File::new();
    let cache = &file.cache;
    let pool = pool(&file);
    let (mut one, mut other) = (pool.get().expect("a connection"), pool.get().expect("a connection"));
    diesel::insert_into(article::table).values(new(8, 1, "Eight")).execute(&mut other).expect("a write");
    diesel::sql_query(
        "CREATE TRIGGER t AFTER INSERT ON article BEGIN UPDATE category SET name = 'x' WHERE id = 1; END",
    )
    .execute(&mut one)
    .expect("a trigger");
    let names = || category::table.select(category::name).order(category::id).cached(cache);
    miss!(cache, names().load::<String>(&mut one));
    diesel::insert_into(article::table).values(new(9, 1, "Nine")).execute(&mut other).expect("a write");
    assert_eq!(miss!(cache, names().load::<String>(&mut one)), ["x", "SQL"]);
}

#[allow(unused_variables)]
#[cached_as(article::table, cache = cache, ignore(cache))]
fn titles(cache: &cache_core::Cache, conn: &mut CachedConnection<SqliteConnection>) -> QueryResult<Vec<String>> {
    article::table.select(article::title).order(article::id).load(conn)
}

#[test]
fn a_cached_function_takes_a_connection_of_the_pool() {
    let (file, _db) = File::new();
    let mut conn = pool(&file).get().expect("a connection");
    assert_eq!(miss!(file.cache, titles(&file.cache, &mut conn)).len(), 3);
    assert_eq!(hit!(file.cache, titles(&file.cache, &mut conn)).len(), 3);
}

#[test]
fn a_pool_for_tests_never_stores_what_it_has_written() {
    let (file, _db) = File::new();
    let cache = &file.cache;
    let manager = CachedManager::<SqliteConnection>::with_database(file.url(), &file.database);
    let pool =
        Pool::builder().max_size(1).connection_customizer(Box::new(TestCustomizer)).build(manager).expect("a pool");
    let ids = || article::table.select(article::id).cached(cache);
    diesel::insert_into(article::table)
        .values(new(9, 1, "Nine"))
        .execute(&mut pool.get().expect("one"))
        .expect("a write");
    for _ in 0..2 {
        assert_eq!(miss!(cache, ids().load::<i32>(&mut pool.get().expect("one"))).len(), 4);
    }
}

#[test]
fn a_connection_of_a_plain_pool_can_be_wrapped() {
    let (file, _db) = File::new();
    let cache = &file.cache;
    let plain =
        Pool::builder().max_size(1).build(ConnectionManager::<SqliteConnection>::new(file.url())).expect("a pool");
    let wrapped = || CachedConnection::with_database(plain.get().expect("a connection"), &file.database);
    let ids = || article::table.select(article::id).cached(cache);
    assert_eq!(miss!(cache, ids().load::<i32>(&mut wrapped())).len(), 3);
    wrapped()
        .transaction(|db| diesel::insert_into(article::table).values(new(9, 1, "Nine")).execute(db))
        .expect("a commit");
    assert_eq!(miss!(cache, ids().load::<i32>(&mut wrapped())).len(), 4);
    assert_eq!(hit!(cache, ids().load::<i32>(&mut wrapped())).len(), 4);
}

#[test]
fn an_address_alone_does_not_make_a_wrapped_connection() {
    let refused = Db::establish(":memory:").map(|_| ()).expect_err("no cache");
    assert!(refused.to_string().contains("CachedManager"), "{refused}");
}
