//! Many requests at once.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use futures::FutureExt;
use tokio::sync::Semaphore;

use crate::desk::*;

/// A route whose handler counts itself, and ends when it gets a permit.
fn waiting(desk: &Desk, permits: &Arc<Semaphore>) -> Router {
    let (desk, permits, layer) = (desk.clone(), Arc::clone(permits), desk.layer());
    let handler = move || async move {
        let run = desk.run();
        let title = desk.title(1).await.unwrap();
        permits.acquire().await.unwrap().forget();
        assert!(title != "panic" || run > 1, "the first run fails");
        format!("{title} of run {run}")
    };
    Router::new().route("/", get(handler)).layer(layer)
}

async fn a_while() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn fifty_requests_run_the_handler_once() {
    let desk = Desk::new();
    let permits = Arc::new(Semaphore::new(0));
    let app = waiting(&desk, &permits);
    let asked = futures::future::join_all((0..50).map(|_| read(&app, "/")));
    let release = async {
        a_while().await;
        permits.add_permits(50);
    };
    let (answers, ()) = futures::future::join(asked, release).await;
    assert!(answers.iter().all(|answer| answer.body == "One of run 1"));
    assert_eq!(desk.runs(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_share_one_run() {
    let desk = Desk::new();
    let permits = Arc::new(Semaphore::new(0));
    let app = waiting(&desk, &permits);
    let asked: Vec<_> = (0..50)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { read(&app, "/").await })
        })
        .collect();
    while desk.runs() == 0 {
        tokio::task::yield_now().await;
    }
    permits.add_permits(50);
    for answer in asked {
        assert_eq!(answer.await.unwrap().body, "One of run 1");
    }
    assert_eq!(desk.runs(), 1);
}

#[tokio::test]
async fn a_request_that_is_given_up_lets_another_run_the_handler() {
    let desk = Desk::new();
    let permits = Arc::new(Semaphore::new(0));
    let app = waiting(&desk, &permits);
    let mut first = Box::pin(read(&app, "/"));
    assert!(futures::poll!(&mut first).is_pending());
    let mut second = Box::pin(read(&app, "/"));
    assert!(futures::poll!(&mut second).is_pending());
    assert_eq!(desk.runs(), 1);
    drop(first);
    permits.add_permits(1);
    assert_eq!(second.await.body, "One of run 2");
    assert!(read(&app, "/").await.is_hit());
}

#[tokio::test]
async fn a_panic_reaches_its_caller_and_lets_another_run_the_handler() {
    let desk = Desk::new();
    desk.write(1, "panic").await;
    let permits = Arc::new(Semaphore::new(0));
    let app = waiting(&desk, &permits);
    let mut first = Box::pin(AssertUnwindSafe(read(&app, "/")).catch_unwind());
    assert!(futures::poll!(&mut first).is_pending());
    let mut second = Box::pin(read(&app, "/"));
    assert!(futures::poll!(&mut second).is_pending());
    permits.add_permits(2);
    assert!(first.await.is_err());
    assert_eq!(second.await.body, "panic of run 2");
    assert!(read(&app, "/").await.is_hit());
}

#[tokio::test]
async fn a_request_after_a_write_does_not_take_what_was_begun_before_it() {
    let desk = Desk::new();
    let permits = Arc::new(Semaphore::new(0));
    let app = waiting(&desk, &permits);
    let mut early = Box::pin(read(&app, "/"));
    assert!(futures::poll!(&mut early).is_pending());
    desk.write(1, "First").await;
    let mut late = Box::pin(read(&app, "/"));
    assert!(futures::poll!(&mut late).is_pending());
    permits.add_permits(2);
    assert_eq!(early.await.body, "One of run 1");
    assert_eq!(late.await.body, "First of run 2");
}

#[tokio::test]
async fn an_error_of_the_service_goes_through() {
    use tower::{Layer, ServiceExt};
    let desk = Desk::new();
    let counted = desk.clone();
    let service = tower::service_fn(move |_: http::Request<axum::body::Body>| {
        let run = counted.run();
        async move {
            if run == 1 { Err("no connection") } else { Ok((cache_axum::DependsOn(title(1)), "here").into_response()) }
        }
    });
    use axum::response::IntoResponse;
    let service = desk.layer().layer(service);
    let ask = async || service.clone().oneshot(get_of("/")).await.map(|response| response.status().as_u16());
    assert_eq!([ask().await, ask().await, ask().await], [Err("no connection"), Ok(200), Ok(200)]);
    assert_eq!(desk.runs(), 2);
}
