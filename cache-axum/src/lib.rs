//! HTTP responses that are cached until a row that their handler has read changes.
//!
//! [`ResponseCache`] is a layer for [axum](https://docs.rs/axum) and for any tower service. It answers GET and HEAD from a
//! [`Cache`](cache_core::Cache), by the address and by the header fields that you choose. Whatever cached functions, queries and
//! fragments a handler uses hand their dependencies to the response; a write drops exactly the pages that show what it changed.
//!
//! ```
//! use axum::{Router, body::Body, http::Request, routing::get};
//! use cache_axum::ResponseCache;
//! use cache_core::{Cache, Change, Row, cached_as, column, Dependencies};
//! use tower::ServiceExt;
//!
//! #[cached_as(Dependencies::on("article", column("category_id").eq(category)))]
//! async fn titles(category: i32) -> Vec<String> {
//!     vec![String::from("as your database tells")]
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = Router::new()
//!     .route("/articles", get(|| async { titles(3).await.join("\n") }))
//!     .layer(ResponseCache::new(Cache::global()).cache_status("shop"));
//! let read = async || app.clone().oneshot(Request::get("/articles").body(Body::empty()).unwrap()).await;
//!
//! assert_eq!(read().await?.headers()["cache-status"], r#""shop"; fwd=uri-miss"#);
//! assert_eq!(read().await?.headers()["cache-status"], r#""shop"; hit"#);
//!
//! Cache::global().invalidate(Change::inserted("article", Row::from([("category_id", 3)])))?; // a connection does this for you
//! assert_eq!(read().await?.headers()["cache-status"], r#""shop"; fwd=uri-miss"#);
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//!
//! - **Never stale.** A request that comes after a write was acknowledged gets no response that is older than the write, as far as its
//!   handler read through the cache, through wrapped connections, or said what it read. A response that a write overtakes while it is made goes to its caller, and is
//!   not stored. Browsers are told to ask each time, which costs them a 304.
//! - **Never another user's page.** Requests with credentials (`Authorization`, `Cookie`, the usual API keys, what authenticating proxies
//!   add) go past the cache, unless you say that they tell responses apart ([`ResponseCache::vary_by`]) or make no difference
//!   ([`ResponseCache::ignore`]: then the handler does not see them). The host is part of the key, also as proxies tell of it.
//! - **Unknown means not stored.** A handler that has read nothing through the cache or a wrapped connection has its response stored only
//!   if the layer has a [`ttl`](ResponseCache::ttl). A statement that cannot be analysed, and one that writes, keep it out. What is read
//!   past both, such as files, other services, the time, or a connection that is not wrapped, nobody can know
//!   of: say it by a [`ResponseScope`] or [`DependsOn`], or leave such routes outside of the layer.
//! - **One run.** Of simultaneous requests for a response that is not there one runs the handler, and the others take its response, if it
//!   may be stored.
//!
//! # What is not answered from the cache
//!
//! Other methods than GET and HEAD; requests with a body, with `Range`, `Upgrade`, `If-Match`, `If-Unmodified-Since`, or a header that
//! overrides the method; requests with credentials, as said. They reach the handler as they are. `Cache-Control` of a request is
//! ignored, unless by [`ResponseCache::honour_request`]. HEAD is answered by the head of what is stored for GET, and else by the handler's own
//! response to HEAD, stored as such.
//!
//! # What is not stored
//!
//! - Statuses other than 200, 203, 204, 301 and 308: [`ResponseCache::statuses`].
//! - `Set-Cookie`: [`ResponseCache::allow_set_cookie`]; `Cache-Control: private`: [`ResponseCache::allow_private`].
//! - `Cache-Control` with `no-store`, `no-cache` or a maximal age of nought; `Expires` without a maximal age; `Content-Range`.
//! - `Vary` that names anything else than `vary_by`, `ignore` and the host.
//! - Bodies larger than [`max_body`](ResponseCache::max_body), with trailers, with an error, not as long as they say, or of
//!   unknown length: [`ResponseCache::collect_streams`].
//! - What a handler keeps out by [`ResponseScope::do_not_store`].
//!
//! A maximal age in a response's own `Cache-Control` is kept to as well, and an `Age` is sent with it.
//!
//! # What differs by something else
//!
//! A handler that answers by what is neither in the address nor in a field of `vary_by` has to say so by `Vary`, like with any cache. To be
//! safe by construction, use [`ResponseCache::only_named_headers`]: then handlers see nothing else of the header. What outer layers put
//! into the request's extensions (a session's user, a tenant, the client's address) belongs into [`ResponseCache::key`].
//!
//! # What a client gets
//!
//! The stored status, fields and body. Fields of one connection (`Connection`, `Transfer-Encoding`, …), `Date` and `Age` are left out, and
//! extensions of the response are lost. Added are a strong `ETag`, a hash of the response, unless there is one; `Cache-Control:
//! no-cache`, or `private, no-cache` where the key tells users apart, unless there is one ([`ResponseCache::cache_control`]); the names of `vary_by` in `Vary`; `Cache-Status` if asked for.
//! `If-None-Match` is answered with 304, for HEAD too; `If-Modified-Since` is not, as a second is too coarse for the promise.
//!
//! # Where to put the layer
//!
//! Inside of what belongs to each request by itself: compression, CORS, request numbers, tracing. Outside of what may be answered once for all.
//! Responses to one address are kept apart for layers that are made in different places of the code; see [`ResponseCache::name`]. In
//! a nested [`axum::Router`] the address is that which the client asked for.

#![deny(missing_docs)]

mod fate;
mod layer;
mod list;
mod request;
mod response;
mod scope;
mod service;
mod settings;

pub use layer::ResponseCache;
pub use response::ResponseBody;
pub use scope::{DependsOn, ResponseScope};
pub use service::CachedResponses;

/// The example of the page that the registry shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
