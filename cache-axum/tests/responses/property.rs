//! Whatever is asked and changed, in any order: a router under the layer answers as it does without.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cache_axum::{DependsOn, ResponseCache, ResponseScope};
use cache_core::testing::SimulatedStore;
use cache_core::{Cache, Dependencies};
use http::{HeaderMap, Method, StatusCode, header};
use proptest::prelude::*;

use crate::desk::*;

/// What nobody tells the cache of.
type Hidden = Arc<AtomicUsize>;

#[derive(Clone)]
struct Paper {
    desk: Desk,
    hidden: Hidden,
}

async fn plain(State(paper): State<Paper>, Path(id): Path<i32>) -> Response {
    match paper.desk.title(id).await {
        Some(title) => title.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn by_language(State(paper): State<Paper>, Path(id): Path<i32>, headers: HeaderMap) -> String {
    format!("{:?} {:?}", headers.get("accept-language"), paper.desk.title(id).await)
}

async fn by_user(State(paper): State<Paper>, Path(id): Path<i32>, headers: HeaderMap) -> Response {
    let user = headers.get("cookie").map(|cookie| cookie.to_str().unwrap().to_owned());
    let title = paper.desk.title(id).await.unwrap_or_default();
    match user {
        Some(user) => format!("{title} for {user}").into_response(),
        None => {
            ([(header::SET_COOKIE, format!("visit={}", paper.hidden.load(Ordering::SeqCst)))], title).into_response()
        }
    }
}

async fn by_agent(State(paper): State<Paper>, Path(id): Path<i32>, headers: HeaderMap) -> Response {
    let agent = headers.get("user-agent").map(|agent| agent.to_str().unwrap().to_owned());
    ([(header::VARY, "user-agent")], format!("{agent:?} {:?}", paper.desk.title(id).await)).into_response()
}

async fn unknown(State(paper): State<Paper>) -> String {
    paper.hidden.load(Ordering::SeqCst).to_string()
}

async fn said_before(State(paper): State<Paper>, Path(id): Path<i32>, scope: ResponseScope) -> String {
    scope.depends_on(&title(id)).await;
    format!("{:?}", paper.desk.bare_title(id))
}

async fn said_after(State(paper): State<Paper>, Path(id): Path<i32>) -> (DependsOn, String) {
    (DependsOn(title(id)), format!("{:?}", paper.desk.bare_title(id)))
}

async fn all(State(paper): State<Paper>) -> String {
    let cache = paper.desk.cache.clone();
    let entry = cache.entry(cache_core::Key::new("all")).depends_on(|| Dependencies::table("article"));
    let read = || async { (0..4).map(|id| format!("{:?} ", paper.desk.bare_title(id))).collect::<String>() };
    entry.codec(cache_core::Codec::text()).get_or_fill_async(read).await
}

async fn streamed(State(paper): State<Paper>, Path(id): Path<i32>) -> axum::body::Body {
    let title = paper.desk.title(id).await.unwrap_or_default();
    let chunks: Vec<_> = title.chars().map(|letter| Ok::<_, std::io::Error>(letter.to_string())).collect();
    axum::body::Body::from_stream(futures::stream::iter(chunks))
}

fn router(paper: &Paper) -> Router {
    Router::new()
        .route("/plain/{id}", get(plain).post(plain))
        .route("/language/{id}", get(by_language))
        .route("/user/{id}", get(by_user))
        .route("/agent/{id}", get(by_agent))
        .route("/before/{id}", get(said_before))
        .route("/after/{id}", get(said_after))
        .route("/streamed/{id}", get(streamed))
        .route("/unknown", get(unknown))
        .route("/all", get(all))
        .with_state(paper.clone())
}

#[derive(Clone, Debug)]
enum Step {
    Ask { method: Method, uri: String, fields: Vec<(&'static str, &'static str)>, process: usize },
    Write { id: i32, title: Option<&'static str>, process: usize },
    Hidden,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let method = prop_oneof![6 => Just(Method::GET), 2 => Just(Method::HEAD), 1 => Just(Method::POST)];
    let of_a_title = prop::sample::select(vec!["plain", "language", "user", "agent", "before", "after", "streamed"]);
    let uri = prop_oneof![
        6 => (of_a_title, 0..3).prop_map(|(page, id)| format!("/{page}/{id}")),
        1 => Just("/unknown".to_owned()),
        1 => Just("/all".to_owned()),
        1 => Just("/missing".to_owned()),
    ];
    let field = |name, values: [&'static str; 2]| {
        prop::option::weighted(0.3, prop::sample::select(values.to_vec()).prop_map(move |value| (name, value)))
    };
    let fields = (
        field("accept-language", ["en", "de"]),
        field("cookie", ["ann", "bob"]),
        field("user-agent", ["browser", "robot"]),
        field("host", ["a.example", "b.example"]),
    );
    let fields = fields.prop_map(|(a, b, c, d)| [a, b, c, d].into_iter().flatten().collect());
    let ask = (method, uri, fields, 0..2_usize);
    let write = (0..3, prop::option::of(prop::sample::select(&["One", "Two", "Three"][..])), 0..2_usize);
    let step = prop_oneof![
        8 => ask.prop_map(|(method, uri, fields, process)| Step::Ask { method, uri, fields, process }),
        2 => write.prop_map(|(id, title, process)| Step::Write { id, title, process }),
        1 => Just(Step::Hidden),
    ];
    prop::collection::vec(step, 1..60)
}

/// What must be the same. Added fields may differ.
fn seen(answer: &Answer) -> (StatusCode, String, Vec<String>) {
    let fields = ["content-type", "content-length", "set-cookie", "allow"];
    let seen = |name: &&str| format!("{name}: {}", answer.field(name));
    // Nobody has to know beforehand how long a stream is.
    let fields = fields.iter().filter(|name| **name != "content-length" || !answer.field(name).is_empty()).map(seen);
    (answer.status, answer.body.clone(), fields.collect())
}

/// Carries the steps out by two processes, and compares each answer with that of a router over a cache that holds nothing.
async fn same(steps: &[Step], caches: [Cache; 2], settle: impl Fn(), layer: impl Fn(ResponseCache) -> ResponseCache) {
    let [here, there] = caches;
    let hidden = Hidden::default();
    let desk = Desk::over(here);
    let papers = [desk.clone(), desk.elsewhere(there)].map(|desk| Paper { desk, hidden: Arc::clone(&hidden) });
    let apps = papers.each_ref().map(|paper| router(paper).layer(layer(paper.desk.layer()).name("paper")));
    for step in steps {
        match step {
            Step::Ask { method, uri, fields, process } => {
                let asked = || request(method.clone(), uri, fields);
                let bare = Paper { desk: desk.elsewhere(Cache::in_memory()), hidden: Arc::clone(&hidden) };
                let expected = seen(&send(&router(&bare), asked()).await);
                let answer = send(&apps[*process], asked()).await;
                settle();
                let mut given = seen(&answer);
                // A stream that was collected is longer than unknown.
                if given.2.len() > expected.2.len() {
                    given.2.retain(|field| !field.starts_with("content-length"));
                }
                assert_eq!(given, expected, "{step:?}");
            }
            Step::Write { id, title, process } => papers[*process].desk.write(*id, *title).await,
            Step::Hidden => _ = hidden.fetch_add(1, Ordering::SeqCst),
        }
    }
}

fn run(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn answers_are_those_of_the_bare_router(steps in steps()) {
        let cache = Cache::in_memory();
        let caches = [cache.clone(), cache];
        run(same(&steps, caches, || (), |layer| layer.vary_by(["accept-language"]).collect_streams()));
    }

    #[test]
    fn answers_are_the_same_with_users_told_apart_and_more_statuses(steps in steps()) {
        let cache = Cache::in_memory();
        let caches = [cache.clone(), cache];
        let layer = |layer: ResponseCache| {
            let statuses = [StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
            layer.vary_by(["accept-language", "cookie", "user-agent"]).statuses(statuses).max_body(16)
        };
        run(same(&steps, caches, || (), layer));
    }

    #[test]
    fn answers_are_the_same_over_a_store_that_processes_share(steps in steps()) {
        let store = SimulatedStore::new();
        let caches = [(); 2].map(|()| Cache::builder().namespace("paper").store(store.clone()).build());
        run(same(&steps, caches, || store.settle(), |layer| layer.vary_by(["accept-language"])));
    }
}
