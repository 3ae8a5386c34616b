//! Pauses between attempts to connect.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// Pauses that double, up to a bound, each cut by up to a half so that many processes do not come back at one moment.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    pub(crate) fn next(&mut self) -> Duration {
        let longest = SHORTEST.saturating_mul(1 << self.attempts.min(16)).min(LONGEST);
        self.attempts += 1;
        let random = RandomState::new().hash_one(self.attempts) % 1_024;
        longest.mul_f64(0.5 + random as f64 / 2_048.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_are_never_less_than_half() {
        let mut backoff = Backoff::default();
        let pauses: Vec<Duration> = (0..40).map(|_| backoff.next()).collect();
        assert!(pauses[0] >= SHORTEST / 2 && pauses[0] <= SHORTEST);
        assert!(pauses[10..].iter().all(|pause| (LONGEST / 2..=LONGEST).contains(pause)));
    }
}
