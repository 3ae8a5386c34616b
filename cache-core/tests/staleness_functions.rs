//! Cached functions with options of time and failure.
#![cfg(all(feature = "macros", feature = "tokio", not(feature = "shuttle")))]

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use cache_core::observe::{Event, StaleCause};
use cache_core::{
    Cache, CacheId, Change, Clock, Connection, Dependencies, Row, TimedOut, cached, cached_as, dependencies,
};

/// A connection that counts, and may be in a transaction.
#[derive(Clone, Default)]
struct Db {
    runs: Arc<AtomicU64>,
    broken: Arc<AtomicBool>,
    in_transaction: bool,
}

impl Db {
    fn read(&self) -> Result<u64, String> {
        match self.broken.load(Ordering::SeqCst) {
            true => Err(String::from("the server has gone away")),
            false => Ok(self.runs.fetch_add(1, Ordering::SeqCst) + 1),
        }
    }
}

impl Connection for Db {
    fn bypass(&self) -> bool {
        self.in_transaction
    }

    fn cache_id(&self) -> Option<CacheId> {
        None
    }
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        tokio::task::yield_now().await;
    }
}

static REVALIDATED: LazyLock<Cache> = LazyLock::new(Cache::in_memory);

#[cached_as(
    dependencies!(article: category = category, author = author),
    extra = tags,
    cache = &*REVALIDATED,
    stale_while_revalidate = "30s"
)]
async fn revalidated(db: &Db, category: i32, author: &str, tags: &[u8]) -> Result<(u64, String), String> {
    tokio::task::yield_now().await;
    Ok((db.read()?, format!("{category} {author} {tags:?}")))
}

fn article(category: i32, author: &str) -> Change {
    Change::inserted("article", Row::from([("category", category)]).with("author", author))
}

#[tokio::test]
async fn a_stale_value_is_served_while_the_body_runs_with_arguments_of_its_own() {
    let db = Db::default();
    let (author, tags) = (String::from("ann"), vec![1, 2]);
    let call = || revalidated(&db, 3, &author, &tags);
    let made = |number| Ok((number, String::from("3 ann [1, 2]")));
    assert_eq!(call().await, made(1));
    REVALIDATED.invalidate(article(3, "bob")).unwrap();
    assert_eq!((call().await, REVALIDATED.counters().stale), (made(1), 0));
    REVALIDATED.invalidate(article(3, "ann")).unwrap();
    assert_eq!((call().await, REVALIDATED.counters().stale), (made(1), 1));
    until("it is refreshed", || REVALIDATED.counters().fills == 2).await;
    assert_eq!(call().await, made(2));
    REVALIDATED.invalidate(article(3, "ann")).unwrap();
    let writing = Db { in_transaction: true, ..db.clone() };
    assert_eq!(revalidated(&writing, 3, &author, &tags).await, made(3), "a transaction reads for itself");
    assert!(revalidated::invalidate(3, &author, &tags));
    assert_eq!(call().await, made(4), "what was deleted is not served");
}

#[derive(Clone)]
struct Shop {
    id: u64,
    db: Db,
    cache: Cache,
}

impl Shop {
    #[cached_as(
        Dependencies::on("shop", cache_core::column("id").eq(self.id)),
        cache = &self.cache,
        stale_while_revalidate = Duration::from_secs(seconds),
        ignore(seconds)
    )]
    fn top(&self, seconds: u64) -> u64 {
        let _ = seconds;
        self.db.read().unwrap_or_default() * 100 + self.id
    }
}

#[tokio::test]
async fn a_method_is_refreshed_with_a_copy_of_its_object() {
    let cache = Cache::in_memory();
    let shop = Shop { id: 7, db: Db::default(), cache: cache.clone() };
    assert_eq!(shop.top(600), 107);
    cache.invalidate(Change::inserted("shop", Row::from([("id", 7_u64)]))).unwrap();
    assert_eq!(shop.top(600), 107);
    until("it is refreshed", || cache.counters().fills == 2).await;
    assert_eq!(shop.top(600), 207);
    cache.invalidate(Change::inserted("shop", Row::from([("id", 7_u64)]))).unwrap();
    assert_eq!(shop.top(0), 307, "the caller's ceiling counts");
}

static TOLD: Mutex<Vec<Option<String>>> = Mutex::new(Vec::new());

