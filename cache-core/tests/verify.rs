//! Declarations against what was read, and what is kept against what would be made anew.
#![cfg(not(feature = "shuttle"))]

mod toy;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cache_core::{Cache, Clock, Connection, Dependencies, Verify, cached, cached_as, column};

use toy::{Told, Toy, in_category, on};

fn toy() -> (Told, Toy) {
    let told = Told::default();
    let toy = Toy::of(&told.cache());
    (told, toy)
}

#[cached_as(in_category(category), extra = extra, verify = "panic", cache = &db.cache)]
fn strict(db: &Toy, category: i32, extra: bool) -> Vec<i32> {
    if extra {
        db.has(7);
    }
    db.ids(category)
}

fn message(work: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(work)).unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn a_read_that_was_not_declared_panics_and_is_named() {
    let (told, db) = toy();
    assert_eq!(strict(&db, 1, false), [1, 3]);
    let message = message(|| drop(strict(&db, 2, true)));
    for part in ["strict", "article: id = 7", "declared: article: category_id = 2", "reads"] {
        assert!(message.contains(part), "{message}");
    }
    let undeclared = "undeclared: article: id = 7";
    assert_eq!(
        told.take(),
        ["kept: article: category_id = 1", undeclared, "refused: read and not declared: article: id = 7"]
    );
    assert_eq!(db.cache.counters().undeclared, 1);
    strict(&db, 2, false);
    assert_eq!(db.cache.counters().fills, 2, "nobody is left waiting");
}

#[cached_as(in_category(1), verify = "log", cache = &db.cache)]
fn lenient(db: &Toy) -> usize {
    db.ids(1);
    db.count()
}

#[test]
fn a_read_that_was_not_declared_is_told_and_not_kept() {
    let (told, db) = toy();
    assert_eq!((lenient(&db), lenient(&db)), (3, 3));
    assert_eq!(told.take(), ["undeclared: article", "refused: read and not declared: article"].repeat(2));
    lenient::refresh(&db);
    assert_eq!(db.cache.counters().undeclared, 3);
}

#[cached_as(on(column("category_id").is_in([1, 2])), verify = "panic", cache = &db.cache)]
async fn wide(db: &Toy) -> usize {
    db.ids_async(1).await.len() + db.ids_async(2).await.len()
}

#[cached_as(Dependencies::tag("front page"), verify = "panic", cache = &db.cache)]
async fn page(db: &Toy) -> usize {
    let inside = wide(db).await;
    inside + db.ids_async(1).await.len()
}

#[test]
fn what_was_inherited_counts_as_declared() {
    let (told, db) = toy();
    assert_eq!(futures::executor::block_on(page(&db)), 5);
    assert_eq!(told.take().len(), 2);
    assert_eq!(db.cache.counters().fills, 2);
}

#[cached_as(Dependencies::none(), cache = cache, ignore(cache))]
fn unsaid(cache: &Cache, db: &Toy) -> usize {
    let _ = cache;
    db.count()
}

#[cached_as(Dependencies::none(), verify = "off", cache = cache, ignore(cache))]
fn freed(cache: &Cache, db: &Toy) -> usize {
    let _ = cache;
    db.count()
}

#[cached(ttl = "1h", cache = cache, ignore(cache, db))]
fn timed(cache: &Cache, db: &Toy) -> usize {
    let _ = cache;
    db.count()
}

#[test]
fn a_cache_checks_all_of_its_functions() {
    let told = Told::default();
    let db = Toy::of(&told.of(Cache::builder().verify(Verify::log())));
    unsaid(&db.cache, &db);
    assert_eq!(told.take()[0], "undeclared: article");
    freed(&db.cache, &db);
    timed(&db.cache, &db);
    assert_eq!(told.take(), ["kept: nothing"; 2]);
}

#[test]
fn one_in_so_many_is_checked() {
    let told = Told::default();
    let db = Toy::of(&told.of(Cache::builder().verify(Verify::log().one_in(4))));
    for _ in 0..400 {
        unsaid(&db.cache, &db);
        unsaid::invalidate(&db.cache);
    }
    let undeclared = db.cache.counters().undeclared;
    assert!((20..300).contains(&undeclared), "{undeclared} of 400");
}

#[test]
fn statements_that_nobody_understands_are_named() {
    let (told, db) = toy();
    let entry = |key: &str| db.cache.entry(cache_core::Key::new(key)).depends_on(|| Dependencies::table("article"));
    entry("odd").verify(Verify::log()).get_or_fill(|| {
        let recorder = cache_core::context::recorder().unwrap();
        drop(recorder.reads(&db.cache, Dependencies::uncacheable("it draws random numbers"), None));
    });
    assert_eq!(told.take()[0], "undeclared: not cacheable: it draws random numbers");
}

/// Not `PartialEq`, and without a codec.
#[derive(Clone)]
struct Opaque(usize);

macro_rules! compared {
    ($($name:ident: $ty:ty = $made:expr;)*) => {$(
        #[cached_as(in_category(1), verify = "compare", cache = &db.cache)]
        fn $name(db: &Toy) -> $ty {
            let made: fn(Vec<i32>) -> $ty = $made;
            made(db.ids(1))
        }
    )*};
}

