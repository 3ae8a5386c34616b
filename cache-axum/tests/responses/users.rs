//! Nobody sees what was made for somebody else.

use http::{HeaderMap, Method, Request};

use crate::desk::*;

const CREDENTIALS: [&str; 6] =
    ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-forwarded-user", "x-auth-request-email"];

/// Greets whoever is named in a field.
fn greet(name: &'static str) -> impl Fn(HeaderMap, String) -> String + Clone + Send + Sync + 'static {
    move |headers, title| {
        let user = headers.get(name).map_or("nobody", |user| user.to_str().unwrap());
        format!("{title} for {user}")
    }
}

fn by(name: &str, user: &str) -> Request<axum::body::Body> {
    request(Method::GET, "/", &[(name, user)])
}

#[tokio::test]
async fn requests_with_credentials_go_past_the_cache() {
    for name in CREDENTIALS {
        let desk = Desk::new();
        let app = desk.page(desk.layer(), greet(name));
        assert_eq!(read(&app, "/").await.body, "One for nobody");
        for user in ["ann", "bob", "ann"] {
            let answer = send(&app, by(name, user)).await;
            assert_eq!(answer.body, format!("One for {user}"));
            assert_eq!(answer.why(), format!("the request has {name}, which is neither in vary_by nor ignored"));
            assert!(!answer.headers.contains_key("etag"));
        }
        assert!(read(&app, "/").await.is_hit());
        assert_eq!(desk.runs(), 4);
    }
}

#[tokio::test]
async fn users_have_entries_of_their_own_when_they_are_told_apart() {
    let desk = Desk::new();
    let app = desk.page(desk.layer().vary_by(["cookie"]), greet("cookie"));
    for hit in [false, true] {
        for user in ["ann", "bob"] {
            let answer = send(&app, by("cookie", user)).await;
            assert_eq!((answer.body.as_str(), answer.is_hit()), (format!("One for {user}").as_str(), hit));
        }
    }
    // Another credential beside is not accounted for.
    let both = request(Method::GET, "/", &[("cookie", "ann"), ("authorization", "bob")]);
    assert_eq!(send(&app, both).await.why(), "the request has authorization, which is neither in vary_by nor ignored");
}

#[tokio::test]
async fn a_handler_does_not_see_what_is_ignored() {
    let desk = Desk::new();
    let app = desk.page(desk.layer().ignore(["cookie"]), greet("cookie"));
    assert_eq!(send(&app, by("cookie", "ann")).await.body, "One for nobody");
    let other = send(&app, by("cookie", "bob")).await;
    assert_eq!((other.body.as_str(), other.is_hit()), ("One for nobody", true));
    let posted = desk.page(desk.layer().ignore(["cookie"]).when(|_| false), greet("cookie"));
    assert_eq!(send(&posted, by("cookie", "ann")).await.body, "One for ann");
}

#[tokio::test]
async fn a_handler_sees_named_fields_only_if_it_is_told_so() {
    let desk = Desk::new();
    let layer = || desk.layer().only_named_headers().vary_by(["accept-language"]);
    let app = desk.page(layer(), |headers, _| {
        let mut names: Vec<String> = headers.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        names.sort();
        names.join(" ")
    });
    let fields =
        [("hx-request", "true"), ("host", "a"), ("accept-language", "en"), ("forwarded", "for=1.2.3.4;proto=https")];
    let answer = send(&app, request(Method::GET, "/", &fields)).await;
    assert_eq!(answer.body, r#"accept-language="en" forwarded="proto=https" host="a""#);
    let other = [("host", "a"), ("accept-language", "en"), ("forwarded", "for=5.6.7.8;proto=https")];
    assert!(send(&app, request(Method::GET, "/", &other)).await.is_hit());
    // What it varies by it has not seen.
    let varying = desk.page(layer(), |_, title| ([("vary", "hx-request")], title));
    read(&varying, "/").await;
    assert!(read(&varying, "/").await.is_hit());
    assert!(!send(&app, by("cookie", "ann")).await.why().is_empty());
}

#[tokio::test]
async fn the_application_chooses_requests() {
    let desk = Desk::new();
    let layer =
        desk.layer().when(|request| !request.uri.path().ends_with('2')).when(|request| request.headers.is_empty());
    let app = desk.app(layer);
    for (asked, why) in [
        (get_of("/title/1"), ""),
        (get_of("/title/2"), "the application asked for it"),
        (request(Method::GET, "/title/1", &[("accept", "*/*")]), "the application asked for it"),
    ] {
        assert_eq!(send(&app, asked).await.why(), why);
    }
    assert!(read(&app, "/title/1").await.is_hit());
}

#[tokio::test]
async fn special_requests_go_past_the_cache_as_they_are() {
    let desk = Desk::new();
    let app = desk.page(desk.layer().only_named_headers(), |headers, _| headers.len().to_string());
    read(&app, "/").await;
    for name in ["range", "if-match", "if-unmodified-since", "upgrade", "transfer-encoding", "x-http-method-override"] {
        let answer = send(&app, request(Method::GET, "/", &[(name, "1"), ("x-other", "1")])).await;
        assert_eq!((answer.body.as_str(), answer.why()), ("2", format!("the request has {name}").as_str()));
    }
    let body = Request::get("/").body(axum::body::Body::from("question")).unwrap();
    assert_eq!(send(&app, body).await.why(), "the request has a body");
    let announced = request(Method::GET, "/", &[("content-length", "3")]);
    assert_eq!(send(&app, announced).await.why(), "the request has a body");
    assert!(send(&app, request(Method::GET, "/", &[("content-length", "0")])).await.is_hit());
}

#[tokio::test]
async fn a_key_that_cannot_be_read_is_none() {
    let desk = Desk::new();
    let app = desk.page(desk.layer().vary_by(["x-odd"]), |_, title| title);
    for name in ["x-odd", "host"] {
        let mut asked = get_of("/");
        asked.headers_mut().insert(name, http::HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(send(&app, asked).await.why(), "a field of the key is no text");
    }
}

#[tokio::test]
async fn a_layer_with_a_fault_caches_nothing_and_says_so() {
    let desk = Desk::new();
    let layer = desk.layer().vary_by(["accept language", "accept"]).ignore([""]);
    assert_eq!(layer.faults().len(), 2);
    assert!(layer.faults()[0].contains("`vary_by`: \"accept language\" is no name of a header field"));
    let app = desk.app(layer);
    for _ in 0..2 {
        assert_eq!(read(&app, "/title/1").await.why(), "the layer is set up wrongly");
    }
    assert_eq!(desk.runs(), 2);
    assert!(!desk.layer().cache_status("caché").faults().is_empty());
}
