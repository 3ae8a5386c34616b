//! A connection of one's own, on which a node pushes messages.

use std::sync::{Arc, OnceLock};

use redis::{PushKind, Value};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::address::NodeId;
use super::connect::Connector;
use super::fault::Fault;
use super::group::{Answered, Group, misdirected};
use super::line::Pushed;
use super::wire::{self, Reply, Wire};

/// What comes from a node unasked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Push {
    Message {
        kind: PushKind,
        data: Vec<Value>,
    },
    /// The connection is gone, and whatever might have come is not known; the last of all.
    Lost(Fault),
}

/// A connection to one primary, apart from the one that all share. Dropping it closes it, and then nothing more is pushed.
///
/// Messages are handed over in the order in which they stand among the replies: whatever came before a reply has been
/// handed over when that reply is there.
#[derive(Debug)]
pub(crate) struct Subscription {
    wire: Arc<Wire>,
    #[cfg_attr(not(test), allow(dead_code))]
    lost: watch::Receiver<bool>,
    driven: AbortHandle,
    #[cfg_attr(not(test), allow(dead_code))]
    fault: Arc<OnceLock<Fault>>,
}

impl Subscription {
    /// Opens the connection; on the store's own runtime only, where `receive` is called too. It must not block.
    pub(super) async fn open(
        connector: &Connector,
        node: &NodeId,
        receive: impl Fn(Push) + Send + Sync + 'static,
    ) -> Result<Self, Fault> {
        let receive = Arc::new(receive);
        let pushed: Pushed = {
            let receive = receive.clone();
            Arc::new(move |kind, data| receive(Push::Message { kind, data }))
        };
        let opened = wire::open(connector, node, Some(pushed)).await?;
        let wire = opened.wire.clone();
        let fault = Arc::new(OnceLock::new());
        let (ended, lost) = watch::channel(false);
        let told = fault.clone();
        let driven = tokio::spawn(async move {
            let fault = opened.live().await;
            let _ = told.set(fault.clone());
            receive(Push::Lost(fault));
            ended.send_replace(true);
        });
        Ok(Subscription { wire, lost, driven: driven.abort_handle(), fault })
    }

    /// Sends commands on this connection, as [`Links::run`](super::Links::run) does for the shared ones.
    pub(crate) async fn run(&self, group: Group) -> Result<Answered, Fault> {
        let Reply { incarnation, values } = self.wire.run(&group.commands).await?;
        match misdirected(self.wire.node(), &values) {
            None => Ok(Answered { incarnation, values }),
            Some(fault) => {
                self.wire.misdirected(&fault);
                Err(fault)
            }
        }
    }

    /// Waits until the connection is lost; tells why.
    #[cfg(test)]
    pub(crate) async fn lost(&self) -> Fault {
        let _ = self.lost.clone().wait_for(|lost| *lost).await;
        let closed = || Fault::new(super::FaultKind::Unreachable, self.wire.node(), "the store is closed");
        self.fault.get().cloned().unwrap_or_else(closed)
    }

    /// Of the server at the other end, as last read.
    #[cfg(test)]
    pub(crate) fn incarnation(&self) -> u64 {
        self.wire.incarnation()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.driven.abort();
    }
}
