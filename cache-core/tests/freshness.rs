//! Fresh after acknowledgement: late fills, nesting, tags, deadlines.

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cache_core::observe::Event;
use cache_core::{Cache, Change, Clock, Dependencies, Key, MissReason, Row, column, context};

fn category(id: i32) -> Dependencies {
    Dependencies::on("article", column("category_id").eq(id))
}

fn article(id: i32) -> Change {
    Change::inserted("article", Row::from([("category_id", id)]))
}

#[test]
fn a_result_overtaken_by_a_change_is_returned_and_not_stored() {
    let cache = Cache::in_memory();
    let key = Key::new("k");
    let read = |value: i32, during: &dyn Fn()| {
        cache.entry(key.clone()).depends_on(|| category(3)).get_or_fill(|| {
            during();
            value
        })
    };
    assert_eq!(read(1, &|| cache.invalidate(article(3)).unwrap()), 1);
    assert_eq!(read(2, &|| ()), 2, "the old result must not have been stored");
    assert_eq!(read(3, &|| ()), 2, "the next one is");
    assert_eq!(cache.counters().refused, 1);
}

#[test]
fn a_change_of_another_row_during_the_work_does_not_matter() {
    let cache = Cache::in_memory();
    let key = Key::new("k");
    cache.entry(key.clone()).depends_on(|| category(3)).get_or_fill(|| cache.invalidate(article(4)).unwrap());
    assert_eq!(cache.get::<()>(&key), Some(()));
}

#[test]
fn the_outer_result_inherits_what_the_inner_one_depends_on() {
    let cache = Cache::in_memory();
    let inner = || cache.entry(Key::new("inner")).depends_on(|| category(3)).get_or_fill(|| 1);
    let outer = || cache.entry(Key::new("outer")).depends_on(|| Dependencies::table("author")).get_or_fill(inner);
    outer();
    cache.invalidate(article(4)).unwrap();
    assert!(cache.get::<i32>(&Key::new("outer")).is_some());
    cache.invalidate(article(3)).unwrap();
    assert!(cache.get::<i32>(&Key::new("outer")).is_none(), "inner miss");
    inner();
    outer();
    cache.invalidate(article(3)).unwrap();
    assert!(cache.get::<i32>(&Key::new("outer")).is_none(), "inner hit");
}

#[test]
fn an_inner_result_overtaken_by_a_change_spoils_the_outer_one() {
    let cache = Cache::in_memory();
    let outer = cache.entry(Key::new("outer")).get_or_fill(|| {
        cache.entry(Key::new("inner")).depends_on(|| category(3)).get_or_fill(|| {
            cache.invalidate(article(3)).unwrap();
            1
        })
    });
    assert_eq!(outer, 1);
    assert!(cache.get::<i32>(&Key::new("outer")).is_none());
}

#[test]
fn a_failed_inner_read_still_hands_its_dependencies_over() {
    let cache = Cache::in_memory();
    cache.entry(Key::new("outer")).get_or_fill(|| {
        let found: Result<i32, &str> =
            cache.entry(Key::new("inner")).depends_on(|| category(3)).try_get_or_fill(|| Err("no such row"));
        found.is_ok()
    });
    assert_eq!(cache.get::<bool>(&Key::new("outer")), Some(false));
    cache.invalidate(article(3)).unwrap();
    assert_eq!(cache.get::<bool>(&Key::new("outer")), None);
}

#[test]
fn an_inner_deadline_limits_the_outer_one() {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).build();
    cache
        .entry(Key::new("outer"))
        .get_or_fill(|| cache.entry(Key::new("inner")).ttl(Duration::from_secs(10)).get_or_fill(|| 1));
    clock.advance(Duration::from_secs(11));
    assert_eq!(cache.get::<i32>(&Key::new("outer")), None);
}

#[test]
fn dependencies_found_on_the_way_count() {
    let cache = Cache::in_memory();
    cache.entry(Key::new("k")).get_or_fill(|| {
        context::add_dependencies(&cache, &category(7));
    });
    cache.invalidate(article(7)).unwrap();
    assert_eq!(cache.get::<()>(&Key::new("k")), None);
}

#[test]
fn what_others_must_not_see_is_not_stored() {
    let cache = Cache::in_memory();
    let inner = || cache.entry(Key::new("inner")).get_or_fill(|| context::taint("uncommitted rows"));
    cache.entry(Key::new("outer")).get_or_fill(inner);
    assert_eq!(cache.get::<()>(&Key::new("inner")), None);
    assert_eq!(cache.get::<()>(&Key::new("outer")), None);
}

#[test]
fn what_is_not_cacheable_runs_each_time_and_spoils_what_contains_it() {
    let cache = Cache::in_memory();
    let runs = Cell::new(0);
    let random = || {
        cache.entry(Key::new("random")).depends_on(|| Dependencies::uncacheable("calls random()")).get_or_fill(|| {
            runs.set(runs.get() + 1);
            runs.get()
        })
    };
    assert_eq!((random(), random()), (1, 2));
    cache.entry(Key::new("outer")).get_or_fill(random);
    assert_eq!(cache.get::<i32>(&Key::new("outer")), None);
}

