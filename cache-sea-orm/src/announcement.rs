//! A statement that is about to run, and what has to happen when it is over.

use std::sync::Arc;

use cache_core::Change;
use sea_orm::DbErr;

use crate::analysis::Step;
use crate::returned::{Answer, Told};
use crate::shared::Shared;
use crate::transaction::Open;

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
    told: Option<Told>,
    succeeded: bool,
}

impl Announcement {
    pub(crate) fn new(
        shared: Arc<Shared>,
        changes: Vec<Change>,
        steps: Vec<Step>,
        defines: bool,
        generation: u64,
        told: Option<Told>,
    ) -> Self {
        for step in &steps {
            shared.step_begins(step);
        }
        shared.remember(&changes);
        Announcement { shared, changes, steps, defines, generation, told, succeeded: false }
    }

    /// The statement was answered.
    pub(crate) fn over<T>(mut self, answer: &Result<T, DbErr>)
    where
        Result<T, DbErr>: Answer,
    {
        self.succeeded = answer.is_ok();
        sharpen(&mut self.changes, self.told.as_ref(), answer);
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

/// What a statement inside a transaction will have changed: noted for the commit when the statement is over,
/// whatever became of it.
#[derive(Debug)]
#[must_use = "dropping it at once would note less than the statement can tell"]
pub(crate) struct Recording {
    open: Open,
    changes: Vec<Change>,
    told: Option<Told>,
}

impl Recording {
    pub(crate) fn new(open: Open, changes: Vec<Change>, told: Option<Told>) -> Self {
        Recording { open, changes, told }
    }

    /// The statement was answered.
    pub(crate) fn over(mut self, answer: &impl Answer) {
        sharpen(&mut self.changes, self.told.as_ref(), answer);
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.open.record(std::mem::take(&mut self.changes));
    }
}

/// Puts what returned rows say in the place of what the text of the statement says.
fn sharpen(changes: &mut Vec<Change>, told: Option<&Told>, answer: &impl Answer) {
    if let Some(told) = told
        && let Some((rows, all)) = answer.rows()
        && let Some(sharper) = told.changes(&answer.names(), &rows, all)
    {
        *changes = sharper;
    }
}