static TOLERANT: LazyLock<Cache> = LazyLock::new(|| {
    let listen = |event: &Event<'_>| {
        if let Event::Stale { cause: StaleCause::Failed(text), .. } = event {
            TOLD.lock().unwrap().push(text.map(String::from));
        }
    };
    Cache::builder().subscriber(listen).build()
});

#[cached_as(Dependencies::table("article"), cache = &*TOLERANT, stale_if_error = "10m")]
fn tolerant(db: &Db) -> Result<u64, String> {
    db.read()
}

struct Silent;

#[cached_as(Dependencies::table("article"), cache = &*TOLERANT, stale_if_error = "10m")]
fn silent(db: &Db) -> Result<u64, Silent> {
    db.read().map_err(|_| Silent)
}

#[test]
fn an_error_is_told_where_it_is_not_returned() {
    let db = Db::default();
    assert_eq!(tolerant(&db), Ok(1));
    assert_eq!(silent(&db).ok(), Some(2));
    TOLERANT.invalidate_table("article").unwrap();
    db.broken.store(true, Ordering::SeqCst);
    assert_eq!(tolerant(&db), Ok(1));
    assert_eq!(silent(&db).ok(), Some(2));
    assert_eq!(*TOLD.lock().unwrap(), [Some(String::from("the server has gone away")), None]);
    assert_eq!(tolerant::refresh(&db), Err(String::from("the server has gone away")), "a refresh asks for a new value");
}

#[derive(Debug, PartialEq)]
struct Slow(&'static str);

impl From<TimedOut> for Slow {
    fn from(timed_out: TimedOut) -> Self {
        Slow(timed_out.name)
    }
}

#[cached(ttl = "1h", hard_timeout = "20ms", name = "slow report", ignore(open))]
async fn report(open: Arc<tokio::sync::Notify>) -> Result<u8, Slow> {
    open.notified().await;
    Ok(1)
}

#[tokio::test]
async fn awaited_work_goes_on_after_its_time() {
    let open = Arc::new(tokio::sync::Notify::new());
    assert_eq!(report(Arc::clone(&open)).await, Err(Slow("slow report")));
    open.notify_one();
    let key = report::key();
    until("the run fills", || Cache::global().get::<u8>(&key).is_some()).await;
    assert_eq!(report(open).await, Ok(1));
}

static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::manual);

static AHEAD: LazyLock<Cache> = LazyLock::new(|| Cache::builder().clock(CLOCK.clone()).build());

#[cached(cache = &*AHEAD, ttl = "100s", refresh_ahead = "10s")]
fn ahead(db: &Db) -> u64 {
    db.read().unwrap_or_default()
}

#[tokio::test]
async fn a_hit_shortly_before_the_end_refreshes() {
    let db = Db::default();
    assert_eq!(ahead(&db), 1);
    CLOCK.advance(Duration::from_secs(89));
    assert_eq!((ahead(&db), AHEAD.counters().refreshes), (1, 0));
    CLOCK.advance(Duration::from_secs(2));
    assert_eq!(ahead(&db), 1);
    until("it is refreshed", || AHEAD.counters().fills == 2).await;
    CLOCK.advance(Duration::from_secs(50));
    assert_eq!(ahead(&db), 2, "its time to live has begun anew");
    assert_eq!((AHEAD.counters().misses, AHEAD.counters().refreshes, AHEAD.counters().stale), (1, 1, 0));
}

static SPREAD: LazyLock<Cache> = LazyLock::new(Cache::in_memory);

#[cached(cache = &*SPREAD, ttl = "100s", jitter = "50s")]
fn spread(number: u64) -> u64 {
    SPREAD_RUNS.fetch_add(1, Ordering::SeqCst) + number
}

static SPREAD_RUNS: AtomicU64 = AtomicU64::new(0);

#[test]
fn results_that_were_made_together_end_apart() {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).build();
    let ends: HashSet<u64> = (0..64_u64)
        .filter_map(|number| {
            let key = cache_core::Key::new("spread").with(&number);
            let entry = || cache.entry(key.clone()).ttl(Duration::from_secs(100)).jitter(Duration::from_secs(50));
            entry().get_or_fill(|| number);
            (0..100).find(|_| {
                clock.advance(Duration::from_secs(1));
                cache.get::<u64>(&key).is_none()
            })
        })
        .collect();
    assert!(ends.iter().all(|end| (49..100).contains(end)), "{ends:?}");
    assert!(ends.len() > 8, "{ends:?}");
    assert!((0..4).all(|number| spread(number) == spread(number)));
}

