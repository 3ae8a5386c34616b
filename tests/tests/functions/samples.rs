//! What the examples of the documentation promise.

use super::*;

#[test]
fn any_write_to_a_table_drops_what_depends_on_the_table() {
    fixture!();
    #[cached_as(Dependencies::table("article"), cache = &*CACHE)]
    fn count() -> usize {
        run()
    }
    assert_eq!((count(), count()), (1, 1));
    CACHE.invalidate(Change::inserted("article", article(1, 3))).unwrap();
    assert_eq!((count(), count()), (2, 2));
    CACHE.invalidate(Change::inserted("comment", Row::new())).unwrap();
    assert_eq!(count(), 2);
}

#[test]
fn a_filter_lets_rows_pass_that_it_does_not_select() {
    fixture!();
    #[cached_as(Dependencies::on("article", column("category_id").eq(category)), cache = &*CACHE)]
    fn titles(category: i32) -> usize {
        run()
    }
    assert_eq!((titles(3), titles(3), titles(4)), (1, 1, 2));
    CACHE.invalidate(Change::inserted("article", article(1, 4))).unwrap();
    assert_eq!((titles(3), titles(4)), (1, 3));
    CACHE.invalidate(Change::updated("article", article(1, 4), article(1, 3))).unwrap();
    assert_eq!((titles(3), titles(4)), (4, 5));
    CACHE.invalidate(Change::inserted("article", article(1, 5))).unwrap();
    assert_eq!((titles(3), titles(4)), (4, 5));
}

#[test]
fn a_row_drops_only_what_depends_on_that_row() {
    fixture!();
    #[cached_as(Dependencies::row("article", [("id", id)]), cache = &*CACHE)]
    fn title(id: i32) -> usize {
        run()
    }
    assert_eq!((title(1), title(2)), (1, 2));
    CACHE.invalidate(Change::deleted("article", article(2, 9))).unwrap();
    assert_eq!((title(1), title(2)), (1, 3));
}

#[test]
fn any_of_several_querysets_drops_the_result() {
    fixture!();
    #[cached_as(
        Dependencies::on("article", column("category_id").eq(category)),
        dependencies!(comment: author_id = author && status in [1, 2]; tag "front-page"),
        cache = &*CACHE,
    )]
    fn page(category: i32, author: i64) -> usize {
        run()
    }
    assert_eq!((page(3, 7), page(3, 7), page(3, 8)), (1, 1, 2));
    CACHE.invalidate(Change::inserted("article", article(1, 3))).unwrap();
    assert_eq!((page(3, 7), page(3, 8)), (3, 4));
    CACHE.invalidate(Change::inserted("comment", Row::from([("author_id", 8), ("status", 2)]))).unwrap();
    assert_eq!((page(3, 7), page(3, 8)), (3, 5));
    CACHE.invalidate(Change::inserted("comment", Row::from([("author_id", 8), ("status", 3)]))).unwrap();
    assert_eq!((page(3, 7), page(3, 8)), (3, 5));
    CACHE.invalidate_tag("front-page").unwrap();
    assert_eq!((page(3, 7), page(3, 8)), (6, 7));
}

#[test]
fn the_queryset_is_built_on_a_miss_only() {
    fixture!();
    static BUILT: AtomicUsize = AtomicUsize::new(0);
    fn queryset(id: i32) -> Dependencies {
        BUILT.fetch_add(1, Ordering::SeqCst);
        Dependencies::row("article", [("id", id)])
    }
    #[cached_as(queryset(id), cache = &*CACHE)]
    fn title(id: i32) -> usize {
        run()
    }
    for _ in 0..5 {
        title(1);
    }
    assert_eq!((BUILT.load(Ordering::SeqCst), runs()), (1, 1));
}

#[test]
fn an_invalidation_during_the_call_keeps_its_result_out() {
    fixture!();
    #[cached_as(Dependencies::table("article"), extra = interrupted, cache = &*CACHE)]
    fn count(interrupted: bool) -> usize {
        let number = run();
        if interrupted && number == 1 {
            CACHE.invalidate_table("article").unwrap();
        }
        number
    }
    assert_eq!(count(true), 1);
    assert_eq!(count(true), 2, "the first result was made before the change");
    assert_eq!(count(true), 2, "the second is kept");
    assert_eq!(CACHE.counters().refused, 1);
}
