//! Methods in the `impl` of a trait, as they are written and as async-trait rewrites them.

use ::async_trait::async_trait;

use super::*;

static RUNS: AtomicUsize = AtomicUsize::new(0);

fn run() -> usize {
    RUNS.fetch_add(1, Ordering::SeqCst)
}

#[async_trait]
trait Shops: Send + Sync {
    async fn title(&self, db: &Db, category: i32, language: &str) -> Result<String, Infallible>;

    async fn find(&self, what: Option<&str>) -> Option<usize>;

    fn id(&self) -> u32;

    #[cached_as(Dependencies::table("article"), extra = (self.id(), what), ignore(self), cache = CACHE.clone())]
    async fn provided(&self, what: String) -> usize {
        let _ = what;
        tokio::task::yield_now().await;
        run()
    }
}

static CACHE: LazyLock<Cache> = LazyLock::new(Cache::in_memory);

struct Db;

impl Connection for Db {
    fn bypass(&self) -> bool {
        false
    }
}

struct Shop<T> {
    id: u32,
    kind: T,
}

#[async_trait]
impl<T: std::fmt::Debug + Send + Sync + 'static> Shops for Shop<T> {
    /// Documented.
    #[cached_as(
        dependencies!(article: shop_id = self.id, category_id = category),
        extra = language,
        cache = &*CACHE,
    )]
    async fn title(&self, db: &Db, category: i32, language: &str) -> Result<String, Infallible> {
        let _ = db;
        tokio::task::yield_now().await;
        Ok(format!("{:?} {} in {category}, {language}: {}", self.kind, self.id, run()))
    }

    #[cached_as(tags = "shops", extra = (self.id, what), cache = &*CACHE, cache_none = false)]
    async fn find(&self, what: Option<&str>) -> Option<usize> {
        let number = run();
        what.map(|_| number)
    }

    fn id(&self) -> u32 {
        self.id
    }
}

#[tokio::test]
async fn rewritten_methods_are_cached() {
    let (one, two): (Arc<dyn Shops>, _) = (Arc::new(Shop { id: 1, kind: "a" }), Shop { id: 1, kind: 7_u8 });
    let first = tokio::spawn({
        let one = Arc::clone(&one);
        async move { one.title(&Db, 3, "en").await }
    });
    let first = first.await.unwrap();
    assert!(first.as_ref().unwrap().starts_with("\"a\" 1 in 3, en"), "{first:?}");
    assert_eq!(one.title(&Db, 3, "en").await, first);
    assert_ne!(one.title(&Db, 3, "de").await, first);
    assert_ne!(two.title(&Db, 3, "en").await, first, "another type");
    CACHE.invalidate(Change::inserted("article", Row::from([("shop_id", 1), ("category_id", 4)]))).unwrap();
    assert_eq!(one.title(&Db, 3, "en").await, first);
    CACHE.invalidate(Change::inserted("article", Row::from([("shop_id", 1), ("category_id", 3)]))).unwrap();
    assert_ne!(one.title(&Db, 3, "en").await, first);

    let found = one.find(Some("x")).await;
    assert_eq!(one.find(Some("x")).await, found);
    let before = RUNS.load(Ordering::SeqCst);
    assert_eq!((one.find(None).await, one.find(None).await), (None, None));
    assert!(RUNS.load(Ordering::SeqCst) >= before + 2, "`None` is not kept");

    let provided = one.provided("x".into()).await;
    assert_eq!(one.provided("x".into()).await, provided);
    assert_ne!(two.provided("x".into()).await, provided);
}

trait Plain {
    async fn answer(&self, id: u8) -> usize;
    fn blocking(&self, id: u8) -> usize;
}

impl<T> Plain for Shop<T> {
    #[cached(ttl = "1h", ignore(self), cache = &*CACHE, companions = none)]
    async fn answer(&self, id: u8) -> usize {
        let _ = id;
        tokio::task::yield_now().await;
        run()
    }

    #[cached(ttl = "1h", extra = self.id, cache = &*CACHE, companions = none)]
    fn blocking(&self, id: u8) -> usize {
        let _ = id;
        run()
    }
}

#[tokio::test]
async fn so_are_methods_of_traits_as_they_are_written() {
    let (one, two) = (Shop { id: 1, kind: () }, Shop { id: 2, kind: () });
    assert_eq!(one.answer(1).await, two.answer(1).await);
    assert_ne!(one.answer(1).await, two.answer(2).await);
    assert_ne!(one.answer(1).await, Shop { id: 1, kind: 1_u8 }.answer(1).await, "another type");
    assert_eq!(one.blocking(1), one.blocking(1));
    assert_ne!(one.blocking(1), two.blocking(1));
}
