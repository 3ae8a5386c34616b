//! What functions take and return.

use std::borrow::Cow;

use super::*;

#[test]
fn boxes_arcs_and_nothing_are_results() {
    fixture!();
    #[cached(ttl = "1h", cache = &*CACHE)]
    fn boxed() -> Box<[usize]> {
        vec![run(); 2].into()
    }
    #[cached(ttl = "1h", cache = &*CACHE)]
    fn counted() -> Arc<str> {
        run();
        "text".into()
    }
    #[cached_as(Dependencies::table("article"), extra = id, cache = &*CACHE)]
    fn once(id: u8) {
        let _ = id;
        run();
    }
    #[cached_as(Dependencies::table("article"), extra = id, cache = &*CACHE)]
    fn checked(id: i8) -> Result<(), String> {
        run();
        if id < 0 { Err("negative".into()) } else { Ok(()) }
    }
    assert_eq!((boxed(), boxed(), runs()), ([1, 1].into(), [1, 1].into(), 1));
    assert!(Arc::ptr_eq(&counted(), &counted()));
    once(1);
    once(1);
    assert_eq!(runs(), 3);
    once(2);
    assert_eq!((checked(1), checked(1), checked(-1).is_err(), checked(-1).is_err()), (Ok(()), Ok(()), true, true));
    assert_eq!(runs(), 7);
    CACHE.invalidate_table("article").unwrap();
    once(1);
    assert_eq!((checked(1), runs()), (Ok(()), 9));
}

#[tokio::test]
async fn nothing_is_a_result_of_async_functions_too() {
    fixture!();
    #[cached_as(Dependencies::table("article"), cache = &*CACHE)]
    async fn warm() {
        tokio::task::yield_now().await;
        run();
    }
    #[cached_as(Dependencies::table("article"), cache = &*CACHE, companions = none)]
    async fn bare() {
        tokio::task::yield_now().await;
        run();
    }
    #[cached_as(Dependencies::table("article"), cache = &*CACHE, companions = none)]
    fn blocking() {
        run();
    }
    warm().await;
    warm().await;
    assert_eq!(runs(), 1);
    warm::refresh().await;
    assert_eq!(runs(), 2);
    bare().await;
    bare().await;
    assert_eq!(runs(), 3);
    blocking();
    blocking();
    assert_eq!(runs(), 4);
}

#[test]
fn borrowed_arguments_count_by_their_values() {
    fixture!();
    #[derive(CacheKey, Clone)]
    struct Page {
        number: u32,
    }
    #[cached_as(
        dependencies!(article: name = text, id in ids.to_vec()),
        extra = (page, pages, cow, maybe),
        cache = &*CACHE,
    )]
    fn all(
        text: &str,
        ids: &[i64],
        page: Option<&Page>,
        pages: &[Page],
        cow: Cow<'_, str>,
        maybe: Option<&str>,
    ) -> usize {
        let _ = (cow, maybe, page.map(|page| page.number), pages.len());
        run()
    }
    let pages = [Page { number: 1 }, Page { number: 2 }];
    let call = || all("x", &[1, 2], Some(&pages[0]), &pages, Cow::Borrowed("c"), None);
    assert_eq!((call(), call()), (1, 1));
    let again = all(
        &String::from("x"),
        &Vec::from([1, 2]),
        Some(&Page { number: 1 }),
        &pages.clone(),
        Cow::Owned("c".into()),
        None,
    );
    assert_eq!(again, 1, "owned or borrowed, the value counts");
    assert_eq!(all("x", &[1, 2], Some(&pages[1]), &pages, "c".into(), None), 2);
    assert_eq!(all("x", &[1, 2], None, &pages, "c".into(), None), 3);
    assert_eq!(all("x", &[1, 2], Some(&pages[0]), &pages[1..], "c".into(), None), 4);
    assert_eq!(all("x", &[1, 2], Some(&pages[0]), &pages, "d".into(), None), 5);
    assert_eq!(all("x", &[1, 2], Some(&pages[0]), &pages, "c".into(), Some("")), 6);
    assert_eq!(all("x", &[1], Some(&pages[0]), &pages, "c".into(), None), 7);
    assert_eq!(all("y", &[1, 2], Some(&pages[0]), &pages, "c".into(), None), 8);
    CACHE.invalidate(Change::inserted("article", Row::new().with("name", "x").with("id", 2))).unwrap();
    assert_eq!(call(), 9);
}

#[test]
fn structs_and_tuples_may_be_taken_apart() {
    fixture!();
    #[derive(Clone)]
    struct Filter {
        category: i32,
        trace: String,
    }
    #[cached_as(dependencies!(article: category_id = category), ignore(trace), extra = (low, high), cache = &*CACHE)]
    fn titles(Filter { category, trace }: Filter, [low, high]: [u8; 2]) -> usize {
        let _ = trace;
        run()
    }
    let filter = |category, trace: &str| Filter { category, trace: trace.into() };
    assert_eq!((titles(filter(3, "a"), [1, 2]), titles(filter(3, "b"), [1, 2])), (1, 1));
    assert_eq!((titles(filter(4, "a"), [1, 2]), titles(filter(3, "a"), [2, 1])), (2, 3));
    assert!(titles::explain(filter(3, "x"), [1, 2]).is_served());
    assert!(titles::invalidate(filter(3, "x"), [1, 2]));
    assert_eq!(titles(filter(3, "a"), [1, 2]), 4);
}

mod attributes {
    #![deny(deprecated, unused_must_use, dead_code)]

    #[cache_core::cached(ttl = "1h")]
    #[must_use = "it is the answer"]
    #[deprecated = "there is a better one"]
    #[inline(never)]
    #[expect(clippy::ptr_arg, clippy::needless_return, reason = "as it is written")]
    #[cfg_attr(all(), doc = "Documented.")]
    pub(super) fn answer(of: &String) -> usize {
        return of.len();
    }

    #[cache_core::cached(ttl = "1h")]
    #[cfg(any())]
    fn left_out() -> Missing {}
}

#[test]
fn attributes_stay_on_the_function() {
    #[expect(deprecated, unused_must_use)]
    fn call() {
        attributes::answer(&String::from("x"));
    }
    call();
    assert!(attributes::answer::invalidate(&String::from("x")));
}
