//! Functions whose dependencies are what they read, or what their result says.
#![cfg(not(feature = "shuttle"))]

mod toy;

use cache_core::context::{self, is_recording};
use cache_core::{Cache, Change, Dependencies, Key, cached_as};

use toy::{Told, Toy, in_category};

fn toy() -> (Told, Toy) {
    let told = Told::default();
    let toy = Toy::of(&told.cache());
    (told, toy)
}

#[cached_as(reads, extra = category, cache = &db.cache)]
fn ids(db: &Toy, category: i32) -> Vec<i32> {
    db.ids(category)
}

#[test]
fn what_the_body_reads_is_what_the_result_depends_on() {
    let (told, db) = toy();
    assert_eq!((ids(&db, 1), ids(&db, 1)), (vec![1, 3], vec![1, 3]));
    assert_eq!(db.sent(), 1);
    assert_eq!(told.take(), ["kept: article: category_id = 1"]);
    db.insert(4, 2);
    ids(&db, 1);
    assert_eq!(db.sent(), 0, "a row of another category");
    db.insert(5, 1);
    assert_eq!(ids(&db, 1), [1, 3, 5]);
}

#[test]
fn outside_of_such_a_function_nobody_asks() {
    let (_, db) = toy();
    assert!(!is_recording());
    db.cache.entry(Key::new("plain")).get_or_fill(|| assert!(!is_recording()));
    db.cache.entry(Key::new("recorded")).depends_on_reads().get_or_fill(|| assert!(is_recording()));
    assert!(!is_recording());
}

#[cached_as(reads, ignore(during), cache = &db.cache)]
fn both(db: &Toy, during: impl Fn()) -> (Vec<i32>, bool) {
    let ids = db.ids(1);
    during();
    (ids, db.has(9))
}

#[test]
fn a_change_of_what_was_read_already_is_noticed() {
    let (told, db) = toy();
    both(&db, || db.insert(4, 1));
    assert_eq!(told.take(), ["refused: overtaken by change 1"]);
    assert_eq!(both(&db, || ()).0, [1, 3, 4]);
}

#[test]
fn a_change_of_what_is_read_later_is_none() {
    let (told, db) = toy();
    both(&db, || db.insert(9, 2));
    assert_eq!(told.take(), ["kept: article: category_id = 1; article: id = 9"]);
    assert!(both(&db, || ()).1);
    assert_eq!(db.sent(), 2);
}

#[cached_as(reads, extra = number, cache = &db.cache)]
fn double(db: &Toy, number: i32) -> i32 {
    let _ = db;
    2 * number
}

#[test]
fn a_body_that_reads_nothing_is_run_each_time() {
    let (told, db) = toy();
    assert_eq!((double(&db, 3), double(&db, 3)), (6, 6));
    let reason =
        "refused: not cacheable: nothing was read through a wrapped connection, so that nothing would ever drop it";
    assert_eq!(told.take(), [reason; 2]);
}

#[cached_as(reads, ignore(why), cache = &db.cache)]
fn refused(db: &Toy, why: &'static str) -> usize {
    if let Some(recorder) = context::recorder() {
        recorder.refuses(why);
    }
    db.count()
}

#[test]
fn what_cannot_be_told_is_not_kept() {
    let (told, db) = toy();
    refused(&db, "a statement inside writes");
    assert_eq!(told.take(), ["refused: not for others: a statement inside writes"]);
}

#[cached_as(in_category(2), cache = &db.cache)]
fn declared(db: &Toy) -> Vec<i32> {
    assert!(!is_recording(), "it has said what it depends on");
    db.ids(2)
}

#[cached_as(reads, cache = &db.cache)]
fn around(db: &Toy) -> (Vec<i32>, bool) {
    (declared(db), db.has(1))
}

#[test]
fn a_function_inside_hands_its_dependencies_on() {
    let (told, db) = toy();
    around(&db);
    assert_eq!(told.take(), ["kept: article: category_id = 2", "kept: article: category_id = 2; article: id = 1"]);
    db.insert(4, 2);
    assert_eq!(around(&db).0, [2, 4]);
}

#[cached_as(reads, cache = &db.cache)]
fn only_around(db: &Toy) -> Vec<i32> {
    declared(db)
}

#[test]
fn what_is_made_of_results_alone_depends_on_them() {
    let (_, db) = toy();
    assert_eq!((only_around(&db), only_around(&db)), (vec![2], vec![2]));
    assert_eq!(db.sent(), 1);
    db.insert(4, 2);
    assert_eq!(only_around(&db), [2, 4]);
}

#[cached_as(reads, ignore(other), cache = &db.cache)]
fn through_another(db: &Toy, other: impl Fn() -> Vec<i32>) -> Vec<i32> {
    db.count();
    other()
}

#[test]
fn a_read_through_a_connection_of_another_cache_is_not_kept() {
    let (told, db) = toy();
    let other = Toy::new();
    through_another(&db, || other.ids(1));
    assert_eq!(
        told.take(),
        ["refused: not for others: read through a connection that tells another cache of its writes"]
    );
}

