//! An invalidation under way.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::cache::Cache;
use crate::engine::block;
use crate::error::Error;

/// An invalidation that was begun: wait for it with [`Applying::wait`], or await it.
///
/// It is ready at once with the embedded store. Dropped before it is over it goes on in the background: until it has been
/// delivered, at a time that its writer does not know, this process and others may still be served what it concerns.
///
/// # Errors
///
/// [`ErrorKind::Undelivered`](crate::ErrorKind::Undelivered): the store could not be told. The write that was made is
/// committed all the same, and delivery is tried on.
#[must_use = "wait for it or await it: until then others may be served what it concerns"]
pub struct Applying {
    state: Option<State>,
}

type Running = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

enum State {
    Over(Result<(), Error>),
    Running(Cache, Running),
}

impl Applying {
    /// One that is over.
    pub(crate) fn over(result: Result<(), Error>) -> Self {
        Applying { state: Some(State::Over(result)) }
    }

    pub(crate) fn running(cache: &Cache, running: Running) -> Self {
        Applying { state: Some(State::Running(cache.clone(), running)) }
    }

    /// An invalidation that is not needed.
    pub fn none() -> Self {
        Applying::over(Ok(()))
    }

    /// Whether it is over, so that waiting does not block.
    pub fn is_over(&self) -> bool {
        !matches!(self.state, Some(State::Running(..)))
    }

    /// Blocks until it is over.
    ///
    /// # Errors
    ///
    /// See [`Applying`].
    pub fn wait(mut self) -> Result<(), Error> {
        match self.state.take() {
            None => Ok(()),
            Some(State::Over(result)) => result,
            Some(State::Running(cache, running)) => {
                // By way of this type, so that a panic leaves it to the background.
                block(Applying { state: Some(State::Running(cache, running)) })
            }
        }
    }
}

impl Future for Applying {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.state {
            Some(State::Running(_, running)) => {
                let result = running.as_mut().poll(context);
                if result.is_ready() {
                    self.state = None;
                }
                result
            }
            Some(State::Over(_)) => match self.state.take() {
                Some(State::Over(result)) => Poll::Ready(result),
                _ => Poll::Ready(Ok(())),
            },
            None => Poll::Ready(Ok(())),
        }
    }
}

impl Drop for Applying {
    fn drop(&mut self) {
        if let Some(State::Running(cache, running)) = self.state.take() {
            cache.in_background(running);
        }
    }
}

impl fmt::Debug for Applying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Applying").field("is_over", &self.is_over()).finish_non_exhaustive()
    }
}
