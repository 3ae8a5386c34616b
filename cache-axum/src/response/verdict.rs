//! Which responses are stored.

use std::fmt;
use std::time::Duration;

use http::response::Parts;
use http::{HeaderName, StatusCode, header};

use super::cache_control::CacheControl;
use crate::list;
use crate::request::covers;
use crate::settings::Settings;

/// Why a response goes to its caller alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    Status(StatusCode),
    SetCookie,
    Private,
    Forbidden,
    Field(HeaderName),
    Vary(String),
    Streamed,
    TooLarge,
    Broken,
    Trailers,
    Length,
    NothingKnown,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Status(status) => write!(f, "status {}", status.as_u16()),
            Unfit::SetCookie => f.write_str("it sets a cookie"),
            Unfit::Private => f.write_str("its Cache-Control says private"),
            Unfit::Forbidden => f.write_str("its Cache-Control forbids it"),
            Unfit::Field(name) => write!(f, "it has {name}"),
            Unfit::Vary(name) => write!(f, "it varies by {name}, which is not in vary_by"),
            Unfit::Streamed => f.write_str("the length of its body is not known"),
            Unfit::TooLarge => f.write_str("its body is larger than max_body"),
            Unfit::Broken => f.write_str("its body ended with an error"),
            Unfit::Trailers => f.write_str("it has trailers"),
            Unfit::Length => f.write_str("its body is not as long as it says"),
            Unfit::NothingKnown => {
                f.write_str("nothing that its handler read is known to the cache, and the layer has no ttl")
            }
        }
    }
}

/// Parts of an exchange that cannot be handed to somebody else.
static SPECIAL: [HeaderName; 3] = [header::CONTENT_RANGE, header::TRAILER, header::UPGRADE];

/// How long a response may be served by what it says itself, or why it is not stored.
pub(super) fn of_head(settings: &Settings, parts: &Parts) -> Result<Option<Duration>, Unfit> {
    let headers = &parts.headers;
    let is_partial = matches!(parts.status, StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED);
    if parts.status.is_informational() || is_partial || !settings.statuses.contains(&parts.status) {
        return Err(Unfit::Status(parts.status));
    }
    if headers.contains_key(header::SET_COOKIE) && !settings.stores_cookies {
        return Err(Unfit::SetCookie);
    }
    if let Some(name) = SPECIAL.iter().find(|name| headers.contains_key(*name)) {
        return Err(Unfit::Field(name.clone()));
    }
    let said = CacheControl::of(headers);
    if said.forbids {
        return Err(Unfit::Forbidden);
    }
    if said.private && !settings.stores_private {
        return Err(Unfit::Private);
    }
    // A date is as good as the clock of whoever wrote it.
    if headers.contains_key(header::EXPIRES) && said.max_age.is_none() {
        return Err(Unfit::Field(header::EXPIRES));
    }
    let Some(varies) = list::elements(headers, &header::VARY) else { return Err(Unfit::Vary("something".into())) };
    let covered = |name: &str| name.parse().is_ok_and(|name| covers(settings, &name));
    if let Some(name) = varies.into_iter().find(|name| *name == "*" || !covered(name)) {
        return Err(Unfit::Vary(name.to_owned()));
    }
    let age = age(parts);
    match said.max_age.map(|seconds| seconds.saturating_sub(age)) {
        Some(0) => Err(Unfit::Forbidden),
        left => Ok(left.map(Duration::from_secs)),
    }
}

/// How many seconds old a response was when it was made: more than none if the handler has it from elsewhere.
pub(super) fn age(parts: &Parts) -> u64 {
    let Some(age) = parts.headers.get(header::AGE) else { return 0 };
    age.to_str().ok().and_then(|age| age.trim().parse().ok()).unwrap_or(u64::MAX)
}
