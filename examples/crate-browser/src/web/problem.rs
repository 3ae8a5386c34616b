//! What is answered when a page cannot be shown.

use axum::{
    extract::Request,
    http::{Method, StatusCode},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use cache_core::ErrorKind;
use cache_sea_orm::store_failure;
use minijinja::HtmlEscape;
use sea_orm::DbErr;

/// Why a request got no page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is no such thing; names it.
    Missing(String),
    /// The form cannot be taken as it is; says why.
    Refused(String),
    /// The change is made, but other browsers may not show it yet; says why.
    Unannounced(String),
    /// The change is not made, because the store was not reached; says why.
    Unwritten(String),
    /// Something failed that should not have; says what.
    Failed(String),
}

impl From<DbErr> for Problem {
    fn from(error: DbErr) -> Self {
        match (store_failure(&error), error) {
            (Some(ErrorKind::Undelivered), DbErr::Custom(text)) => Self::Unannounced(text),
            (Some(_), DbErr::Custom(text)) => Self::Unwritten(text),
            (_, error) => Self::Failed(format!("The database refused: {error}")),
        }
    }
}

impl From<minijinja::Error> for Problem {
    fn from(error: minijinja::Error) -> Self {
        Self::Failed(format!("The page could not be rendered: {error:#}"))
    }
}

impl From<cache_minijinja::Error> for Problem {
    fn from(error: cache_minijinja::Error) -> Self {
        Self::Failed(format!("The page could not be rendered: {error:#}"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, title, text) = match self {
            Self::Missing(what) => (StatusCode::NOT_FOUND, "Not here", format!("There is no {what} in this graph.")),
            Self::Refused(why) => (StatusCode::UNPROCESSABLE_ENTITY, "Not like this", why),
            Self::Unannounced(why) => (StatusCode::ACCEPTED, "Saved, but not told", sentence(&why)),
            Self::Unwritten(why) => {
                (StatusCode::SERVICE_UNAVAILABLE, "Not saved", format!("{} Try again.", sentence(&why)))
            }
            Self::Failed(what) => (StatusCode::INTERNAL_SERVER_ERROR, "That went wrong", what),
        };
        let text = HtmlEscape(&text);
        let page = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
             <link rel=\"stylesheet\" href=\"/style.css\"><main class=\"problem\"><h1>{title}</h1>\
             <p>{text}</p><p><a href=\"/\">To the overview</a></p></main></html>"
        );
        (status, Html(page)).into_response()
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).chain(['.']).collect()
}

/// Lets only pages of the browser itself send forms: another site in the same web browser must not write.
pub async fn refuse_other_sites(request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok());
    let own = matches!(site, None | Some("same-origin" | "none"));
    if request.method() == Method::POST && !own {
        return (StatusCode::FORBIDDEN, "Forms are taken from the crate browser's own pages only.\n").into_response();
    }
    next.run(request).await
}
