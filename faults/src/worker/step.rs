//! The steps of a write at which its process can be made to die.

use std::sync::atomic::{AtomicU8, Ordering};

use serde::{Deserialize, Serialize};

/// A step of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    /// The transaction has written; nothing is announced.
    BeforeAnnouncement = 1,
    /// The cache has permitted the write; COMMIT is not sent.
    AfterAnnouncement = 2,
    /// COMMIT is answered; nothing is invalidated.
    AfterCommit = 3,
    /// The cache has been told; the caller has not.
    AfterInvalidation = 4,
}

impl Step {
    pub(crate) const ALL: [Step; 4] =
        [Step::BeforeAnnouncement, Step::AfterAnnouncement, Step::AfterCommit, Step::AfterInvalidation];
}

/// The step at which the process is to die, if any.
#[derive(Debug, Default)]
pub(super) struct Steps {
    armed: AtomicU8,
}

impl Steps {
    pub(super) fn arm(&self, step: Step) {
        self.armed.store(step as u8, Ordering::Release);
    }

    /// A write is at a step: dies, if that was asked for.
    pub(super) fn pass(&self, step: Step) {
        if self.armed.load(Ordering::Acquire) == step as u8 {
            // Nothing is tidied up, no destructor runs.
            std::process::abort();
        }
    }
}
