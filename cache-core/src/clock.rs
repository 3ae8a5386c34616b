//! Monotonic time, real or under a test's control.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A moment of monotonic time, in nanoseconds since the process first asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(u64);

impl Instant {
    pub(crate) const fn from_nanos(nanos: u64) -> Self {
        Instant(nanos)
    }

    pub(crate) fn as_nanos(self) -> u64 {
        self.0
    }

    pub(crate) fn since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    pub(crate) fn before(self, duration: Duration) -> Instant {
        Instant(self.0.saturating_sub(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }

    pub(crate) fn after(self, duration: Duration) -> Instant {
        Instant(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// Where a cache reads the time from: the system's monotonic clock, or one that a test moves.
///
/// No guarantee about freshness rests on a clock; only times to live and idle times do.
///
/// ```
/// use std::time::Duration;
/// use cache_core::{Cache, Clock, Key};
///
/// let clock = Clock::manual();
/// let cache = Cache::builder().clock(clock.clone()).build();
/// let key = Key::new("greeting");
/// cache.set(&key, "hello", Some(Duration::from_secs(60)));
/// clock.advance(Duration::from_secs(59));
/// assert_eq!(cache.get::<&str>(&key), Some("hello"));
/// clock.advance(Duration::from_secs(2));
/// assert_eq!(cache.get::<&str>(&key), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock {
    manual: Option<Arc<AtomicU64>>,
}

impl Clock {
    /// The system's monotonic clock.
    pub fn system() -> Self {
        Clock::default()
    }

    /// A clock that stands still until it is moved; its clones move together.
    pub fn manual() -> Self {
        Clock { manual: Some(Arc::new(AtomicU64::new(1))) }
    }

    /// Moves a manual clock forward; does nothing to the system's.
    pub fn advance(&self, duration: Duration) {
        if let Some(manual) = &self.manual {
            let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
            let _ = manual.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| Some(now.saturating_add(nanos)));
        }
    }

    pub(crate) fn now(&self) -> Instant {
        static START: OnceLock<std::time::Instant> = OnceLock::new();
        match &self.manual {
            Some(manual) => Instant(manual.load(Ordering::Relaxed)),
            None => {
                let elapsed = START.get_or_init(std::time::Instant::now).elapsed();
                Instant(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
            }
        }
    }
}
