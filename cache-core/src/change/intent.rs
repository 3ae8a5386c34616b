//! A write that the store is told of before it is committed.

use std::collections::HashSet;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::{Applying, Change, Changes, Row};
use crate::cache::Cache;
use crate::engine::block;
use crate::error::Error;

/// The store's permission for a write, which only [`Mode::Strict`](crate::Mode::Strict) needs; in every other mode it is had
/// for nothing.
///
/// From the announcement on nothing that the changes may concern is served or stored, by any process, until the permission
/// is given back or its lease is over.
///
/// - [`Intent::committed`] when the database has said that COMMIT is done;
/// - [`Intent::rolled_back`] when it has said that nothing was written;
/// - dropped when nobody knows: the announcement then stands until its lease is over.
#[must_use = "a permission that is dropped leaves its rows uncached until its lease is over"]
pub struct Intent {
    cache: Cache,
    announced: Option<Announced>,
}

#[derive(Clone, Debug)]
struct Announced {
    transaction: u64,
    changes: Changes,
    sent: Instant,
    budget: Duration,
}

impl Announced {
    /// Whether changes concern nothing beside what was announced: an image that tells more than an announced one is
    /// one of its rows.
    fn covers(&self, changes: &Changes) -> bool {
        if changes.is_empty() || *changes == self.changes {
            return true;
        }
        let all = self.changes.as_slice();
        let announced: HashSet<&Change> = all.iter().collect();
        let is_known =
            |change: &Change| announced.contains(change) || all.len() <= MAX_COMPARED && covered(all, change);
        changes.as_slice().iter().all(is_known)
    }
}

/// Longest announcement that is searched image by image for each change.
const MAX_COMPARED: usize = 256;

fn covered(announced: &[Change], change: &Change) -> bool {
    let Some(table) = change.table_name() else { return false };
    let wide: Vec<&Row> =
        announced.iter().filter(|one| one.table_name() == Some(table)).flat_map(|one| one.images()).collect();
    let holds = |wide: &Row, image: &Row| wide.iter().all(|(column, value)| image.get(column) == Some(value));
    change.images().iter().all(|image| wide.iter().any(|wide| holds(wide, image)))
}

impl Intent {
    /// Of a cache that needs no announcements.
    fn free(cache: &Cache) -> Self {
        Intent { cache: cache.clone(), announced: None }
    }

    /// Whether COMMIT may still be sent: after half of the lease it would be too late for what a slow network may add.
    pub fn is_in_time(&self) -> bool {
        self.announced.as_ref().is_none_or(|announced| announced.sent.elapsed() < announced.budget)
    }

    /// The changes are committed: voids what they concern, and lets others store it again.
    pub fn committed(mut self, changes: impl Into<Changes>) -> Applying {
        self.end(changes.into())
    }

    /// Nothing was written: lets others store again what was announced.
    pub fn rolled_back(mut self) -> Applying {
        match self.announced.is_some() {
            true => self.end(Changes::default()),
            false => Applying::none(),
        }
    }

    fn end(&mut self, changes: Changes) -> Applying {
        match self.announced.take() {
            None => self.cache.invalidation(changes),
            Some(announced) if announced.covers(&changes) => {
                self.cache.applying(Some(announced.transaction), announced.changes)
            }
            // What was not announced is served until it is told: that it could not be told is an error.
            Some(announced) => {
                let beside = self.cache.applying(None, changes);
                let release = self.cache.applying(Some(announced.transaction), announced.changes);
                let both = async move {
                    beside.await?;
                    release.await
                };
                Applying::running(&self.cache, Box::pin(both))
            }
        }
    }
}

impl Drop for Intent {
    fn drop(&mut self) {
        // A COMMIT may still be on its way: the announcement has to outlast it.
        if let Some(announced) = self.announced.take() {
            drop(self.cache.applying(None, announced.changes));
        }
    }
}

impl fmt::Debug for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intent").field("announced", &self.announced).finish_non_exhaustive()
    }
}

type Running = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// An announcement under way: wait for it with [`Announcing::wait`], or await it.
///
/// # Errors
///
/// [`ErrorKind::Refused`](crate::ErrorKind::Refused): the store could not be told in time. The write must not be made; roll it back.
#[must_use = "the write must not be committed before the announcement is over"]
pub struct Announcing {
    cache: Cache,
    announced: Option<Announced>,
    running: Option<Running>,
}

impl Announcing {
    /// Of a cache that needs none.
    pub(crate) fn none(cache: &Cache) -> Self {
        Announcing { cache: cache.clone(), announced: None, running: None }
    }

    pub(crate) fn running(
        cache: &Cache,
        transaction: u64,
        changes: Changes,
        budget: Duration,
        running: Running,
    ) -> Self {
        let announced = Announced { transaction, changes, sent: Instant::now(), budget };
        Announcing { cache: cache.clone(), announced: Some(announced), running: Some(running) }
    }

    /// Blocks until it is over.
    ///
    /// # Errors
    ///
    /// See [`Announcing`].
    pub fn wait(self) -> Result<Intent, Error> {
        block(self)
    }
}

impl Future for Announcing {
    type Output = Result<Intent, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(running) = &mut self.running {
            let result = std::task::ready!(running.as_mut().poll(context));
            self.running = None;
            if let Err(error) = result {
                // It may have arrived although the answer did not.
                if let Some(announced) = self.announced.take() {
                    drop(self.cache.applying(Some(announced.transaction), announced.changes));
                }
                return Poll::Ready(Err(error));
            }
        }
        let Some(announced) = self.announced.take() else { return Poll::Ready(Ok(Intent::free(&self.cache))) };
        let intent = Intent { cache: self.cache.clone(), announced: Some(announced) };
        if intent.is_in_time() {
            return Poll::Ready(Ok(intent));
        }
        drop(intent.rolled_back());
        Poll::Ready(Err(Error::refused(format_args!(
            "telling the cache of it before its COMMIT took longer than half of the lease"
        ))))
    }
}

impl Drop for Announcing {
    fn drop(&mut self) {
        if let Some(announced) = self.announced.take() {
            drop(self.cache.applying(Some(announced.transaction), announced.changes));
        }
    }
}

impl fmt::Debug for Announcing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Announcing").field("announced", &self.announced).finish_non_exhaustive()
    }
}
