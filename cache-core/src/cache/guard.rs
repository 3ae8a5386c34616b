//! Stretches of code in which the cache behaves otherwise.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::Cache;
use crate::change::{Applying, Changes};
use crate::context::{Context, Entered, Surrounding, Waiting};
use crate::sync::{Mutex, lock};

/// A stretch of code on this thread; ends when it is dropped, also by a panic.
///
/// Guards nest, and are to be dropped in the reverse order of their making, as scopes do. They are bound to their
/// thread: asynchronous code uses the functions that take a future instead.
#[must_use = "the stretch ends when the guard is dropped"]
pub struct Guard {
    entered: Option<Entered>,
    postponed: Option<Postponed>,
    thread: PhantomData<*const ()>,
}

impl Guard {
    fn new(surrounding: Surrounding, postponed: Option<Postponed>) -> Self {
        let entered = Context::current().within(surrounding).enter();
        Guard { entered: Some(entered), postponed, thread: PhantomData }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.entered = None;
        self.postponed = None;
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

/// Invalidations that wait; applied when this is dropped, whatever the reason.
struct Postponed(Arc<Waiting>);

impl Postponed {
    fn apply(&self) -> Vec<Applying> {
        let mut batches: Vec<(Cache, Changes)> = Vec::new();
        for (cache, changes) in lock(&self.0).take().into_iter().flatten() {
            match batches.iter_mut().find(|(known, _)| known.is(&cache)) {
                Some((_, batch)) => batch.extend(changes),
                None => batches.push((cache, changes)),
            }
        }
        batches.into_iter().map(|(cache, changes)| cache.invalidation(changes)).collect()
    }
}

impl Drop for Postponed {
    fn drop(&mut self) {
        for applying in self.apply() {
            // There is nobody here to hand a failure to; it is counted, and delivery goes on.
            let _ = applying.wait();
        }
    }
}

fn postponed() -> (Surrounding, Postponed) {
    let waiting: Arc<Waiting> = Arc::new(Mutex::new(Some(Vec::new())));
    (Surrounding::Postponed(Arc::clone(&waiting)), Postponed(waiting))
}

impl Cache {
    /// Runs reads of all caches uncached until the guard is dropped; writes still invalidate, and [`Cache::get`] and
    /// [`Cache::set`] still work.
    ///
    /// ```
    /// use cache_core::{Cache, Key};
    /// let cache = Cache::in_memory();
    /// let read = || cache.entry(Key::new("answer")).get_or_fill(|| 42);
    /// {
    ///     let _disabled = cache.disabled();
    ///     read();
    ///     read();
    /// }
    /// assert_eq!((cache.counters().bypasses, cache.counters().hits), (2, 0));
    /// ```
    pub fn disabled(&self) -> Guard {
        Guard::new(Surrounding::Disabled, None)
    }

    /// Drops every invalidation until the guard is dropped: for loading data that nothing was cached from.
    pub fn no_invalidation(&self) -> Guard {
        Guard::new(Surrounding::Mute, None)
    }

    /// Collects invalidations and applies them together when the guard is dropped, also by a panic.
    pub fn postponed(&self) -> Guard {
        let (surrounding, postponed) = postponed();
        Guard::new(surrounding, Some(postponed))
    }

    /// [`Cache::disabled`] for a future.
    pub async fn disabled_scope<F: Future>(&self, future: F) -> F::Output {
        Context::current().within(Surrounding::Disabled).scope(future).await
    }

    /// [`Cache::no_invalidation`] for a future.
    pub async fn no_invalidation_scope<F: Future>(&self, future: F) -> F::Output {
        Context::current().within(Surrounding::Mute).scope(future).await
    }

    /// [`Cache::postponed`] for a future: applied when it is done, cancelled or panics.
    pub async fn postponed_scope<F: Future>(&self, future: F) -> F::Output {
        let (surrounding, postponed) = postponed();
        let scope = Context::current().within(surrounding).scope(future);
        let result = scope.await;
        for applying in postponed.apply() {
            let _ = applying.await;
        }
        result
    }
}
