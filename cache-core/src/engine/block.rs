//! Waiting for a future without an executor.

use std::pin::pin;
#[cfg(not(feature = "shuttle"))]
use std::sync::Arc;
#[cfg(not(feature = "shuttle"))]
use std::task::Wake;
use std::task::{Context, Poll, Waker};
#[cfg(not(feature = "shuttle"))]
use std::thread::{self, Thread};

/// Runs a future to its end on this thread, which sleeps meanwhile.
///
/// It works inside and outside of runtimes alike: futures of this crate make progress without the thread that waits.
pub(crate) fn block<T>(future: impl Future<Output = T>) -> T {
    // A task of tokio has a budget of polls that is given back only when the task itself yields, which it does not do in here.
    #[cfg(feature = "redis")]
    let future = tokio::task::unconstrained(future);
    let mut future = pin!(future);
    // What needs no store is ready at once.
    if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return value;
    }
    #[cfg(feature = "shuttle")]
    return shuttle::future::block_on(future);
    #[cfg(not(feature = "shuttle"))]
    park(future)
}

#[cfg(not(feature = "shuttle"))]
fn park<T>(mut future: std::pin::Pin<&mut impl Future<Output = T>>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        thread::park();
    }
}

#[cfg(not(feature = "shuttle"))]
struct Unpark(Thread);

#[cfg(not(feature = "shuttle"))]
impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(all(test, feature = "redis", not(feature = "shuttle")))]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Blocks inside of a task that has no polls left, on an answer that is there.
    fn blocked() -> Option<u32> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
            (0..1000).for_each(|number| sender.send(number).unwrap());
            let mut context = Context::from_waker(Waker::noop());
            while receiver.poll_recv(&mut context).is_ready() {}
            let (answer, question) = tokio::sync::oneshot::channel();
            answer.send(7).unwrap();
            block(question).ok()
        })
    }

    #[test]
    fn a_task_that_has_used_up_its_polls_may_block() {
        let (done, waiting) = std::sync::mpsc::channel();
        thread::spawn(move || done.send(blocked()));
        assert_eq!(waiting.recv_timeout(Duration::from_secs(20)), Ok(Some(7)));
    }
}
