//! What results are told apart by.

use super::*;

#[derive(CacheKey, Clone)]
enum Order {
    Newest,
    By { column: String, descending: bool },
}

#[test]
fn every_argument_and_extra_is_part_of_the_key() {
    fixture!();
    #[cached_as(dependencies!(article: category_id = category), extra = (count, order), cache = &*CACHE)]
    fn top(category: i32, count: u64, order: &Order) -> usize {
        let _ = (category, count, order);
        run()
    }
    let by = |column: &str, descending| Order::By { column: column.into(), descending };
    let all = [
        top(3, 5, &Order::Newest),
        top(4, 5, &Order::Newest),
        top(3, 6, &Order::Newest),
        top(3, 5, &by("title", false)),
        top(3, 5, &by("title", true)),
        top(3, 5, &by("id", true)),
    ];
    assert_eq!(all, [1, 2, 3, 4, 5, 6]);
    assert_eq!(top(3, 5, &by("title", true)), 5);
}

#[test]
fn a_value_in_extra_that_is_no_argument_is_part_of_the_key() {
    fixture!();
    static LOCALE: Mutex<&str> = Mutex::new("en");
    #[cached_as(Dependencies::table("article"), extra = *LOCALE.lock().unwrap(), cache = &*CACHE)]
    fn page() -> usize {
        run()
    }
    assert_eq!(page(), 1);
    *LOCALE.lock().unwrap() = "de";
    assert_eq!(page(), 2);
    *LOCALE.lock().unwrap() = "en";
    assert_eq!(page(), 1);
}

#[test]
fn ignored_arguments_are_not_and_a_field_stands_for_itself() {
    fixture!();
    struct User {
        id: u64,
        seen: u64,
    }
    #[cached_as(Dependencies::table("article"), extra = user.id, ignore(trace), cache = &*CACHE)]
    fn page(user: &User, trace: &str) -> usize {
        let _ = (trace, user.seen);
        run()
    }
    assert_eq!(page(&User { id: 1, seen: 1 }, "a"), 1);
    assert_eq!(page(&User { id: 1, seen: 2 }, "b"), 1);
    assert_eq!(page(&User { id: 2, seen: 2 }, "b"), 2);
}

#[test]
fn a_computed_value_may_stand_for_an_ignored_argument() {
    fixture!();
    #[cached_as(Dependencies::table("article"), extra = text.len(), ignore(text), cache = &*CACHE)]
    fn length(text: &str) -> usize {
        let _ = text;
        run()
    }
    assert_eq!((length("ab"), length("cd"), length("abc")), (1, 1, 2));
}

#[test]
fn key_replaces_the_arguments() {
    fixture!();
    #[cached_as(Dependencies::table("article"), key = (text.to_lowercase(), count), cache = &*CACHE)]
    fn search(text: &str, count: u8) -> usize {
        let _ = (text, count);
        run()
    }
    assert_eq!((search("Ab", 1), search("aB", 1), search("ab", 2)), (1, 1, 2));
}

#[test]
fn arguments_in_format_strings_count() {
    fixture!();
    #[cached_as(Dependencies::tag(format!("user-{user}")), cache = &*CACHE)]
    fn page(user: u32) -> usize {
        run()
    }
    assert_eq!((page(1), page(2)), (1, 2));
    CACHE.invalidate_tag("user-1").unwrap();
    assert_eq!((page(1), page(2)), (3, 2));
}

#[test]
fn functions_and_versions_do_not_share_keys() {
    mod one {
        #[cache_core::cached(ttl = "1m")]
        pub fn same(id: u8) -> u8 {
            id
        }
    }
    mod two {
        #[cache_core::cached(ttl = "1m")]
        pub fn same(id: u8) -> u8 {
            id
        }
    }
    fn nested() -> [Key; 2] {
        let first = {
            #[cached(ttl = "1m")]
            fn same(id: u8) -> u8 {
                id
            }
            same::key(1)
        };
        #[cached(ttl = "1m")]
        fn same(id: u8) -> u8 {
            id
        }
        [first, same::key(1)]
    }
    #[cached(ttl = "1m", version = "2")]
    fn second(id: u8) -> u8 {
        id
    }
    #[cached(ttl = "1m", name = "shared", version = 1)]
    fn named(id: u8) -> u8 {
        id
    }
    #[cached(ttl = "1m", name = "shared", version = 1 + 1)]
    fn renamed(id: u8) -> u8 {
        id
    }
    let [a, b] = nested();
    let keys = [one::same::key(1), two::same::key(1), a, b, second::key(1), named::key(1), renamed::key(1)];
    for (at, key) in keys.iter().enumerate() {
        assert!(!keys[at + 1..].contains(key), "{at}");
    }
    assert_eq!(one::same(1), 1);
}
