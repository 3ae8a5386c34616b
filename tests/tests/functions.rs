//! Cached functions as their users meet them.

#![allow(clippy::multiple_bound_locations)]

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, LazyLock, Mutex};
use std::time::Duration;

use cache_core::{
    Cache, CacheKey, Change, Connection, Dependencies, Key, Row, cached, cached_as, column, dependencies,
};

/// A cache per test, so that tests do not count each other's events.
macro_rules! fixture {
    () => {
        static CACHE: LazyLock<Cache> = LazyLock::new(Cache::in_memory);
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        #[allow(dead_code)]
        fn runs() -> usize {
            RUNS.load(Ordering::SeqCst)
        }
        #[allow(dead_code)]
        fn run() -> usize {
            RUNS.fetch_add(1, Ordering::SeqCst) + 1
        }
    };
}

fn article(id: i32, category: i32) -> Row {
    Row::from([("id", id), ("category_id", category)])
}

mod samples {
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
}

mod keys {
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
}

mod derived {
    use super::*;

    #[derive(CacheKey)]
    struct Page<'a, T, const N: usize> {
        number: [u32; N],
        what: &'a T,
        #[cache_key(skip)]
        _trace: std::cell::Cell<u8>,
    }

    #[derive(CacheKey)]
    struct Wrapped<I: Iterator>(I::Item, std::marker::PhantomData<I>);

    #[derive(CacheKey)]
    struct Tree<T> {
        children: Vec<Tree<T>>,
        value: T,
    }

    #[derive(CacheKey)]
    struct Nothing;

    #[derive(CacheKey)]
    enum Never {}

    #[derive(CacheKey)]
    enum Shape {
        Point,
        Circle(u32),
        Square(u32),
        Named { r#type: String, key: u8 },
    }

    fn key<T: CacheKey>(value: &T) -> Key {
        Key::new("x").with(value)
    }

    #[test]
    fn fields_count_unless_they_are_skipped() {
        let page =
            |number, what: &'static str, trace: u8| key(&Page { number: [number], what: &what, _trace: trace.into() });
        assert_eq!(page(1, "a", 1), page(1, "a", 2));
        assert_ne!(page(1, "a", 1), page(2, "a", 1));
        assert_ne!(page(1, "a", 1), page(1, "b", 1));
        let leaf = |value| Tree { children: Vec::new(), value };
        assert_ne!(key(&Tree { children: vec![leaf(1)], value: 2 }), key(&leaf(1)));
        let wrapped = |item| Wrapped::<std::vec::IntoIter<u8>>(item, std::marker::PhantomData);
        assert_ne!(key(&wrapped(1)), key(&wrapped(2)));
        assert_eq!(key(&Nothing), Key::new("x"));
        let _ = key::<Never>;
    }

    #[test]
    fn variants_count_and_their_fields() {
        let named = |text: &str, key| Shape::Named { r#type: text.into(), key };
        let keys = [
            key(&Shape::Point),
            key(&Shape::Circle(1)),
            key(&Shape::Square(1)),
            key(&Shape::Square(2)),
            key(&named("a", 1)),
            key(&named("a", 2)),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[at + 1..].contains(key), "{at}");
        }
    }
}

mod declared {
    use super::*;

    #[test]
    fn the_macro_says_what_the_builder_says() {
        let (low, list) = (3, vec![1_i64, 2]);
        let declared = dependencies! {
            article: category_id = low && (status in [1, 2] || author_id in list.clone()), price < 100.0;
            comment: !(spam = true), created between 1 and 2 * 3;
            "shop.note": "text" starts_with "ab", parent is null, id not in [7], owner is not null;
            rating;
            tag format!("front-{low}");
        };
        let article = column("category_id").eq(3)
            & (column("status").is_in([1, 2]) | column("author_id").is_in(list.iter().copied()))
            & column("price").lt(100.0);
        let comment = !column("spam").eq(true) & column("created").between(1, 6);
        let note = column("text").starts_with("ab")
            & column("parent").is_null()
            & column("id").not_in([7])
            & column("owner").is_not_null();
        let built = Dependencies::on("article", article)
            | Dependencies::on("comment", comment)
            | Dependencies::on("note", note)
            | Dependencies::table("rating")
            | Dependencies::tag("front-3");
        assert_eq!(declared, built);
        assert_eq!(dependencies! {}, Dependencies::none());
    }

    #[test]
    fn options_and_references_are_values() {
        let (name, none): (&String, Option<i32>) = (&String::from("x"), None);
        let declared = dependencies!(article: name = name, id = none);
        assert_eq!(declared, Dependencies::none(), "no row has `id = NULL`");
        assert!(!dependencies!(article: name = name, id = Some(3)).is_empty());
    }
}

