//! Invalidations that nobody waits for any more, until the store takes them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::fence::Closing;
use super::tier::Tier;
use super::write::Told;
use crate::sync::{Mutex, lock};

/// How many are kept apart; what a longer outage adds is merged, so that it costs no more memory than its tables.
const MAX_APART: usize = 256;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Invalidations in the order in which they were given up by their writers; one task delivers them.
#[derive(Debug, Default)]
pub(crate) struct Undelivered {
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Item>,
    delivers: bool,
}

#[derive(Debug)]
struct Item {
    /// Whose intent ends with it. A merged one has none: intents end by themselves.
    transaction: Option<u64>,
    told: Told,
    closing: Closing,
}

impl Tier {
    /// Goes on to tell the store of changes, in the background, for as long as it takes.
    pub(super) fn deliver_later(self: &Arc<Self>, transaction: Option<u64>, told: Told, closing: Closing) {
        let mut queue = lock(&self.undelivered.queue);
        queue.waiting.push_back(Item { transaction, told, closing });
        if queue.waiting.len() > MAX_APART {
            Self::merge(&mut queue.waiting, |_| true);
        }
        if !std::mem::replace(&mut queue.delivers, true) {
            let tier = Arc::clone(self);
            self.store.spawn(Box::pin(async move { tier.deliver_all().await }));
        }
    }

    async fn deliver_all(&self) {
        let mut pause = FIRST_PAUSE;
        while let Some(item) = self.next_undelivered() {
            match self.try_void(item.transaction, &item.told).await {
                Ok(_) => {
                    drop(item.closing);
                    pause = FIRST_PAUSE;
                }
                Err(_) => {
                    // Behind the others: a node that is lost keeps nothing from the rest.
                    lock(&self.undelivered.queue).waiting.push_back(item);
                    self.store.sleep(pause).await;
                    pause = (2 * pause).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn next_undelivered(&self) -> Option<Item> {
        let mut queue = lock(&self.undelivered.queue);
        Self::merge(&mut queue.waiting, |item| item.transaction.is_none());
        let item = queue.waiting.pop_front();
        queue.delivers = item.is_some();
        item
    }

    /// Makes one of those that are chosen, and has it delivered first.
    fn merge(waiting: &mut VecDeque<Item>, chosen: impl Fn(&Item) -> bool) {
        let (merged, rest): (VecDeque<Item>, _) = waiting.drain(..).partition(chosen);
        *waiting = rest;
        let merged = merged.into_iter().reduce(|mut all, item| {
            all.closing.join(item.closing);
            Item { transaction: None, told: all.told.and(&item.told), closing: all.closing }
        });
        if let Some(item) = merged {
            waiting.push_front(item);
        }
    }
}
