//! The lease under which one process fills an entry for all of them.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::tier::Tier;
use crate::sync::{Mutex, lock};

/// How long a leader that has died is waited for.
pub(super) const LEASE: Duration = Duration::from_secs(10);

/// Renewed so many times while it lasts: two may be lost.
const RENEWALS: u32 = 3;

/// Work that takes longer than this is no longer waited for.
pub(super) const LONGEST: Duration = Duration::from_secs(600);

/// A lease that was taken; it is renewed until this is dropped, and ends by itself if the process does.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(super) token: u64,
    end: Arc<Mutex<End>>,
}

#[derive(Debug, Default)]
struct End {
    is_over: bool,
    waker: Option<Waker>,
}

impl Lease {
    /// Renews a lease in the background that was just taken under a token.
    pub(super) fn taken(tier: &Tier, id: [u8; 16], token: u64, life: Duration) -> Lease {
        let end = Arc::new(Mutex::new(End::default()));
        let (store, until) = (Arc::clone(&tier.store), Arc::clone(&end));
        tier.store.spawn(Box::pin(async move {
            let begun = Instant::now();
            while begun.elapsed() < LONGEST && !is_over_after(&until, store.sleep(life / RENEWALS)).await {
                if let Ok(false) = store.renew(id, token, life).await {
                    return;
                }
            }
        }));
        Lease { token, end }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let waker = {
            let mut end = lock(&self.end);
            end.is_over = true;
            end.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }
}

/// Whether the end comes before the pause is over.
async fn is_over_after(end: &Mutex<End>, pause: impl Future<Output = ()>) -> bool {
    let mut pause = pin!(pause);
    poll_fn(|context: &mut Context<'_>| {
        {
            let mut end = lock(end);
            if end.is_over {
                return Poll::Ready(true);
            }
            end.waker = Some(context.waker().clone());
        }
        pause.as_mut().poll(context).map(|()| false)
    })
    .await
}

#[cfg(all(test, feature = "testing", not(feature = "shuttle")))]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::engine::block;
    use crate::testing::SimulatedStore;

    const LIFE: Duration = Duration::from_millis(200);

    #[test]
    fn a_lease_lasts_as_long_as_its_holder() {
        let store = SimulatedStore::new();
        let cache = Cache::builder().store(store.clone()).build();
        let tier = cache.tier().unwrap();
        let free = |token| block(tier.store.lease([1; 16], token, LIFE)).unwrap();
        assert!(free(1));
        let lease = Lease::taken(tier, [1; 16], 1, LIFE);
        let begun = Instant::now();
        while begun.elapsed() < 4 * LIFE {
            assert!(!free(2));
            std::thread::sleep(LIFE / 10);
        }
        drop(lease);
        // Nobody renews it any more, so that this ends.
        store.settle();
        while !free(2) {
            std::thread::sleep(LIFE / 10);
        }
    }

    #[test]
    fn a_lease_that_was_lost_is_left_to_its_new_holder() {
        let store = SimulatedStore::new();
        let cache = Cache::builder().store(store.clone()).build();
        let tier = cache.tier().unwrap();
        assert!(block(tier.store.lease([1; 16], 2, LONGEST)).unwrap());
        let lease = Lease::taken(tier, [1; 16], 1, Duration::from_millis(3));
        store.settle();
        assert!(block(tier.store.holds([1; 16], 2)).unwrap());
        drop(lease);
    }
}