compared! {
    ids: Vec<i32> = |ids| ids;
    opaque: Opaque = |ids| Opaque(ids.len());
}

#[cfg(feature = "shared")]
compared! {
    float: f64 = |_| f64::NAN;
}

#[test]
fn a_hit_that_is_no_longer_true_is_told_and_dropped() {
    let told = Told::default();
    let clock = Clock::manual();
    let db = Toy::of(&told.of(Cache::builder().clock(clock.clone())));
    ids(&db);
    assert_eq!((ids(&db), db.sent()), (vec![1, 3], 2), "a hit runs the body");
    assert_eq!(db.cache.counters().hits, 1);
    told.take();
    clock.advance(Duration::from_secs(5));
    db.sneak(4, 1);
    assert_eq!(ids(&db), [1, 3, 4], "the fresh value");
    assert_eq!(told.take(), ["differs: article: category_id = 1, 5s old, compared: true"]);
    assert_eq!((db.cache.counters().differing, ids(&db)), (1, vec![1, 3, 4]));
    assert_eq!(told.take(), ["kept: article: category_id = 1"], "it was dropped");
}

#[cached_as(in_category(1), extra = fewest, verify = "compare", cache_none = false, cache = &db.cache)]
fn first_ids(db: &Toy, fewest: usize) -> Option<Vec<i32>> {
    Some(db.ids(1)).filter(|ids| ids.len() == fewest)
}

#[test]
fn a_none_that_is_not_kept_is_a_difference_and_no_failure() {
    let told = Told::default();
    let db = Toy::of(&told.of(Cache::builder().clock(Clock::manual())));
    assert_eq!(first_ids(&db, 2), Some(vec![1, 3]));
    told.take();
    db.sneak(4, 1);
    assert_eq!(first_ids(&db, 2), None);
    assert_eq!(told.take(), ["differs: article: category_id = 1, 0ns old, compared: true"]);
    assert_eq!((first_ids(&db, 2), db.cache.counters().hits), (None, 1));
}

/// What is `Send` and not `Sync`.
#[cached_as(in_category(1), ignore(cell), cache = &db.cache)]
async fn of_a_cell(db: &Toy, cell: std::cell::Cell<u8>) -> usize {
    let _ = cell;
    db.ids(1).len()
}

#[test]
fn arguments_need_not_be_sync() {
    let (_told, db) = toy();
    fn is_send<F: Future + Send>(future: F) -> F {
        future
    }
    assert_eq!(futures::executor::block_on(is_send(of_a_cell(&db, std::cell::Cell::new(1)))), 2);
}

#[test]
fn what_cannot_be_compared_is_told_and_kept() {
    let told = Told::default();
    let db = Toy::of(&told.of(Cache::builder().clock(Clock::manual())));
    assert_eq!((opaque(&db).0, opaque(&db).0), (2, 2));
    assert_eq!(told.take()[1..], ["differs: article: category_id = 1, 0ns old, compared: false".to_owned()][..]);
}

#[cfg(feature = "shared")]
#[test]
fn equal_bytes_are_equal_values() {
    let (told, db) = toy();
    float(&db);
    float(&db);
    assert_eq!(told.take(), ["kept: article: category_id = 1"]);
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

#[cached_as(Dependencies::tag("number"), verify = "compare", cache = cache, ignore(cache, during))]
async fn overtaken(cache: &Cache, during: impl Fn()) -> Result<u32, ()> {
    let _ = cache;
    during();
    match NUMBER.fetch_add(1, Ordering::SeqCst) {
        2 => Err(()),
        number => Ok(number),
    }
}

#[test]
fn a_change_on_the_way_is_no_difference_and_an_error_is_no_result() {
    let (told, db) = toy();
    let run = |during: &dyn Fn()| futures::executor::block_on(overtaken(&db.cache, during));
    assert_eq!(run(&|| ()), Ok(0));
    assert_eq!(run(&|| db.cache.invalidate_tag("number").unwrap()), Ok(1));
    assert_eq!(told.take(), ["kept: tag \"number\""]);
    assert_eq!(run(&|| ()), Err(()), "a miss");
    assert_eq!(run(&|| ()), Ok(3));
    NUMBER.store(2, Ordering::SeqCst);
    assert_eq!(run(&|| ()), Ok(3), "the kept value");
    assert_eq!(db.cache.counters().differing, 0);
}

#[cached_as(in_category(1), verify = Verify::compare().with(Verify::panic()), cache = &db.cache)]
fn inner(db: &Toy) -> Vec<i32> {
    db.ids(1)
}

#[cached_as(reads, cache = &db.cache)]
fn outer(db: &Toy) -> usize {
    inner(db).len()
}

#[test]
fn a_comparison_hands_its_dependencies_on() {
    let (_, db) = toy();
    assert!(!db.bypass());
    inner(&db);
    assert_eq!((outer(&db), outer(&db)), (2, 2));
    db.insert(4, 1);
    assert_eq!(outer(&db), 3);
}
