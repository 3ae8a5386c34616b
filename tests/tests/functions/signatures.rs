//! Functions of every form.

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
    CACHE.invalidate(Change::inserted("article", Row::new().with("name", "x").with("id", 2).with("pair", 5))).unwrap();
    call();
    assert_eq!(runs(), 5);
    CACHE.invalidate(Change::inserted("article", Row::new().with("name", "x").with("id", 2).with("pair", 4))).unwrap();
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