mod time {
    use super::*;

    #[test]
    fn time_alone_keeps_an_entry_for_every_argument() {
        fixture!();
        #[cached(ttl = "15m", cache = &*CACHE)]
        fn rate(from: &str, to: &str) -> usize {
            let _ = (from, to);
            run()
        }
        assert_eq!((rate("EUR", "USD"), rate("EUR", "CHF"), rate("EUR", "USD")), (1, 2, 1));
    }

    #[test]
    fn nothing_lives_longer_than_it_was_told() {
        fixture!();
        #[cached(ttl = "20ms", cache = &*CACHE)]
        fn short() -> usize {
            run()
        }
        #[cached(ttl = limit, cache = &*CACHE, ignore(limit))]
        fn given(limit: Duration) -> usize {
            let _ = limit;
            run()
        }
        assert_eq!((short(), short()), (1, 1));
        std::thread::sleep(Duration::from_millis(30));
        assert_eq!(short(), 2);
        assert_eq!((given(Duration::ZERO), given(Duration::ZERO)), (3, 4));
    }

    #[test]
    fn unused_entries_go_after_their_idle_time() {
        fixture!();
        #[cached(idle = "20ms", ttl = "1h", cache = &*CACHE)]
        fn idle() -> usize {
            run()
        }
        assert_eq!((idle(), idle()), (1, 1));
        std::thread::sleep(Duration::from_millis(40));
        assert_eq!(idle(), 2);
    }

    #[test]
    fn when_decides_whether_the_cache_is_used() {
        fixture!();
        #[cached(ttl = "1h", when = !fresh, ignore(fresh), cache = &*CACHE)]
        fn page(fresh: bool) -> usize {
            let _ = fresh;
            run()
        }
        assert_eq!((page(false), page(true), page(false), page(true)), (1, 2, 1, 3));
    }
}

mod results {
    use super::*;

    #[test]
    fn errors_are_not_stored() {
        fixture!();
        #[cached_as(Dependencies::table("article"), cache = &*CACHE, extra = (text,))]
        fn parse(text: &str) -> Result<usize, std::num::ParseIntError> {
            run();
            let number: usize = text.parse()?;
            if number == 0 {
                return Ok(7);
            }
            Ok(number)
        }
        assert!(parse("x").is_err() && parse("x").is_err());
        assert_eq!(runs(), 2);
        assert_eq!((parse("3"), parse("3"), parse("0")), (Ok(3), Ok(3), Ok(7)));
        assert_eq!(runs(), 4);
    }

    type Answer<T> = Result<T, Infallible>;

    #[test]
    fn aliases_of_result_are_seen_through_and_none_is_a_result() {
        fixture!();
        #[cached(ttl = "1h", cache = &*CACHE)]
        fn answer() -> Answer<usize> {
            Ok(run())
        }
        #[cached(ttl = "1h", cache = &*CACHE)]
        fn nothing() -> Option<usize> {
            run();
            None
        }
        assert_eq!((answer(), answer()), (Ok(1), Ok(1)));
        assert_eq!(CACHE.get::<usize>(&answer::key()), Some(1), "what is kept is the value of the `Ok`");
        assert_eq!((nothing(), nothing(), runs()), (None, None, 2));
    }

    #[test]
    fn an_arc_is_shared_and_values_are_not() {
        fixture!();
        #[cached(ttl = "1h", cache = &*CACHE)]
        fn shared() -> Arc<Vec<u8>> {
            Arc::new(vec![1, 2])
        }
        #[cached(ttl = "1h", cache = &*CACHE)]
        fn owned() -> Vec<u8> {
            vec![1, 2]
        }
        assert!(Arc::ptr_eq(&shared(), &shared()));
        let mut first = owned();
        first.clear();
        assert_eq!(owned(), [1, 2]);
    }
}

mod signatures {
    use super::*;

    #[derive(Clone)]
    struct Shop {
        id: u32,
        cache: Cache,
        runs: Arc<AtomicUsize>,
    }

    impl Shop {
        fn new(id: u32, cache: &Cache) -> Self {
            Shop { id, cache: cache.clone(), runs: Arc::default() }
        }

        #[cached_as(dependencies!(article: shop_id = self.id, category_id = category), cache = self.cache)]
        fn titles(&self, category: i32) -> usize {
            self.runs.fetch_add(1, Ordering::SeqCst)
        }

        #[cached_as(Dependencies::table("article"), extra = (self.id, what), cache = &self.cache)]
        async fn later<T: CacheKey + Clone + Send + Sync>(&self, what: T) -> Result<usize, Infallible>
        where
            T: PartialEq,
        {
            tokio::task::yield_now().await;
            let _ = what == what.clone();
            Ok(self.runs.fetch_add(1, Ordering::SeqCst))
        }

