//! A response as it is kept.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use cache_core::Codec;
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use super::cache_control::CacheControl;
use super::verdict;
use crate::list;
use crate::request::Reading;

/// How a response becomes bytes for a store that processes share.
pub(crate) const CODEC: Codec = Codec::serde::<StoredResponse>();

/// A response without what belongs to one connection or one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub(crate) struct StoredResponse {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    /// Seconds since 1970, less what it was old already.
    made: u64,
    /// Whether it says for how long it is fresh, so that it has to say how old it is.
    ages: bool,
}

/// Fields that belong to one connection (RFC 9110, 7.6.1) or moment, or that follow from the body.
static PASSING: [HeaderName; 11] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::DATE,
    header::AGE,
];

impl StoredResponse {
    /// What is kept of a response. One to GET has an `ETag` from now on, unless it is no success.
    pub(super) fn new(parts: Parts, body: Bytes, reading: Reading) -> Self {
        let age = verdict::age(&parts);
        let Parts { status, mut headers, .. } = parts;
        // In a response to HEAD the length is that of another body.
        let length = headers.remove(header::CONTENT_LENGTH).filter(|_| reading == Reading::Head);
        let named = list::elements(&headers, &header::CONNECTION).unwrap_or_default();
        let named: Vec<HeaderName> = named.into_iter().filter_map(|name| name.parse().ok()).collect();
        for name in PASSING.iter().chain(&named) {
            headers.remove(name);
        }
        if reading == Reading::Get
            && status.is_success()
            && !headers.contains_key(header::ETAG)
            && let Some(tag) = entity_tag(status, &headers, &body)
        {
            headers.insert(header::ETAG, tag);
        }
        if let Some(length) = length {
            headers.insert(header::CONTENT_LENGTH, length);
        }
        let ages = CacheControl::of(&headers).max_age.is_some();
        StoredResponse { inner: Arc::new(Inner { status, headers, body, made: now().saturating_sub(age), ages }) }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.inner.status
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.inner.headers
    }

    pub(super) fn body(&self) -> &Bytes {
        &self.inner.body
    }

    /// How many seconds ago it was made, where it has to say so.
    pub(super) fn age(&self) -> Option<u64> {
        self.inner.ages.then(|| now().saturating_sub(self.inner.made))
    }

    /// What it weighs, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        let fields = self.inner.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64);
        (size_of::<Inner>() + self.inner.body.len() + fields.sum::<usize>()) as u64
    }
}

/// A tag that differs when anything of the response differs: a client that has the body may rely on the rest as well.
fn entity_tag(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Option<HeaderValue> {
    let mut fields: Vec<(&str, &[u8])> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    // The lines of one field keep their order.
    fields.sort_by_key(|(name, _)| *name);
    let mut hasher = blake3::Hasher::new_derive_key("cache-axum entity tag, 1");
    hasher.update(&status.as_u16().to_le_bytes());
    for (name, value) in fields {
        for text in [name.as_bytes(), value] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
    }
    hasher.update(&u64::MAX.to_le_bytes());
    hasher.update(body);
    let hash = hasher.finalize().to_hex();
    HeaderValue::try_from(format!("\"{}\"", &hash[..32])).ok()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The form in a shared store.
#[derive(Clone, Serialize, Deserialize)]
struct Wire {
    status: u16,
    headers: Vec<(String, Bytes)>,
    body: Bytes,
    made: u64,
    ages: bool,
}

impl From<StoredResponse> for Wire {
    fn from(stored: StoredResponse) -> Self {
        let Inner { status, headers, body, made, ages } = &*stored.inner;
        let field = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.as_str().to_owned(), Bytes::copy_from_slice(value.as_bytes()))
        };
        let headers = headers.iter().map(field).collect();
        Wire { status: status.as_u16(), headers, body: body.clone(), made: *made, ages: *ages }
    }
}

impl TryFrom<Wire> for StoredResponse {
    type Error = http::Error;

    fn try_from(wire: Wire) -> Result<Self, http::Error> {
        let Wire { status, headers, body, made, ages } = wire;
        let status = StatusCode::from_u16(status)?;
        let mut fields = HeaderMap::new();
        for (name, value) in headers {
            fields.try_append(HeaderName::try_from(name)?, HeaderValue::from_maybe_shared(value)?)?;
        }
        Ok(StoredResponse { inner: Arc::new(Inner { status, headers: fields, body, made, ages }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> StoredResponse {
        let response = http::Response::builder().header("x-a", "1").header("x-a", "2").header("x-b", "\u{e4}");
        let (parts, body) = response.body(Bytes::from_static(b"\0\xff")).unwrap().into_parts();
        StoredResponse::new(parts, body, Reading::Get)
    }

    #[test]
    fn it_comes_back_as_it_was() {
        let before = stored();
        let bytes = serde_json::to_vec(&before).unwrap();
        let after: StoredResponse = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((after.status(), after.headers(), after.body()), (before.status(), before.headers(), before.body()));
        assert_eq!(after.headers().get_all("x-a").iter().count(), 2);
        assert_eq!(after.weight(), before.weight());
    }

    #[test]
    fn what_cannot_be_a_response_is_an_error() {
        let good = serde_json::to_value(stored()).unwrap();
        for (place, bad) in
            [("/status", 42.into()), ("/headers/0/0", "no name".into()), ("/headers/0/1", vec![10].into())]
        {
            let mut wire = good.clone();
            *wire.pointer_mut(place).unwrap() = bad;
            assert!(serde_json::from_value::<StoredResponse>(wire).is_err(), "{place}");
        }
        assert!(serde_json::from_value::<StoredResponse>(good).is_ok());
    }

    #[test]
    fn every_part_is_in_the_tag() {
        let tag = |status, fields: &[(&'static str, &'static str)], body| {
            let fields =
                fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            entity_tag(status, &fields.collect(), &Bytes::from_static(body)).unwrap()
        };
        let tags = [
            tag(StatusCode::OK, &[("x-a", "1"), ("x-b", "2")], b"body"),
            tag(StatusCode::ACCEPTED, &[("x-a", "1"), ("x-b", "2")], b"body"),
            tag(StatusCode::OK, &[("x-a", "1")], b"body"),
            tag(StatusCode::OK, &[("x-a", "12"), ("x-b", "")], b"body"),
            tag(StatusCode::OK, &[("x-a", "1"), ("x-b", "2")], b"bodies"),
        ];
        let different: std::collections::HashSet<_> = tags.iter().collect();
        assert_eq!(different.len(), tags.len());
        assert_eq!(tags[0], tag(StatusCode::OK, &[("x-b", "2"), ("x-a", "1")], b"body"));
    }
}
