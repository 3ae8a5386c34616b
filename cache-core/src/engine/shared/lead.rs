//! One filler among all processes.

use std::sync::Arc;
use std::time::Duration;

use super::lease::{LEASE, LONGEST, Lease};
use super::tier::Tier;
use crate::codec::Codec;
use crate::key::Key;
use crate::store::Stored;

/// The longest wait for one push.
const PATIENCE: Duration = Duration::from_secs(1);

/// What came of the wish to fill an entry for all processes.
#[derive(Debug)]
pub(crate) enum Leading {
    /// Nobody else fills it, under this lease.
    Lead(Lease),
    /// Another process has filled it.
    Found(Arc<Stored>),
    /// The store cannot tell: fill without a lease.
    Alone,
}

impl Tier {
    /// Takes the lease of a key, or waits for the entry of the process that has it.
    ///
    /// A caller looks the entry up after every wait, so that what it is given was valid after it came. A leader that
    /// died is waited for until its lease is over, and one that works for long is waited for.
    pub(crate) async fn lead(&self, key: &Key, codec: Option<Codec>, keep: Option<Duration>) -> Leading {
        let id = self.digest(key).id;
        let token = self.new_transaction();
        let begun = std::time::Instant::now();
        while begun.elapsed() < LONGEST {
            // Whether it was taken is not known before the answer.
            let taking = Taking { tier: self, id, token };
            let taken = self.store.lease(id, token, LEASE).await;
            if taken.is_ok() {
                std::mem::forget(taking);
            }
            match taken {
                Ok(true) => return Leading::Lead(Lease::taken(self, id, token, LEASE)),
                Ok(false) => self.store.await_lease(id, PATIENCE).await,
                Err(_) => {
                    self.failed();
                    return Leading::Alone;
                }
            }
            if let (Ok(stored), _) = self.find(key, codec, keep).await {
                return Leading::Found(stored);
            }
        }
        Leading::Alone
    }
}

/// A lease that was asked for; given back if the answer does not come, or nobody waits for it.
struct Taking<'a> {
    tier: &'a Tier,
    id: [u8; 16],
    token: u64,
}

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        let (store, id, token) = (Arc::clone(&self.tier.store), self.id, self.token);
        self.tier.store.spawn(Box::pin(async move {
            // It ends by itself.
            let _ = store.release(id, token).await;
        }));
    }
}
