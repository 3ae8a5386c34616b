//! A response goes when something changes that its handler has read.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use cache_axum::{DependsOn, ResponseScope};
use cache_core::{Cache, Change, Clock, Dependencies, Row};
use http::StatusCode;

use crate::desk::*;

#[tokio::test]
async fn a_change_of_what_the_handler_read_drops_the_response_and_no_other() {
    let desk = Desk::new();
    let app = desk.app(desk.layer());
    for id in [1, 2] {
        read(&app, &format!("/title/{id}")).await;
    }
    desk.write(1, "First").await;
    assert!(read(&app, "/title/2").await.is_hit());
    let changed = read(&app, "/title/1").await;
    assert!(!changed.is_hit());
    assert_eq!(changed.body, "First");
    assert!(read(&app, "/title/1").await.is_hit());
}

#[tokio::test]
async fn a_change_while_the_handler_runs_keeps_its_response_out() {
    let desk = Desk::new();
    let writer = desk.clone();
    let handler = move || async move {
        let title = writer.title(1).await.unwrap();
        if writer.run() == 1 {
            writer.write(1, "Changed meanwhile").await;
        }
        title
    };
    let app = Router::new().route("/", get(handler)).layer(desk.layer());
    assert_eq!(read(&app, "/").await.body, "One");
    let second = read(&app, "/").await;
    assert_eq!((second.body.as_str(), second.is_hit()), ("Changed meanwhile", false));
    assert!(read(&app, "/").await.is_hit());
}

#[tokio::test]
async fn a_change_while_the_body_is_made_keeps_it_out() {
    let desk = Desk::new();
    let writer = desk.clone();
    let handler = move || async move {
        let title = writer.title(1).await.unwrap();
        let chunks = futures::stream::once(async move {
            if writer.run() == 1 {
                writer.write(1, "Changed meanwhile").await;
            }
            Ok::<_, std::io::Error>(title)
        });
        axum::body::Body::from_stream(chunks)
    };
    let app = Router::new().route("/", get(handler)).layer(desk.layer().collect_streams());
    assert_eq!(read(&app, "/").await.body, "One");
    assert_eq!(read(&app, "/").await.body, "Changed meanwhile");
    assert!(read(&app, "/").await.is_hit());
}

#[tokio::test]
async fn what_a_body_reads_while_it_is_collected_counts() {
    let desk = Desk::new();
    let reader = desk.clone();
    let handler = move || async move {
        reader.run();
        let chunks = futures::stream::once(async move { Ok::<_, std::io::Error>(reader.title(1).await.unwrap()) });
        axum::body::Body::from_stream(chunks)
    };
    let app = Router::new().route("/", get(handler)).layer(desk.layer().collect_streams());
    read(&app, "/").await;
    assert!(read(&app, "/").await.is_hit());
    desk.write(1, "First").await;
    assert_eq!(read(&app, "/").await.body, "First");
}

#[tokio::test]
async fn a_response_whose_handler_read_nothing_known_is_not_stored() {
    let desk = Desk::new();
    let counted = desk.clone();
    let app = Router::new().route("/", get(move || async move { counted.run().to_string() }));
    let bare = app.clone().layer(desk.layer());
    assert_eq!(read(&bare, "/").await.body, "1");
    let second = read(&bare, "/").await;
    assert_eq!(second.body, "2");
    assert_eq!(second.why(), "nothing that its handler read is known to the cache, and the layer has no ttl");
    assert_eq!(desk.cache.counters().fills, 0);
}

#[tokio::test]
async fn by_time_alone_if_the_layer_says_so() {
    let clock = Clock::manual();
    let desk = Desk::over(Cache::builder().clock(clock.clone()).build());
    let counted = desk.clone();
    let app = Router::new().route("/{page}", get(move || async move { counted.run().to_string() }));
    let app = app.layer(desk.layer().ttl(Duration::from_secs(60)));
    assert_eq!(read(&app, "/a").await.body, "1");
    clock.advance(Duration::from_secs(59));
    assert_eq!(read(&app, "/a").await.body, "1");
    assert_eq!(read(&app, "/b").await.body, "2");
    clock.advance(Duration::from_secs(2));
    assert_eq!(read(&app, "/a").await.body, "3");
    assert_eq!(read(&app, "/b").await.body, "2");
}

#[tokio::test]
async fn a_time_to_live_does_not_keep_what_a_change_drops() {
    let desk = Desk::new();
    let app = desk.app(desk.layer().ttl(Duration::from_secs(60)));
    read(&app, "/title/1").await;
    desk.write(1, "First").await;
    assert_eq!(read(&app, "/title/1").await.body, "First");
}

#[tokio::test]
async fn handlers_say_what_they_read_before_they_read_it() {
    let desk = Desk::new();
    let reader = desk.clone();
    let handler = move |scope: ResponseScope| async move {
        assert!(scope.is_filling());
        reader.run();
        // From a task of its own, which is outside of everything that surrounds the handler.
        let (told, reader) = (scope.clone(), reader.clone());
        tokio::spawn(async move {
            told.depends_on(&title(1)).await;
            reader.bare_title(1).unwrap()
        })
        .await
        .unwrap()
    };
    let app = Router::new().route("/", get(handler)).layer(desk.layer());
    read(&app, "/").await;
    assert!(read(&app, "/").await.is_hit());
    desk.write(2, "Second").await;
    assert!(read(&app, "/").await.is_hit());
    desk.write(1, "First").await;
    assert_eq!(read(&app, "/").await.body, "First");
}