        #[cached(ttl = "1h", companions = methods)]
        fn settled(id: u32) -> usize {
            static RUNS: AtomicUsize = AtomicUsize::new(0);
            let _ = id;
            RUNS.fetch_add(1, Ordering::SeqCst)
        }
    }

    #[test]
    fn methods_are_keyed_by_what_is_used_of_self() {
        let cache = Cache::in_memory();
        let (one, two) = (Shop::new(1, &cache), Shop::new(2, &cache));
        assert_eq!((one.titles(3), one.titles(3), one.titles(4), two.titles(3)), (0, 0, 1, 0));
        cache.invalidate(Change::inserted("article", Row::from([("shop_id", 1), ("category_id", 3)]))).unwrap();
        assert_eq!((one.titles(3), one.titles(4), two.titles(3)), (2, 1, 0));
        assert!(one.titles_invalidate(4));
        assert!(!one.titles_invalidate(4));
        assert_eq!(one.titles(4), 3);
        assert_eq!(one.titles_uncached(4), 4);
        assert_eq!((one.titles_refresh(4), one.titles(4)), (5, 5));
        assert_eq!(cache.get::<usize>(&one.titles_key(4)), Some(5));
        assert_eq!((Shop::settled(1), Shop::settled(1), Shop::settled(2)), (0, 0, 1));
    }

    #[tokio::test]
    async fn async_methods_with_generics() {
        let cache = Cache::in_memory();
        let shop = Shop::new(1, &cache);
        let first = tokio::spawn({
            let shop = shop.clone();
            async move { shop.later("a").await }
        });
        assert_eq!(first.await.unwrap(), Ok(0));
        assert_eq!(shop.later("a").await, Ok(0));
        assert_eq!(shop.later(3).await, Ok(1));
        assert!(shop.later_invalidate("a"));
        assert_eq!(shop.later("a").await, Ok(2));
    }

    trait Kind {
        const NAME: &'static str;
    }
    struct A;
    struct B;
    impl Kind for A {
        const NAME: &'static str = "a";
    }
    impl Kind for B {
        const NAME: &'static str = "b";
    }

    #[test]
    fn types_and_constants_are_part_of_the_key() {
        fixture!();
        #[cached(ttl = "1h", cache = &*CACHE)]
        fn name<K: Kind, const N: usize>(suffix: &str) -> String
        where
            K: 'static,
        {
            run();
            format!("{}{suffix}{N}", K::NAME)
        }
        assert_eq!(name::<A, 1>("x"), "ax1");
        assert_eq!(name::<B, 1>("x"), "bx1");
        assert_eq!(name::<A, 2>("x"), "ax2");
        assert_eq!(name::<A, 1>("x"), "ax1");
        assert_eq!(runs(), 3);
        assert!(name::invalidate::<B, 1>("x"));
        name::<A, 1>("x");
        assert_eq!(runs(), 3);
    }

    struct Repository<K>(std::marker::PhantomData<K>);

    impl<K: Kind> Repository<K> {
        #[cached(ttl = "1h", companions = none)]
        fn name() -> String {
            K::NAME.to_owned()
        }
    }

    trait Greets {
        fn greet(&self, name: &str) -> String;
    }

    impl<K: Kind> Greets for Repository<K> {
        #[cached(ttl = "1h", ignore(self), companions = none)]
        fn greet(&self, name: &str) -> String {
            format!("{}: {name}", K::NAME)
        }
    }

    #[test]
    fn types_around_a_function_are_part_of_the_key() {
        assert_eq!(Repository::<A>::name(), "a");
        assert_eq!(Repository::<B>::name(), "b");
        assert_eq!(Repository::<A>(std::marker::PhantomData).greet("x"), "a: x");
        assert_eq!(Repository::<B>(std::marker::PhantomData).greet("x"), "b: x");
    }

