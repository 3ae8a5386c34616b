//! Invalidations under way.

use std::pin::Pin;
use std::task::{Context, Poll};

use cache_core::Error;

/// The invalidations of a statement or of a transaction, under way: wait for them with [`Applying::wait`], or await them.
///
/// The answer of the write is handed on when they are over: only then is nobody served what it concerns. With the embedded store they
/// are over at once. Dropped they go on in the background.
///
/// # Errors
///
/// [`ErrorKind::Undelivered`](cache_core::ErrorKind::Undelivered): the write is committed, but a store that processes share could not
/// be told of it. It is logged, and belongs to the caller of the write, as an error of the database library. A cache that was built to
/// go on without the store answers `Ok` instead.
#[derive(Debug, Default)]
#[must_use = "wait for it or await it before the write is acknowledged"]
pub struct Applying {
    running: Vec<cache_core::Applying>,
    failure: Option<Error>,
}

impl Applying {
    /// Nothing has to be applied.
    pub fn none() -> Self {
        Applying::default()
    }

    /// Blocks until they are over.
    ///
    /// # Errors
    ///
    /// See [`Applying`].
    pub fn wait(mut self) -> Result<(), Error> {
        for one in std::mem::take(&mut self.running) {
            self.note(one.wait());
        }
        self.result()
    }

    /// This one and another.
    pub(super) fn and(mut self, mut other: Applying) -> Self {
        self.running.append(&mut other.running);
        if let Some(error) = other.failure.take() {
            self.failure.get_or_insert(error);
        }
        self
    }

    fn note(&mut self, result: Result<(), Error>) {
        if let Err(error) = result {
            // Whoever has written may have gone away.
            tracing::error!(%error, "cached results may be older than the database");
            self.failure.get_or_insert(error);
        }
    }

    fn result(&mut self) -> Result<(), Error> {
        self.failure.take().map_or(Ok(()), Err)
    }
}

impl From<cache_core::Applying> for Applying {
    fn from(one: cache_core::Applying) -> Self {
        let mut applying = Applying::none();
        applying.extend([one]);
        applying
    }
}

impl Extend<cache_core::Applying> for Applying {
    fn extend<I: IntoIterator<Item = cache_core::Applying>>(&mut self, more: I) {
        for one in more {
            match one.is_over() {
                true => self.note(one.wait()),
                false => self.running.push(one),
            }
        }
    }
}

impl Future for Applying {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut at = 0;
        while let Some(one) = self.running.get_mut(at) {
            match Pin::new(one).poll(context) {
                Poll::Pending => at += 1,
                Poll::Ready(result) => {
                    drop(self.running.swap_remove(at));
                    self.note(result);
                }
            }
        }
        match self.running.is_empty() {
            true => Poll::Ready(self.result()),
            false => Poll::Pending,
        }
    }
}
