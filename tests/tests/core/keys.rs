//! What tells entries apart, and what does not.

use std::any::type_name;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use cache_core::observe::measure;
use cache_core::{
    Cache, CacheKey, Change, Date, DateTime, Decimal, Dependencies, Instant, Key, KeyWriter, Row, Time, Value, column,
};

fn hits(read: impl FnOnce()) -> u64 {
    measure(read).1.hits
}

/// Insists that a parameter equal to the first finds its entry and that another does not.
fn tells_apart<P: CacheKey>(first: P, equal: P, other: P) {
    let cache = Cache::in_memory();
    let read = |part: &P| hits(|| cache.entry(Key::new("f").with(part)).get_or_fill(|| ()));
    let found = (read(&first), read(&equal), read(&other));
    assert_eq!(found, (0, 1, 0), "parameters of type {}", type_name::<P>());
}

#[derive(Clone, Copy)]
enum Colour {
    Red,
    Other { shade: u8 },
}

impl CacheKey for Colour {
    fn write_key(&self, key: &mut KeyWriter) {
        match self {
            Colour::Red => key.part(&0_u8),
            Colour::Other { shade } => key.part(&1_u8).part(shade),
        };
    }
}

#[test]
fn values_of_every_common_type_are_parameters() {
    let decimal = |text: &str| Value::from(text.parse::<Decimal>().unwrap());
    tells_apart(vec![1, 2], vec![1, 2], vec![2, 1]);
    tells_apart((1, "a"), (1, "a"), (1, "b"));
    tells_apart([1_u8, 2], [1, 2], [1, 3]);
    tells_apart(vec![0_u8, 255], vec![0, 255], vec![0, 254]);
    tells_apart(0.5, 0.5, 0.25);
    tells_apart(decimal("1.50"), decimal("1.5"), decimal("1.51"));
    tells_apart(Ipv4Addr::LOCALHOST, Ipv4Addr::LOCALHOST, Ipv4Addr::BROADCAST);
    tells_apart(Ipv6Addr::LOCALHOST, Ipv6Addr::LOCALHOST, Ipv6Addr::UNSPECIFIED);
    tells_apart(IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
    tells_apart(Duration::from_millis(1500), Duration::from_micros(1_500_000), Duration::from_secs(1));
    tells_apart(Value::Uuid([1; 16]), Value::Uuid([1; 16]), Value::Uuid([2; 16]));
    let day = |day| Value::Date(Date::from_ymd(2024, 2, day).unwrap());
    tells_apart(day(28), day(28), day(29));
    let time = |second| Value::Time(Time::from_hms(12, 0, second, 0).unwrap());
    tells_apart(time(1), time(1), time(2));
    let moment = |nanoseconds| Value::DateTime(DateTime::from_nanoseconds(nanoseconds).unwrap());
    tells_apart(moment(5), moment(5), moment(6));
    let instant = |nanoseconds| Value::Instant(Instant::from_nanoseconds(nanoseconds).unwrap());
    tells_apart(instant(5), instant(5), instant(6));
    tells_apart(Colour::Other { shade: 3 }, Colour::Other { shade: 3 }, Colour::Red);
    tells_apart(Some("a"), Some("a"), None);
    tells_apart(BTreeMap::from([(1, 2)]), BTreeMap::from([(1, 2)]), BTreeMap::from([(2, 1)]));
    tells_apart(true, true, false);
    tells_apart('a', 'a', 'b');
}

#[test]
fn two_spellings_of_a_parameter_share_an_entry() {
    let cache = Cache::in_memory();
    let read = |key: Key| hits(|| cache.entry(key).get_or_fill(|| ()));
    let key = || Key::new("f");
    assert_eq!(read(key().with(&3_i32).with("en").with(&0.0)), 0);
    assert_eq!(read(key().with(&3_u64).with(&String::from("en")).with(&-0.0)), 1);
    assert_eq!(read(key().with(&Arc::new(3_i8)).with(&Some(&"en")).with(&0.0)), 0, "an option is a part of its own");
}

#[test]
fn two_spellings_of_a_condition_are_one_dependency() {
    let status = || column("status");
    let first = Dependencies::on("article", status().is_in([2, 1, 2]) & column("category_id").eq(3));
    let second = Dependencies::on("Shop.Article", column("CATEGORY_ID").eq(3_u64) & (status().eq(1) | status().eq(2)));
    assert_eq!(first, second);
    assert_eq!(first.to_string(), second.to_string());
    assert_ne!(first, Dependencies::on("article", status().is_in([2, 3]) & column("category_id").eq(3)));
}

#[test]
fn results_of_two_types_never_meet() {
    #[derive(Clone, Debug, PartialEq)]
    struct Article(i32);
    #[derive(Clone, Debug, PartialEq)]
    struct Teaser(i32);
    let cache = Cache::in_memory();
    assert_eq!(cache.entry(Key::of::<Article>("row").with(&1)).get_or_fill(|| Article(1)), Article(1));
    assert_eq!(cache.entry(Key::of::<Teaser>("row").with(&1)).get_or_fill(|| Teaser(2)), Teaser(2));
    assert_eq!(cache.entry(Key::of::<Article>("row").with(&1)).get_or_fill(|| Article(3)), Article(1));
    assert_eq!(cache.entry(Key::of::<Teaser>("row").with(&1)).get_or_fill(|| Teaser(3)), Teaser(2));
}

#[test]
fn names_and_values_beyond_ascii_work() {
    let cache = Cache::in_memory();
    let key = || Key::new("příběhy").with("日本");
    let depends = || Dependencies::on("käse", column("größe").eq("ÄÖ☃"));
    cache.entry(key()).depends_on(depends).get_or_fill(|| 1);
    cache.invalidate(Change::inserted("käse", Row::from([("größe", "ÄÖ")]))).unwrap();
    assert_eq!(cache.get::<i32>(&key()), Some(1));
    cache.invalidate(Change::inserted("käse", Row::from([("größe", "ÄÖ☃")]))).unwrap();
    assert_eq!(cache.get::<i32>(&key()), None);
}

#[test]
fn changing_the_list_afterwards_changes_neither_key_nor_dependencies() {
    let cache = Cache::in_memory();
    let mut ids = vec![1, 2];
    let key = Key::new("rows").with(&ids);
    let dependencies = Dependencies::on("article", column("id").is_in(ids.iter().copied()));
    ids.push(3);
    cache.entry(key).depends_on(move || dependencies).get_or_fill(|| 1);
    assert_eq!(cache.get::<i32>(&Key::new("rows").with(&ids)), None);
    cache.invalidate(Change::deleted("article", Row::from([("id", 3)]))).unwrap();
    assert_eq!(cache.get::<i32>(&Key::new("rows").with(&[1, 2])), Some(1));
    cache.invalidate(Change::deleted("article", Row::from([("id", 2)]))).unwrap();
    assert_eq!(cache.get::<i32>(&Key::new("rows").with(&[1, 2])), None);
}

#[test]
fn describing_a_read_does_nothing() {
    let cache = Cache::in_memory();
    let never = || -> Dependencies { panic!("dependencies are built on a miss only") };
    drop(cache.entry(Key::new("k")).depends_on(never));
    assert_eq!(cache.counters(), Cache::in_memory().counters());
    cache.set(&Key::new("k"), 1, None);
    assert_eq!(cache.entry(Key::new("k")).depends_on(never).get_or_fill(|| -> i32 { panic!("nor does it run") }), 1);
}

#[test]
fn a_value_that_nobody_could_serialise_is_kept_as_it_is() {
    type Rule = Arc<dyn Fn(i32) -> i32 + Send + Sync>;
    let cache = Cache::in_memory();
    let read = |step: i32| cache.entry(Key::new("rule")).get_or_fill(|| -> Rule { Arc::new(move |n| n + step) });
    let first = read(1);
    let second = read(2);
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(second(1), 2);
}

#[test]
fn a_prefix_as_a_part_of_the_key_may_change_at_any_time() {
    let cache = Cache::in_memory();
    let key = |tenant: &str| Key::new("menu").with(tenant);
    let read = |tenant: &str| {
        cache.entry(key(tenant)).depends_on(|| Dependencies::table("menu")).get_or_fill(|| format!("menu of {tenant}"))
    };
    assert_eq!(read("north"), "menu of north");
    assert_eq!(read("south"), "menu of south");
    assert_eq!(hits(|| drop(read("north"))), 1);
    cache.set(&key("plain").with(&1), 7, None);
    assert_eq!(cache.get::<i32>(&key("other").with(&1)), None);
    cache.invalidate_table("menu").unwrap();
    assert_eq!(hits(|| drop((read("north"), read("south")))), 0, "a write concerns every prefix");
}
