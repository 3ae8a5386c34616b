//! Who waits for leases, and the pushes that wake them.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use redis::{PushKind, Value};
use tokio::sync::oneshot;

use super::link::{Group, Links, NodeId, Push, Subscription};
use crate::near::mark;
use crate::sync::{Mutex, lock};

/// The callers of this process that wait for leases, by the marks of the leases' keys.
///
/// Primaries tell of every change of a lease on a connection of their own, which is opened when somebody waits for the
/// first time. A wake-up says nothing but that it is worth a look.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    callers: Mutex<HashMap<u64, Vec<oneshot::Sender<()>>>>,
    heard: Mutex<HashMap<NodeId, Subscription>>,
    /// One at a time opens connections.
    opening: tokio::sync::Mutex<()>,
}

impl Waiting {
    /// Listens to all primaries; whether it does.
    pub(super) async fn listen(self: &Arc<Self>, links: &Links, prefix: &str) -> bool {
        let _opening = self.opening.lock().await;
        for node in links.masters() {
            if lock(&self.heard).contains_key(&node) {
                continue;
            }
            let ear = (Arc::downgrade(self), node.clone());
            let Ok(subscription) = links.subscribe(&node, move |push| hear(&ear.0, &ear.1, push)).await else {
                return false;
            };
            let mut track = redis::cmd("CLIENT");
            track.arg("TRACKING").arg("ON").arg("BCAST").arg("PREFIX").arg(prefix);
            let answer = subscription.run(Group::new(0).with(track)).await;
            if !answer.is_ok_and(|answered| matches!(answered.values[..], [Value::Okay])) {
                return false;
            }
            lock(&self.heard).insert(node, subscription);
        }
        true
    }

    /// What is told when the lease with this key may have changed.
    pub(super) fn expect(&self, key: &str) -> oneshot::Receiver<()> {
        let (wake, woken) = oneshot::channel();
        let mut callers = lock(&self.callers);
        let waiting = callers.entry(mark(key.as_bytes())).or_default();
        waiting.retain(|caller| !caller.is_closed());
        waiting.push(wake);
        woken
    }

    fn wake(&self, key: &[u8]) {
        let callers = lock(&self.callers).remove(&mark(key));
        for caller in callers.into_iter().flatten() {
            // It may have gone.
            let _ = caller.send(());
        }
    }

    fn wake_all(&self) {
        let callers = std::mem::take(&mut *lock(&self.callers));
        for caller in callers.into_values().flatten() {
            let _ = caller.send(());
        }
    }
}

fn hear(waiting: &Weak<Waiting>, node: &NodeId, push: Push) {
    let Some(waiting) = waiting.upgrade() else { return };
    match push {
        Push::Message { kind: PushKind::Invalidate, data } => match &data[..] {
            [Value::Array(keys)] => {
                for key in keys {
                    match key {
                        Value::BulkString(key) => waiting.wake(key),
                        _ => waiting.wake_all(),
                    }
                }
            }
            _ => waiting.wake_all(),
        },
        Push::Message { .. } => {}
        Push::Lost(_) => {
            let lost = lock(&waiting.heard).remove(node);
            waiting.wake_all();
            drop(lost);
        }
    }
}
