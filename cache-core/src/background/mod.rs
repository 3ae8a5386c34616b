//! Work that nobody waits for, and waiting that does not last for ever.
//!
//! Futures run on whatever executor there is, blocking work on a bounded number of threads.

mod alarm;
mod guarded;
mod handover;
mod threads;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

pub(crate) use alarm::{Alarm, Raced, race};
pub(crate) use guarded::Guarded;
pub(crate) use handover::{Outcome, handover};
pub(crate) use threads::Threads;

/// A run that goes on without its caller; see [`CacheBuilder::background`](crate::CacheBuilder::background).
///
/// It ends by itself and panics never. Dropped before its end it stores nothing, and whoever waits for its result runs the work
/// itself.
pub type BackgroundRun = Pin<Box<dyn Future<Output = ()> + Send + 'static>>;

type Executor = Arc<dyn Fn(BackgroundRun) + Send + Sync>;

/// Who runs what nobody waits for.
#[derive(Clone)]
pub(crate) struct Background {
    executor: Option<Executor>,
    pub(crate) threads: Threads,
}

impl Background {
    pub(crate) fn new(executor: Option<Executor>, threads: usize) -> Self {
        Background { executor, threads: Threads::new(threads) }
    }

    /// Whether a future would be run, if it were handed over on this thread.
    pub(crate) fn takes_futures(&self) -> bool {
        if self.executor.is_some() {
            return true;
        }
        #[cfg(feature = "tokio")]
        let inside = tokio::runtime::Handle::try_current().is_ok();
        #[cfg(not(feature = "tokio"))]
        let inside = false;
        inside
    }

    /// Runs a future; without an executor it is dropped.
    pub(crate) fn spawn(&self, run: BackgroundRun) {
        match &self.executor {
            Some(executor) => executor(run),
            #[cfg(feature = "tokio")]
            None => {
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(run);
                }
            }
            #[cfg(not(feature = "tokio"))]
            None => drop(run),
        }
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Background")
            .field("executor", &self.executor.is_some())
            .field("threads", &self.threads)
            .finish()
    }
}
