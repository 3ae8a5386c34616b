//! Several futures at once.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

enum Joined<F: Future> {
    Running(Pin<Box<F>>),
    Done(F::Output),
}

/// Runs futures side by side; their outputs are in the order of the futures.
pub(crate) async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<Joined<F>> = futures.into_iter().map(|future| Joined::Running(Box::pin(future))).collect();
    poll_fn(|context| {
        let mut left = 0;
        for joined in &mut all {
            if let Joined::Running(future) = joined {
                match future.as_mut().poll(context) {
                    Poll::Ready(output) => *joined = Joined::Done(output),
                    Poll::Pending => left += 1,
                }
            }
        }
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    let done = all.into_iter().filter_map(|joined| match joined {
        Joined::Done(output) => Some(output),
        Joined::Running(_) => None,
    });
    done.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::block;

    #[test]
    fn they_run_side_by_side_and_come_in_their_order() {
        let begun = std::cell::Cell::new(0);
        let one = |number: u32| {
            let begun = &begun;
            let mut polled = false;
            poll_fn(move |context| {
                if !std::mem::replace(&mut polled, true) {
                    begun.set(begun.get() + 1);
                }
                // Nobody is ready before everybody has begun.
                if begun.get() < 3 {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(number)
            })
        };
        assert_eq!(block(join_all([one(1), one(2), one(3)])), [1, 2, 3]);
        assert_eq!(block(join_all(Vec::<std::future::Ready<u8>>::new())), [0; 0]);
    }
}
