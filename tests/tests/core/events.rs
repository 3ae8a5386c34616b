//! What subscribers are told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use cache_core::observe::Event;
use cache_core::{Cache, Change, Dependencies, Key, Row, Transaction, Value, column};

type Log<T> = Arc<Mutex<Vec<T>>>;

/// A cache and what `note` made of its events.
fn logged<T: Send + 'static>(note: impl Fn(&Event<'_>) -> Option<T> + Send + Sync + 'static) -> (Cache, Log<T>) {
    let log = Log::default();
    let seen = Arc::clone(&log);
    let cache = Cache::builder().subscriber(move |event| seen.lock().unwrap().extend(note(event))).build();
    (cache, log)
}

fn taken<T>(log: &Log<T>) -> Vec<T> {
    std::mem::take(&mut log.lock().unwrap())
}

#[test]
fn a_read_tells_its_name_its_key_and_whether_it_hit() {
    let (cache, log) = logged(|event| match event {
        Event::Hit { name, key } => Some((name.to_string(), (*key).clone(), true)),
        Event::Miss { name, key, .. } => Some((name.to_string(), (*key).clone(), false)),
        _ => None,
    });
    let read = |id: i32, dependencies: Dependencies| {
        cache.entry(Key::new("row").with(&id)).name("article").depends_on(move || dependencies).get_or_fill(|| ());
    };
    let nothing = || Dependencies::on("article", column("id").eq(Value::Null));
    read(1, Dependencies::table("article"));
    read(1, Dependencies::table("article"));
    read(2, nothing());
    read(2, nothing());
    let seen = |id: i32, hit| ("article".to_owned(), Key::new("row").with(&id), hit);
    assert_eq!(taken(&log), [seen(1, false), seen(1, true), seen(2, false), seen(2, true)]);
}

#[test]
fn a_fill_tells_its_dependencies_and_a_refusal_its_reason() {
    let (cache, log) = logged(|event| match event {
        Event::Fill { dependencies, weight, .. } => Some(format!("{dependencies}, {weight} bytes")),
        Event::Refused { reason, .. } => Some(reason.to_string()),
        Event::Bypass { name, .. } => Some(format!("past the cache: {name}")),
        _ => None,
    });
    let entry = || cache.entry(Key::new("k")).name("rows").depends_on(|| Dependencies::table("article"));
    entry().get_or_fill(|| cache.invalidate_table("article").unwrap());
    entry().weigh(|_: &()| 30).get_or_fill(|| ());
    entry().bypass(true).get_or_fill(|| ());
    assert_eq!(taken(&log), ["overtaken by change 1", "article, 30 bytes", "past the cache: rows"]);
}

#[test]
fn an_invalidation_tells_all_a_table_or_a_row_with_its_values() {
    let (cache, log) = logged(|event| match event {
        Event::Invalidation(invalidation) => Some(invalidation.changes.to_vec()),
        _ => None,
    });
    let row = Row::new().with("id", 1).with("title", "Ownership");
    let changes = [Change::everything(), Change::table("article"), Change::inserted("article", row.clone())];
    for change in changes.clone() {
        cache.invalidate(change).unwrap();
    }
    let seen = taken(&log);
    assert_eq!(seen.concat(), changes);
    assert_eq!((seen[0][0].table_name(), seen[1][0].table_name()), (None, Some(&"article".into())));
    assert_eq!(seen[2][0].after(), Some(&row));
}

/// Counts the invalidations that name a table, as a listener for that table would.
fn listener(table: &'static str) -> (Cache, Log<u64>) {
    logged(move |event| match event {
        Event::Invalidation(invalidation) => {
            let names = |change: &Change| change.table_name() == Some(&table.into());
            invalidation.changes.iter().any(names).then_some(invalidation.number)
        }
        _ => None,
    })
}

#[test]
fn a_listener_for_a_table_hears_once_a_transaction_after_its_commit() {
    let (cache, log) = listener("article");
    let transaction = Transaction::begin(&cache);
    transaction.record(Change::table("author"));
    transaction.record(Change::table("article"));
    let nested = transaction.nested();
    nested.record(Change::table("article"));
    nested.commit().unwrap();
    assert_eq!(taken(&log).len(), 0, "before the commit");
    transaction.commit().unwrap();
    assert_eq!(taken(&log).len(), 1);
    let failed = Transaction::begin(&cache);
    failed.record(Change::table("article"));
    failed.rollback();
    assert_eq!(taken(&log).len(), 0, "a rollback");
    cache.invalidate_table("author").unwrap();
    assert_eq!(taken(&log).len(), 0, "another table");
    cache.invalidate_table("article").unwrap();
    assert_eq!(taken(&log).len(), 1, "by hand");
}

#[test]
fn numbers_of_invalidations_only_rise_and_belong_to_the_tables_named() {
    let latest: Arc<Mutex<HashMap<String, u64>>> = Arc::default();
    let seen = Arc::clone(&latest);
    let cache = Cache::builder()
        .subscriber(move |event| {
            if let Event::Invalidation(invalidation) = event {
                let tables = invalidation.changes.iter().filter_map(Change::table_name);
                let numbered = tables.map(|table| (table.to_string(), invalidation.number));
                seen.lock().unwrap().extend(numbered);
            }
        })
        .build();
    let last = |tables: &[&str]| tables.iter().filter_map(|table| latest.lock().unwrap().get(*table).copied()).max();
    assert_eq!(last(&["article", "author"]), None);
    cache.invalidate_table("article").unwrap();
    let first = last(&["article"]);
    assert_eq!(last(&["author"]), None);
    cache.invalidate_table("author").unwrap();
    assert_eq!(last(&["article"]), first);
    assert!(last(&["author"]) > first);
    assert_eq!(last(&["article", "author"]), last(&["author"]));
    let point = cache.read_point();
    cache.invalidate([Change::table("article"), Change::table("author")]).unwrap();
    assert_eq!(last(&["article"]), last(&["author"]));
    assert!(cache.read_point() > point);
}

#[test]
fn what_is_muted_is_not_told_and_what_is_postponed_is_told_once() {
    let (cache, log) = listener("article");
    {
        let _mute = cache.no_invalidation();
        cache.invalidate_table("article").unwrap();
    }
    assert_eq!(taken(&log).len(), 0);
    {
        let _postponed = cache.postponed();
        cache.invalidate_table("article").unwrap();
        cache.invalidate_table("article").unwrap();
        assert_eq!(taken(&log).len(), 0);
    }
    assert_eq!(taken(&log).len(), 1);
}
