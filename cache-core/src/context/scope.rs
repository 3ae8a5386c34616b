//! Futures that carry their surroundings.

use std::pin::Pin;
use std::task::{self, Poll};

use super::Context;

/// A future in the surroundings of a [`Context`]; made by [`Context::scope`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Scope<F> {
    context: Context,
    future: Option<Pin<Box<F>>>,
}

impl<F> Scope<F> {
    pub(super) fn new(context: Context, future: F) -> Self {
        Scope { context, future: Some(Box::pin(future)) }
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let _entered = this.context.enter();
        match &mut this.future {
            Some(future) => future.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Scope<F> {
    /// What the future drops, it drops in its own surroundings.
    fn drop(&mut self) {
        let _entered = self.context.enter();
        self.future = None;
    }
}
