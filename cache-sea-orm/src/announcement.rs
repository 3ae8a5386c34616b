//! A statement that is about to run, and what has to happen when it is over.

use std::sync::Arc;

use cache_core::Change;

use crate::analysis::Step;
use crate::shared::Shared;

/// What a statement outside a transaction will have changed.
///
/// The changes are applied when the statement is over, whether it succeeded, failed or was abandoned: a
/// batch may have half run, and an answer may have been lost after the database did its work.
#[derive(Debug)]
#[must_use = "dropping it at once would invalidate before the statement has run"]
pub(crate) struct Announcement {
    shared: Arc<Shared>,
    changes: Vec<Change>,
    steps: Vec<Step>,
    defines: bool,
    /// The schema under which `changes` were found.
    generation: u64,
    succeeded: bool,
}

impl Announcement {
    pub(crate) fn new(
        shared: Arc<Shared>,
        changes: Vec<Change>,
        steps: Vec<Step>,
        defines: bool,
        generation: u64,
    ) -> Self {
        for step in &steps {
            shared.step_begins(step);
        }
        shared.remember(&changes);
        Announcement { shared, changes, steps, defines, generation, succeeded: false }
    }

    /// The statement was answered.
    pub(crate) fn over(mut self, succeeded: bool) {
        self.succeeded = succeeded;
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        let mut changes = std::mem::take(&mut self.changes);
        if self.defines {
            self.shared.schema.forget();
        }
        // A trigger or view may have appeared between the analysis and the statement.
        let outdated = !changes.is_empty() && self.shared.schema.generation() != self.generation;
        if self.defines || outdated {
            changes = vec![Change::everything()];
        }
        if !changes.is_empty() {
            self.shared.apply(changes);
        }
        for step in &self.steps {
            self.shared.step_ended(step, self.succeeded);
        }
    }
}
