//! What browsers and caches on the way are told.

use std::time::Duration;

use axum::response::IntoResponse;
use http::{HeaderValue, Method, StatusCode, header};

use crate::desk::*;

fn asking(method: Method, known: &str) -> http::Request<axum::body::Body> {
    request(method, "/title/1", &[("if-none-match", known)])
}

#[tokio::test]
async fn a_client_that_has_the_response_gets_304() {
    let desk = Desk::new();
    let app = desk.app(desk.layer().vary_by(["accept-language"]));
    let first = read(&app, "/title/1").await;
    let tag = first.field("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() == 34, "{tag}");
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        for method in [Method::GET, Method::HEAD] {
            let answer = send(&app, asking(method, &known)).await;
            assert_eq!((answer.status, answer.body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{known}");
            assert_eq!(answer.field("etag"), tag);
            assert_eq!(answer.field("cache-control"), "no-cache");
            assert_eq!(answer.field("vary"), "accept-language");
            assert!(!answer.headers.contains_key("content-type"));
            assert!(!answer.headers.contains_key("content-length"));
            assert!(answer.is_hit());
        }
    }
    assert_eq!(send(&app, asking(Method::GET, "\"x\"")).await.status, StatusCode::OK);
    assert_eq!(desk.runs(), 1);
}

#[tokio::test]
async fn a_changed_response_has_another_tag() {
    let desk = Desk::new();
    let app = desk.app(desk.layer());
    let tag = read(&app, "/title/1").await.field("etag").to_owned();
    desk.write(1, "First").await;
    let changed = send(&app, asking(Method::GET, &tag)).await;
    assert_eq!((changed.status, changed.body.as_str()), (StatusCode::OK, "First"));
    assert_ne!(changed.field("etag"), tag);
    desk.write(1, "One").await;
    assert_eq!(send(&app, asking(Method::GET, &tag)).await.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn the_tag_stands_for_the_fields_as_well() {
    let desk = Desk::new();
    let app = desk.page(desk.layer(), |_, title| ([("x-title", title)], "always the same"));
    let first = read(&app, "/").await;
    desk.write(1, "First").await;
    let second = read(&app, "/").await;
    assert_eq!(first.body, second.body);
    assert_ne!(first.field("etag"), second.field("etag"));
}

#[tokio::test]
async fn a_miss_is_answered_by_304_too_and_stores_the_whole() {
    let desk = Desk::new();
    // The handler would answer the condition by itself, and leave nothing to store.
    let app = desk.page(desk.layer(), |headers, title| {
        assert!(!headers.contains_key("if-none-match") && !headers.contains_key("if-modified-since"));
        ([(header::ETAG, "\"mine\"")], title)
    });
    let known = || request(Method::GET, "/", &[("if-none-match", "\"mine\""), ("if-modified-since", "now")]);
    assert_eq!(send(&app, known()).await.status, StatusCode::NOT_MODIFIED);
    let stored = read(&app, "/").await;
    assert_eq!((stored.body.as_str(), stored.field("etag"), stored.is_hit()), ("One", "\"mine\"", true));
}

#[tokio::test]
async fn only_successes_have_tags() {
    let desk = Desk::new();
    let layer = desk.layer().statuses([StatusCode::NOT_FOUND]);
    let app = desk.page(layer, |_, title| (StatusCode::NOT_FOUND, title));
    let answer = send(&app, request(Method::GET, "/", &[("if-none-match", "*")])).await;
    assert_eq!((answer.status, answer.field("etag")), (StatusCode::NOT_FOUND, ""));
    let answer = send(&app, request(Method::GET, "/", &[("if-none-match", "*")])).await;
    assert_eq!((answer.status, answer.is_hit()), (StatusCode::NOT_FOUND, true));
}

#[tokio::test]
async fn downstream_is_told_to_ask_unless_somebody_says_otherwise() {
    let desk = Desk::new();
    let told = async |layer: cache_axum::ResponseCache, own: Option<&'static str>| {
        let app = desk.page(layer.name(format!("{own:?}")), move |_, title| match own {
            Some(own) => ([(header::CACHE_CONTROL, own)], title).into_response(),
            None => title.into_response(),
        });
        let (miss, hit) = (read(&app, "/").await, read(&app, "/").await);
        assert!(hit.is_hit());
        assert_eq!(miss.field("cache-control"), hit.field("cache-control"));
        hit.field("cache-control").to_owned()
    };
    assert_eq!(told(desk.layer(), None).await, "no-cache");
    assert_eq!(told(desk.layer(), Some("public, max-age=60")).await, "public, max-age=60");
    let value = HeaderValue::from_static("max-age=5");
    assert_eq!(told(desk.layer().cache_control(value.clone()), None).await, "max-age=5");
    assert_eq!(told(desk.layer().cache_control(value), Some("max-age=60")).await, "max-age=60");
    assert_eq!(told(desk.layer().cache_control(None), None).await, "");
    assert_eq!(told(desk.layer().vary_by(["cookie"]), None).await, "private, no-cache");
    assert_eq!(told(desk.layer().allow_private(), Some("private")).await, "private");
}

#[tokio::test]
async fn a_maximal_age_bounds_the_entry_and_is_not_begun_anew() {
    let clock = cache_core::Clock::manual();
    let desk = Desk::over(cache_core::Cache::builder().clock(clock.clone()).build());
    let fields = [(header::CACHE_CONTROL, "max-age=60"), (header::AGE, "20")];
    let app = desk.page(desk.layer(), move |_, title| (fields.clone(), title));
    let first = read(&app, "/").await;
    assert!(first.field("age").parse::<u64>().unwrap() >= 20);
    assert!(read(&app, "/").await.field("age").parse::<u64>().unwrap() >= 20);
    clock.advance(Duration::from_secs(39));
    assert!(read(&app, "/").await.is_hit());
    clock.advance(Duration::from_secs(2));
    assert!(!read(&app, "/").await.is_hit());
}

#[tokio::test]
async fn fields_of_one_connection_or_moment_are_not_stored() {
    let desk = Desk::new();
    let app = desk.page(desk.layer(), |_, title| {
        let fields = [
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("x-kept", "1"),
            ("link", "</a>"),
        ];
        (axum::response::AppendHeaders(fields), axum::response::AppendHeaders([("link", "</b>")]), title)
    });
    read(&app, "/").await;
    let hit = read(&app, "/").await;
    assert!(hit.is_hit());
    for gone in ["connection", "x-hop", "keep-alive", "date"] {
        assert!(!hit.headers.contains_key(gone), "{gone}");
    }
    assert_eq!(hit.field("x-kept"), "1");
    assert_eq!(hit.headers.get_all("link").iter().collect::<Vec<_>>(), ["</a>", "</b>"]);
}

#[tokio::test]
async fn what_varies_is_named_once() {
    let desk = Desk::new();
    let layer = desk.layer().vary_by(["accept", "accept-language"]);
    let app = desk.page(layer, |_, title| ([(header::VARY, "Accept")], title));
    let answer = read(&app, "/").await;
    let lines: Vec<_> = answer.headers.get_all("vary").iter().collect();
    assert_eq!(lines, ["Accept", "accept-language"]);
}

#[tokio::test]
async fn clients_go_past_the_cache_only_where_they_may() {
    let desk = Desk::new();
    let polite = desk.app(desk.layer().name("a").honour_request());
    let deaf = desk.app(desk.layer().name("b"));
    read(&polite, "/title/1").await;
    read(&deaf, "/title/1").await;
    for field in [("cache-control", "max-age=0, no-cache"), ("cache-control", "No-Store"), ("pragma", "no-cache")] {
        let asked = || request(Method::GET, "/title/1", &[field]);
        assert_eq!(send(&polite, asked()).await.why(), "the client asked for it");
        assert!(send(&deaf, asked()).await.is_hit());
    }
    assert!(send(&polite, request(Method::GET, "/title/1", &[("cache-control", "max-age=60")])).await.is_hit());
}