#[tokio::test]
async fn spawned_tasks_are_part_of_the_response_when_they_are_included() {
    let desk = Desk::new();
    let reader = desk.clone();
    let handler = move |scope: ResponseScope| async move {
        reader.run();
        tokio::spawn(async move { scope.include(async { reader.title(1).await.unwrap() }).await }).await.unwrap()
    };
    let app = Router::new().route("/", get(handler)).layer(desk.layer());
    read(&app, "/").await;
    assert!(read(&app, "/").await.is_hit());
    desk.write(1, "First").await;
    assert_eq!(read(&app, "/").await.body, "First");
}

#[tokio::test]
async fn handlers_say_what_they_have_read_with_their_response() {
    let desk = Desk::new();
    let reader = desk.clone();
    let handler = move || async move {
        reader.run();
        (DependsOn(title(1)), DependsOn(Dependencies::tag("front")), reader.bare_title(1).unwrap())
    };
    let app = Router::new().route("/", get(handler)).layer(desk.layer());
    read(&app, "/").await;
    assert!(read(&app, "/").await.is_hit());
    desk.write(1, "First").await;
    assert_eq!(read(&app, "/").await.body, "First");
    assert!(read(&app, "/").await.is_hit());
    desk.cache.invalidate_tag("front").unwrap();
    assert!(!read(&app, "/").await.is_hit());
}

#[tokio::test]
async fn what_is_said_afterwards_is_compared_with_what_changed_meanwhile() {
    let desk = Desk::new();
    let reader = desk.clone();
    let handler = move || async move {
        let read = reader.bare_title(1).unwrap();
        if reader.run() == 1 {
            reader.write(1, "Changed meanwhile").await;
        }
        (DependsOn(title(1)), read)
    };
    let app = Router::new().route("/", get(handler)).layer(desk.layer());
    assert_eq!(read(&app, "/").await.body, "One");
    let second = read(&app, "/").await;
    assert_eq!((second.body.as_str(), second.is_hit()), ("Changed meanwhile", false));
    assert!(read(&app, "/").await.is_hit());
}

#[tokio::test]
async fn a_response_that_was_not_found_goes_when_the_row_comes() {
    let desk = Desk::new();
    let app = desk.app(desk.layer().statuses([StatusCode::OK, StatusCode::NOT_FOUND]));
    assert_eq!(read(&app, "/title/9").await.status, 404);
    assert!(read(&app, "/title/9").await.is_hit());
    desk.write(9, "Nine").await;
    assert_eq!(read(&app, "/title/9").await.body, "Nine");
    desk.write(9, None).await;
    assert_eq!(read(&app, "/title/9").await.status, 404);
}

#[tokio::test]
async fn responses_are_dropped_by_their_address() {
    let desk = Desk::new();
    let layer = desk.layer().vary_by(["accept-language"]);
    let app = desk.app(layer.clone());
    let all = [("/title/1", "en"), ("/title/1", "de"), ("/title/1?page=2", "en"), ("/title/2", "en")];
    let ask = |(uri, language)| request(http::Method::GET, uri, &[("accept-language", language), ("host", language)]);
    for one in all {
        send(&app, ask(one)).await;
    }
    layer.invalidation("/title/1").await.unwrap();
    layer.invalidation("not an address").await.unwrap();
    let mut hits = Vec::new();
    for one in all {
        hits.push(send(&app, ask(one)).await.is_hit());
    }
    assert_eq!(hits, [false, false, true, true]);
    layer.invalidation("https://shop.example/title/2").wait().unwrap();
    layer.invalidation("title/1?page=2").wait().unwrap();
    assert!(!send(&app, ask(all[2])).await.is_hit());
    assert!(!send(&app, ask(all[3])).await.is_hit());
}

#[tokio::test]
async fn a_result_of_another_cache_takes_the_response_along() {
    let desk = Desk::new();
    let other = Desk::new();
    let reader = other.clone();
    let handler = move || async move { reader.title(1).await.unwrap() };
    let app = Router::new().route("/", get(handler)).layer(desk.layer());
    read(&app, "/").await;
    other.write(1, "First").await;
    assert_eq!(read(&app, "/").await.body, "First");
}

#[tokio::test]
async fn under_a_disabled_cache_each_request_runs_its_handler() {
    let desk = Desk::new();
    let app = desk.app(desk.layer());
    read(&app, "/title/1").await;
    let context = {
        let _guard = desk.cache.disabled();
        cache_core::context::Context::current()
    };
    let answer = context.scope(read(&app, "/title/1")).await;
    assert_eq!((answer.body.as_str(), desk.runs()), ("One", 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_and_requests_at_once_never_serve_what_is_older_than_a_write() {
    let desk = Desk::new();
    let app = desk.app(desk.layer());
    let newest = Arc::new(std::sync::atomic::AtomicU32::new(0));
    desk.write(1, "0").await;
    let readers = (0..4).map(|_| {
        let (app, newest) = (app.clone(), Arc::clone(&newest));
        tokio::spawn(async move {
            for _ in 0..200 {
                let acknowledged = newest.load(std::sync::atomic::Ordering::SeqCst);
                let body: u32 = read(&app, "/title/1").await.body.parse().unwrap();
                assert!(body >= acknowledged, "{body} after {acknowledged}");
                tokio::task::yield_now().await;
            }
        })
    });
    let readers: Vec<_> = readers.collect();
    for number in 1..200 {
        desk.write(1, number.to_string().as_str()).await;
        newest.store(number, std::sync::atomic::Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
    for reader in readers {
        reader.await.unwrap();
    }
    desk.cache.invalidate(Change::inserted("article", Row::from([("id", 1)]))).unwrap();
    assert_eq!(read(&app, "/title/1").await.body, "199");
}
