//! Queries that failed where the engine could not be told.

use std::cell::RefCell;

use crate::error::Error;

thread_local! {
    static FAILED: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// How many queries have failed on this thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failures(u64);

impl Failures {
    pub(crate) fn now() -> Self {
        Failures(FAILED.with_borrow(|failed| failed.0))
    }

    /// The last failure since then.
    pub(crate) fn since(self) -> Option<String> {
        FAILED.with_borrow(|failed| (failed.0 != self.0).then(|| failed.1.clone()))
    }

    pub(super) fn note(error: &Error) {
        FAILED.with_borrow_mut(|failed| *failed = (failed.0.wrapping_add(1), error.to_string()));
    }
}
