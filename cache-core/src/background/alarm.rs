//! Waiting until a moment, whatever the executor.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::sync::{AtomicU64, Condvar, Mutex, Ordering, lock, thread};

/// Ends at a moment of the system's clock.
///
/// One thread of the process keeps all alarms: no executor's timers have to be there, or to be switched on.
#[derive(Debug)]
pub(crate) struct Alarm {
    at: Instant,
    number: Option<u64>,
}

#[derive(Debug, Default)]
struct Alarms {
    set: Mutex<BTreeMap<(Instant, u64), Waker>>,
    changed: Condvar,
    next: AtomicU64,
}

/// `None` when its thread could not be started.
fn alarms() -> Option<&'static Alarms> {
    static ALARMS: OnceLock<Option<&'static Alarms>> = OnceLock::new();
    *ALARMS.get_or_init(|| {
        let alarms: &'static Alarms = Box::leak(Box::default());
        let thread = thread::Builder::new().name(String::from("cache-alarms"));
        thread.spawn(|| alarms.keep()).is_ok().then_some(alarms)
    })
}

impl Alarms {
    fn keep(&self) {
        let mut set = lock(&self.set);
        loop {
            let now = Instant::now();
            let later = set.split_off(&(now, u64::MAX));
            let over = std::mem::replace(&mut *set, later);
            if !over.is_empty() {
                drop(set);
                over.into_values().for_each(Waker::wake);
                set = lock(&self.set);
                continue;
            }
            set = match set.first_key_value() {
                Some(((at, _), _)) => {
                    let left = at.saturating_duration_since(now);
                    self.changed.wait_timeout(set, left).unwrap_or_else(|poisoned| poisoned.into_inner()).0
                }
                None => self.changed.wait(set).unwrap_or_else(|poisoned| poisoned.into_inner()),
            };
        }
    }
}

impl Alarm {
    pub(crate) fn at(at: Instant) -> Self {
        Alarm { at, number: None }
    }
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.at <= Instant::now() {
            return Poll::Ready(());
        }
        // Without a thread nobody would wake: then the time is over at once rather than never.
        let Some(alarms) = alarms() else { return Poll::Ready(()) };
        let number = *self.number.get_or_insert_with(|| alarms.next.fetch_add(1, Ordering::Relaxed));
        let replaced = lock(&alarms.set).insert((self.at, number), cx.waker().clone());
        alarms.changed.notify_one();
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let (Some(number), Some(alarms)) = (self.number, alarms()) {
            let waker = lock(&alarms.set).remove(&(self.at, number));
            drop(waker);
        }
    }
}

/// Which of two came first.
#[derive(Debug)]
pub(crate) enum Raced<T> {
    Ended(T),
    Rang,
}

/// Goes on with a future until it ends or an alarm rings; the future is asked first.
pub(crate) async fn race<F: Future + Unpin>(future: &mut F, alarm: Alarm) -> Raced<F::Output> {
    let mut alarm = pin!(alarm);
    std::future::poll_fn(|cx| {
        if let Poll::Ready(output) = Pin::new(&mut *future).poll(cx) {
            return Poll::Ready(Raced::Ended(output));
        }
        alarm.as_mut().poll(cx).map(|()| Raced::Rang)
    })
    .await
}

#[cfg(all(test, not(feature = "shuttle")))]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::block;

    #[test]
    fn alarms_ring_in_the_order_of_their_moments_and_not_before() {
        let now = Instant::now();
        let at = |milliseconds| now + Duration::from_millis(milliseconds);
        let mut late = Box::pin(Alarm::at(at(60)));
        assert!(matches!(block(race(&mut late, Alarm::at(at(5)))), Raced::Rang));
        assert!(Instant::now() >= at(5));
        assert!(matches!(block(race(&mut late, Alarm::at(at(3_600_000)))), Raced::Ended(())));
        assert!(Instant::now() >= at(60));
        drop(late);
        let left =
            alarms().map(|alarms| lock(&alarms.set).keys().filter(|(moment, _)| *moment >= at(3_600_000)).count());
        assert_eq!(left, Some(0), "an alarm that is dropped is forgotten");
    }
}
