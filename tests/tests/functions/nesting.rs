//! Results made of results.

use super::*;

#[test]
fn an_outer_result_depends_on_what_it_contains() {
    fixture!();
    #[cached_as(dependencies!(article: category_id = category), cache = &*CACHE)]
    fn inner(category: i32) -> usize {
        run()
    }
    #[cached(ttl = "1h", cache = &*CACHE)]
    fn outer(category: i32) -> usize {
        100 * run() + inner(category)
    }
    assert_eq!(inner(3), 1);
    assert_eq!((outer(3), outer(3)), (201, 201), "inherited from a hit");
    CACHE.invalidate(Change::inserted("article", article(1, 4))).unwrap();
    assert_eq!(outer(3), 201);
    CACHE.invalidate(Change::inserted("article", article(1, 3))).unwrap();
    assert_eq!(outer(3), 304, "inherited from a miss");
    CACHE.invalidate(Change::inserted("article", article(1, 3))).unwrap();
    assert_eq!(outer(3), 506);
}

#[tokio::test]
async fn also_in_async_functions() {
    fixture!();
    #[cached_as(Dependencies::table("article"), cache = &*CACHE)]
    async fn inner() -> usize {
        tokio::task::yield_now().await;
        run()
    }
    #[cached(ttl = "1h", cache = &*CACHE)]
    async fn outer() -> usize {
        inner().await
    }
    assert_eq!((outer().await, outer().await), (1, 1));
    CACHE.invalidate_table("article").unwrap();
    assert_eq!((outer().await, inner().await), (2, 2));
}

#[test]
fn a_function_may_call_itself() {
    fixture!();
    #[cached(ttl = "1h", cache = &*CACHE)]
    fn fibonacci(n: u64) -> u64 {
        run();
        if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
    }
    assert_eq!((fibonacci(40), runs()), (102334155, 41));
}
