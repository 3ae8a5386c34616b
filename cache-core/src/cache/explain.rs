//! A look at one result, for people.

use super::Cache;
use crate::engine::{MissReason, block};
use crate::key::Key;
use crate::observe::{Explanation, Held, HeldIn};
use crate::store::{Backend, Shared};

impl Cache {
    /// What is held under a key, where, since when, what it depends on, and whether it would be served.
    ///
    /// It counts neither as a hit nor as a miss, puts off no idle time, and leaves in place what is not valid. Blocks for one round
    /// trip with a shared store, or two; asynchronous code awaits [`Cache::explain_async`] instead.
    pub fn explain(&self, key: &Key) -> Explanation {
        block(self.explain_async(key))
    }

    /// [`Cache::explain`], awaited.
    pub async fn explain_async(&self, key: &Key) -> Explanation {
        let (held, unanswered) = match &self.inner.backend {
            Backend::Memory(store) => {
                let held = store.peek(key).map(|stored| {
                    let fault = stored.stamps.voided_by().map(|by| MissReason::Invalidated { by });
                    Held::here(HeldIn::Memory, &stored, self.inner.clock.now(), fault)
                });
                (held.into_iter().collect(), false)
            }
            Backend::Shared(Shared(tier)) => tier.examine(key).await,
        };
        Explanation { key: key.clone(), held, unanswered }
    }
}
