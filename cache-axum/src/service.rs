//! The service of a layer.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use cache_core::{Dependencies, Key};
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::fate::Fate;
use crate::request::{IfNoneMatch, Pass, Reading, admit, asked, key, tag};
use crate::response::{CODEC, ResponseBody, StoredResponse, Unstored, answer, fill};
use crate::settings::Settings;

/// A service whose responses are cached; made by [`ResponseCache`](crate::ResponseCache).
///
/// It is ready when the service within is, also for requests that are answered without it. A panic or an error of that service goes
/// to the caller; other callers that waited for the same response run the service themselves.
#[derive(Clone)]
pub struct CachedResponses<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> CachedResponses<S> {
    pub(crate) fn new(inner: S, settings: Arc<Settings>) -> Self {
        CachedResponses { inner, settings }
    }
}

impl<S, A, B> Service<Request<A>> for CachedResponses<S>
where
    S: Service<Request<A>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    A: Body + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send,
{
    type Response = Response<ResponseBody<B>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let settings = Arc::clone(&self.settings);
        let (parts, body) = request.into_parts();
        let has_body = !body.is_end_stream() && body.size_hint().exact() != Some(0);
        let admitted = admit(&settings, &parts, has_body).and_then(|reading| {
            let key = key(&settings, &parts, reading).ok_or(Pass::Illegible)?;
            Ok((reading, key))
        });
        // The clone is not ready yet; what was found ready is used.
        let fresh = self.inner.clone();
        let mut service = std::mem::replace(&mut self.inner, fresh);
        match admitted {
            Ok((reading, key)) => Box::pin(serve(service, settings, reading, key, parts, body)),
            Err(pass) => {
                let response = service.call(Request::from_parts(parts, body));
                Box::pin(async move {
                    let mut response = response.await?.map(ResponseBody::passed);
                    Fate::Passed(pass).tell(settings.cache_status.as_deref(), response.headers_mut());
                    Ok(response)
                })
            }
        }
    }
}

async fn serve<S, A, B>(
    service: S,
    settings: Arc<Settings>,
    reading: Reading,
    key: Key,
    parts: Parts,
    body: A,
) -> Result<Response<ResponseBody<B>>, S::Error>
where
    S: Service<Request<A>, Response = Response<B>>,
    B: Body<Data = Bytes>,
{
    let settings = &*settings;
    let known = IfNoneMatch::of(&parts.headers);
    let respond = |stored: &StoredResponse, fate: Fate| {
        let mut response = answer(settings, stored, reading, &known);
        fate.tell(settings.cache_status.as_deref(), response.headers_mut());
        Ok(response)
    };
    if reading == Reading::Head
        && let Some(stored) = of_get(settings, &parts).await
    {
        return respond(&stored, Fate::Hit);
    }
    let ran = AtomicBool::new(false);
    let tag = tag(asked(&parts));
    let work = || {
        ran.store(true, Ordering::Relaxed);
        fill(service, settings, reading, &tag, Request::from_parts(parts, body))
    };
    let entry = settings.cache.entry(key).name("http response").codec(CODEC).ttl(settings.ttl);
    let entry = entry.weigh(StoredResponse::weight).depends_on(|| Dependencies::tag(&tag)).depends_on_reads();
    match entry.try_get_or_fill_async(work).await {
        Ok(stored) => respond(&stored, if ran.load(Ordering::Relaxed) { Fate::Filled } else { Fate::Hit }),
        Err(Unstored::Response(mut response, unfit)) => {
            Fate::Unstored(unfit).tell(settings.cache_status.as_deref(), response.headers_mut());
            Ok(*response)
        }
        Err(Unstored::Failed(error)) => Err(error),
    }
}

/// The stored response to GET at the same address: that to HEAD is its head.
async fn of_get(settings: &Settings, parts: &Parts) -> Option<StoredResponse> {
    let key = key(settings, parts, Reading::Get)?;
    settings.cache.get_many_async::<StoredResponse>(&[key], CODEC).await.pop().flatten()
}

impl<S> fmt::Debug for CachedResponses<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedResponses").field("settings", &self.settings).finish_non_exhaustive()
    }
}
