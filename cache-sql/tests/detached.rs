//! Work whose caller goes away.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use cache_sql::adapter::detached::Detached;

/// Work of two steps: it counts that it began, waits for a word, and tells on which thread it has ended.
struct Work {
    begun: Arc<AtomicUsize>,
    go: tokio::sync::oneshot::Sender<()>,
    ended: mpsc::Receiver<Option<String>>,
    detached: Pin<Box<Detached<u8>>>,
}

fn work() -> Work {
    let begun = Arc::new(AtomicUsize::new(0));
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    let (end, ended) = mpsc::channel();
    let count = Arc::clone(&begun);
    let detached = Detached::new(async move {
        count.fetch_add(1, Ordering::SeqCst);
        let _ = wait.await;
        let _ = end.send(std::thread::current().name().map(str::to_owned));
        7
    });
    Work { begun, go, ended, detached: Box::pin(detached) }
}

fn poll(work: &mut Work) -> Poll<u8> {
    work.detached.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn work_that_is_awaited_gives_its_result_and_runs_once() {
    let mut work = work();
    assert_eq!(poll(&mut work), Poll::Pending);
    work.go.send(()).unwrap();
    assert_eq!(futures_executor::block_on(work.detached.as_mut()), 7);
    drop(work.detached);
    assert_eq!(work.begun.load(Ordering::SeqCst), 1);
    assert_eq!(work.ended.iter().count(), 1);
}

#[test]
fn work_that_was_never_polled_does_not_begin() {
    let work = work();
    drop(work.detached);
    assert!(work.go.is_closed(), "the work is gone");
    assert_eq!(work.begun.load(Ordering::SeqCst), 0);
    assert_eq!(work.ended.iter().count(), 0);
}

#[tokio::test]
async fn work_that_is_dropped_half_way_goes_on_in_the_runtime_at_hand() {
    let mut work = work();
    assert_eq!(poll(&mut work), Poll::Pending);
    drop(work.detached);
    assert!(!work.go.is_closed(), "the work is still there");
    let here = std::thread::current().name().map(str::to_owned);
    work.go.send(()).unwrap();
    // The only thread of this runtime runs the task when it is yielded to.
    let ended = loop {
        match work.ended.try_recv() {
            Ok(ended) => break ended,
            Err(mpsc::TryRecvError::Empty) => tokio::task::yield_now().await,
            Err(gone) => panic!("{gone}"),
        }
    };
    assert_eq!(ended, here);
    assert_eq!(work.begun.load(Ordering::SeqCst), 1);
}

#[test]
fn work_that_is_dropped_half_way_without_a_runtime_goes_on_on_a_thread_of_its_own() {
    let mut work = work();
    assert_eq!(poll(&mut work), Poll::Pending);
    drop(work.detached);
    work.go.send(()).unwrap();
    assert_eq!(work.ended.recv().unwrap().as_deref(), Some("cache-detached"));
    assert_eq!(work.begun.load(Ordering::SeqCst), 1);
}

#[test]
fn work_that_panics_when_it_is_awaited_is_not_run_again() {
    let begun = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&begun);
    let detached = Detached::new(async move {
        count.fetch_add(1, Ordering::SeqCst);
        panic!("as it should");
    });
    let caller = std::thread::spawn(move || futures_executor::block_on::<Detached<()>>(detached));
    assert!(caller.join().is_err());
    assert_eq!(begun.load(Ordering::SeqCst), 1);
}
