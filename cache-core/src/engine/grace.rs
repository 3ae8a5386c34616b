//! What may be served beyond its time, and how long somebody waits.

use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// The options of time and failure of one read; absent where none is used.
///
/// Two of them are the only exceptions to "never stale": `stale_while_revalidate` and `stale_if_error`. Each is a
/// ceiling on how long ago the value that is served has ceased to be fresh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grace {
    pub(crate) jitter: Option<Duration>,
    pub(crate) refresh_ahead: Option<Duration>,
    pub(crate) stale_while_revalidate: Option<Duration>,
    pub(crate) stale_if_error: Option<Duration>,
    pub(crate) soft_timeout: Option<Duration>,
}

impl Grace {
    /// How long an entry is kept after it has ceased to be fresh; `None` where nothing stale is ever served.
    pub(crate) fn keep(&self) -> Option<Duration> {
        self.stale_while_revalidate.max(self.stale_if_error).filter(|keep| !keep.is_zero())
    }

    /// A time to live, shortened by a random part of at most the jitter, and never to nothing.
    pub(crate) fn jittered(&self, ttl: Duration) -> Duration {
        match self.jitter {
            Some(jitter) => shortened(ttl, jitter, random()),
            None => ttl,
        }
    }
}

/// `share` of 2^64 parts of the jitter are taken off.
fn shortened(ttl: Duration, jitter: Duration, share: u64) -> Duration {
    let most = jitter.min(ttl.saturating_sub(Duration::from_nanos(1))).as_nanos();
    // The low half of the share does not matter, and leaves room for centuries.
    let off = (most * u128::from(share >> 32)) >> 32;
    ttl.saturating_sub(Duration::from_nanos(u64::try_from(off).unwrap_or(u64::MAX)))
}

fn random() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

#[cfg(all(test, not(feature = "shuttle")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_time_to_live_is_shortened_by_the_jitter_at_most(ttl in 1..u64::MAX, jitter in 0..u64::MAX, share: u64) {
            let (ttl, jitter) = (Duration::from_nanos(ttl), Duration::from_nanos(jitter));
            let left = shortened(ttl, jitter, share);
            prop_assert!(left > Duration::ZERO && left <= ttl);
            prop_assert!(ttl - left <= jitter);
        }
    }

    #[test]
    fn the_whole_jitter_is_used() {
        let (ttl, jitter) = (Duration::from_secs(100), Duration::from_secs(10));
        assert_eq!(shortened(ttl, jitter, 0), ttl);
        assert!(shortened(ttl, jitter, u64::MAX) < Duration::from_millis(90_001));
        let drawn: Vec<Duration> = (0..64).map(|_| shortened(ttl, jitter, random())).collect();
        assert!(drawn.iter().any(|left| *left < Duration::from_secs(95)));
        assert!(drawn.iter().any(|left| *left > Duration::from_secs(95)));
    }
}
