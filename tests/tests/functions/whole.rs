//! `invalidate_all`.

use cache_core::testing::SimulatedStore;

use super::*;

#[test]
fn all_results_of_a_function_go_and_no_others() {
    fixture!();
    #[cached_as(dependencies!(article: id = id), cache = &*CACHE)]
    fn title(id: u32) -> usize {
        run()
    }
    #[cached(ttl = "1h", cache = &*CACHE)]
    fn other(id: u32) -> usize {
        let _ = id;
        run()
    }
    let by_hand = Key::new("by hand");
    CACHE.set(&by_hand, 99, None);
    assert_eq!((title(1), title(2), other(1)), (1, 2, 3));
    assert_eq!(title::invalidate_all().unwrap(), 2);
    assert_eq!(title::invalidate_all().unwrap(), 0);
    assert_eq!((other(1), CACHE.get::<i32>(&by_hand)), (3, Some(99)));
    assert_eq!((title(1), title(2), title(1)), (4, 5, 4));
}

#[test]
fn whatever_the_types_and_the_version() {
    fixture!();
    static VERSION: AtomicUsize = AtomicUsize::new(0);
    #[cached(ttl = "1h", cache = &*CACHE, version = VERSION.load(Ordering::SeqCst))]
    fn name<T: 'static, const N: usize>(suffix: &str) -> String {
        run();
        format!("{}{suffix}{N}", std::any::type_name::<T>())
    }
    name::<u8, 1>("a");
    name::<u16, 1>("a");
    name::<u16, 2>("b");
    VERSION.store(1, Ordering::SeqCst);
    name::<u16, 2>("b");
    assert_eq!((name::invalidate_all().unwrap(), runs()), (4, 4));
    name::<u16, 2>("b");
    assert_eq!(runs(), 5);
}

#[test]
fn a_result_that_is_being_made_is_not_kept_and_that_of_another_function_is() {
    fixture!();
    #[cached(ttl = "1h", cache = &*CACHE)]
    fn outer(id: u8) -> usize {
        let number = run();
        if number == 1 {
            assert_eq!(outer::invalidate_all().unwrap(), 0);
        }
        number + usize::from(id)
    }
    #[cached(ttl = "1h", cache = &*CACHE)]
    fn bystander() -> usize {
        outer::invalidate_all().unwrap();
        run()
    }
    assert_eq!((outer(0), outer(0), outer(0)), (1, 2, 2));
    assert_eq!((bystander(), bystander()), (3, 3));
    assert_eq!(outer(0), 4);
}

#[test]
fn threads_never_see_a_result_from_before() {
    fixture!();
    static EPOCH: AtomicUsize = AtomicUsize::new(0);
    #[cached(ttl = "1h", cache = &*CACHE)]
    fn epoch(id: usize) -> usize {
        let _ = id;
        EPOCH.load(Ordering::SeqCst)
    }
    let stop = std::sync::atomic::AtomicBool::new(false);
    let reads = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (stop, reads) = (&stop, &reads);
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    epoch(thread % 2);
                    reads.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for _ in 0..2_000 {
            let now = EPOCH.fetch_add(1, Ordering::SeqCst) + 1;
            epoch::invalidate_all().unwrap();
            let seen = (epoch(0), epoch(1));
            assert!(seen.0 >= now && seen.1 >= now, "{seen:?} after {now}");
        }
        stop.store(true, Ordering::SeqCst);
    });
    assert!(reads.into_inner() > 0);
}

mod model {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    static RUNS: AtomicUsize = AtomicUsize::new(0);

    fn run() -> usize {
        RUNS.fetch_add(1, Ordering::SeqCst) + 1
    }

    #[cached_as(dependencies!(article: id = id), cache = cache, ignore(cache))]
    fn first(cache: &Cache, id: u8) -> usize {
        let _ = cache;
        run()
    }

    #[cached_as(tags = format!("tag-{id}"), cache = cache, ignore(cache), cache_none = false)]
    fn second(cache: &Cache, id: u8) -> Option<usize> {
        let _ = cache;
        let number = run();
        (id != 3).then_some(number)
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Call,
        Refresh,
        Drop,
        DropAll,
        Change,
    }

    fn steps() -> impl Strategy<Value = Vec<(Step, bool, u8)>> {
        use Step::*;
        let step =
            prop_oneof![5 => Just(Call), 1 => Just(Refresh), 1 => Just(Drop), 1 => Just(DropAll), 1 => Just(Change)];
        prop::collection::vec((step, any::<bool>(), 0..4_u8), 1..60)
    }