    #[test]
    fn arguments_may_be_borrowed_owned_mutable_unnamed_or_taken_apart() {
        fixture!();
        #[cached_as(
            dependencies!(article: name = name, id in ids.to_vec(), pair = first),
            extra = (mutable, second, things.len()),
            cache = &*CACHE,
        )]
        fn all<'a>(
            name: String,
            ids: &'a [i64],
            mut mutable: u8,
            (first, second): (i32, Option<&'a str>),
            _: Vec<std::cell::Cell<u8>>,
            things: impl AsRef<[u8]> + Clone + CacheKey + LenOf,
        ) -> (String, usize) {
            mutable += 1;
            let _ = (ids, first, second, things.as_ref());
            run();
            (name, usize::from(mutable))
        }
        let call = || all(String::from("x"), &[1, 2], 3, (4, Some("y")), Vec::new(), vec![1_u8]);
        assert_eq!(call(), ("x".into(), 4));
        assert_eq!(call(), ("x".into(), 4));
        assert_eq!(runs(), 1);
        all(String::from("x"), &[1, 2], 3, (4, None), Vec::new(), vec![1_u8]);
        all(String::from("x"), &[1, 2], 3, (5, Some("y")), Vec::new(), vec![1_u8]);
        all(String::from("x"), &[1], 3, (4, Some("y")), Vec::new(), vec![1_u8]);
        all(String::from("x"), &[1, 2], 3, (4, Some("y")), Vec::new(), vec![2_u8]);
        assert_eq!(runs(), 5);
        CACHE
            .invalidate(Change::inserted("article", Row::new().with("name", "x").with("id", 2).with("pair", 5)))
            .unwrap();
        call();
        assert_eq!(runs(), 5);
        CACHE
            .invalidate(Change::inserted("article", Row::new().with("name", "x").with("id", 2).with("pair", 4)))
            .unwrap();
        call();
        assert_eq!(runs(), 6);
    }

    trait LenOf {
        fn len(&self) -> usize;
    }

    impl LenOf for Vec<u8> {
        fn len(&self) -> usize {
            Vec::len(self)
        }
    }
}

mod connections {
    use super::*;

    struct Db {
        dirty: bool,
    }

    impl Db {
        fn article(&self, id: i32) -> Dependencies {
            Dependencies::row("article", [("id", id)])
        }
    }

    impl Connection for Db {
        fn bypass(&self) -> bool {
            self.dirty
        }
    }

    #[test]
    fn a_connection_needs_no_place_and_may_go_past_the_cache() {
        fixture!();
        #[cached_as(dependencies!(article: category_id = category), cache = &*CACHE)]
        fn titles(db: &Db, category: i32) -> usize {
            let _ = db;
            run()
        }
        let (clean, dirty) = (Db { dirty: false }, Db { dirty: true });
        assert_eq!((titles(&clean, 3), titles(&clean, 3)), (1, 1));
        assert_eq!((titles(&dirty, 3), titles(&dirty, 3), titles(&clean, 3)), (2, 3, 1));
        assert!(titles::invalidate(3));
    }

    #[test]
    fn ignored_generic_and_mutable_connections_are_asked_as_well() {
        fixture!();
        #[cached_as(Dependencies::table("article"), ignore(db), cache = &*CACHE)]
        fn ignored(db: Arc<Db>) -> usize {
            let _ = db;
            run()
        }
        #[cached_as(Dependencies::table("article"), cache = &*CACHE)]
        fn generic<C: Connection>(db: &mut C) -> usize {
            let _ = db;
            run()
        }
        #[cached_as(db.article(id), cache = &*CACHE)]
        fn used(db: &Db, id: i32) -> usize {
            run()
        }
        let (mut clean, mut dirty) = (Db { dirty: false }, Db { dirty: true });
        assert_eq!((ignored(Arc::new(Db { dirty: true })), ignored(Arc::new(Db { dirty: false }))), (1, 2));
        assert_eq!(ignored(Arc::new(Db { dirty: false })), 2);
        assert_eq!((generic(&mut dirty), generic(&mut clean), generic(&mut clean)), (3, 4, 4));
        assert_eq!((used(&dirty, 1), used(&clean, 1), used(&clean, 1)), (5, 6, 6));
        assert!(generic::invalidate());
    }
}

mod companions {
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
}

mod nesting {
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
}

mod simultaneous {
    use super::*;

    #[test]
    fn many_threads_that_miss_run_the_body_once() {
        fixture!();
        #[cached_as(Dependencies::table("article"), extra = id, cache = &*CACHE)]
        fn slow(id: u32) -> usize {
            let _ = id;
            std::thread::sleep(Duration::from_millis(30));
            run()
        }
        let start = Barrier::new(16);
        let results: Vec<usize> = std::thread::scope(|scope| {
            let call = || {
                start.wait();
                slow(1)
            };
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(call)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!((results, runs()), (vec![1; 16], 1));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_tasks_that_miss_run_the_body_once() {
        fixture!();
        #[cached_as(dependencies!(article: id = id), cache = &*CACHE)]
        async fn slow(id: u32) -> Result<usize, Infallible> {
            tokio::time::sleep(Duration::from_millis(30)).await;
            Ok(run())
        }
        let tasks: Vec<_> = (0..64).map(|_| tokio::spawn(slow(1))).collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), Ok(1));
        }
        assert_eq!(runs(), 1);
    }
}
