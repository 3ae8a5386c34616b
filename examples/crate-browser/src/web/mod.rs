//! The pages and what is behind them.

pub mod activity;
pub mod browse;
pub mod edit;
pub mod functions;
pub mod page;
pub mod problem;
pub mod rows;
pub mod templates;
pub mod view;

use crate::{entity::import, journal::Journal, query::Db, store::Store};
use axum::{
    Router,
    http::header,
    middleware,
    routing::{get, post},
};
use cache_axum::ResponseCache;
use std::sync::Arc;
use templates::Templates;

const STYLE: &str = include_str!("../../static/style.css");
const ICON: &str = include_str!("../../static/icon.svg");

/// What every handler needs.
#[derive(Clone, Debug)]
pub struct App {
    /// The connection that sees every write.
    pub db: Db,
    /// The pages' text.
    pub templates: Templates,
    /// What happened to cached results.
    pub journal: Arc<Journal>,
    /// Where results are kept.
    pub store: Store,
    /// The workspace that was imported.
    pub workspace: Arc<import::Model>,
    /// Whether the cache is off for every page.
    pub uncached: bool,
}

/// All addresses.
pub fn router(app: App) -> Router {
    // Pages carry what they cost, and are put together anew each time; what says nothing of itself is cached whole.
    let uncached = app.uncached;
    let responses = ResponseCache::new(app.db.cache()).cache_status("crate-browser").when(move |_| !uncached);
    Router::new()
        .route("/", get(browse::overview))
        .route("/crates", get(browse::crates))
        .route("/crate/{name}", get(browse::krate))
        .route("/crate/{name}/star", post(edit::star))
        .route("/crate/{name}/notes", post(edit::add_note))
        .route("/crate/{name}/notes/{id}/delete", post(edit::delete_note))
        .route("/crate/{name}/keywords", post(edit::retag))
        .route("/groups/{group}", get(browse::groups))
        .route("/groups/{group}/{name}", get(browse::group))
        .route("/starred", get(browse::starred))
        .route("/starred.txt", get(browse::starred_names).layer(responses))
        .route("/statistics", get(browse::statistics))
        .route("/search", get(browse::search))
        .route("/activity", get(activity::page))
        .route("/activity/events", get(activity::events))
        .route("/style.css", get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)))
        .route("/icon.svg", get(async || ([(header::CONTENT_TYPE, "image/svg+xml")], ICON)))
        .fallback(browse::nothing)
        .layer(middleware::from_fn(problem::refuse_other_sites))
        .with_state(app)
}
