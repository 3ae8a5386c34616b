//! The pages that only read.

use super::{App, page, problem::Problem, view::View};
use crate::{
    entity::krate,
    query::{Db, group::Group, krate as one, list},
};
use axum::{
    extract::{Path, Query, State},
    http::Uri,
    response::Response,
};
use minijinja::context;
use serde::Deserialize;

/// The workspace at a glance.
pub async fn overview(State(app): State<App>, view: View) -> Result<Response, Problem> {
    page::show(&app, &view, "overview.html", async { Ok(context! {}) }).await
}

/// Which page of a list.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Paging {
    page: Option<u64>,
}

/// All crates, page by page.
pub async fn crates(State(app): State<App>, Query(paging): Query<Paging>, view: View) -> Result<Response, Problem> {
    page::show(&app, &view, "crates.html", async {
        let pages = list::pages(&app.db).await?.max(1);
        let number = paging.page.unwrap_or(1);
        if !(1..=pages).contains(&number) {
            return Err(Problem::Missing(format!("page {number}")));
        }
        Ok(context! { number, pages })
    })
    .await
}

/// One crate.
pub async fn krate(State(app): State<App>, Path(name): Path<String>, view: View) -> Result<Response, Problem> {
    page::show(&app, &view, "crate.html", async {
        let row = found(&app.db, &name).await?;
        Ok(context! { name => row.name, id => row.id })
    })
    .await
}

/// The crate called `name`.
///
/// # Errors
/// When there is none, or the database refuses.
pub async fn found(db: &Db, name: &str) -> Result<krate::Model, Problem> {
    one::by_name(db, name).await?.ok_or_else(|| Problem::Missing(format!("crate “{name}”")))
}

/// The names of a group.
pub async fn groups(State(app): State<App>, Path(word): Path<String>, view: View) -> Result<Response, Problem> {
    let group = Group::named(&word).ok_or_else(|| Problem::Missing(format!("page “{word}”")))?;
    page::show(&app, &view, "groups.html", async {
        Ok(context! { singular => group.singular(), plural => group.plural() })
    })
    .await
}

/// The crates of one name of a group.
pub async fn group(
    State(app): State<App>,
    Path((word, name)): Path<(String, String)>,
    view: View,
) -> Result<Response, Problem> {
    let group = Group::named(&word).ok_or_else(|| Problem::Missing(format!("page “{word}”")))?;
    page::show(&app, &view, "group.html", async {
        Ok(context! { singular => group.singular(), plural => group.plural(), name })
    })
    .await
}

/// The starred crates.
pub async fn starred(State(app): State<App>, view: View) -> Result<Response, Problem> {
    page::show(&app, &view, "starred.html", async { Ok(context! {}) }).await
}

/// The names of the starred crates, a line each, for other programs: cached as a whole response.
pub async fn starred_names(State(app): State<App>) -> Result<String, Problem> {
    let starred = list::starred(&app.db).await?;
    Ok(starred.into_iter().map(|krate| krate.name + "\n").collect())
}

/// The graph in figures.
pub async fn statistics(State(app): State<App>, view: View) -> Result<Response, Problem> {
    page::show(&app, &view, "statistics.html", async { Ok(context! {}) }).await
}

/// What is searched for.
#[derive(Clone, Debug, Deserialize)]
pub struct Search {
    #[serde(default)]
    q: String,
}

/// Crates by a part of their name or description.
pub async fn search(State(app): State<App>, Query(search): Query<Search>, view: View) -> Result<Response, Problem> {
    let text = search.q.trim().to_owned();
    page::show(&app, &view, "search.html", async { Ok(context! { text, most => list::FOUND }) }).await
}

/// Any other address.
pub async fn nothing(uri: Uri) -> Problem {
    Problem::Missing(format!("page “{}”", uri.path()))
}
