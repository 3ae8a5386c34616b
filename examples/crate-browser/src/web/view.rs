//! How a page is asked for.

use super::App;
use axum::{
    extract::FromRequestParts,
    http::{Uri, request::Parts},
};
use serde::Serialize;
use std::convert::Infallible;

/// The address of a request, and whether it wants the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct View {
    /// The path.
    pub path: String,
    /// The query without the word about the cache.
    query: String,
    /// Whether the cache is off for this page.
    pub uncached: bool,
    /// Whether it is off for every page.
    pub always: bool,
}

impl View {
    /// Reads the address; `?cache=off` turns the cache off for one page.
    pub fn new(uri: &Uri, always: bool) -> Self {
        let pairs = || uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let rest: Vec<&str> = pairs().filter(|pair| !pair.starts_with("cache=")).collect();
        Self {
            path: uri.path().to_owned(),
            query: rest.join("&"),
            uncached: always || pairs().any(|pair| pair == "cache=off"),
            always,
        }
    }

    /// The same page, with the cache off if it is on, and the other way round.
    pub fn other(&self) -> String {
        let off = if self.uncached { "" } else { "cache=off" };
        let query: Vec<&str> = [self.query.as_str(), off].into_iter().filter(|part| !part.is_empty()).collect();
        if query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, query.join("&")) }
    }
}

impl FromRequestParts<App> for View {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::new(&parts.uri, app.uncached))
    }
}

#[cfg(test)]
mod tests {
    use super::View;

    #[test]
    fn the_other_view_toggles_the_cache_and_keeps_the_rest() {
        let view = View::new(&"/search?q=a%26b".parse().unwrap(), false);
        assert!(!view.uncached);
        assert_eq!(view.other(), "/search?q=a%26b&cache=off");

        let other = View::new(&view.other().parse().unwrap(), false);
        assert!(other.uncached);
        assert_eq!(other.other(), "/search?q=a%26b");
    }

    #[test]
    fn a_plain_path_stays_plain() {
        let view = View::new(&"/starred?cache=off".parse().unwrap(), false);
        assert_eq!(view.other(), "/starred");
    }
}
