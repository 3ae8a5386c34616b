//! A small newspaper: titles in memory, read through the cache, and handlers that are counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cache_axum::ResponseCache;
use cache_core::{Cache, Change, Codec, Dependencies, Key, Row};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) cache: Cache,
    titles: Arc<Mutex<BTreeMap<i32, String>>>,
    runs: Arc<AtomicUsize>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::over(Cache::in_memory())
    }

    /// With the titles 1 and 2.
    pub(crate) fn over(cache: Cache) -> Self {
        let titles = BTreeMap::from([(1, "One".to_owned()), (2, "Two".to_owned())]);
        Desk { cache, titles: Arc::new(Mutex::new(titles)), runs: Arc::default() }
    }

    /// The same titles in another process.
    pub(crate) fn elsewhere(&self, cache: Cache) -> Self {
        Desk { cache, titles: Arc::clone(&self.titles), runs: Arc::default() }
    }

    /// A title as it is.
    pub(crate) fn bare_title(&self, id: i32) -> Option<String> {
        self.titles.lock().unwrap().get(&id).cloned()
    }

    /// A title by way of the cache.
    pub(crate) async fn title(&self, id: i32) -> Option<String> {
        let entry = self.cache.entry(Key::new("title").with(&id)).codec(Codec::serde::<Option<String>>());
        entry.depends_on(move || title(id)).get_or_fill_async(|| async { self.bare_title(id) }).await
    }

    /// Writes a title and tells the cache.
    pub(crate) async fn write(&self, id: i32, title: impl Into<Option<&str>>) {
        match title.into() {
            Some(title) => self.titles.lock().unwrap().insert(id, title.to_owned()),
            None => self.titles.lock().unwrap().remove(&id),
        };
        let row = Row::from([("id", id)]);
        self.cache.invalidation(Change::updated("article", row.clone(), row)).await.unwrap();
    }

    /// To be called by each handler.
    pub(crate) fn run(&self) -> usize {
        self.runs.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// How many handlers have run.
    pub(crate) fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    #[track_caller]
    pub(crate) fn layer(&self) -> ResponseCache {
        ResponseCache::new(&self.cache).cache_status("desk")
    }

    /// `/title/{id}`, cached by a layer.
    pub(crate) fn app(&self, layer: ResponseCache) -> Router {
        Router::new().route("/title/{id}", get(show)).layer(layer).with_state(self.clone())
    }

    /// One route whose handler reads title 1 through the cache, and answers what `make` makes of it.
    pub(crate) fn page<R: IntoResponse>(
        &self,
        layer: ResponseCache,
        make: impl Fn(HeaderMap, String) -> R + Clone + Send + Sync + 'static,
    ) -> Router {
        let desk = self.clone();
        let handler = move |headers: HeaderMap| async move {
            desk.run();
            make(headers, desk.title(1).await.unwrap_or_default()).into_response()
        };
        Router::new().route("/", get(handler)).layer(layer)
    }
}

/// The dependencies of a title.
pub(crate) fn title(id: i32) -> Dependencies {
    Dependencies::row("article", [("id", id)])
}

async fn show(State(desk): State<Desk>, Path(id): Path<i32>) -> Response {
    desk.run();
    match desk.title(id).await {
        Some(title) => title.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(crate) fn get_of(uri: &str) -> Request<Body> {
    request(Method::GET, uri, &[])
}

pub(crate) fn request(method: Method, uri: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let request = Request::builder().method(method).uri(uri);
    let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(Body::empty()).unwrap()
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// A field of the head, empty if there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn is_hit(&self) -> bool {
        self.field("cache-status") == r#""desk"; hit"#
    }

    /// Why it was not stored, or not asked for.
    pub(crate) fn why(&self) -> &str {
        self.field("cache-status").split_once("detail=").map_or("", |(_, why)| why.trim_matches('"'))
    }
}

pub(crate) async fn send(app: &Router, request: Request<Body>) -> Answer {
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.into()).unwrap() }
}

pub(crate) async fn read(app: &Router, uri: &str) -> Answer {
    send(app, get_of(uri)).await
}
