//! What handlers say about their responses.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use cache_core::context::{self, Context};
use cache_core::{Cache, Dependencies};
use http::request::Parts;

/// The response that is being made, for its handler to say more about it: an extractor.
///
/// Outside of a [`ResponseCache`](crate::ResponseCache), and for requests that go past it, there is nothing to be stored and all of this
/// does nothing.
///
/// ```
/// use cache_axum::ResponseScope;
/// use cache_core::Dependencies;
///
/// async fn exchange_rates(scope: ResponseScope) -> String {
///     // What comes next is read by means that the cache knows nothing of.
///     scope.depends_on(&Dependencies::tag("rates")).await;
///     String::from("1 EUR = 7.46 DKK")
/// }
/// # let _ = axum::Router::<()>::new().route("/", axum::routing::get(exchange_rates));
/// ```
#[derive(Clone)]
pub struct ResponseScope {
    fill: Option<Fill>,
}

#[derive(Clone)]
struct Fill {
    cache: Cache,
    context: Context,
}

impl ResponseScope {
    pub(crate) fn new(cache: &Cache) -> Self {
        let (cache, context) = (cache.clone(), Context::current());
        ResponseScope { fill: Some(Fill { cache, context }) }
    }

    /// Whether the response may be stored.
    pub fn is_filling(&self) -> bool {
        self.fill.is_some()
    }

    /// Adds dependencies, stamped now: to be awaited **before** what they describe is read.
    ///
    /// What is read through wrapped connections is known without it.
    pub async fn depends_on(&self, dependencies: &Dependencies) {
        let Some(fill) = &self.fill else { return };
        fill.context.scope(context::add_dependencies_async(&fill.cache, dependencies)).await;
    }

    /// Serves the response for no longer than this.
    pub fn expire_within(&self, ttl: Duration) {
        if let Some(fill) = &self.fill {
            fill.context.run(|| context::expire_within(&fill.cache, ttl));
        }
    }

    /// Has the response go to its caller alone.
    pub fn do_not_store(&self, reason: &str) {
        if let Some(fill) = &self.fill {
            fill.context.run(|| context::taint(reason));
        }
    }

    /// A future that is part of the making of the response wherever it is polled: for what is spawned as a task of its own.
    ///
    /// What such a task reads without this is not known to the cache.
    pub async fn include<F: Future>(&self, future: F) -> F::Output {
        match &self.fill {
            Some(fill) => fill.context.scope(future).await,
            None => future.await,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for ResponseScope {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or(ResponseScope { fill: None }))
    }
}

impl fmt::Debug for ResponseScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseScope").field("is_filling", &self.is_filling()).finish_non_exhaustive()
    }
}

/// What a response depends on, as a part of it: for what is known only once the rows have been read.
///
/// The response is not stored if one of the tables was changed since its handler began, wherever in the table. Several add
/// up. With a shared store a process does not store the first response that depends on a table so.
///
/// ```
/// use cache_axum::DependsOn;
/// use cache_core::Dependencies;
///
/// async fn article() -> (DependsOn, String) {
///     let (id, title) = (7, String::from("as your database tells"));
///     (DependsOn(Dependencies::row("article", [("id", id)])), title)
/// }
/// # let _ = axum::Router::<()>::new().route("/", axum::routing::get(article));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DependsOn(pub Dependencies);

impl IntoResponseParts for DependsOn {
    type Error = Infallible;

    /// Adds to what the response depends on already.
    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        let known = response.extensions_mut().remove::<DependsOn>().map_or_else(Dependencies::none, |known| known.0);
        response.extensions_mut().insert(DependsOn(known | self.0));
        Ok(response)
    }
}

impl IntoResponse for DependsOn {
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}
