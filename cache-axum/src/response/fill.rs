//! The run of a handler whose response may be stored.

use bytes::Bytes;
use cache_core::context;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::body::ResponseBody;
use super::collect::collect;
use super::stored::StoredResponse;
use super::verdict::{self, Unfit};
use crate::request::{Reading, hide};
use crate::scope::{DependsOn, ResponseScope};
use crate::settings::Settings;

/// What is not stored.
pub(crate) enum Unstored<B: Body, E> {
    /// The service's own failure.
    Failed(E),
    Response(Box<Response<ResponseBody<B>>>, Unfit),
}

/// Runs the service inside of the fill that surrounds the caller; `Ok` is what the fill may store. `tag` is what the fill depends on by
/// itself.
pub(crate) async fn fill<S, A, B>(
    mut service: S,
    settings: &Settings,
    reading: Reading,
    tag: &str,
    mut request: Request<A>,
) -> Result<StoredResponse, Unstored<B, S::Error>>
where
    S: Service<Request<A>, Response = Response<B>>,
    B: Body<Data = Bytes>,
{
    let point = settings.cache.read_point();
    request.extensions_mut().insert(ResponseScope::new(&settings.cache));
    hide(settings, request.headers_mut());
    let response = service.call(request).await.map_err(Unstored::Failed)?;

    let (mut parts, body) = response.into_parts();
    let refused = |parts, body, unfit: Unfit| {
        context::taint(unfit.to_string());
        Err(Unstored::Response(Box::new(Response::from_parts(parts, body)), unfit))
    };
    let fresh_for = match verdict::of_head(settings, &parts) {
        Ok(fresh_for) => fresh_for,
        Err(unfit) => return refused(parts, ResponseBody::passed(body), unfit),
    };
    // The length that a response to HEAD tells is that of a body which it has not.
    let told_length = (reading == Reading::Get).then_some(&parts.headers);
    let body = match collect(settings, told_length.unwrap_or(&HeaderMap::new()), body).await {
        Ok(body) => body,
        Err((unfit, body)) => return refused(parts, body, unfit),
    };
    if let Some(DependsOn(dependencies)) = parts.extensions.remove() {
        context::add_dependencies_as_of_async(&settings.cache, &dependencies, point).await;
    }
    if let Some(fresh_for) = fresh_for {
        context::expire_within(&settings.cache, fresh_for);
    }
    match account(settings, tag) {
        Ok(()) => Ok(StoredResponse::new(parts, body, reading)),
        Err(unfit) => refused(parts, ResponseBody::whole(body), unfit),
    }
}

/// Whether anything is known of what the handler has read, by wrapped connections or by itself.
fn account(settings: &Settings, tag: &str) -> Result<(), Unfit> {
    let told = context::told().unwrap_or_default();
    let is_other = |table: &cache_core::Table| table.as_tag() != Some(tag);
    let knows = told.dependencies.conjunctions().iter().any(|conjunction| is_other(conjunction.table()));
    if knows || settings.ttl.is_some() { Ok(()) } else { Err(Unfit::NothingKnown) }
}
