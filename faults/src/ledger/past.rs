//! What was known some time ago.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::{Floor, Ledger};
use crate::world::ROWS;

/// Copies of the ledger by their age, for bounds on staleness.
///
/// What was copied at a moment had been acknowledged before, so that an answer that falls below a copy older than the bound breaks
/// it, whatever delayed the copying.
#[derive(Debug)]
pub(crate) struct Past {
    bound: Duration,
    copies: RwLock<VecDeque<Copied>>,
}

#[derive(Debug)]
struct Copied {
    at: Instant,
    floors: Arc<[Floor]>,
}

impl Past {
    pub(crate) fn new(bound: Duration) -> Self {
        Past { bound, copies: RwLock::default() }
    }

    /// Copies the ledger, and forgets copies that no read will ask for any more.
    pub(crate) fn copy(&self, ledger: &Ledger) -> io::Result<()> {
        let floors = ledger.floors(0, ROWS)?.into();
        let at = Instant::now();
        let mut copies = self.copies.write().unwrap_or_else(PoisonError::into_inner);
        copies.push_back(Copied { at, floors });
        while copies.get(1).is_some_and(|second| second.at.elapsed() > self.bound) {
            copies.pop_front();
        }
        Ok(())
    }

    /// The last copy that was older than the bound at a moment.
    pub(crate) fn before(&self, moment: Instant) -> Option<Arc<[Floor]>> {
        let copies = self.copies.read().unwrap_or_else(PoisonError::into_inner);
        let old = |copied: &&Copied| moment.saturating_duration_since(copied.at) > self.bound;
        copies.iter().rev().find(old).map(|copied| Arc::clone(&copied.floors))
    }
}
