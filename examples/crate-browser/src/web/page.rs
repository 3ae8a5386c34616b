//! A page, and at its foot what it cost.

use super::{App, problem::Problem, view::View};
use axum::{
    http::{HeaderName, HeaderValue},
    response::{Html, IntoResponse, Response},
};
use cache_core::observe::{self, measure_async};
use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use std::{
    fmt,
    time::{Duration, Instant},
};

/// Carries the cost of a page in figures, for programs.
pub const COST_HEADER: HeaderName = HeaderName::from_static("x-page-cost");

/// Stands in the layout where the foot goes. Text of users is escaped, so it cannot contain this.
const FOOT: &str = "<!--foot-->";

/// What a page cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// SQL statements.
    pub statements: u64,
    /// Results and fragments from the cache.
    pub hits: u64,
    /// Results and fragments that had to be made.
    pub misses: u64,
    /// Time from the first question to the last letter, in milliseconds.
    pub milliseconds: f64,
}

impl Cost {
    fn new(cost: observe::Cost, elapsed: Duration) -> Self {
        Self {
            statements: cost.statements,
            hits: cost.hits,
            misses: cost.misses,
            milliseconds: elapsed.as_secs_f64() * 1_000.0,
        }
    }

    /// Reads what [`COST_HEADER`] carries.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        Some(Self {
            statements: parts.next()?.parse().ok()?,
            hits: parts.next()?.parse().ok()?,
            misses: parts.next()?.parse().ok()?,
            milliseconds: parts.next()?.parse().ok()?,
        })
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {:.3}", self.statements, self.hits, self.misses, self.milliseconds)
    }
}

/// Renders `template` with what `data` finds, both measured.
///
/// # Errors
/// What `data` says, or that the page could not be rendered.
pub async fn show(
    app: &App,
    view: &View,
    template: &'static str,
    data: impl Future<Output = Result<Value, Problem>>,
) -> Result<Response, Problem> {
    let surroundings = context! {
        view => Value::from(Serde(view)),
        workspace => &app.workspace.workspace,
        folder => &app.workspace.folder,
    };
    let work = async {
        let data = data.await?;
        Ok::<_, Problem>(app.templates.render(template, context! { ..data, ..surroundings }).await?)
    };
    let started = Instant::now();
    let (html, cost) = if view.uncached {
        measure_async(app.db.cache().disabled_scope(work)).await
    } else {
        measure_async(work).await
    };
    let cost = Cost::new(cost, started.elapsed());
    let html = html?;
    let foot = app.templates.piece(
        "foot.html",
        context! {
            view => Value::from(Serde(view)),
            other => view.other(),
            cost => Value::from(Serde(cost)),
            store => Value::from(Serde(app.store.report(app.db.cache()))),
        },
    )?;
    let mut response = Html(html.replacen(FOOT, &foot, 1)).into_response();
    if let Ok(value) = HeaderValue::from_str(&cost.to_string()) {
        response.headers_mut().insert(COST_HEADER, value);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::Cost;

    #[test]
    fn a_cost_is_read_as_it_was_written() {
        let cost = Cost { statements: 3, hits: 1, misses: 2, milliseconds: 1.25 };
        assert_eq!(Cost::parse(&cost.to_string()), Some(cost));
        assert_eq!(Cost::parse("3 1 two 0.1"), None);
    }
}
