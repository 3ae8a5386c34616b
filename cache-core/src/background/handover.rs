//! A result on its way from the thread that makes it to the caller that may have stopped waiting.

use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::sync::{Mutex, lock};

/// How a run ended.
pub(crate) enum Outcome<R> {
    Returned(R),
    Panicked(Box<dyn Any + Send>),
    /// It was dropped before it began.
    Dropped,
}

struct State<R> {
    outcome: Option<Outcome<R>>,
    waker: Option<Waker>,
    left: bool,
}

/// The end that waits, as a future.
pub(crate) struct Handover<R> {
    state: Arc<Mutex<State<R>>>,
}

/// The end that tells.
pub(crate) struct Sender<R> {
    state: Arc<Mutex<State<R>>>,
    told: bool,
}

pub(crate) fn handover<R>() -> (Sender<R>, Handover<R>) {
    let state = Arc::new(Mutex::new(State { outcome: None, waker: None, left: false }));
    (Sender { state: Arc::clone(&state), told: false }, Handover { state })
}

impl<R> Sender<R> {
    /// Tells how the run ended; whether somebody waits for it.
    pub(crate) fn tell(mut self, outcome: Outcome<R>) -> bool {
        self.told = true;
        self.put(outcome)
    }

    fn put(&self, outcome: Outcome<R>) -> bool {
        let mut state = lock(&self.state);
        if state.left {
            return false;
        }
        state.outcome = Some(outcome);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }
}

impl<R> Drop for Sender<R> {
    fn drop(&mut self) {
        if !self.told {
            self.put(Outcome::Dropped);
        }
    }
}

impl<R> Future for Handover<R> {
    type Output = Outcome<R>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome<R>> {
        let mut state = lock(&self.state);
        match state.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<R> Drop for Handover<R> {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.left = true;
        let outcome = state.outcome.take();
        drop(state);
        drop(outcome);
    }
}