    proptest! {
        /// Every call returns what a map of results would.
        #[test]
        fn functions_agree_with_a_map(steps in steps()) {
            static ALONE: Mutex<()> = Mutex::new(());
            let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let cache = Cache::in_memory();
            let mut kept: HashMap<(bool, u8), usize> = HashMap::new();
            for (step, of_first, id) in steps {
                let place = (of_first, id);
                let next = RUNS.load(Ordering::SeqCst) + 1;
                let made = (of_first || id != 3).then_some(next);
                match step {
                    Step::Call | Step::Refresh => {
                        let refreshed = matches!(step, Step::Refresh);
                        let returned = match (of_first, refreshed) {
                            (true, false) => Some(first(&cache, id)),
                            (true, true) => Some(first::refresh(&cache, id)),
                            (false, false) => second(&cache, id),
                            (false, true) => second::refresh(&cache, id),
                        };
                        if refreshed {
                            kept.remove(&place);
                        }
                        let expected = kept.get(&place).copied().or(made);
                        prop_assert_eq!(returned, expected);
                        kept.extend(expected.map(|value| (place, value)));
                    }
                    Step::Drop => {
                        let dropped = if of_first { first::invalidate(&cache, id) } else { second::invalidate(&cache, id) };
                        // What a change took may still be there, and is not served.
                        prop_assert!(dropped || kept.remove(&place).is_none());
                        kept.remove(&place);
                    }
                    Step::DropAll => {
                        let dropped = if of_first { first::invalidate_all(&cache) } else { second::invalidate_all(&cache) };
                        let before = kept.len();
                        kept.retain(|(function, _), _| *function != of_first);
                        prop_assert!(dropped.unwrap() >= (before - kept.len()) as u64);
                    }
                    Step::Change if of_first => {
                        cache.invalidate(Change::inserted("article", Row::from([("id", id)]))).unwrap();
                        kept.remove(&place);
                    }
                    Step::Change => {
                        cache.invalidate_tag(format!("tag-{id}")).unwrap();
                        kept.remove(&place);
                    }
                }
                let explanation = if of_first { first::explain(&cache, id) } else { second::explain(&cache, id) };
                prop_assert_eq!(explanation.is_served(), kept.contains_key(&place), "{}", explanation);
            }
        }
    }
}

struct Shop {
    id: u32,
    cache: Cache,
    runs: AtomicUsize,
}

impl Shop {
    #[cached(ttl = "1h", extra = self.id, cache = self.cache)]
    fn titles(&self, category: i32) -> usize {
        self.runs.fetch_add(1, Ordering::SeqCst)
    }
}

#[test]
fn methods_drop_what_the_cache_of_the_object_holds() {
    let shop = |id, cache: &Cache| Shop { id, cache: cache.clone(), runs: AtomicUsize::new(0) };
    let (shared, own) = (Cache::in_memory(), Cache::in_memory());
    let (one, two, apart) = (shop(1, &shared), shop(2, &shared), shop(1, &own));
    assert_eq!((one.titles(1), two.titles(1), apart.titles(1)), (0, 0, 0));
    assert_eq!(one.titles_invalidate_all().unwrap(), 2);
    assert_eq!((one.titles(1), two.titles(1), apart.titles(1)), (1, 1, 0));
}

#[tokio::test]
async fn the_cache_may_come_from_an_argument() {
    #[cached(ttl = "1h", cache = caches.0, ignore(caches))]
    async fn answer<T: CacheKey + Send + Sync>(caches: &(Cache, u8), what: T) -> usize {
        let _ = (caches, what);
        tokio::task::yield_now().await;
        3
    }
    let caches = (Cache::in_memory(), 0);
    assert_eq!((answer(&caches, 1).await, answer(&caches, "x").await), (3, 3));
    assert_eq!(answer::invalidate_all(&caches).await.unwrap(), 2);
    assert!(answer::explain(&caches, 1).await.held.is_empty());
}

#[test]
fn in_a_shared_store_the_entries_of_the_function_go() {
    static STORE: LazyLock<SimulatedStore> = LazyLock::new(SimulatedStore::new);
    static HERE: LazyLock<Cache> = LazyLock::new(|| Cache::builder().store(STORE.clone()).build());
    static THERE: LazyLock<Cache> = LazyLock::new(|| Cache::builder().store(STORE.clone()).build());
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    #[cached_as(dependencies!(article: id = id), cache = if here { &*HERE } else { &*THERE }, ignore(here))]
    fn title(here: bool, id: u32) -> usize {
        let _ = here;
        RUNS.fetch_add(1, Ordering::SeqCst) + 1
    }
    #[cached(ttl = "1h", cache = &*HERE)]
    fn other() -> usize {
        7
    }
    let title = |here, id| {
        let value = title(here, id);
        STORE.settle();
        value
    };
    assert_eq!((title(true, 1), title(false, 1), title(true, 2), other()), (1, 1, 2, 7));
    STORE.settle();
    assert_eq!(STORE.entries(), 3);
    assert_eq!(title::invalidate_all(true).unwrap(), 2);
    assert_eq!(STORE.entries(), 1);
    assert_eq!(title(true, 1), 3);

    STORE.fail(true);
    let error = title::invalidate_all(true).unwrap_err();
    assert_eq!(error.kind(), cache_core::ErrorKind::Unreachable);
    assert!(error.to_string().contains("stay in the shared store"), "{error}");
    STORE.fail(false);
}
