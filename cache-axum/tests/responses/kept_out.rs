//! Responses that go to their caller alone.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cache_axum::{ResponseCache, ResponseScope};
use http::{HeaderName, StatusCode, header};

use crate::desk::*;

/// Answers twice with these fields, and tells why the first was not stored; empty when it was.
async fn stored_with(desk: &Desk, layer: ResponseCache, status: u16, fields: &[(HeaderName, &'static str)]) -> String {
    let fields = fields.to_vec();
    let app = desk.page(layer.name(format!("{status} {fields:?}")), move |_, title| -> Response {
        let mut response = (StatusCode::from_u16(status).unwrap(), title).into_response();
        for (name, value) in &fields {
            response.headers_mut().append(name, value.parse().unwrap());
        }
        response
    });
    let (first, second) = (read(&app, "/").await, read(&app, "/").await);
    assert_eq!((first.status.as_u16(), first.body.as_str()), (status, "One"));
    assert_eq!(second.body, "One");
    assert_eq!(first.why().is_empty(), second.is_hit(), "{first:?}");
    first.why().to_owned()
}

#[tokio::test]
async fn cookies_are_never_stored_unless_told() {
    let desk = Desk::new();
    let sets = [(header::SET_COOKIE, "session=1")];
    assert_eq!(stored_with(&desk, desk.layer(), 200, &sets).await, "it sets a cookie");
    let layer = desk.layer().allow_set_cookie();
    assert_eq!(stored_with(&desk, layer.clone(), 200, &sets).await, "");
    let app = desk.page(layer, |_, title| ([(header::SET_COOKIE, "theme=dark")], title));
    read(&app, "/").await;
    assert_eq!(read(&app, "/").await.field("set-cookie"), "theme=dark");
}

#[tokio::test]
async fn each_of_many_at_once_gets_a_cookie_of_its_own() {
    let desk = Desk::new();
    let counted = desk.clone();
    let handler = move || async move {
        tokio::task::yield_now().await;
        ([(header::SET_COOKIE, format!("session={}", counted.run()))], counted.title(1).await.unwrap())
    };
    let app = Router::new().route("/", get(handler)).layer(desk.layer());
    let answers = futures::future::join_all((0..20).map(|_| read(&app, "/"))).await;
    let cookies: std::collections::BTreeSet<_> = answers.iter().map(|answer| answer.field("set-cookie")).collect();
    assert_eq!((cookies.len(), desk.runs()), (20, 20));
}

#[tokio::test]
async fn private_responses_are_never_stored_unless_told() {
    let desk = Desk::new();
    for value in ["private", "max-age=60, Private", "private=\"x-user\""] {
        let says = [(header::CACHE_CONTROL, value)];
        assert_eq!(stored_with(&desk, desk.layer(), 200, &says).await, "its Cache-Control says private");
        assert_eq!(stored_with(&desk, desk.layer().allow_private(), 200, &says).await, "");
    }
}

#[tokio::test]
async fn what_forbids_to_be_stored_is_not() {
    let desk = Desk::new();
    for value in ["no-store", "public, no-cache", "max-age=0", "s-maxage=0, max-age=60", "max-age=x"] {
        let says = [(header::CACHE_CONTROL, value)];
        let why = stored_with(&desk, desk.layer().allow_private(), 200, &says).await;
        assert_eq!(why, "its Cache-Control forbids it", "{value}");
    }
    let old = [(header::CACHE_CONTROL, "max-age=60"), (header::AGE, "60")];
    assert_eq!(stored_with(&desk, desk.layer(), 200, &old).await, "its Cache-Control forbids it");
    assert_eq!(stored_with(&desk, desk.layer(), 200, &[(header::EXPIRES, "0")]).await, "it has expires");
    let part = [(header::CONTENT_RANGE, "bytes 0-2/9")];
    assert_eq!(stored_with(&desk, desk.layer(), 200, &part).await, "it has content-range");
    for fine in ["public", "max-age=60", "must-revalidate, s-maxage=9"] {
        assert_eq!(stored_with(&desk, desk.layer(), 200, &[(header::CACHE_CONTROL, fine)]).await, "", "{fine}");
    }
}

#[tokio::test]
async fn errors_are_never_stored_unless_told() {
    let desk = Desk::new();
    for status in [201, 302, 303, 307, 400, 401, 403, 404, 410, 500, 503] {
        assert_eq!(stored_with(&desk, desk.layer(), status, &[]).await, format!("status {status}"));
    }
    for status in [200, 203, 301, 308] {
        assert_eq!(stored_with(&desk, desk.layer(), status, &[]).await, "", "{status}");
    }
    let desk = Desk::new();
    let told = || desk.layer().statuses([StatusCode::NOT_FOUND, StatusCode::PARTIAL_CONTENT]);
    assert_eq!(stored_with(&desk, told(), 404, &[]).await, "");
    assert_eq!(stored_with(&desk, told(), 200, &[]).await, "status 200");
    assert_eq!(stored_with(&desk, told(), 206, &[]).await, "status 206");
}

#[tokio::test]
async fn what_varies_by_something_else_is_not_stored() {
    let desk = Desk::new();
    let layer = || desk.layer().vary_by(["accept-language"]).ignore(["accept-encoding"]);
    for (value, why) in [
        ("*", "it varies by *, which is not in vary_by"),
        ("accept-language, Origin", "it varies by Origin, which is not in vary_by"),
        ("cookie", "it varies by cookie, which is not in vary_by"),
        ("forwarded", "it varies by forwarded, which is not in vary_by"),
        ("Accept-Language, Accept-Encoding, host, x-forwarded-host", ""),
    ] {
        assert_eq!(stored_with(&desk, layer(), 200, &[(header::VARY, value)]).await, why);
    }
}

#[tokio::test]
async fn handlers_keep_their_response_out() {
    let desk = Desk::new();
    let reader = desk.clone();
    let handler = move |scope: ResponseScope| async move {
        scope.do_not_store("a draft");
        reader.run();
        reader.title(1).await.unwrap()
    };
    let app = Router::new().route("/", get(handler)).layer(desk.layer());
    read(&app, "/").await;
    assert!(!read(&app, "/").await.is_hit());
    assert_eq!(desk.runs(), 2);
}

#[tokio::test]
async fn what_a_handler_uses_may_keep_it_out() {
    let desk = Desk::new();
    let reader = desk.clone();
    let handler = move || async move {
        reader.run();
        cache_core::context::taint("rows of a transaction that is open");
        reader.title(1).await.unwrap()
    };
    let app = Router::new().route("/", get(handler)).layer(desk.layer());
    read(&app, "/").await;
    read(&app, "/").await;
    assert_eq!(desk.runs(), 2);
}

#[tokio::test]
async fn the_reason_is_an_event() {
    let reasons = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = std::sync::Arc::clone(&reasons);
    let subscriber = move |event: &cache_core::observe::Event<'_>| {
        if let cache_core::observe::Event::Refused { name, reason, .. } = event {
            heard.lock().unwrap().push(format!("{name}: {reason}"));
        }
    };
    let desk = Desk::over(cache_core::Cache::builder().subscriber(subscriber).build());
    let app = desk.page(desk.layer(), |_, _| StatusCode::IM_A_TEAPOT);
    read(&app, "/").await;
    assert_eq!(*reasons.lock().unwrap(), ["http response: not for others: status 418"]);
}

#[tokio::test]
async fn outside_of_a_layer_a_scope_does_nothing() {
    let handler = |scope: ResponseScope| async move {
        scope.depends_on(&title(1)).await;
        scope.do_not_store("nothing is stored anyway");
        scope.expire_within(std::time::Duration::ZERO);
        scope.include(async { scope.is_filling().to_string() }).await
    };
    let app = Router::new().route("/", get(handler));
    assert_eq!(read(&app, "/").await.body, "false");
    assert_eq!(read(&app.layer(Desk::new().layer()), "/").await.body, "true");
}
