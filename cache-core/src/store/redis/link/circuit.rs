//! When a failing node is left alone.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::store::redis::settings::Settings;
use crate::sync::{AtomicU64, Ordering};

/// Whether commands are sent to a node.
///
/// `Closed` goes to `Open` after so many failures in a row: attempts to connect, answers that did not come in time,
/// connections lost. `Open` goes to `Probing` after a pause, and commands fail at once meanwhile. Probing is done by the
/// store itself: it connects and asks the server who it is. If that works the circuit is `Closed`, but the next failure
/// opens it again, for longer, until the node has answered a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CircuitState {
    Closed,
    Open,
    Probing,
}

/// The failures of one node in a row.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    /// Failures in a row.
    failures: AtomicU64,
    /// Failures ever.
    total: AtomicU64,
    /// How often it has opened.
    opened: AtomicU64,
}

impl Circuit {
    pub(super) fn answered(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// Counts a failure; whether the circuit is to be open.
    pub(super) fn failed(&self, settings: &Settings) -> bool {
        self.total.fetch_add(1, Ordering::Relaxed);
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        let open = failures >= u64::from(settings.max_failures);
        if open {
            self.opened.fetch_add(1, Ordering::Relaxed);
        }
        open
    }

    pub(super) fn failures(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    pub(super) fn openings(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// How long to wait before the next attempt: doubled by each failure, and at random between half of it and all.
    pub(super) fn pause(&self, settings: &Settings) -> Duration {
        let failures = self.failures.load(Ordering::Relaxed).saturating_sub(1).min(31);
        let longest = settings.backoff.saturating_mul(1 << failures).min(settings.max_backoff);
        // Each `RandomState` is keyed anew.
        let random = RandomState::new().hash_one(failures) % 1024;
        longest / 2 + longest.mul_f64(random as f64 / 2048.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bound_and_start_anew() {
        let settings = Settings::standalone("redis://localhost").unwrap();
        let circuit = Circuit::default();
        let mut opened = 0;
        for failure in 0..40u32 {
            opened += u32::from(circuit.failed(&settings));
            let full = settings.backoff.saturating_mul(1 << failure.min(20)).min(settings.max_backoff);
            let pause = circuit.pause(&settings);
            assert!(pause >= full / 2 && pause <= full, "{failure}: {pause:?}");
        }
        assert_eq!(opened, 36);
        circuit.answered();
        assert!(!circuit.failed(&settings));
        assert!(circuit.pause(&settings) <= settings.backoff);
        assert_eq!((circuit.failures(), circuit.openings()), (41, 36));
    }
}
