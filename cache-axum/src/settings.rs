//! What a layer was told.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cache_core::{Cache, Key};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::request::is_credential;

type Part = Arc<dyn Fn(&Parts, Key) -> Key + Send + Sync>;
type Condition = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

/// What caches on the way and browsers are told.
#[derive(Clone, Debug)]
pub(crate) enum Downstream {
    /// To ask each time.
    Revalidate,
    /// Something else, or nothing.
    Told(Option<HeaderValue>),
}

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) cache: Cache,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) vary_by: Vec<HeaderName>,
    /// Neither part of the key nor shown to the handler.
    pub(crate) ignored: Vec<HeaderName>,
    pub(crate) only_named: bool,
    pub(crate) parts: Vec<Part>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) honours_requests: bool,
    pub(crate) ttl: Option<Duration>,
    pub(crate) max_body: usize,
    pub(crate) collects_streams: bool,
    pub(crate) statuses: Vec<StatusCode>,
    pub(crate) stores_private: bool,
    pub(crate) stores_cookies: bool,
    pub(crate) downstream: Downstream,
    pub(crate) cache_status: Option<String>,
    /// What was said that cannot be; the layer goes past the cache then.
    pub(crate) faults: Vec<String>,
}

impl Settings {
    pub(crate) fn new(cache: Cache, name: String) -> Self {
        Settings {
            cache,
            name,
            version: String::new(),
            vary_by: Vec::new(),
            ignored: Vec::new(),
            only_named: false,
            parts: Vec::new(),
            conditions: Vec::new(),
            honours_requests: false,
            ttl: None,
            max_body: 1 << 20,
            collects_streams: false,
            statuses: vec![
                StatusCode::OK,
                StatusCode::NON_AUTHORITATIVE_INFORMATION,
                StatusCode::NO_CONTENT,
                StatusCode::MOVED_PERMANENTLY,
                StatusCode::PERMANENT_REDIRECT,
            ],
            stores_private: false,
            stores_cookies: false,
            downstream: Downstream::Revalidate,
            cache_status: None,
            faults: Vec::new(),
        }
    }

    /// Whether a field of the request is part of the key, or has no influence.
    pub(crate) fn accounts_for(&self, name: &HeaderName) -> bool {
        self.vary_by.contains(name) || self.ignored.contains(name)
    }

    /// The `Cache-Control` of responses that have none.
    pub(crate) fn downstream(&self) -> Option<HeaderValue> {
        // Two users may have two entries then.
        let is_personal = self.stores_private || !self.parts.is_empty() || self.vary_by.iter().any(is_credential);
        match &self.downstream {
            Downstream::Told(value) => value.clone(),
            Downstream::Revalidate if is_personal => Some(HeaderValue::from_static("private, no-cache")),
            Downstream::Revalidate => Some(HeaderValue::from_static("no-cache")),
        }
    }

    /// The names of fields; those that cannot be one are faults of `option`.
    pub(crate) fn names<N: TryInto<HeaderName> + fmt::Debug>(
        &mut self,
        option: &str,
        names: impl IntoIterator<Item = N>,
    ) -> Vec<HeaderName> {
        let mut read = Vec::new();
        for name in names {
            let written = format!("{name:?}");
            match name.try_into() {
                Ok(name) => read.push(name),
                Err(_) => self.faults.push(format!(
                    "`{option}`: {written} is no name of a header field; write it like \"accept-language\""
                )),
            }
        }
        read
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseCache")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("vary_by", &self.vary_by)
            .field("ignored", &self.ignored)
            .field("ttl", &self.ttl)
            .field("max_body", &self.max_body)
            .field("statuses", &self.statuses)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
