//! What a listener has done so far.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// What a [`Listener`](crate::Listener) has done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Whether notifications can arrive. While they cannot, results may be older than the database by any amount.
    pub connected: bool,
    /// When the last notification arrived.
    pub last_notification: Option<SystemTime>,
    /// How many notifications have arrived.
    pub notifications: u64,
    /// How often the connection was lost; each time every result of a watched table was dropped.
    pub gaps: u64,
    /// How many notifications were not understood; each of them dropped every cached result.
    pub not_understood: u64,
    /// How often the schema was read.
    pub schema_reads: u64,
    /// The tables that were watched when the schema was last read, sorted, as `schema.table`.
    pub watched: Vec<String>,
}

/// A status that a task keeps up.
#[derive(Debug, Default)]
pub(crate) struct Shared(Mutex<Status>);

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Status> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
