//! What happens to cached results, as it happens.

use super::{App, page, problem::Problem, view::View};
use crate::journal::Happening;
use axum::{
    extract::State,
    response::{
        Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{Stream, stream};
use minijinja::{Value, context, value::Serde};
use std::convert::Infallible;
use tokio::sync::broadcast::error::RecvError;

/// The latest happenings, and a place for the next ones.
pub async fn page(State(app): State<App>, view: View) -> Result<Response, Problem> {
    page::show(&app, &view, "activity.html", async {
        let happenings: Vec<Value> = app.journal.happenings().iter().map(|happening| value(happening)).collect();
        let shared = app.store.label().is_some();
        Ok(context! { happenings, live => app.journal.live(), shared })
    })
    .await
}

/// Each happening as a piece of the page, the moment it happens.
pub async fn events(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let news = app.journal.watch();
    let pieces = stream::unfold((app, news), async |(app, mut news)| {
        loop {
            match news.recv().await {
                Ok(happening) => {
                    let piece = app.templates.piece("happening.html", context! { happening => value(&happening) });
                    // A carriage return would end the event early.
                    let html = piece.unwrap_or_default().replace('\r', " ");
                    return Some((Ok(Event::default().data(html)), (app, news)));
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Sse::new(pieces).keep_alive(KeepAlive::default())
}

fn value(happening: &Happening) -> Value {
    Value::from(Serde(happening))
}
