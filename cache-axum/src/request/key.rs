//! What tells one response from another.

use axum::extract::OriginalUri;
use cache_core::{CacheKey, Key, KeyWriter};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Uri};

use super::admission::Reading;
use super::forwarded;
use crate::response::StoredResponse;
use crate::settings::Settings;

/// The URI that the client has asked for, also where a router has taken a prefix away.
pub(crate) fn asked(parts: &Parts) -> &Uri {
    parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0)
}

/// The tag by which the responses to a path and query are dropped, whatever else they were asked with.
pub(crate) fn tag(uri: &Uri) -> String {
    let path_and_query = uri.path_and_query().map_or("/", |both| both.as_str());
    format!("response to {path_and_query}")
}

/// The key of a response; `None` when a field that belongs to it is no text.
pub(crate) fn key(settings: &Settings, parts: &Parts, reading: Reading) -> Option<Key> {
    let asked = asked(parts);
    let key = Key::of::<StoredResponse>("http response")
        .with(&settings.name)
        .with(&settings.version)
        .with(&(reading == Reading::Head))
        .with(&Address(asked))
        // Something between the server and here may have led it elsewhere.
        .with(&(parts.uri != *asked).then_some(Address(&parts.uri)))
        .with(&forwarded::parts(&parts.headers)?);
    let key = settings.vary_by.iter().try_fold(key, |key, name| {
        let values = texts(&parts.headers, name)?;
        Some(key.with(name.as_str()).with(&values))
    })?;
    Some(settings.parts.iter().fold(key, |key, part| part(parts, key)))
}

fn texts<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Vec<&'a str>> {
    headers.get_all(name).iter().map(|value| std::str::from_utf8(value.as_bytes()).ok()).collect()
}

/// An address as it was written: the query is not taken apart.
struct Address<'a>(&'a Uri);

impl CacheKey for Address<'_> {
    fn write_key(&self, key: &mut KeyWriter) {
        key.part(&self.0.scheme_str());
        key.part(&self.0.authority().map(|authority| authority.as_str()));
        key.part(&self.0.path_and_query().map(|both| both.as_str()));
    }
}
