//! Transactions that are opened by text on a pool.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cache_core::Change;

use super::{Applying, Database};
use crate::Step;

/// A transaction opened by `BEGIN` as text. Which connection of a pool it is on cannot be known, so its
/// changes are applied at once *and* again at its end, and nothing is served or stored while it is open.
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// What the state says, to be asked without its lock.
    open: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How it was opened; a savepoint outside a transaction opens one, and its release ends it.
    opened_by: Option<Opening>,
    changes: Vec<Change>,
}

#[derive(Debug, PartialEq)]
enum Opening {
    Begin,
    Savepoint(String),
}

impl Typed {
    /// Whether a transaction opened by text is (or may be) under way.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::SeqCst)
    }

    /// Notes changes for the end.
    pub(super) fn remember(&self, changes: &[Change]) {
        let mut state = self.state();
        if state.opened_by.is_some() {
            state.changes.extend_from_slice(changes);
        }
    }

    /// What was noted for the end.
    pub(super) fn remembered(&self) -> Vec<Change> {
        self.state().changes.clone()
    }

    /// Before the statement: readers must stand back as soon as a transaction may be open.
    pub(super) fn begins(&self, step: &Step) {
        let opening = match step {
            Step::Begin => Opening::Begin,
            Step::Savepoint(name) => Opening::Savepoint(name.to_ascii_lowercase()),
            _ => return,
        };
        let mut state = self.state();
        state.opened_by.get_or_insert(opening);
        self.open.store(true, Ordering::SeqCst);
    }

    /// After the statement. Whatever was noted is applied again, for a rollback as well: that costs misses
    /// only, and an end on one connection of a pool says nothing about the others.
    pub(super) fn ended(&self, database: &Database, step: &Step, succeeded: bool) -> Applying {
        let ends = match step {
            Step::Begin | Step::Savepoint(_) => return Applying::none(),
            Step::Commit | Step::Rollback => true,
            Step::Release(name) => self.state().opened_by == Some(Opening::Savepoint(name.to_ascii_lowercase())),
            Step::RollbackTo(_) => false,
        };
        // The schema may have been read inside, and what was defined inside may be gone now.
        database.forget_schema();
        let changes = {
            let mut state = self.state();
            if ends && succeeded {
                state.opened_by = None;
                self.open.store(false, Ordering::SeqCst);
                std::mem::take(&mut state.changes)
            } else {
                state.changes.clone()
            }
        };
        database.apply(changes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
