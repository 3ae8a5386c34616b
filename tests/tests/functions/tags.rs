//! Free tags on functions.

use std::borrow::Cow;

use super::*;

#[test]
fn a_tag_drops_whatever_carries_it() {
    fixture!();
    #[cached_as(dependencies!(article: category_id = category), tags = "front-page", cache = &*CACHE)]
    fn top(category: i32) -> usize {
        run()
    }
    #[cached(ttl = "1h", tags = ["front-page", format!("shop-{shop}")], cache = &*CACHE)]
    fn banner(shop: u32) -> usize {
        run()
    }
    assert_eq!((top(3), banner(7), banner(8)), (1, 2, 3));
    CACHE.invalidate_tag("shop-7").unwrap();
    assert_eq!((top(3), banner(7), banner(8)), (1, 4, 3));
    CACHE.invalidate(Change::inserted("article", article(1, 3))).unwrap();
    assert_eq!((top(3), banner(7), banner(8)), (5, 4, 3));
    CACHE.invalidate_tag("front-page").unwrap();
    assert_eq!((top(3), banner(7), banner(8)), (6, 7, 8));
    CACHE.invalidate_tag("another").unwrap();
    assert_eq!((top(3), banner(7), banner(8)), (6, 7, 8));
}

#[test]
fn tags_alone_are_enough_and_are_made_on_a_miss_only() {
    fixture!();
    static MADE: AtomicUsize = AtomicUsize::new(0);
    fn names(user: u32) -> Vec<String> {
        MADE.fetch_add(1, Ordering::SeqCst);
        vec![format!("user-{user}"), "users".to_owned()]
    }
    #[cached_as(tags = names(user), cache = &*CACHE)]
    fn page(user: u32) -> usize {
        run()
    }
    assert_eq!((page(1), page(1), page(2)), (1, 1, 2), "an argument of a tag is part of the key");
    assert_eq!(MADE.load(Ordering::SeqCst), 2);
    CACHE.invalidate_tag("user-2").unwrap();
    assert_eq!((page(1), page(2)), (1, 3));
    CACHE.invalidate_tag("users").unwrap();
    assert_eq!((page(1), page(2)), (4, 5));
}

#[test]
fn a_tag_is_a_text_of_any_kind() {
    fixture!();
    const TAG: &str = "constant";
    #[cached_as(tags = [TAG, name, &*shared, owned.as_ref(), maybe], cache = &*CACHE)]
    fn page(name: &str, shared: Arc<str>, owned: Cow<'_, str>, maybe: Option<&str>) -> usize {
        run()
    }
    let call = || page("name", "shared".into(), Cow::Borrowed("owned"), Some("maybe"));
    for (at, tag) in ["constant", "name", "shared", "owned", "maybe"].into_iter().enumerate() {
        assert_eq!((call(), call()), (at + 1, at + 1));
        CACHE.invalidate_tag(tag).unwrap();
    }
    assert_eq!(call(), 6);
}
