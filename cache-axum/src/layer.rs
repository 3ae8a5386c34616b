//! The layer and its options.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use cache_core::{Applying, Cache, CacheKey, Change};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, Uri};
use tower_layer::Layer;

use crate::request::tag;
use crate::service::CachedResponses;
use crate::settings::{Downstream, Settings};

/// A layer that answers GET and HEAD from a cache.
///
/// A response is kept with everything that cached functions, queries and fragments inside of its handler depend on, and is not served
/// any more once a row of those has changed. See the [crate's documentation](crate) for what is stored, and for whom.
///
/// A clone is the same layer. Its options may be called in any order; those that name things add to what earlier calls named, unless
/// they say otherwise.
///
/// ```
/// use std::time::Duration;
/// use cache_axum::ResponseCache;
/// use cache_core::Cache;
///
/// let cache = Cache::in_memory();
/// let pages = ResponseCache::new(&cache)
///     .vary_by(["accept-language"])
///     .ignore(["cookie"])
///     .when(|request| !request.uri.path().starts_with("/account"))
///     .ttl(Duration::from_secs(3600));
/// let app: axum::Router = axum::Router::new().layer(pages);
/// # let _ = app;
/// ```
#[derive(Clone)]
#[must_use = "a layer does nothing until it is laid around a service"]
pub struct ResponseCache {
    settings: Arc<Settings>,
}

impl ResponseCache {
    /// A layer over a cache: the one that the application's connections invalidate.
    ///
    /// Its responses are kept apart from those of layers that were made elsewhere in the code; see [`ResponseCache::name`].
    #[track_caller]
    pub fn new(cache: &Cache) -> Self {
        let name = Location::caller().to_string();
        ResponseCache { settings: Arc::new(Settings::new(cache.clone(), name)) }
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }

