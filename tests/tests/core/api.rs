//! Invalidation by name, plain values, calls by hand.

use std::cell::Cell;

use cache_core::observe::measure;
use cache_core::{Cache, Change, Dependencies, Key, MemoryStore, Row, Transaction, column};

/// A cache with four entries: all articles, article 1, article 2, all authors.
fn filled() -> Cache {
    let cache = Cache::in_memory();
    fill(&cache);
    cache
}

fn fill(cache: &Cache) {
    let row = |id: i32| Dependencies::row("article", [("id", id)]);
    for (name, dependencies) in [
        ("articles", Dependencies::table("article")),
        ("one", row(1)),
        ("two", row(2)),
        ("authors", Dependencies::table("author")),
    ] {
        cache.entry(Key::new(name)).depends_on(move || dependencies).get_or_fill(|| ());
    }
}

fn left(cache: &Cache) -> Vec<&'static str> {
    ["articles", "one", "two", "authors"]
        .into_iter()
        .filter(|name| cache.get::<()>(&Key::new(name)).is_some())
        .collect()
}

#[test]
fn a_table_a_row_and_everything_are_invalidated_by_name() {
    for table in ["article", "shop.article", "\"Article\""] {
        let cache = filled();
        cache.invalidate_table(table).unwrap();
        assert_eq!(left(&cache), ["authors"], "{table}");
    }
    let cache = filled();
    let row = Row::from([("id", 1)]);
    cache.invalidate(Change::updated("article", row.clone(), row)).unwrap();
    assert_eq!(left(&cache), ["two", "authors"]);
    cache.invalidate([Change::table("article"), Change::table("author")]).unwrap();
    assert_eq!(left(&cache), [""; 0]);
    fill(&cache);
    cache.invalidate(Change::matching("article", column("id").is_in([2, 3]))).unwrap();
    assert_eq!(left(&cache), ["one", "authors"]);
    fill(&cache);
    cache.invalidate_all().unwrap();
    assert_eq!(left(&cache), [""; 0]);
}

#[test]
fn everything_is_invalidated_at_once_inside_a_transaction_too() {
    let cache = filled();
    let transaction = Transaction::begin(&cache);
    transaction.record(Change::table("author"));
    cache.invalidate_all().unwrap();
    assert_eq!(left(&cache), [""; 0]);
    fill(&cache);
    transaction.commit().unwrap();
    assert_eq!(left(&cache), ["articles", "one", "two"], "what it recorded comes after its commit all the same");
}

#[test]
fn only_the_cache_that_is_told_is_invalidated() {
    let (active, other) = (filled(), filled());
    active.invalidate_table("article").unwrap();
    assert_eq!(left(&active), ["authors"]);
    assert_eq!(left(&other).len(), 4);
    active.invalidate_all().unwrap();
    assert_eq!(left(&other).len(), 4);
}

#[test]
fn plain_values_are_set_read_and_deleted() {
    let cache = Cache::in_memory();
    let key = |page: u32| Key::new("page").with(&page);
    cache.set(&key(1), "one", None);
    cache.set(&key(2), "two", None);
    assert_eq!((cache.get::<&str>(&key(1)), cache.get::<&str>(&key(3))), (Some("one"), None));
    assert_eq!(cache.get::<String>(&key(1)), None, "of another type");
    cache.set(&key(1), "one more", None);
    assert_eq!(cache.entry(key(1)).get_or_fill(|| "computed"), "one more");
    assert!(cache.delete(&key(1)));
    assert!(!cache.delete(&key(1)));
    assert_eq!(cache.entry(key(1)).get_or_fill(|| "computed"), "computed");
    assert_eq!(cache.get::<&str>(&key(2)), Some("two"), "the others stay");
}

#[test]
fn a_write_can_put_the_new_row_in_place_of_the_old_one() {
    let cache = Cache::in_memory();
    let depends = || Dependencies::row("article", [("id", 1)]);
    let read = |title: &'static str| {
        measure(|| cache.entry(Key::new("article").with(&1)).depends_on(depends).get_or_fill(|| title))
    };
    read("old");
    cache.invalidate(Change::updated("article", Row::from([("id", 1)]), Row::from([("id", 1)]))).unwrap();
    read("new");
    let (title, cost) = read("nobody asks");
    assert_eq!((title, cost.hits), ("new", 1));
}

#[test]
fn while_disabled_every_read_runs_and_writes_still_count() {
    let cache = filled();
    let runs = Cell::new(0);
    let read = || {
        let entry = cache.entry(Key::new("count")).depends_on(|| Dependencies::table("article"));
        entry.get_or_fill(|| runs.replace(runs.get() + 1))
    };
    read();
    {
        let _outer = cache.disabled();
        {
            let _inner = cache.disabled();
            read();
        }
        read();
        cache.invalidate_table("article").unwrap();
    }
    assert_eq!(runs.get(), 3);
    read();
    read();
    assert_eq!(runs.get(), 4, "the old count was dropped, and what ran meanwhile was not stored");
}

#[test]
fn a_lookup_that_nothing_can_match_is_kept_like_any_other() {
    let cache = Cache::in_memory();
    let nothing = || Dependencies::on("article", column("id").is_in(Vec::<i32>::new()));
    let read = || measure(|| cache.entry(Key::new("none")).depends_on(nothing).get_or_fill(Vec::<i32>::new)).1;
    assert_eq!((read().misses, read().hits), (1, 1));
    cache.invalidate_table("article").unwrap();
    assert_eq!(read().hits, 1);
}

/// Entries and what is kept about them are lost all the time; a lost one may be computed again and never be wrong.
#[test]
fn a_store_that_loses_entries_never_serves_an_old_one() {
    let cache = Cache::builder().store(MemoryStore::with_capacity(32 << 10)).build();
    let mut versions = [0_u64; 200];
    let mut hits = 0;
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..40_000 {
        let id = random.usize(0..versions.len());
        let of_id = || column("id").eq(id) & column("kind").is_in(["a", "b"]);
        if random.u8(0..4) == 0 {
            versions[id] += 1;
            cache.invalidate(Change::inserted("article", Row::new().with("id", id).with("kind", "a"))).unwrap();
        } else {
            let entry = cache.entry(Key::new("version").with(&id)).depends_on(|| Dependencies::on("article", of_id()));
            let (version, cost) = measure(|| entry.weigh(|_: &u64| 200).get_or_fill(|| versions[id]));
            assert_eq!(version, versions[id]);
            hits += cost.hits;
        }
    }
    let size = cache.size();
    assert!(hits > 500, "{hits} hits");
    assert!(size.entries < 190, "nothing was lost: {size:?}");
}

#[test]
fn a_lost_entry_is_a_miss_once() {
    let cache = filled();
    let read = || measure(|| cache.entry(Key::new("one")).get_or_fill(|| ())).1;
    assert!(cache.delete(&Key::new("one")));
    assert_eq!((read().misses, read().hits), (1, 1));
}
