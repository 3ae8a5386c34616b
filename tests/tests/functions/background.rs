//! What the result tells, of functions that may run in the background.

use super::*;

#[derive(Clone)]
struct Db(Arc<AtomicUsize>);

impl Connection for Db {
    fn bypass(&self) -> bool {
        false
    }
}

static CACHE: LazyLock<Cache> = LazyLock::new(Cache::in_memory);

/// The number of the newest article, which is known afterwards.
#[cached_as(
    depends = |newest: &usize| dependencies!(article: id = *newest as i32, language = language.to_owned()),
    extra = category,
    cache = &*CACHE,
    stale_while_revalidate = "30s"
)]
async fn newest(db: &Db, category: i32, language: &str) -> usize {
    let _ = (category, language);
    tokio::task::yield_now().await;
    db.0.load(Ordering::SeqCst)
}

fn changed(id: i32, language: &str) -> Change {
    Change::inserted("article", Row::from([("id", id)]).with("language", language))
}

#[tokio::test]
async fn what_the_result_depends_on_is_asked_in_the_background_too() {
    let db = Db(Arc::new(AtomicUsize::new(7)));
    assert_eq!(newest(&db, 3, "en").await, 7);
    CACHE.invalidate(changed(8, "en")).unwrap();
    CACHE.invalidate(changed(7, "da")).unwrap();
    db.0.store(9, Ordering::SeqCst);
    assert_eq!((newest(&db, 3, "en").await, CACHE.counters().hits), (7, 1));
    CACHE.invalidate(changed(7, "en")).unwrap();
    assert_eq!((newest(&db, 3, "en").await, CACHE.counters().stale), (7, 1));
    while newest(&db, 3, "en").await != 9 {
        tokio::task::yield_now().await;
    }
    // What it depends on now was told by the run in the background.
    db.0.store(11, Ordering::SeqCst);
    CACHE.invalidate(changed(7, "en")).unwrap();
    assert_eq!(newest(&db, 3, "en").await, 9);
    assert_eq!(CACHE.counters().refreshes, 1);
    CACHE.invalidate(changed(9, "en")).unwrap();
    while newest(&db, 3, "en").await != 11 {
        tokio::task::yield_now().await;
    }
}

struct Shop {
    id: u32,
    made: Arc<AtomicUsize>,
}

impl Clone for Shop {
    fn clone(&self) -> Self {
        Shop { id: self.id, made: Arc::clone(&self.made) }
    }
}

impl Shop {
    #[cached_as(
        if kind == 0 { "article" } else { dependencies!(note: shop_id = self.id) },
        depends = |_| dependencies!(shop: id = self.id, kind = kind),
        cache = &*SHOPS,
        ttl = "1h",
        refresh_ahead = "1m"
    )]
    fn count(&self, kind: i32) -> usize {
        let _ = kind;
        self.made.fetch_add(1, Ordering::SeqCst) + 1
    }
}

static SHOPS: LazyLock<Cache> = LazyLock::new(Cache::in_memory);

#[test]
fn branches_and_fields_of_self_are_asked_of_what_is_kept() {
    let shop = Shop { id: 5, made: Arc::default() };
    let written = |table: &'static str, row: Row| SHOPS.invalidate(Change::inserted(table, row)).unwrap();
    assert_eq!((shop.count(0), shop.count(1)), (1, 2));
    written("note", Row::from([("shop_id", 6)]));
    written("shop", Row::from([("id", 5), ("kind", 2)]));
    assert_eq!((shop.count(0), shop.count(1)), (1, 2));
    written("note", Row::from([("shop_id", 5)]));
    assert_eq!((shop.count(0), shop.count(1)), (1, 3));
    written("shop", Row::from([("id", 5), ("kind", 0)]));
    assert_eq!((shop.count(0), shop.count(1)), (4, 3));
}
