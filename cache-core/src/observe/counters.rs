//! Counters that cost little to raise.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::Event;

/// How often things have happened to a cache since it was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Reads served from an entry or from a flight that the caller had joined.
    pub hits: u64,
    /// Reads that ran the work because nothing could be served.
    pub misses: u64,
    /// Results that were stored.
    pub fills: u64,
    /// Results that were not stored.
    pub refused: u64,
    /// Reads that ran the work without the cache.
    pub bypasses: u64,
    /// Batches of changes that were applied.
    pub invalidations: u64,
    /// Results made of rows that they do not depend on; see [`Verify`](super::Verify).
    pub undeclared: u64,
    /// Results that were kept and are other ones than those made anew; see [`Verify`](super::Verify).
    pub differing: u64,
    /// Reads served a value that is fresh no more, as `stale_while_revalidate`, `stale_if_error`, `soft_timeout` or `hard_timeout` allow.
    pub stale: u64,
    /// Runs in the background that `stale_while_revalidate` or `refresh_ahead` began.
    pub refreshes: u64,
    /// Reads that waited as long as `hard_timeout` says.
    pub timeouts: u64,
    /// Runs in the background that panicked.
    pub panics: u64,
    /// Questions and orders to a shared store that it did not answer.
    pub unanswered: u64,
    /// Batches of changes that a shared store has not been told of yet: a gauge.
    pub undelivered: u64,
}

const KINDS: usize = 12;
const SHARDS: usize = 16;

/// One line of the processor's cache for each shard, so that threads do not share one.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard([AtomicU64; KINDS]);

#[derive(Debug, Default)]
pub(crate) struct Counts {
    shards: [Shard; SHARDS],
}

thread_local! {
    static SHARD: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    SHARD.with(|shard| {
        if shard.get() == usize::MAX {
            shard.set(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
        }
        shard.get()
    })
}

impl Counts {
    pub(crate) fn hit(&self) {
        self.raise(0);
    }

    pub(crate) fn count(&self, event: &Event<'_>) {
        self.raise(match event {
            Event::Hit { .. } => 0,
            Event::Miss { .. } => 1,
            Event::Fill { .. } => 2,
            Event::Refused { .. } => 3,
            Event::Bypass { .. } => 4,
            Event::Invalidation(_) => 5,
            Event::Stale { .. } => 6,
            Event::Refresh { .. } => 7,
            Event::TimedOut { .. } => 8,
            Event::Panicked { .. } => 9,
            Event::Undeclared { .. } => 10,
            Event::Differs { .. } => 11,
        });
    }

    fn raise(&self, kind: usize) {
        self.shards[shard()].0[kind].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self) -> Counters {
        let sum = |kind: usize| self.shards.iter().map(|shard| shard.0[kind].load(Ordering::Relaxed)).sum();
        Counters {
            hits: sum(0),
            misses: sum(1),
            fills: sum(2),
            refused: sum(3),
            bypasses: sum(4),
            invalidations: sum(5),
            stale: sum(6),
            refreshes: sum(7),
            timeouts: sum(8),
            panics: sum(9),
            undeclared: sum(10),
            differing: sum(11),
            ..Counters::default()
        }
    }
}
