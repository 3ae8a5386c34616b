//! Work that is carried to its end even when nobody waits for it any more.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that goes on by itself when it is dropped half way.
///
/// It goes on as a task of the Tokio runtime at hand, and without one on a thread of its own. One that was never polled
/// has not begun, and is dropped.
///
/// A statement handed to the driver may take effect after its caller has gone away. An invalidation at the
/// moment of the cancellation could come too early: a reader might fetch the old rows once more, before the
/// statement lands. So a cancelled write is finished in the background, and invalidates when it is done.
#[must_use = "futures do nothing until they are awaited"]
pub struct Detached<T: Send + 'static> {
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    begun: bool,
}

impl<T: Send + 'static> Detached<T> {
    /// This work, which has not begun.
    pub fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Detached { work: Some(Box::pin(work)), begun: false }
    }

    /// Has it go on by itself, without anybody who waits for it.
    pub fn leave(mut self) {
        self.begun = true;
    }
}

impl<T: Send + 'static> Future for Detached<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.begun = true;
        // Taken out, so that work which panics is not polled again when this is dropped.
        let Some(mut work) = self.work.take() else {
            return Poll::Pending;
        };
        let result = work.as_mut().poll(context);
        if result.is_pending() {
            self.work = Some(work);
        }
        result
    }
}

impl<T: Send + 'static> Drop for Detached<T> {
    fn drop(&mut self) {
        let Some(work) = self.work.take().filter(|_| self.begun) else {
            return;
        };
        let work = async move {
            work.await;
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(work);
            }
            Err(_) => {
                // Other runtimes drive their sockets from any thread. When no thread can be had, the work
                // is dropped, and what it holds invalidates by its own guard.
                let _ = std::thread::Builder::new()
                    .name("cache-detached".to_owned())
                    .spawn(move || futures_executor::block_on(work));
            }
        }
    }
}

impl<T: Send + 'static> fmt::Debug for Detached<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detached").field("begun", &self.begun).finish_non_exhaustive()
    }
}
