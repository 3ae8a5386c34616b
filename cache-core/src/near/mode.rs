//! What a near cache promises.

use std::time::Duration;

/// Whether decoded values of a shared store are kept in this process as well, and how far they are trusted.
///
/// | mode | a hit costs | a hit misses no write acknowledged |
/// |---|---|---|
/// | [`NearMode::Off`] | one round trip, the bytes, decoding them | before the read began |
/// | [`NearMode::Validated`] | one round trip without the bytes | before the read began |
/// | [`NearMode::Bounded`] | a look-up in memory | longer than `staleness` ago |
///
/// Whatever the mode, this process sees its own writes as soon as they are acknowledged.
///
/// ```
/// use std::time::Duration;
/// use cache_core::NearMode;
///
/// assert_eq!(NearMode::default(), NearMode::Validated);
/// let half_a_second = NearMode::Bounded { staleness: Duration::from_millis(500) };
/// # let _ = half_a_second;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NearMode {
    /// Nothing is kept in this process.
    Off,
    /// Every hit asks the store whether the value that is kept here is still valid.
    #[default]
    Validated,
    /// A value is served without asking, unless the store has told that something it depends on has changed, or may have
    /// told so without being heard.
    ///
    /// The store tells by a connection of its own for each primary, on which it is pinged at least four times in each
    /// `staleness`. While one of them is lost, or its server is silent for longer than that, every hit asks as under
    /// [`NearMode::Validated`].
    ///
    /// The bound is kept by this process's monotonic clock, which no clock of another machine has to agree with. Time
    /// during which the machine sleeps does not count on it.
    Bounded {
        /// The bound. Zero is the same as [`NearMode::Validated`].
        staleness: Duration,
    },
}

impl NearMode {
    /// The bound on how stale a hit may be that was not asked for; `None` when all hits ask.
    pub(crate) fn bound(self) -> Option<Duration> {
        match self {
            NearMode::Bounded { staleness } if !staleness.is_zero() => Some(staleness),
            _ => None,
        }
    }
}
