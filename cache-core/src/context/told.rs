//! What the work of a fill has told of itself, and what may still be said after it has read.

use std::time::Duration;

use super::{Context, is_outside};
use crate::cache::Cache;
use crate::dependency::Dependencies;

/// What a fill has been told so far; made by [`told`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Told {
    /// What the result depends on, nested results included.
    pub dependencies: Dependencies,
}

/// What the innermost fill around the caller has been told so far; `None` outside of fills.
///
/// For work that decides at its end whether its result may be kept.
///
/// ```
/// use cache_core::{Cache, Dependencies, Key, context};
///
/// let cache = Cache::in_memory();
/// let depends = cache.entry(Key::new("page")).get_or_fill(|| {
///     context::add_dependencies(&cache, &Dependencies::table("article"));
///     context::told().is_some_and(|told| !told.dependencies.is_empty())
/// });
/// assert!(depends);
/// assert!(context::told().is_none());
/// ```
pub fn told() -> Option<Told> {
    if is_outside() {
        return None;
    }
    Context::current().frames().next().map(|frame| frame.told())
}

/// Has whatever is being filled around the caller served for no longer than this from now on.
pub fn expire_within(cache: &Cache, ttl: Duration) {
    if is_outside() {
        return;
    }
    let deadline = cache.clock().now().after(ttl);
    if let Some(frame) = Context::current().frames().next() {
        frame.expire(deadline);
    }
}
