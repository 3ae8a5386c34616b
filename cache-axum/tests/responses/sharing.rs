//! Several processes, one store.

use cache_core::testing::SimulatedStore;
use cache_core::{Cache, NearMode};
use http::Method;

use crate::desk::*;

fn over(store: &SimulatedStore) -> Cache {
    Cache::builder().namespace("paper").store(store.clone()).build()
}

#[tokio::test]
async fn what_one_process_has_made_another_serves_until_either_writes() {
    let store = SimulatedStore::new();
    let here = Desk::over(over(&store));
    let there = here.elsewhere(over(&store));
    let (app, other) = (here.app(here.layer().name("paper")), there.app(there.layer().name("paper")));
    let made = read(&app, "/title/1").await;
    store.settle();
    let served = read(&other, "/title/1").await;
    assert!(served.is_hit());
    assert_eq!((served.status, &served.body, served.field("etag")), (made.status, &made.body, made.field("etag")));
    assert_eq!(served.headers["content-type"], made.headers["content-type"]);
    assert!(send(&other, request(Method::HEAD, "/title/1", &[])).await.is_hit());
    assert_eq!(there.runs(), 0);
    there.write(1, "First").await;
    assert_eq!(read(&app, "/title/1").await.body, "First");
    store.settle();
    here.write(1, "Again").await;
    assert_eq!(read(&other, "/title/1").await.body, "Again");
}

#[tokio::test]
async fn without_a_near_cache_everything_comes_from_the_store() {
    let store = SimulatedStore::new().near(NearMode::Off);
    let here = Desk::over(over(&store));
    let there = here.elsewhere(over(&store));
    let app =
        |desk: &Desk| desk.page(desk.layer().name("all"), |_, title| ([("x-odd", "ä"), ("x-odd-too", "")], title));
    read(&app(&here), "/").await;
    store.settle();
    let hit = read(&app(&there), "/").await;
    assert!(hit.is_hit());
    assert_eq!((hit.body.as_str(), hit.headers["x-odd"].as_bytes()), ("One", "ä".as_bytes()));
}

#[tokio::test]
async fn a_store_that_does_not_answer_costs_runs_and_nothing_else() {
    let store = SimulatedStore::new();
    let desk = Desk::over(over(&store));
    let app = desk.app(desk.layer());
    read(&app, "/title/1").await;
    store.settle();
    store.fail(true);
    for uri in ["/title/1", "/title/2"] {
        let answer = read(&app, uri).await;
        assert_eq!((answer.status.as_u16(), answer.is_hit()), (200, false));
    }
    store.fail(false);
    assert_eq!(read(&app, "/title/1").await.body, "One");
}

#[tokio::test]
async fn responses_are_dropped_by_their_address_everywhere() {
    let store = SimulatedStore::new();
    let here = Desk::over(over(&store));
    let there = here.elsewhere(over(&store));
    let layer = here.layer().name("paper");
    let (app, other) = (here.app(layer.clone()), there.app(there.layer().name("paper")));
    read(&app, "/title/1").await;
    store.settle();
    assert!(read(&other, "/title/1").await.is_hit());
    layer.invalidation("/title/1").await.unwrap();
    assert!(!read(&other, "/title/1").await.is_hit());
}