#[cached(ttl = "1m", lock = none)]
fn unlocked() -> u8 {
    1
}

#[test]
fn without_a_lock_a_result_is_kept_all_the_same() {
    assert_eq!((unlocked(), unlocked()), (1, 1));
    assert!(unlocked::invalidate());
}

static INLINE: LazyLock<Cache> = LazyLock::new(Cache::in_memory);

/// Without companions the body stands in the call.
#[cached_as(
    Dependencies::on("word", cache_core::column("of").eq(of)),
    extra = (a, b),
    cache = &*INLINE,
    stale_while_revalidate = "30s",
    companions = none
)]
async fn inline(db: &Db, of: &str, (a, mut b): (u8, u8)) -> Result<String, String> {
    b += 1;
    if a > 9 {
        return Err(format!("{a} is too many"));
    }
    Ok(format!("{of} {a} {b} {}", db.read()?))
}

#[tokio::test]
async fn a_body_without_companions_has_arguments_of_its_own_too() {
    let db = Db::default();
    assert_eq!(inline(&db, "x", (1, 2)).await, Ok(String::from("x 1 3 1")));
    assert_eq!(inline(&db, "x", (10, 2)).await, Err(String::from("10 is too many")));
    INLINE.invalidate_table("word").unwrap();
    assert_eq!(inline(&db, "x", (1, 2)).await, Ok(String::from("x 1 3 1")));
    until("it is refreshed", || INLINE.counters().fills == 2).await;
    assert_eq!(inline(&db, "x", (1, 2)).await, Ok(String::from("x 1 3 2")));
}

#[derive(Clone, Debug, PartialEq)]
struct Late;

impl From<TimedOut> for Late {
    fn from(_: TimedOut) -> Self {
        Late
    }
}

static PATIENT: LazyLock<Cache> = LazyLock::new(Cache::in_memory);

/// The time-out stands beside what says which results are kept.
#[cached_as(Dependencies::table("article"), cache = &*PATIENT, extra = id, cache_none = false, hard_timeout = "1h")]
async fn found(id: u64) -> Result<Option<u64>, Late> {
    Ok((id > 1).then_some(id))
}

#[cached_as(Dependencies::table("article"), cache = &*PATIENT, extra = id, cache_err = true, hard_timeout = "20ms")]
async fn never(id: u64) -> Result<u64, Late> {
    std::future::pending::<()>().await;
    Ok(id)
}

#[tokio::test]
async fn a_time_out_goes_with_every_choice_of_what_is_kept() {
    assert_eq!((found(1).await, found(2).await, found(2).await), (Ok(None), Ok(Some(2)), Ok(Some(2))));
    assert_eq!(PATIENT.counters().hits, 1);
    assert_eq!(never(3).await, Err(Late));
    assert_eq!((PATIENT.counters().fills, PATIENT.counters().timeouts), (1, 1));
}

static CROWDED: LazyLock<Cache> = LazyLock::new(|| Cache::builder().background_threads(1).build());

#[cached_as(Dependencies::table("article"), extra = kind, cache = &*CROWDED, hard_timeout = "30ms")]
fn inner(kind: u64) -> Result<u64, Late> {
    let _ = kind;
    Ok(7)
}

#[cached_as(Dependencies::table("article"), extra = kind, cache = &*CROWDED, hard_timeout = "1h", ignore(begun))]
fn outer(begun: Arc<AtomicBool>, kind: u64) -> Result<u64, Late> {
    begun.store(true, Ordering::SeqCst);
    while CROWDED.counters().timeouts == 0 {
        std::thread::yield_now();
    }
    Ok(inner(kind).unwrap_or(8))
}

/// A run that waits for a thread is taken back when its caller's time is over: nobody waits for it for ever.
#[test]
fn a_run_that_found_no_thread_keeps_nobody_waiting() {
    let begun = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&begun);
    let outer = std::thread::spawn(move || outer(theirs, 1));
    while !begun.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    // The only thread is busy.
    assert_eq!(inner(1), Err(Late));
    assert!(outer.join().unwrap().is_ok());
    assert_eq!(inner(1), Ok(7));
}
