//! The forms. Each answers with the way back to the crate's page.

use super::{App, browse, problem::Problem};
use crate::edit;
use axum::{
    Form,
    extract::{Path, State},
    response::Redirect,
};
use serde::Deserialize;

/// The longest note, in characters.
const NOTE_LENGTH: usize = 2_000;

/// The star's button.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Star {
    starred: bool,
}

/// Stars a crate, or takes the star away.
pub async fn star(
    State(app): State<App>,
    Path(name): Path<String>,
    Form(form): Form<Star>,
) -> Result<Redirect, Problem> {
    let row = browse::found(&app.db, &name).await?;
    edit::star(&app.db, row.id, form.starred).await?;
    Ok(back(&row.name))
}

/// A new note.
#[derive(Clone, Debug, Deserialize)]
pub struct Note {
    text: String,
}

/// Adds a note.
pub async fn add_note(
    State(app): State<App>,
    Path(name): Path<String>,
    Form(form): Form<Note>,
) -> Result<Redirect, Problem> {
    let text = form.text.trim();
    if text.is_empty() || text.chars().count() > NOTE_LENGTH {
        return Err(Problem::Refused(format!("A note has between 1 and {NOTE_LENGTH} characters.")));
    }
    let row = browse::found(&app.db, &name).await?;
    edit::add_note(&app.db, row.id, text).await?;
    Ok(back(&row.name))
}

/// Deletes a note.
pub async fn delete_note(State(app): State<App>, Path((name, note)): Path<(String, i32)>) -> Result<Redirect, Problem> {
    let row = browse::found(&app.db, &name).await?;
    edit::delete_note(&app.db, row.id, note).await?;
    Ok(back(&row.name))
}

/// The keywords of a crate, as typed.
#[derive(Clone, Debug, Deserialize)]
pub struct Keywords {
    keywords: String,
}

/// Replaces the keywords.
pub async fn retag(
    State(app): State<App>,
    Path(name): Path<String>,
    Form(form): Form<Keywords>,
) -> Result<Redirect, Problem> {
    let row = browse::found(&app.db, &name).await?;
    edit::retag(&app.db, row.id, &edit::keywords(&form.keywords)).await?;
    Ok(back(&row.name))
}

/// Names of crates need no escaping in a path.
fn back(name: &str) -> Redirect {
    Redirect::to(&format!("/crate/{name}"))
}
