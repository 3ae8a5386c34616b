//! How long a caller waits for its value.

use std::fmt;
use std::time::{Duration, Instant};

use crate::background::{Alarm, Raced, race};

/// The error of a caller that has waited as long as `hard_timeout` says.
///
/// The run that it waited for goes on, if it had begun, and its result is stored for later callers.
///
/// ```
/// use cache_core::TimedOut;
///
/// #[derive(Debug)]
/// enum Failure {
///     Slow(TimedOut),
/// }
///
/// impl From<TimedOut> for Failure {
///     fn from(timed_out: TimedOut) -> Self {
///         Failure::Slow(timed_out)
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimedOut {
    /// What was asked for: the path of the function, or the name of the entry.
    pub name: &'static str,
    /// How long the caller has waited.
    pub after: Duration,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { "a cached result" } else { self.name };
        write!(f, "{name} was not there after {:?}", self.after)
    }
}

impl std::error::Error for TimedOut {}

/// How long a call may take, and the error that it ends with then.
pub(crate) type HardTimeout<E> = (Duration, fn(TimedOut) -> E);

/// The limits of one call. They count from its beginning, waiting for others included.
#[derive(Debug)]
pub(super) struct Limits {
    /// When a stale value is looked for, once.
    soft: Option<Instant>,
    hard: Option<Instant>,
}

/// What a call that takes too long comes to.
#[derive(Debug)]
pub(super) enum Late<T> {
    Stale(T),
    /// The hard limit is over.
    Over,
}

impl Limits {
    /// From now on. A time that no clock can tell is none.
    pub(super) fn new(soft: Option<Duration>, hard: Option<Duration>) -> Self {
        let now = Instant::now();
        let end = |time: Option<Duration>| time.and_then(|time| now.checked_add(time));
        Limits { soft: end(soft), hard: end(hard) }
    }

    pub(super) fn are_none(&self) -> bool {
        self.soft.is_none() && self.hard.is_none()
    }

    /// Goes on with a future until it ends, until the soft limit and a stale value are there, or until the hard limit.
    pub(super) async fn within<F: Future + Unpin, T>(
        &mut self,
        future: &mut F,
        stale: impl Fn() -> Option<T>,
    ) -> Result<F::Output, Late<T>> {
        loop {
            let is_soft = match (self.soft, self.hard) {
                (None, None) => return Ok(future.await),
                (Some(soft), Some(hard)) => soft < hard,
                (soft, _) => soft.is_some(),
            };
            let Some(next) = (if is_soft { self.soft } else { self.hard }) else { continue };
            match race(future, Alarm::at(next)).await {
                Raced::Ended(output) => return Ok(output),
                Raced::Rang if is_soft => {
                    self.soft = None;
                    if let Some(value) = stale() {
                        return Err(Late::Stale(value));
                    }
                }
                Raced::Rang => return Err(Late::Over),
            }
        }
    }
}
