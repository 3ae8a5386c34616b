//! What all handles of one wrapped connection share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use cache_core::{Cache, Change, Changes};

use crate::analysis::Step;
use crate::catalogue::Slot;

/// The cache, the schema, and a transaction that was opened by text instead of by `begin`.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) cache: Cache,
    pub(crate) schema: Slot,
    typed: Mutex<Typed>,
    failed: AtomicU64,
}

/// A transaction opened by `BEGIN` as text. Which connection of a pool it is on cannot be known, so its
/// changes are applied at once *and* again at its end, and nothing is served or stored while it is open.
#[derive(Debug, Default)]
struct Typed {
    /// How it was opened; a savepoint outside a transaction opens one, and its release ends it.
    opened_by: Option<Opening>,
    changes: Vec<Change>,
}

#[derive(Debug, PartialEq)]
enum Opening {
    Begin,
    Savepoint(String),
}

impl Shared {
    pub(crate) fn new(cache: Cache) -> Self {
        Shared { cache, schema: Slot::default(), typed: Mutex::default(), failed: AtomicU64::new(0) }
    }

    /// Applies changes now. A failure is logged and counted: the write itself has happened.
    pub(crate) fn apply(&self, changes: impl Into<Changes>) {
        self.applied(self.cache.invalidate(changes));
    }

    pub(crate) fn applied(&self, result: Result<(), cache_core::Error>) {
        if let Err(error) = result {
            self.failed.fetch_add(1, Ordering::Relaxed);
            tracing::error!(%error, "an invalidation failed: cached results may be older than the database");
        }
    }

    pub(crate) fn failed_invalidations(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Whether a transaction opened by text is (or may be) under way.
    pub(crate) fn in_typed_transaction(&self) -> bool {
        self.typed().opened_by.is_some()
    }

    /// Notes changes for the end of a transaction opened by text.
    pub(crate) fn remember(&self, changes: &[Change]) {
        let mut typed = self.typed();
        if typed.opened_by.is_some() {
            typed.changes.extend_from_slice(changes);
        }
    }

    /// Before the statement: readers must stand back as soon as a transaction may be open.
    pub(crate) fn step_begins(&self, step: &Step) {
        let opening = match step {
            Step::Begin => Opening::Begin,
            Step::Savepoint(name) => Opening::Savepoint(name.to_ascii_lowercase()),
            _ => return,
        };
        self.typed().opened_by.get_or_insert(opening);
    }

    /// After the statement. Whatever was noted is applied again, for a rollback as well: that costs misses
    /// only, and an end on one connection of a pool says nothing about the others.
    pub(crate) fn step_ended(&self, step: &Step, succeeded: bool) {
        let ends = match step {
            Step::Begin | Step::Savepoint(_) => return,
            Step::Commit | Step::Rollback => true,
            Step::Release(name) => self.typed().opened_by == Some(Opening::Savepoint(name.to_ascii_lowercase())),
            _ => false,
        };
        // The schema may have been read inside, and what was defined inside may be gone now.
        self.schema.forget();
        let changes = {
            let mut typed = self.typed();
            if ends && succeeded {
                typed.opened_by = None;
                std::mem::take(&mut typed.changes)
            } else {
                typed.changes.clone()
            }
        };
        self.apply(changes);
    }

    fn typed(&self) -> std::sync::MutexGuard<'_, Typed> {
        self.typed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