#[test]
fn a_snapshot_older_than_the_last_change_is_not_stored() {
    let cache = Cache::in_memory();
    let point = cache.read_point();
    cache.invalidate(article(3)).unwrap();
    cache.entry(Key::new("k")).depends_on(|| category(4)).as_of(point).get_or_fill(|| 1);
    assert_eq!(cache.get::<i32>(&Key::new("k")), None);
    cache.entry(Key::new("k")).depends_on(|| category(4)).as_of(cache.read_point()).get_or_fill(|| 1);
    assert_eq!(cache.get::<i32>(&Key::new("k")), Some(1));
}

#[test]
fn a_tag_takes_what_carries_it() {
    let cache = Cache::in_memory();
    let deps = || Dependencies::tag("front") | category(3);
    cache.entry(Key::new("k")).depends_on(deps).get_or_fill(|| 1);
    cache.invalidate_tag("back").unwrap();
    assert_eq!(cache.get::<i32>(&Key::new("k")), Some(1));
    cache.invalidate_tag("front").unwrap();
    assert_eq!(cache.get::<i32>(&Key::new("k")), None);
}

#[test]
fn a_new_generation_takes_everything_and_fills_under_way() {
    let cache = Cache::in_memory();
    cache.set(&Key::new("plain"), 1, None);
    cache.entry(Key::new("late")).get_or_fill(|| cache.invalidate_all().unwrap());
    assert_eq!(cache.get::<i32>(&Key::new("plain")), None);
    assert_eq!(cache.get::<()>(&Key::new("late")), None);
}

#[test]
fn times_to_live_and_idle_times_end() {
    let clock = Clock::manual();
    let reasons = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&reasons);
    let cache = Cache::builder()
        .clock(clock.clone())
        .subscriber(move |event| {
            if let Event::Miss { reason, .. } = event {
                seen.lock().unwrap().push(*reason);
            }
        })
        .build();
    let ttl = || cache.entry(Key::new("ttl")).ttl(Duration::from_secs(60)).get_or_fill(|| ());
    let idle = || cache.entry(Key::new("idle")).idle(Duration::from_secs(60)).get_or_fill(|| ());
    ttl();
    idle();
    clock.advance(Duration::from_secs(40));
    ttl();
    idle();
    clock.advance(Duration::from_secs(40));
    ttl();
    idle();
    clock.advance(Duration::from_secs(61));
    idle();
    let expected = [MissReason::Absent, MissReason::Absent, MissReason::Expired, MissReason::Idle];
    assert_eq!(*reasons.lock().unwrap(), expected);
}

#[test]
fn a_time_to_live_of_zero_never_hits() {
    let cache = Cache::in_memory();
    let read = || cache.entry(Key::new("k")).ttl(Duration::ZERO).get_or_fill(|| ());
    read();
    read();
    assert_eq!(cache.counters().hits, 0);
}

#[test]
fn an_entry_of_another_type_is_a_miss_and_repaired() {
    let cache = Cache::in_memory();
    let key = Key::new("k");
    cache.set(&key, "text", None);
    assert_eq!(cache.entry(key.clone()).get_or_fill(|| 5), 5);
    assert_eq!(cache.get::<i32>(&key), Some(5));
}

#[test]
fn a_mutated_result_does_not_alter_the_cached_one() {
    let cache = Cache::in_memory();
    let read = || cache.entry(Key::new("k")).get_or_fill(|| vec![1, 2]);
    read().push(3);
    assert_eq!(read(), [1, 2]);
}

#[test]
fn events_tell_which_change_took_an_entry() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let cache = Cache::builder()
        .subscriber(move |event| {
            let text = match event {
                Event::Invalidation(invalidation) => {
                    let shapes: Vec<String> = invalidation.shapes.iter().map(ToString::to_string).collect();
                    format!("{}: {} met {shapes:?}", invalidation.number, invalidation.changes[0])
                }
                Event::Miss { name, reason, .. } => format!("{name}: {reason}"),
                _ => return,
            };
            seen.lock().unwrap().push(text);
        })
        .build();
    let read = || cache.entry(Key::new("k")).name("titles").depends_on(|| category(3)).get_or_fill(|| ());
    read();
    cache.invalidate(article(3)).unwrap();
    read();
    let expected = [
        "titles: absent",
        "1: insert article (category_id = 3) met [\"article (category_id =): 1\"]",
        "titles: invalidated by change 1",
    ];
    assert_eq!(*events.lock().unwrap(), expected);
}

#[test]
fn a_full_store_evicts_and_stays_within_its_bytes() {
    let cache = Cache::builder().store(cache_core::MemoryStore::with_capacity(64 << 10)).build();
    for number in 0..5_000 {
        cache
            .entry(Key::new("k").with(&number))
            .depends_on(|| category(number))
            .weigh(|_: &i32| 100)
            .get_or_fill(|| number);
    }
    let size = cache.size();
    assert!(size.bytes <= size.capacity, "{size:?}");
    assert!(size.entries > 50, "{size:?}");
    assert!(size.stamps < 3 * size.entries + 200, "stamps of evicted entries pile up: {size:?}");
}
