//! What stands beside a cached function.

use super::*;

#[test]
fn each_does_what_it_says() {
    fixture!();
    /// Documented.
    #[cached_as(dependencies!(article: category_id = category), extra = count, ttl = "15m", cache = &*CACHE)]
    #[must_use]
    fn top(category: i32, count: u64) -> usize {
        let _ = count;
        run()
    }
    assert_eq!((top(3, 5), top(3, 6)), (1, 2));
    assert!(top::invalidate(3, 5));
    assert!(!top::invalidate(3, 5), "it has gone");
    assert_eq!((top(3, 5), top(3, 6)), (3, 2), "exactly that entry went");

    let key = top::key(3, 5);
    assert_eq!(CACHE.get::<usize>(&key), Some(3));
    CACHE.set(&key, 99_usize, None);
    assert_eq!(top(3, 5), 99);
    assert!(CACHE.delete(&key));
    assert_eq!(top(3, 5), 4);

    assert_eq!((top::uncached(3, 5), top(3, 5)), (5, 4));
    assert_eq!((top::refresh(3, 5), top(3, 5)), (6, 6));
    CACHE.invalidate(Change::inserted("article", article(1, 3))).unwrap();
    assert_eq!(top(3, 5), 7, "what was refreshed depends on its queryset too");
}

#[test]
fn a_refresh_that_fails_or_is_overtaken_stores_nothing() {
    fixture!();
    #[cached_as(Dependencies::table("article"), cache = &*CACHE)]
    fn count() -> Result<usize, usize> {
        match run() {
            1 => Ok(1),
            2 => Err(2),
            number => {
                CACHE.invalidate_table("article").unwrap();
                Ok(number)
            }
        }
    }
    assert_eq!(count(), Ok(1));
    assert_eq!((count::refresh(), count()), (Err(2), Ok(1)));
    assert_eq!(count::refresh(), Ok(3));
    assert_eq!(count(), Ok(4));
}

#[tokio::test]
async fn async_functions_have_them_too() {
    fixture!();
    #[cached(ttl = "1h", cache = &*CACHE)]
    async fn rate(from: String) -> Option<usize> {
        drop(from);
        tokio::task::yield_now().await;
        Some(run())
    }
    assert_eq!(rate("EUR".into()).await, Some(1));
    assert_eq!(rate("EUR".into()).await, Some(1));
    assert_eq!(rate::uncached("EUR".into()).await, Some(2));
    assert_eq!(rate::refresh("EUR".into()).await, Some(3));
    assert_eq!(CACHE.get::<Option<usize>>(&rate::key("EUR".into())), Some(Some(3)));
    assert!(rate::invalidate("EUR".into()));
    assert_eq!(rate("EUR".into()).await, Some(4));
}

mod private {
    #[cache_core::cached(ttl = "1h")]
    pub(in super::super) fn visible(id: u8) -> u8 {
        id
    }
}

#[test]
fn they_are_as_visible_as_the_function() {
    assert_eq!(private::visible(1), 1);
    assert!(private::visible::invalidate(1));
}
