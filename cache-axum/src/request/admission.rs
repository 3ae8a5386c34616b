//! Which requests are answered from the cache.

use std::fmt;

use http::request::Parts;
use http::{HeaderName, Method, header};

use crate::list;
use crate::settings::Settings;

/// By which a client, or a proxy that has checked the client, says who asks.
static CREDENTIALS: [HeaderName; 19] = [
    header::AUTHORIZATION,
    header::COOKIE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("api-key"),
    HeaderName::from_static("apikey"),
    HeaderName::from_static("cf-access-jwt-assertion"),
    HeaderName::from_static("remote-user"),
    HeaderName::from_static("x-access-token"),
    HeaderName::from_static("x-amzn-oidc-accesstoken"),
    HeaderName::from_static("x-amzn-oidc-data"),
    HeaderName::from_static("x-amzn-oidc-identity"),
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-auth-request-email"),
    HeaderName::from_static("x-auth-request-user"),
    HeaderName::from_static("x-auth-token"),
    HeaderName::from_static("x-forwarded-email"),
    HeaderName::from_static("x-forwarded-user"),
    HeaderName::from_static("x-goog-iap-jwt-assertion"),
    HeaderName::from_static("x-remote-user"),
];

/// What makes a request something else than the reading of a page.
static SPECIAL: [HeaderName; 8] = [
    header::RANGE,
    header::IF_MATCH,
    header::IF_UNMODIFIED_SINCE,
    header::UPGRADE,
    header::TRANSFER_ENCODING,
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-method-override"),
];

/// Whether a field says who asks.
pub(crate) fn is_credential(name: &HeaderName) -> bool {
    CREDENTIALS.contains(name)
}

/// A method that is answered from the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Get,
    Head,
}

/// Why a request goes past the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    Fault,
    Method,
    Body,
    Field(HeaderName),
    Credentials(HeaderName),
    Illegible,
    AskedFor,
    When,
}

impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pass::Fault => f.write_str("the layer is set up wrongly"),
            Pass::Method => f.write_str("the method is neither GET nor HEAD"),
            Pass::Body => f.write_str("the request has a body"),
            Pass::Field(name) => write!(f, "the request has {name}"),
            Pass::Credentials(name) => write!(f, "the request has {name}, which is neither in vary_by nor ignored"),
            Pass::Illegible => f.write_str("a field of the key is no text"),
            Pass::AskedFor => f.write_str("the client asked for it"),
            Pass::When => f.write_str("the application asked for it"),
        }
    }
}

/// How a request is answered from the cache, or why not.
pub(crate) fn admit(settings: &Settings, parts: &Parts, has_body: bool) -> Result<Reading, Pass> {
    if !settings.faults.is_empty() {
        return Err(Pass::Fault);
    }
    let reading = match parts.method {
        Method::GET => Reading::Get,
        Method::HEAD => Reading::Head,
        _ => return Err(Pass::Method),
    };
    let announces_a_body = parts.headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    if has_body || announces_a_body {
        return Err(Pass::Body);
    }
    if let Some(name) = SPECIAL.iter().find(|name| parts.headers.contains_key(*name)) {
        return Err(Pass::Field(name.clone()));
    }
    let unaccounted = |name: &&HeaderName| parts.headers.contains_key(*name) && !settings.accounts_for(name);
    if let Some(name) = CREDENTIALS.iter().find(unaccounted) {
        return Err(Pass::Credentials(name.clone()));
    }
    if settings.honours_requests && asks_to_pass(parts) {
        return Err(Pass::AskedFor);
    }
    if settings.conditions.iter().all(|condition| condition(parts)) { Ok(reading) } else { Err(Pass::When) }
}

fn asks_to_pass(parts: &Parts) -> bool {
    let has = |name: HeaderName, asked: &[&str]| {
        let elements = list::elements(&parts.headers, &name).unwrap_or_default();
        elements.iter().any(|element| asked.iter().any(|asked| element.eq_ignore_ascii_case(asked)))
    };
    has(header::CACHE_CONTROL, &["no-cache", "no-store", "max-age=0"]) || has(header::PRAGMA, &["no-cache"])
}
