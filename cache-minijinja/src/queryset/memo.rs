//! Rows that were fetched before.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

use minijinja::Value;

use crate::error::Error;
use crate::fragment::open::{self, Moment};

/// The rows of a queryset that lives in one render.
#[derive(Debug, Default)]
pub(super) struct Memo {
    rows: Mutex<Option<Fetched>>,
}

#[derive(Clone, Debug)]
struct Fetched {
    rows: Arc<[Value]>,
    thread: ThreadId,
    at: Moment,
}

impl Memo {
    /// The rows, unless a block that would store them was opened after they were read.
    ///
    /// Such a block watches for changes from its beginning on, and would miss one that came before.
    pub(super) fn recall(&self) -> Option<Arc<[Value]>> {
        let fetched = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        fetched
            .as_ref()
            .filter(|fetched| fetched.thread == thread::current().id() && open::began_before(fetched.at))
            .map(|fetched| Arc::clone(&fetched.rows))
    }

    pub(super) fn rows(&self, fetch: impl FnOnce() -> Result<Vec<Value>, Error>) -> Result<Arc<[Value]>, Error> {
        if let Some(rows) = self.recall() {
            return Ok(rows);
        }
        let at = open::now();
        let rows: Arc<[Value]> = fetch()?.into();
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Fetched { rows: Arc::clone(&rows), thread: thread::current().id(), at });
        Ok(rows)
    }
}