#[test]
fn a_snapshot_is_kept_unless_its_tables_have_changed_since() {
    let (told, db) = toy();
    *db.snapshot.lock().unwrap() = Some(db.cache.read_point());
    ids(&db, 1);
    assert_eq!(told.take(), ["kept: article: category_id = 1"]);
    db.cache.invalidate_table("article").unwrap();
    ids(&db, 1);
    assert_eq!(told.take(), ["refused: read from a snapshot older than the last change"]);
}

#[cached_as(reads, cache = &db.cache)]
fn in_a_transaction_of_its_own(db: &Toy) -> Vec<i32> {
    *db.snapshot.lock().unwrap() = Some(db.cache.read_point());
    db.ids(1)
}

#[test]
fn a_snapshot_that_the_body_opens_is_one_too() {
    let (told, db) = toy();
    in_a_transaction_of_its_own(&db);
    assert_eq!(told.take(), ["kept: article: category_id = 1"]);
}

#[test]
fn refreshing_records_anew() {
    let (told, db) = toy();
    ids(&db, 1);
    ids::refresh(&db, 1);
    assert_eq!(told.take(), ["kept: article: category_id = 1"; 2]);
    db.insert(4, 1);
    assert_eq!(ids(&db, 1), [1, 3, 4]);
}

fn row(id: i32) -> Dependencies {
    Dependencies::row("article", [("id", id)])
}

#[cached_as(depends = |found| found.iter().map(|id| row(*id)).collect::<Dependencies>(), extra = category, ignore(during), cache = &db.cache)]
fn told_by_rows(db: &Toy, category: i32, during: impl Fn()) -> Result<Vec<i32>, String> {
    let ids = db.ids(category);
    during();
    if category == 9 { Err("no such category".to_owned()) } else { Ok(ids) }
}

#[test]
fn a_result_says_what_it_depends_on() {
    let (told, db) = toy();
    let ids = || told_by_rows(&db, 1, || ()).unwrap();
    assert_eq!((ids(), ids()), (vec![1, 3], vec![1, 3]));
    assert_eq!((db.sent(), told.take()), (1, vec!["kept: article: id IN (1, 3)".to_owned()]));
    db.insert(4, 1);
    assert_eq!(ids(), [1, 3], "it says that it depends on its rows alone");
    db.cache.invalidate(Change::deleted("article", cache_core::Row::from([("id", 3)]))).unwrap();
    assert_eq!(ids(), [1, 3, 4]);
}

#[test]
fn a_change_during_the_body_is_noticed() {
    let (told, db) = toy();
    told_by_rows(&db, 1, || db.insert(7, 5)).unwrap();
    assert_eq!(told.take(), ["refused: read from a snapshot older than the last change"]);
}

#[test]
fn a_result_that_depends_on_nothing_is_not_kept() {
    let (told, db) = toy();
    assert_eq!(told_by_rows(&db, 8, || ()), Ok(vec![]));
    let reason = "refused: not for others: it says that it depends on nothing, so that nothing would ever drop it";
    assert_eq!(told.take(), [reason]);
    told_by_rows(&db, 9, || ()).unwrap_err();
    assert_eq!(told.take(), ["refused: not kept"]);
    told_by_rows::refresh(&db, 1, || ()).unwrap();
    assert_eq!(told.take(), ["kept: article: id IN (1, 3)"]);
}

#[cached_as(in_category(category), depends = |found| found.first().map(|id| row(*id + offset)), extra = offset, cache = &db.cache)]
async fn first(db: &Toy, category: i32, offset: i32) -> Vec<i32> {
    db.ids_async(category).await
}

#[test]
fn a_result_adds_to_what_was_declared() {
    let (told, db) = toy();
    futures::executor::block_on(async {
        first(&db, 1, 10).await;
        assert_eq!(told.take(), ["kept: article: category_id = 1; article: id = 11"]);
        first(&db, 8, 10).await;
        assert_eq!(told.take(), ["kept: article: category_id = 8"]);
        first::refresh(&db, 2, 0).await;
        assert_eq!(told.take(), ["kept: article: category_id = 2; article: id = 2"]);
    });
}

#[cached_as("article", "front page", cache = cache, ignore(cache))]
fn of_tables(cache: &Cache) -> u8 {
    let _ = cache;
    0
}

#[cached_as(category.map(in_category), cache = cache, ignore(cache))]
fn of_some(cache: &Cache, category: Option<i32>) -> u8 {
    let _ = cache;
    0
}

struct Shelf {
    db: Toy,
    category: i32,
}

impl Shelf {
    #[cached_as(depends = |found| (!found.is_empty()).then(|| in_category(self.category)), extra = offset, cache = &self.db.cache)]
    async fn shifted<N: Into<i32> + Copy + cache_core::CacheKey>(&self, offset: N) -> Vec<i32> {
        self.db.ids_async(self.category).await.into_iter().map(|id| id + offset.into()).collect()
    }

