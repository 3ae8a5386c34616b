//! Futures whose panics stay with them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that ends with `false` when it panics.
pub(crate) struct Guarded {
    future: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Guarded {
    pub(crate) fn new(future: Pin<Box<dyn Future<Output = ()> + Send>>) -> Self {
        Guarded { future: Some(future) }
    }
}

impl Future for Guarded {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let Some(mut future) = self.future.take() else { return Poll::Ready(false) };
        // What has panicked is dropped and never looked at again.
        let polled = catch_unwind(AssertUnwindSafe(move || {
            let polled = future.as_mut().poll(cx);
            (polled, future)
        }));
        match polled {
            Ok((Poll::Ready(()), _)) => Poll::Ready(true),
            Ok((Poll::Pending, future)) => {
                self.future = Some(future);
                Poll::Pending
            }
            Err(_) => Poll::Ready(false),
        }
    }
}
