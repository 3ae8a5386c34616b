//! What is one entry, and what are two.

use axum::Router;
use axum::routing::get;
use http::Method;

use crate::desk::*;

#[tokio::test]
async fn the_same_address_runs_its_handler_once() {
    let desk = Desk::new();
    let app = desk.app(desk.layer());
    let first = read(&app, "/title/1").await;
    assert_eq!((first.body.as_str(), first.field("cache-status")), ("One", r#""desk"; fwd=uri-miss"#));
    let second = read(&app, "/title/1").await;
    assert!(second.is_hit());
    assert_eq!(second.body, "One");
    assert_eq!(second.headers["content-type"], first.headers["content-type"]);
    assert_eq!(desk.runs(), 1);
}

#[tokio::test]
async fn two_clients_share_an_entry_and_two_addresses_do_not() {
    let desk = Desk::new();
    let app = desk.app(desk.layer());
    let by = |agent| request(Method::GET, "/title/1", &[("user-agent", agent), ("accept", agent)]);
    send(&app, by("one")).await;
    assert!(send(&app, by("other")).await.is_hit());
    for other in ["/title/2", "/title/1?", "/title/1?a=1&b=2", "/title/1?b=2&a=1", "/title/01"] {
        assert!(!read(&app, other).await.is_hit(), "{other}");
    }
    assert!(read(&app, "/title/1?a=1&b=2").await.is_hit());
}

#[tokio::test]
async fn hosts_are_kept_apart_however_they_are_told() {
    let desk = Desk::new();
    let app = desk.page(desk.layer(), |headers, _| format!("{headers:?}"));
    let hosts: [&[(&str, &str)]; 8] = [
        &[],
        &[("host", "a.example")],
        &[("host", "b.example")],
        &[("host", "a.example"), ("x-forwarded-host", "b.example")],
        &[("host", "a.example"), ("x-forwarded-proto", "https")],
        &[("host", "a.example"), ("x-forwarded-prefix", "/shop")],
        &[("host", "a.example"), ("forwarded", "for=1.2.3.4;host=b.example")],
        &[("host", "a.example"), ("forwarded", "proto=https")],
    ];
    for host in hosts {
        assert!(!send(&app, request(Method::GET, "/", host)).await.is_hit(), "{host:?}");
    }
    for host in hosts {
        assert!(send(&app, request(Method::GET, "/", host)).await.is_hit(), "{host:?}");
    }
    let elsewhere = request(Method::GET, "/", &[("host", "a.example"), ("forwarded", "host=b.example;for=5.6.7.8")]);
    assert!(send(&app, elsewhere).await.is_hit());
    assert!(!read(&app, "http://c.example/").await.is_hit());
    assert!(!read(&app, "https://c.example/").await.is_hit());
}

#[tokio::test]
async fn chosen_fields_make_entries_of_their_own() {
    let desk = Desk::new();
    let language = |headers: http::HeaderMap, title| {
        let language = headers.get("accept-language").map(|language| language.to_str().unwrap().to_owned());
        format!("{title} in {language:?}")
    };
    let app = desk.page(desk.layer().vary_by(["Accept-Language", "dnt"]), language);
    let asked = [None, Some("en"), Some("de"), Some("")];
    for round in 0..2 {
        for language in asked {
            let fields: Vec<_> = language.map(|language| ("accept-language", language)).into_iter().collect();
            let answer = send(&app, request(Method::GET, "/", &fields)).await;
            assert_eq!(answer.body, format!("One in {language:?}"));
            assert_eq!(answer.is_hit(), round == 1);
            assert_eq!(answer.field("vary"), "accept-language, dnt");
        }
    }
    let twice = request(Method::GET, "/", &[("accept-language", "en"), ("accept-language", "de")]);
    assert!(!send(&app, twice).await.is_hit());
}

#[tokio::test]
async fn other_parts_of_a_key_come_from_the_application() {
    #[derive(Clone)]
    struct Tenant(&'static str);
    let desk = Desk::new();
    let layer = desk.layer().key(|request| request.extensions.get::<Tenant>().map(|tenant| tenant.0));
    let app = desk.page(layer, |_, title| title);
    let by = |tenant| {
        let mut request = get_of("/");
        request.extensions_mut().insert(Tenant(tenant));
        request
    };
    let first = send(&app, by("a")).await;
    assert_eq!(first.field("cache-control"), "private, no-cache");
    assert!(!send(&app, by("b")).await.is_hit());
    assert!(!read(&app, "/").await.is_hit());
    assert!(send(&app, by("a")).await.is_hit());
}

#[tokio::test]
async fn head_is_the_head_of_what_is_stored_for_get() {
    let desk = Desk::new();
    let app = desk.app(desk.layer());
    let body = read(&app, "/title/1").await;
    let head = send(&app, request(Method::HEAD, "/title/1", &[])).await;
    assert!(head.is_hit());
    assert_eq!((head.body.as_str(), head.field("content-length")), ("", "3"));
    for name in ["etag", "content-type", "cache-control"] {
        assert_eq!(head.headers[name], body.headers[name], "{name}");
    }
    assert_eq!(desk.runs(), 1);
}

#[tokio::test]
async fn head_without_get_is_an_entry_of_its_own() {
    let desk = Desk::new();
    let app = desk.app(desk.layer());
    let asked = || request(Method::HEAD, "/title/1", &[]);
    assert!(!send(&app, asked()).await.is_hit());
    let head = send(&app, asked()).await;
    assert!(head.is_hit());
    assert_eq!((head.body.as_str(), head.field("content-length")), ("", "3"));
    // Nobody gets a body from it.
    let body = read(&app, "/title/1").await;
    assert!(!body.is_hit());
    assert_eq!(body.body, "One");
    desk.write(1, "First").await;
    assert_eq!(send(&app, asked()).await.field("content-length"), "5");
}

#[tokio::test]
async fn a_handler_of_head_alone_is_asked_itself() {
    let desk = Desk::new();
    let route = axum::routing::head(|| async { [("x-kind", "head")] });
    let app = Router::new().route("/", route).layer(desk.layer());
    assert_eq!(send(&app, request(Method::HEAD, "/", &[])).await.field("x-kind"), "head");
    assert_eq!(read(&app, "/").await.status, 405);
}

#[tokio::test]
async fn other_methods_reach_the_handler() {
    let desk = Desk::new();
    let counted = desk.clone();
    let handler = move || async move { counted.run().to_string() };
    let app = Router::new().route("/", axum::routing::any(handler)).layer(desk.layer().ttl(std::time::Duration::MAX));
    assert_eq!(read(&app, "/").await.body, "1");
    for (method, run) in [(Method::POST, "2"), (Method::PUT, "3"), (Method::DELETE, "4"), (Method::OPTIONS, "5")] {
        let answer = send(&app, request(method, "/", &[])).await;
        assert_eq!((answer.body.as_str(), answer.field("cache-status")), (run, r#""desk"; fwd=method"#));
    }
    assert_eq!(read(&app, "/").await.body, "1");
}

#[tokio::test]
async fn nested_routers_do_not_share_what_only_looks_the_same() {
    let desk = Desk::new();
    let layer = desk.layer();
    let inner = |name: &'static str| {
        let desk = desk.clone();
        let handler = move || async move { format!("{name} {}", desk.title(1).await.unwrap()) };
        Router::new().route("/page", get(handler)).layer(layer.clone())
    };
    let app = Router::new().nest("/a", inner("a")).nest("/b", inner("b"));
    for _ in 0..2 {
        assert_eq!(read(&app, "/a/page").await.body, "a One");
        assert_eq!(read(&app, "/b/page").await.body, "b One");
    }
    assert!(read(&app, "/a/page").await.is_hit());
}

#[tokio::test]
async fn layers_made_in_two_places_or_named_otherwise_do_not_share() {
    let desk = Desk::new();
    let here = desk.page(cache_axum::ResponseCache::new(&desk.cache), |_, _| "here");
    let there = desk.page(cache_axum::ResponseCache::new(&desk.cache), |_, _| "there");
    assert_eq!((read(&here, "/").await.body, read(&there, "/").await.body), ("here".into(), "there".into()));
    let app = |name, version, text| desk.page(desk.layer().name(name).version(version), move |_, _| text);
    read(&app("shop", "1", "one"), "/").await;
    assert_eq!(read(&app("shop", "1", "other"), "/").await.body, "one");
    assert_eq!(read(&app("admin", "1", "other"), "/").await.body, "other");
    assert_eq!(read(&app("shop", "2", "other"), "/").await.body, "other");
}

#[tokio::test]
async fn any_service_can_be_inside() {
    use tower::{Layer, ServiceExt};
    let desk = Desk::new();
    let counted = desk.clone();
    let service = tower::service_fn(move |_: http::Request<http_body_util::Empty<bytes::Bytes>>| {
        let desk = counted.clone();
        async move {
            desk.run();
            let title = desk.title(1).await.unwrap();
            Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Full::<bytes::Bytes>::from(title)))
        }
    });
    let service = desk.layer().layer(service);
    for _ in 0..2 {
        let request = http::Request::new(http_body_util::Empty::new());
        let body = service.clone().oneshot(request).await.unwrap().into_body();
        assert_eq!(http_body_util::BodyExt::collect(body).await.unwrap().to_bytes(), "One");
    }
    assert_eq!(desk.runs(), 1);
}