    /// Which application this is, in place of the line of code that made the layer.
    ///
    /// Needed where one line of code makes the layers of several applications that answer the same addresses differently and share a cache,
    /// and where a shared store should keep its responses although that line moves.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.with(|settings| settings.name = name.into())
    }

    /// The version of the application, such as `env!("CARGO_PKG_VERSION")`: in a store that outlives the process, responses of
    /// another version are not found.
    pub fn version(self, version: impl Into<String>) -> Self {
        self.with(|settings| settings.version = version.into())
    }

    /// Header fields of the request by which responses differ: they are part of the key, and are named in `Vary`.
    ///
    /// Requests with credentials in a field that is named here have entries of their own, one for each value.
    pub fn vary_by<N: TryInto<HeaderName> + fmt::Debug>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.with(|settings| {
            let names = settings.names("vary_by", names);
            settings.vary_by.extend(names);
            settings.vary_by.sort_by(|a, b| a.as_str().cmp(b.as_str()));
            settings.vary_by.dedup();
        })
    }

    /// Header fields of the request that make no difference: the handler **does not see them** when its response may be stored.
    ///
    /// With `cookie` here, visitors with and without cookies share one page, which cannot be anybody's own. A layer inside that looks for a
    /// session in the cookie finds none either, and may begin a new one: sessions belong outside. A field that is also in `vary_by` is
    /// not shown either.
    pub fn ignore<N: TryInto<HeaderName> + fmt::Debug>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.with(|settings| {
            let names = settings.names("ignore", names);
            settings.ignored.extend(names);
        })
    }

    /// Shows the handler nothing of the header but what is in the key: the fields of [`ResponseCache::vary_by`], the host, and how proxies
    /// name it.
    ///
    /// Then nothing can slip into a response for others that only one client has sent. Requests with credentials that are not
    /// named go past the cache as before, with all of their fields.
    pub fn only_named_headers(self) -> Self {
        self.with(|settings| settings.only_named = true)
    }

    /// Something else that responses differ by, as one more part of the key: a user of a session, a tenant, a client certificate.
    ///
    /// It may look at what outer layers have left in the request's extensions.
    ///
    /// ```
    /// # use cache_core::Cache;
    /// # use cache_axum::ResponseCache;
    /// #[derive(Clone)]
    /// struct Tenant(u32);
    ///
    /// let layer = ResponseCache::new(&Cache::in_memory())
    ///     .key(|request| request.extensions.get::<Tenant>().map(|tenant| tenant.0));
    /// # let _ = layer;
    /// ```
    pub fn key<K: CacheKey>(self, part: impl Fn(&Parts) -> K + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.parts.push(Arc::new(move |parts, key| key.with(&part(parts)))))
    }

    /// Only requests for which this holds are answered from the cache. Several conditions must all hold.
    pub fn when(self, condition: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.conditions.push(Arc::new(condition)))
    }

    /// Lets clients go past the cache by `Cache-Control: no-cache`, `no-store` or `max-age=0`, or `Pragma: no-cache`.
    ///
    /// Without it they cannot: nothing stale is served anyway, and everybody who reloads a page would run its handler.
    pub fn honour_request(self) -> Self {
        self.with(|settings| settings.honours_requests = true)
    }

    /// The longest time that a response is served. It also allows responses whose handler read nothing that the cache knows of,
    /// which go by this time alone.
    pub fn ttl(self, ttl: Duration) -> Self {
        self.with(|settings| settings.ttl = Some(ttl))
    }

    /// The largest body that is stored, in bytes; 1 MiB at first. A larger one is passed on while it is made, after
    /// at most this much of it has been held back.
    pub fn max_body(self, bytes: usize) -> Self {
        self.with(|settings| settings.max_body = bytes)
    }

    /// Collects bodies whose length nobody knows before their end. They reach the client once they are complete.
    ///
    /// Without it such a body is passed on as it comes, and not stored.
    pub fn collect_streams(self) -> Self {
        self.with(|settings| settings.collects_streams = true)
    }

    /// The statuses that are stored, in place of 200, 203, 204, 301 and 308.
    ///
    /// A 404 that is stored disappears when the row comes into being, if the handler looked for it through the cache. 206 and 304 are parts
    /// of an exchange, and never stored.
    pub fn statuses(self, statuses: impl IntoIterator<Item = StatusCode>) -> Self {
        self.with(|settings| settings.statuses = statuses.into_iter().collect())
    }

    /// Stores responses that say `Cache-Control: private`, too.
    ///
    /// For layers whose key tells one user from another: everybody with the same key gets the response.
    pub fn allow_private(self) -> Self {
        self.with(|settings| settings.stores_private = true)
    }

    /// Stores responses with `Set-Cookie`, too: **everybody** with the same key gets the same cookie.
    pub fn allow_set_cookie(self) -> Self {
        self.with(|settings| settings.stores_cookies = true)
    }

    /// The `Cache-Control` of responses that have none, in place of `no-cache`; `None` adds nothing.
    ///
    /// `no-cache` lets browsers and proxies keep a response, and has them ask by its `ETag` each time: only so nobody sees anything
    /// old. It is `private, no-cache` where the key tells users apart: by credentials, by [`ResponseCache::key`], or with
    /// [`ResponseCache::allow_private`].
    pub fn cache_control(self, value: impl Into<Option<HeaderValue>>) -> Self {
        self.with(|settings| settings.downstream = Downstream::Told(value.into()))
    }

    /// Says in `Cache-Status` (RFC 9211) what became of each request, under this name.
    pub fn cache_status(self, name: impl Into<String>) -> Self {
        self.with(|settings| {
            let name = name.into();
            if name.chars().all(|letter| letter == ' ' || letter.is_ascii_graphic()) {
                settings.cache_status = Some(name);
            } else {
                settings
                    .faults
                    .push(format!("`cache_status`: {name:?} is not written in printable ASCII; choose a name that is"));
            }
        })
    }

    /// What was said that cannot be, such as a field whose name has a space. A layer with a fault goes past the cache, and says so
    /// in the log.
    ///
    /// ```
    /// # use cache_core::Cache;
    /// # use cache_axum::ResponseCache;
    /// let layer = ResponseCache::new(&Cache::in_memory()).vary_by(["accept language"]);
    /// assert!(layer.faults()[0].contains("vary_by"));
    /// ```
    pub fn faults(&self) -> &[String] {
        &self.settings.faults
    }

    /// Drops the responses to a path and query, written as clients ask for it, whatever else they asked with: host, language, user.
    ///
    /// To be awaited or waited for. Needed for changes that no connection has told of.
    ///
    /// ```
    /// # use cache_core::Cache;
    /// # use cache_axum::ResponseCache;
    /// # let pages = ResponseCache::new(&Cache::in_memory());
    /// pages.invalidation("/articles?page=2").wait()?;
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn invalidation(&self, uri: &str) -> Applying {
        let written = if uri.starts_with('/') || uri.contains("://") { uri.to_owned() } else { format!("/{uri}") };
        // What is no address has never been asked for.
        let changes: Vec<Change> = written.parse().map(|uri: Uri| Change::tag(tag(&uri))).into_iter().collect();
        self.settings.cache.invalidation(changes)
    }
}

impl<S> Layer<S> for ResponseCache {
    type Service = CachedResponses<S>;

    fn layer(&self, inner: S) -> CachedResponses<S> {
        for fault in &self.settings.faults {
            tracing::error!("the response cache {:?} is not used: {fault}", self.settings.name);
        }
        CachedResponses::new(inner, Arc::clone(&self.settings))
    }
}

impl fmt::Debug for ResponseCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}
