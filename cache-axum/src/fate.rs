//! What became of a request, in the words of RFC 9211.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::request::Pass;
use crate::response::Unfit;

static CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Hit,
    /// The handler has run, and its response was handed to the cache.
    Filled,
    /// The handler has run, and its response is for the caller alone.
    Unstored(Unfit),
    Passed(Pass),
}

impl Fate {
    /// Writes it into the head of the answer, behind what other caches have written.
    pub(crate) fn tell(&self, name: Option<&str>, headers: &mut HeaderMap) {
        let Some(name) = name else { return };
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let what = match self {
            Fate::Hit => "hit".to_owned(),
            Fate::Filled => "fwd=uri-miss".to_owned(),
            Fate::Unstored(unfit) => format!("fwd=uri-miss; detail={}", quoted(&unfit.to_string())),
            Fate::Passed(Pass::Method) => "fwd=method".to_owned(),
            Fate::Passed(pass) => format!("fwd=bypass; detail={}", quoted(&pass.to_string())),
        };
        if let Ok(value) = HeaderValue::try_from(format!("{}; {what}", quoted(name))) {
            headers.append(&CACHE_STATUS, value);
        }
    }
}
