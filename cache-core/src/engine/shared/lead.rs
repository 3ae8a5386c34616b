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
    pub(crate) async fn lead(&self, key: &Key, codec: Option<Codec>) -> Leading {
        let id = self.digest(key).id;
        let token = self.new_transaction();
        let begun = std::time::Instant::now();
        while begun.elapsed() < LONGEST {
            match self.store.lease(id, token, LEASE).await {
                Ok(true) => return Leading::Lead(Lease::taken(self, id, token, LEASE)),
                Ok(false) => self.store.await_lease(id, PATIENCE).await,
                Err(_) => {
                    self.failed();
                    return Leading::Alone;
                }
            }
            if let (Ok(stored), _) = self.find(key, codec).await {
                return Leading::Found(stored);
            }
        }
        Leading::Alone
    }
}
