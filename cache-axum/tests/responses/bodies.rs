//! Large, slow and broken bodies.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use futures::StreamExt;
use http::HeaderMap;
use http_body_util::{BodyExt, StreamBody};
use tower::ServiceExt;

use crate::desk::*;

/// A route that reads title 1 and answers with a body.
fn serving(
    desk: &Desk,
    layer: cache_axum::ResponseCache,
    body: impl Fn() -> Body + Clone + Send + Sync + 'static,
) -> Router {
    desk.page(layer, move |_, _| body())
}

fn chunks(texts: &[&'static str]) -> Body {
    let chunks: Vec<io::Result<&'static str>> = texts.iter().copied().map(Ok).collect();
    Body::from_stream(futures::stream::iter(chunks))
}

#[tokio::test]
async fn a_body_of_the_largest_size_is_stored_and_one_more_byte_is_not() {
    let desk = Desk::new();
    let app = serving(&desk, desk.layer().max_body(4), || Body::from("four"));
    read(&app, "/").await;
    assert!(read(&app, "/").await.is_hit());
    let app = serving(&desk, desk.layer().max_body(4), || Body::from("fives"));
    let answer = read(&app, "/").await;
    assert_eq!((answer.body.as_str(), answer.why()), ("fives", "its body is larger than max_body"));
    assert_eq!(read(&app, "/").await.body, "fives");
    assert_eq!(desk.runs(), 3);
}

#[tokio::test]
async fn a_body_that_turns_out_too_large_is_passed_on_whole() {
    let desk = Desk::new();
    let layer = desk.layer().max_body(4).collect_streams();
    let app = serving(&desk, layer, || chunks(&["ab", "cd", "ef", "gh"]));
    for _ in 0..2 {
        let answer = read(&app, "/").await;
        assert_eq!((answer.body.as_str(), answer.why()), ("abcdefgh", "its body is larger than max_body"));
    }
    assert_eq!(desk.cache.counters().fills, 1); // the title
}

#[tokio::test]
async fn what_is_too_large_is_not_waited_for() {
    let desk = Desk::new();
    let layer = desk.layer().max_body(3).collect_streams();
    let app = serving(&desk, layer, || {
        let endless = futures::stream::iter([Ok::<_, io::Error>("ab"), Ok("cd")]);
        Body::from_stream(endless.chain(futures::stream::pending()))
    });
    let mut body = app.oneshot(get_of("/")).await.unwrap().into_body();
    for chunk in ["ab", "cd"] {
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), chunk);
    }
}

#[tokio::test]
async fn streams_are_passed_on_as_they_come() {
    let desk = Desk::new();
    let app = serving(&desk, desk.layer(), || {
        let first = futures::stream::iter([Ok::<_, io::Error>("now")]);
        Body::from_stream(first.chain(futures::stream::pending()))
    });
    let response = app.oneshot(get_of("/")).await.unwrap();
    assert!(response.headers()["cache-status"].to_str().unwrap().contains("length of its body is not known"));
    let mut body = response.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "now");
}

#[tokio::test]
async fn streams_that_say_how_long_they_are_or_are_collected_are_stored() {
    let desk = Desk::new();
    let app = serving(&desk, desk.layer().collect_streams(), || chunks(&["ab", "", "cd"]));
    assert_eq!(read(&app, "/").await.body, "abcd");
    let hit = read(&app, "/").await;
    assert_eq!((hit.body.as_str(), hit.field("content-length"), hit.is_hit()), ("abcd", "4", true));
    let app = desk.page(desk.layer(), |_, _| ([("content-length", "4")], chunks(&["ab", "cd"])));
    assert_eq!(read(&app, "/").await.body, "abcd");
    assert!(read(&app, "/").await.is_hit());
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_it_says_is_not_stored() {
    let desk = Desk::new();
    for length in ["5", "3", "many"] {
        let app = desk.page(desk.layer(), move |_, _| ([("content-length", length)], chunks(&["ab", "cd"])));
        let answer = read(&app, "/").await;
        assert_eq!((answer.body.as_str(), answer.why()), ("abcd", "its body is not as long as it says"));
        assert!(!read(&app, "/").await.is_hit());
    }
}

#[tokio::test]
async fn an_error_in_a_body_reaches_the_client_after_what_came_before() {
    let desk = Desk::new();
    let app = serving(&desk, desk.layer().collect_streams(), || {
        Body::from_stream(futures::stream::iter([Ok("ab"), Ok("cd"), Err(io::Error::other("torn"))]))
    });
    for _ in 0..2 {
        let response = app.clone().oneshot(get_of("/")).await.unwrap();
        assert!(response.headers()["cache-status"].to_str().unwrap().contains("ended with an error"));
        let mut body = response.into_body();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "ab");
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "cd");
        assert!(body.frame().await.unwrap().unwrap_err().to_string().contains("torn"));
        assert!(body.frame().await.is_none());
    }
}

#[tokio::test]
async fn trailers_are_passed_on_and_not_stored() {
    let desk = Desk::new();
    let app = serving(&desk, desk.layer().collect_streams(), || {
        let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), "4".parse().unwrap())]);
        let frames = [http_body::Frame::data(Bytes::from("abcd")), http_body::Frame::trailers(trailers)];
        Body::new(StreamBody::new(futures::stream::iter(frames.map(Ok::<_, io::Error>))))
    });
    for _ in 0..2 {
        let response = app.clone().oneshot(get_of("/")).await.unwrap();
        assert!(response.headers()["cache-status"].to_str().unwrap().contains("it has trailers"));
        let collected = response.into_body().collect().await.unwrap();
        assert_eq!(collected.trailers().unwrap()["x-sum"], "4");
        assert_eq!(collected.to_bytes(), "abcd");
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_come_back_as_they_were() {
    let desk = Desk::new();
    let all: Arc<Vec<u8>> = Arc::new((0..=255).cycle().take(100_000).collect());
    let sent = Arc::clone(&all);
    let handler = move || async move { (cache_axum::DependsOn(title(1)), sent.to_vec()) };
    let app = Router::new().route("/", get(handler)).layer(desk.layer());
    for hit in [false, true] {
        let response = app.clone().oneshot(get_of("/")).await.unwrap();
        assert_eq!(response.headers()["cache-status"] == r#""desk"; hit"#, hit);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), *all);
    }
}

#[tokio::test]
async fn an_empty_response_is_a_response() {
    let desk = Desk::new();
    let app = desk.page(desk.layer(), |_, _| http::StatusCode::NO_CONTENT);
    let first = read(&app, "/").await;
    let hit = read(&app, "/").await;
    assert!(hit.is_hit());
    assert_eq!((first.status, hit.status, hit.body.as_str()), (first.status, 204.try_into().unwrap(), ""));
}
