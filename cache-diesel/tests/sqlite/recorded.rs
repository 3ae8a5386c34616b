//! Functions that depend on what they read through Diesel, and declarations that are compared with it.

use std::sync::{Arc, Mutex};

use cache_core::observe::Event;
use cache_core::testing::SimulatedStore;
use cache_core::{Cache, CacheBuilder, Verify, cached_as};
use cache_diesel::prelude::*;
use cache_diesel::sqlite::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use crate::shop::*;

/// What the cache has kept, and what it has not.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn of(&self, builder: CacheBuilder) -> Cache {
        let told = self.clone();
        let note = move |text: String| told.0.lock().unwrap().push(text);
        let told = move |event: &Event<'_>| match event {
            Event::Fill { dependencies, .. } => note(format!("kept: {dependencies}")),
            Event::Refused { reason, .. } => note(format!("refused: {reason}")),
            Event::Undeclared { missing, .. } => note(format!("undeclared: {missing}")),
            _ => {}
        };
        builder.subscriber(told).build()
    }

    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join("\n")
    }
}

fn told_shop() -> (Cache, Db, Told) {
    let told = Told::default();
    let cache = told.of(Cache::builder());
    let db = shop_of(&cache);
    (cache, db, told)
}

#[cached_as(reads, extra = category, cache = cache, ignore(cache))]
fn overview(cache: &Cache, db: &mut Db, category: i32) -> QueryResult<(usize, String)> {
    let _ = cache;
    let titles: Vec<String> =
        article::table.filter(article::category_id.eq(category)).select(article::title).load(db)?;
    let name = category::table.find(category).select(category::name).first(db)?;
    Ok((titles.len(), name))
}

#[test]
fn what_is_read_is_what_a_result_depends_on() {
    let (cache, mut db, told) = told_shop();
    assert_eq!(miss!(cache, overview(&cache, &mut db, 1)), (2, "Rust".to_owned()));
    assert_eq!(told.take(), "kept: article: category_id = 1; category: id = 1");
    diesel::insert_into(article::table).values(new(8, 2, "Eight")).execute(&mut db).expect("a write");
    hit!(cache, overview(&cache, &mut db, 1));
    diesel::insert_into(article::table).values(new(9, 1, "Nine")).execute(&mut db).expect("a write");
    assert_eq!(miss!(cache, overview(&cache, &mut db, 1)).0, 3);
}

#[cached_as(reads, cache = cache, ignore(cache))]
fn joined(cache: &Cache, db: &mut Db) -> QueryResult<Vec<String>> {
    let _ = cache;
    article::table.inner_join(category::table).filter(category::name.eq("Rust")).select(article::title).load(db)
}

#[test]
fn a_join_depends_on_its_tables() {
    let (cache, mut db, told) = told_shop();
    assert_eq!(miss!(cache, joined(&cache, &mut db)).len(), 2);
    let query = article::table.inner_join(category::table).filter(category::name.eq("Rust"));
    assert_eq!(told.take(), format!("kept: {}", query.dependencies()));
    diesel::update(category::table.find(1)).set(category::name.eq("Go")).execute(&mut db).expect("a write");
    assert_eq!(miss!(cache, joined(&cache, &mut db)).len(), 0);
}

#[cached_as(reads, cache = cache, ignore(cache, work), extra = what)]
fn whatever(
    cache: &Cache,
    db: &mut Db,
    what: &str,
    work: impl FnOnce(&mut Db) -> QueryResult<usize>,
) -> QueryResult<usize> {
    let _ = (cache, what);
    work(db)
}

fn by_text(db: &mut Db) -> QueryResult<usize> {
    let text = "SELECT * FROM article WHERE category_id = ?";
    Ok(diesel::sql_query(text).bind::<Integer, _>(1).load::<Article>(db)?.len())
}

#[test]
fn statements_of_every_kind_are_recorded_or_refused() {
    let (cache, mut db, told) = told_shop();
    let mut run = |what: &str, work: fn(&mut Db) -> QueryResult<usize>| {
        whatever(&cache, &mut db, what, work).expect("an answer");
        told.take()
    };
    assert_eq!(run("text", by_text), "kept: article: category_id = 1");
    assert_eq!(run("transaction", |db| db.transaction(by_text)), "kept: article: category_id = 1");
    let write = run("write", |db| diesel::delete(article::table.find(3)).execute(db));
    assert!(write.contains("does more than read: DELETE FROM"), "{write}");
    let own = run("own write", |db| {
        let result = db.transaction(|db| {
            diesel::delete(article::table.find(2)).execute(db)?;
            by_text(db).and(Err(diesel::result::Error::RollbackTransaction))
        });
        result.or_else(|_: diesel::result::Error| Ok::<usize, _>(0))
    });
    assert!(own.starts_with("refused: not for others"), "{own}");
    let nothing = run("nothing", |_| Ok(0));
    assert!(nothing.contains("nothing was read"), "{nothing}");
    let setting = run("setting", |db| db.batch_execute("PRAGMA case_sensitive_like = 1").and_then(|()| by_text(db)));
    assert!(setting.starts_with("refused"), "{setting}");
}

#[test]
fn results_inside_hand_on_what_they_depend_on_unless_another_cache_would_be_told() {
    let (cache, mut db, told) = told_shop();
    whatever(&cache, &mut db, "nested", |db| {
        let (found, _) = overview(&db.cache().clone(), db, 1)?;
        let query = article::table.filter(article::category_id.eq(2));
        Ok(found + query.cached(&db.cache().clone()).load::<Article>(db)?.len())
    })
    .expect("an answer");
    assert!(told.take().ends_with("kept: article: category_id IN (1, 2); category: id = 1"));
    let mut other = shop().1;
    whatever(&cache, &mut db, "other", |_| by_text(&mut other)).expect("an answer");
    assert!(told.take().ends_with("tells another cache of its writes"));
}

#[test]
fn processes_share_what_was_recorded() {
    let store = SimulatedStore::new();
    let cache = || Cache::builder().namespace("shop").store(store.clone()).build();
    let (here, there) = (cache(), cache());
    let mut db = shop_of(&here);
    miss!(here, overview(&here, &mut db, 1));
    store.settle();
    assert_eq!(store.entries(), 1);
    there.invalidate_table("category").expect("a store that answers");
    miss!(here, overview(&here, &mut db, 1));
}

#[cached_as(article::table.filter(article::category_id.eq(category)), extra = all, cache = cache, ignore(cache))]
fn declared(cache: &Cache, db: &mut Db, category: i32, all: bool) -> QueryResult<usize> {
    let _ = cache;
    let query = article::table.filter(article::category_id.eq(category)).filter(article::stars.gt(3));
    let found = query.load::<Article>(db)?.len();
    let all = if all { comment::table.select(comment::id).load::<i32>(db)?.len() } else { 0 };
    Ok(found + all)
}

#[test]
fn what_was_not_declared_is_named() {
    let told = Told::default();
    let cache = told.of(Cache::builder().verify(Verify::log()));
    let mut db = shop_of(&cache);
    declared(&cache, &mut db, 1, false).expect("an answer");
    assert_eq!(told.take(), "kept: article: category_id = 1");
    declared(&cache, &mut db, 1, true).expect("an answer");
    assert_eq!(told.take(), "undeclared: comment\nrefused: read and not declared: comment");
}