    #[cached_as(reads, extra = self.category, cache = &self.db.cache)]
    fn size(&self) -> usize {
        self.db.ids(self.category).len()
    }
}

#[test]
fn methods_and_generic_functions_do_the_same() {
    let (told, db) = toy();
    let shelf = Shelf { db, category: 1 };
    assert_eq!(futures::executor::block_on(shelf.shifted(10_i16)), [11, 13]);
    assert_eq!((shelf.size(), shelf.size()), (2, 2));
    assert_eq!(told.take(), ["kept: article: category_id = 1"; 2]);
    assert_eq!(shelf.db.sent(), 2);
}

struct Everything;

impl Everything {
    fn dependencies(&self) -> Dependencies {
        Dependencies::table("article")
    }
}

#[cached_as(
    if category > 9 { "comment" } else if category > 5 { Everything } else { Some(in_category(category)) },
    match category { 0 => Everything, 1 => { let id = category; in_category(id) } _ => Dependencies::none() },
    if category == 3 { Dependencies::tag("three") },
    cache = cache, ignore(cache)
)]
fn of_branches(cache: &Cache, category: i32) -> u8 {
    let _ = cache;
    0
}

#[test]
fn querysets_have_many_forms() {
    let told = Told::default();
    let cache = told.cache();
    of_tables(&cache);
    assert_eq!(told.take(), ["kept: article; front page"]);
    of_some(&cache, Some(3));
    of_some(&cache, None);
    assert_eq!(told.take(), ["kept: article: category_id = 3", "kept: nothing"]);
    let of = |category| {
        of_branches(&cache, category);
        told.take().concat()
    };
    assert_eq!(of(10), "kept: comment");
    assert_eq!(of(6), "kept: article");
    assert_eq!(of(0), "kept: article");
    assert_eq!(of(1), "kept: article: category_id = 1");
    assert!(of(3).contains("article: category_id = 3"));
    cache.invalidate_tag("three").unwrap();
    of_branches(&cache, 3);
    assert_eq!(cache.counters().hits, 0, "the tag took it along");
}

#[cfg(feature = "testing")]
mod shared {
    use cache_core::testing::SimulatedStore;

    use super::*;

    #[cached_as(reads, extra = category, cache = &db.cache)]
    async fn ids_async(db: &Toy, category: i32) -> Vec<i32> {
        db.ids_async(category).await
    }

    #[cached_as(reads, cache = &db.cache)]
    fn careless(db: &Toy) -> Vec<i32> {
        db.ids_carelessly(1)
    }

    #[cached_as(reads, cache = &db.cache)]
    fn nested(db: &Toy) -> Vec<i32> {
        ids(db, 1)
    }

    fn toys() -> (SimulatedStore, Toy, Toy, Told) {
        let (store, told) = (SimulatedStore::new(), Told::default());
        let here = Toy::of(&told.of(Cache::builder().namespace("shop").store(store.clone())));
        let there = Toy::of(&Cache::builder().namespace("shop").store(store.clone()).build());
        (store, here, there, told)
    }

    #[test]
    fn what_one_process_has_read_another_drops() {
        let (store, here, there, _) = toys();
        let read = |db: &Toy| futures::executor::block_on(ids_async(db, 1));
        assert_eq!(read(&here), [1, 3]);
        store.settle();
        assert_eq!((read(&there), there.sent()), (vec![1, 3], 0));
        there.insert(4, 2);
        assert_eq!((read(&here), here.sent()), (vec![1, 3], 1));
        there.insert(5, 1);
        assert_eq!((read(&here), here.sent()), (vec![1, 3], 1), "asked again");
    }

    #[test]
    fn a_statement_that_did_not_wait_is_not_kept() {
        let (_, here, _, told) = toys();
        careless(&here);
        // The answer of a simulated store may be there at once.
        let told = told.take();
        let kept = told == ["kept: article: category_id = 1"];
        assert!(
            kept || told == ["refused: not for others: a statement was sent before what it reads was recorded"],
            "{told:?}"
        );
    }

    #[test]
    fn what_is_made_of_another_process_s_results_alone_is_kept() {
        let (store, here, there, told) = toys();
        ids(&there, 1);
        store.settle();
        nested(&here);
        store.settle();
        assert_eq!((here.sent(), told.take().len()), (0, 1));
        there.insert(4, 1);
        nested(&here);
        assert_eq!(here.sent(), 1);
    }

    #[cached_as(depends = |_| "article", cache = &db.cache)]
    fn counted(db: &Toy) -> usize {
        db.count()
    }

    #[test]
    fn a_result_is_checked_against_a_moment_that_the_process_has_seen() {
        let (store, here, there, told) = toys();
        counted(&here);
        assert_eq!(
            told.take(),
            ["refused: read from a snapshot older than the last change"],
            "its table is met for the first time"
        );
        counted(&here);
        assert_eq!(told.take(), ["kept: article"]);
        store.settle();
        there.insert(4, 1);
        counted(&here);
        assert_eq!(told.take().concat(), "refused: read from a snapshot older than the last change");
    }
}
