//! How long entries live.

use std::time::Duration;

use cache_core::{Cache, Change, Clock, Dependencies, Key};

const TTL: Duration = Duration::from_secs(60);

fn filled() -> (Cache, Clock) {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).build();
    fill(&cache);
    (cache, clock)
}

fn fill(cache: &Cache) {
    cache.entry(Key::new("k")).depends_on(|| Dependencies::table("article")).ttl(TTL).get_or_fill(|| ());
}

fn is_cached(cache: &Cache) -> bool {
    cache.get::<()>(&Key::new("k")).is_some()
}

#[test]
fn an_entry_lives_exactly_as_long_as_was_asked() {
    let (cache, clock) = filled();
    clock.advance(TTL - Duration::from_nanos(1));
    assert!(is_cached(&cache));
    clock.advance(Duration::from_nanos(1));
    assert!(!is_cached(&cache));
}

#[test]
fn a_change_in_the_last_moment_still_takes_the_entry() {
    let (cache, clock) = filled();
    clock.advance(TTL - Duration::from_nanos(1));
    cache.invalidate(Change::table("article")).unwrap();
    assert!(!is_cached(&cache));
    fill(&cache);
    assert!(is_cached(&cache));
    clock.advance(TTL - Duration::from_nanos(1));
    assert!(is_cached(&cache), "the new entry has a time of its own");
    cache.invalidate(Change::table("article")).unwrap();
    assert!(!is_cached(&cache));
}

#[test]
fn nothing_is_kept_for_no_time() {
    let cache = Cache::builder().ttl(Duration::ZERO).build();
    fill(&cache);
    assert!(is_cached(&cache), "an entry's own time comes first");
    cache.entry(Key::new("plain")).get_or_fill(|| 1);
    cache.set(&Key::new("set"), 1, None);
    assert_eq!((cache.get::<i32>(&Key::new("plain")), cache.get::<i32>(&Key::new("set"))), (None, None));
}

#[test]
fn time_alone_ends_what_depends_on_nothing_for_each_argument_apart() {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).ttl(TTL).build();
    let key = |id: i32| Key::new("rate").with(&id);
    let read = |id: i32, rate: i32| cache.entry(key(id)).get_or_fill(|| rate);
    assert_eq!((read(1, 10), read(2, 20)), (10, 20));
    cache.invalidate_table("article").unwrap();
    clock.advance(TTL / 2);
    assert!(cache.delete(&key(2)));
    assert_eq!((read(1, 11), read(2, 21)), (10, 21));
    clock.advance(TTL / 2);
    assert_eq!((read(1, 12), read(2, 22)), (12, 21));
}
