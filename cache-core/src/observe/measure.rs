//! What a piece of work costs: statements, hits, misses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Event;
use crate::context::{Context, Surrounding, is_outside};

/// What a measured piece of work has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cost {
    /// Statements sent to databases through connections that count them.
    pub statements: u64,
    /// Reads served from caches.
    pub hits: u64,
    /// Reads that ran their work.
    pub misses: u64,
    /// Results stored.
    pub fills: u64,
    /// Results not stored.
    pub refused: u64,
    /// Reads that went past the caches.
    pub bypasses: u64,
    /// Reads served a value that is fresh no more.
    pub stale: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Meter {
    statements: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
    fills: AtomicU64,
    refused: AtomicU64,
    bypasses: AtomicU64,
    stale: AtomicU64,
    outer: Option<Arc<Meter>>,
}

impl Meter {
    fn within(context: &Context) -> Arc<Self> {
        Arc::new(Meter { outer: context.meter().cloned(), ..Meter::default() })
    }

    fn raise(&self, counter: fn(&Meter) -> &AtomicU64) {
        counter(self).fetch_add(1, Ordering::Relaxed);
        if let Some(outer) = &self.outer {
            outer.raise(counter);
        }
    }

    pub(crate) fn count(&self, event: &Event<'_>) {
        match event {
            Event::Hit { .. } => self.raise(|meter| &meter.hits),
            Event::Miss { .. } => self.raise(|meter| &meter.misses),
            Event::Fill { .. } => self.raise(|meter| &meter.fills),
            Event::Refused { .. } => self.raise(|meter| &meter.refused),
            Event::Bypass { .. } => self.raise(|meter| &meter.bypasses),
            Event::Stale { .. } => self.raise(|meter| &meter.stale),
            Event::Refresh { .. }
            | Event::TimedOut { .. }
            | Event::Panicked { .. }
            | Event::Undeclared { .. }
            | Event::Differs { .. }
            | Event::Invalidation(_) => {}
        }
    }

    fn cost(&self) -> Cost {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Cost {
            statements: read(&self.statements),
            hits: read(&self.hits),
            misses: read(&self.misses),
            fills: read(&self.fills),
            refused: read(&self.refused),
            bypasses: read(&self.bypasses),
            stale: read(&self.stale),
        }
    }
}

/// Counts one statement sent to a database; called by adapters.
pub fn statement() {
    if !is_outside()
        && let Some(meter) = Context::current().meter()
    {
        meter.raise(|meter| &meter.statements);
    }
}

/// Runs a function and tells what it cost.
///
/// ```
/// use cache_core::{observe::measure, Cache, Key};
/// let cache = Cache::in_memory();
/// let read = || cache.entry(Key::new("answer")).get_or_fill(|| 42);
/// let (_, cold) = measure(read);
/// let (_, warm) = measure(read);
/// assert_eq!((cold.misses, warm.hits), (1, 1));
/// ```
pub fn measure<R>(work: impl FnOnce() -> R) -> (R, Cost) {
    let context = Context::current();
    let meter = Meter::within(&context);
    let result = context.within(Surrounding::Measured(Arc::clone(&meter))).run(work);
    (result, meter.cost())
}

/// Awaits a future and tells what it cost, wherever it was polled.
pub async fn measure_async<F: Future>(future: F) -> (F::Output, Cost) {
    let context = Context::current();
    let meter = Meter::within(&context);
    let result = context.within(Surrounding::Measured(Arc::clone(&meter))).scope(future).await;
    (result, meter.cost())
}
