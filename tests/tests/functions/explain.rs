//! `explain`.

use cache_core::observe::{Explanation, HeldIn};
use cache_core::testing::SimulatedStore;
use cache_core::{Clock, MissReason, NearMode};

use super::*;

#[test]
fn it_tells_where_since_when_and_what_a_result_depends_on() {
    static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::manual);
    static CACHE: LazyLock<Cache> = LazyLock::new(|| Cache::builder().clock(CLOCK.clone()).build());
    #[cached_as(dependencies!(article: category_id = category), tags = "front", ttl = "15m", idle = "10m", cache = &*CACHE)]
    fn titles(category: i32) -> Vec<u8> {
        vec![7; 1000]
    }
    let none = titles::explain(3);
    assert!(none.held.is_empty() && !none.is_served() && !none.unanswered);
    assert_eq!(none.key, titles::key(3));
    assert_eq!(none.to_string(), format!("{}: not held", titles::key(3)));

    titles(3);
    CLOCK.advance(Duration::from_secs(3));
    let counters = CACHE.counters();
    let explanation = titles::explain(3);
    let [held] = &explanation.held[..] else { panic!("{explanation}") };
    assert_eq!((held.place, held.fault), (HeldIn::Memory, None));
    assert_eq!((held.age, held.remaining), (Some(Duration::from_secs(3)), Some(Duration::from_secs(897))));
    assert_eq!(held.idle, Some(Duration::from_secs(597)));
    assert!((1000..1100).contains(&held.weight), "{}", held.weight);
    assert_eq!(held.conditions, ["tag \"front\"", "article: category_id = 3"]);
    let dependencies = held.dependencies.as_ref().unwrap();
    assert!(dependencies.may_match(&Change::inserted("article", article(1, 3))));
    assert!(!dependencies.may_match(&Change::inserted("article", article(1, 4))));
    let text = explanation.to_string();
    for part in [
        "held in memory",
        "made 3s ago",
        "ends in 14m 57s",
        "hit within 9m 57s",
        "bytes; valid, 5 stamps stand",
        "depends on article: category_id = 3",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(CACHE.counters(), counters, "a look is no hit");

    CLOCK.advance(Duration::from_secs(598));
    assert_eq!(titles::explain(3).held[0].fault, Some(MissReason::Idle), "a look puts nothing off");
    CLOCK.advance(Duration::from_secs(300));
    assert_eq!(titles::explain(3).held[0].fault, Some(MissReason::Expired));
}

#[test]
fn it_tells_which_invalidation_took_a_result() {
    static NUMBERS: Mutex<Vec<u64>> = Mutex::new(Vec::new());
    static CACHE: LazyLock<Cache> = LazyLock::new(|| {
        let subscriber = |event: &cache_core::observe::Event<'_>| {
            if let cache_core::observe::Event::Invalidation(invalidation) = event {
                NUMBERS.lock().unwrap().push(invalidation.number);
            }
        };
        Cache::builder().subscriber(subscriber).build()
    });
    #[cached_as(dependencies!(article: category_id = category), cache = &*CACHE)]
    fn count(category: i32) -> usize {
        3
    }
    assert_eq!((count(3), count(4)), (3, 3));
    CACHE.invalidate(Change::inserted("article", article(1, 4))).unwrap();
    CACHE.invalidate(Change::inserted("article", article(1, 3))).unwrap();
    CACHE.invalidate(Change::inserted("article", article(1, 5))).unwrap();
    let fault = count::explain(3).held[0].fault;
    assert_eq!(fault, Some(MissReason::Invalidated { by: NUMBERS.lock().unwrap()[1] }));
    assert!(count::explain(3).to_string().contains("not served: invalidated by change"));
    count(3);
    assert!(count::explain(3).is_served());
}

#[tokio::test]
async fn results_made_of_others_depend_on_what_those_do() {
    fixture!();
    #[cached_as(dependencies!(article: category_id = category), cache = &*CACHE)]
    async fn inner(category: i32) -> usize {
        run()
    }
    #[cached(ttl = "1h", cache = &*CACHE)]
    async fn outer() -> usize {
        inner(3).await + inner(4).await
    }
    outer().await;
    assert_eq!(outer::explain().await.held[0].conditions, ["article: category_id IN (3, 4)"]);
}

fn places(explanation: &Explanation) -> Vec<(HeldIn, Option<MissReason>)> {
    explanation.held.iter().map(|held| (held.place, held.fault)).collect()
}

#[test]
fn with_a_shared_store_it_tells_of_both_places() {
    static STORE: LazyLock<SimulatedStore> = LazyLock::new(SimulatedStore::new);
    static HERE: LazyLock<Cache> = LazyLock::new(|| Cache::builder().store(STORE.clone()).build());
    static THERE: LazyLock<Cache> = LazyLock::new(|| Cache::builder().store(STORE.clone().near(NearMode::Off)).build());
    #[cached_as(dependencies!(article: category_id = category; tag "front"), cache = if here { &*HERE } else { &*THERE }, ignore(here))]
    fn titles(here: bool, category: i32) -> String {
        let _ = here;
        "x".repeat(500)
    }
    titles(true, 3);
    STORE.settle();
    let here = titles::explain(true, 3);
    assert_eq!(places(&here), [(HeldIn::Near, None), (HeldIn::Shared, None)]);
    assert_eq!(here.held[0].conditions, ["tag \"front\"", "article: category_id = 3"]);
    assert!(here.held[1].age.is_some_and(|age| age < Duration::from_secs(60)));
    assert!(here.held[1].remaining.is_some_and(|left| left > Duration::from_secs(3500)));
    assert!(here.held[1].weight >= 500);

    let there = titles::explain(false, 3);
    assert_eq!(places(&there), [(HeldIn::Shared, None)]);
    assert!(there.held[0].dependencies.is_none());
    assert_eq!(there.held[0].conditions, ["tag \"front\"", "article: category_id ="]);
    assert_eq!((there.held[0].stamps, here.held[0].stamps), (2, 2));

    THERE.invalidate(Change::inserted("article", article(1, 3))).unwrap();
    let outdated = Some(MissReason::Outdated);
    assert_eq!(places(&titles::explain(true, 3)), [(HeldIn::Near, outdated), (HeldIn::Shared, outdated)]);

    STORE.fail(true);
    let unanswered = titles::explain(true, 3);
    assert!(unanswered.unanswered && !unanswered.is_served());
    assert!(unanswered.to_string().ends_with("the shared store did not answer"));
    assert_eq!(places(&unanswered), [(HeldIn::Near, Some(MissReason::Unreachable))]);
    STORE.fail(false);
}

#[test]
fn methods_have_it_too() {
    struct Shop {
        id: u32,
    }
    static CACHE: LazyLock<Cache> = LazyLock::new(Cache::in_memory);
    impl Shop {
        #[cached_as(dependencies!(article: shop_id = self.id), cache = &*CACHE)]
        fn titles(&self) -> u8 {
            3
        }
    }
    Shop { id: 1 }.titles();
    assert!(Shop { id: 1 }.titles_explain().is_served());
    assert!(!Shop { id: 2 }.titles_explain().is_served());
}
