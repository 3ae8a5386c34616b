//! What a client gets of a stored response.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::Body;

use super::body::ResponseBody;
use super::stored::StoredResponse;
use crate::list;
use crate::request::{IfNoneMatch, Reading};
use crate::settings::Settings;

/// The fields of a 304 (RFC 9110, 15.4.5).
static OF_NOT_MODIFIED: [HeaderName; 7] = [
    header::CACHE_CONTROL,
    header::CONTENT_LOCATION,
    header::ETAG,
    header::EXPIRES,
    header::VARY,
    header::AGE,
    header::SET_COOKIE,
];

/// The answer to a request that may have a response of before.
pub(crate) fn answer<B: Body<Data = Bytes>>(
    settings: &Settings,
    stored: &StoredResponse,
    reading: Reading,
    known: &IfNoneMatch,
) -> Response<ResponseBody<B>> {
    let mut headers = stored.headers().clone();
    complete(settings, &mut headers);
    if let Some(age) = stored.age() {
        headers.insert(header::AGE, age.into());
    }
    let mut status = stored.status();
    let body = if status.is_success() && known.is_met_by(headers.get(header::ETAG)) {
        status = StatusCode::NOT_MODIFIED;
        headers = OF_NOT_MODIFIED.iter().fold(HeaderMap::new(), |mut kept, name| {
            headers.get_all(name).iter().for_each(|value| _ = kept.append(name, value.clone()));
            kept
        });
        ResponseBody::bodiless()
    } else if reading == Reading::Head {
        if stored.body().is_empty() {
            ResponseBody::whole(Bytes::new())
        } else {
            headers.insert(header::CONTENT_LENGTH, stored.body().len().into());
            ResponseBody::bodiless()
        }
    } else {
        ResponseBody::whole(stored.body().clone())
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Says what caches on the way and browsers have to know, where the handler has not.
fn complete(settings: &Settings, headers: &mut HeaderMap) {
    if !headers.contains_key(header::CACHE_CONTROL)
        && let Some(value) = settings.downstream()
    {
        headers.insert(header::CACHE_CONTROL, value);
    }
    let varies = list::elements(headers, &header::VARY).unwrap_or_default();
    let says = |name: &HeaderName| varies.iter().any(|said| said.eq_ignore_ascii_case(name.as_str()));
    let missing: Vec<&str> = settings.vary_by.iter().filter(|name| !says(name)).map(HeaderName::as_str).collect();
    if let Ok(missing) = HeaderValue::try_from(missing.join(", "))
        && !missing.is_empty()
    {
        headers.append(header::VARY, missing);
    }
}
