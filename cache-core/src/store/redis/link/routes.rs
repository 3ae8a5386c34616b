//! Which node is asked.

use std::sync::Arc;

use super::address::{Address, NodeId};
use super::cluster::Range;
use super::fault::{Fault, FaultKind};
use super::node::Node;
use super::slot::SLOTS;

/// The primaries at one time, and the slots of each.
#[derive(Debug)]
pub(super) struct Routes {
    nodes: Vec<Arc<Node>>,
    /// By slot, the position of its node; none for one node that serves all.
    slots: Option<Box<[u16]>>,
    /// Nodes that may be asked for the routes, besides those above.
    others: Vec<Address>,
}

/// In place of a position: nobody serves the slot.
const NOBODY: u16 = u16::MAX;

impl Routes {
    pub(super) fn one(node: Arc<Node>) -> Self {
        Routes { nodes: vec![node], slots: None, others: Vec::new() }
    }

    /// The nodes of a cluster, each got from `node`; those that no range names are left out.
    pub(super) fn cluster(ranges: &[Range], mut node: impl FnMut(&Address) -> Arc<Node>) -> Self {
        let mut nodes: Vec<Arc<Node>> = Vec::new();
        let mut slots = vec![NOBODY; usize::from(SLOTS)].into_boxed_slice();
        for range in ranges {
            let position = nodes.iter().position(|known| *known.id() == range.primary).unwrap_or_else(|| {
                nodes.push(node(&range.primary));
                nodes.len() - 1
            });
            let position = u16::try_from(position).unwrap_or(NOBODY);
            slots[usize::from(range.first)..=usize::from(range.last)].fill(position);
        }
        let others = ranges.iter().flat_map(|range| range.replicas.iter().cloned()).collect();
        Routes { nodes, slots: Some(slots), others }
    }

    /// The node that serves all slots, if there is one.
    pub(super) fn only(&self) -> Option<&Arc<Node>> {
        self.slots.is_none().then(|| self.nodes.first()).flatten()
    }

    pub(super) fn nodes(&self) -> &[Arc<Node>] {
        &self.nodes
    }

    /// Who may know the routes when they have changed: primaries that are connected, then those of `more`, then all others.
    pub(super) fn sources(&self, more: &[Address]) -> Vec<Address> {
        let (connected, lost): (Vec<_>, Vec<_>) = self.nodes.iter().partition(|node| node.is_connected());
        let primaries = |nodes: Vec<&Arc<Node>>| nodes.into_iter().map(|node| node.id().clone()).collect::<Vec<_>>();
        let mut sources: Vec<Address> = Vec::new();
        for source in primaries(connected).iter().chain(more).chain(&self.others).chain(&primaries(lost)) {
            if !sources.contains(source) {
                sources.push(source.clone());
            }
        }
        sources
    }

    pub(super) fn node(&self, id: &NodeId) -> Result<&Arc<Node>, Fault> {
        let found = self.nodes.iter().find(|node| node.id() == id);
        found.ok_or_else(|| Fault::new(FaultKind::Moved, id, "the node is not, or no more, a primary"))
    }

    /// The position of the node that serves a slot, among [`nodes`](Self::nodes).
    pub(super) fn position(&self, slot: u16) -> Result<usize, Fault> {
        let Some(slots) = &self.slots else { return Ok(0) };
        match slots.get(usize::from(slot)) {
            Some(&position) if position != NOBODY => Ok(usize::from(position)),
            _ => Err(Fault::nowhere(FaultKind::Moved, format!("no node of the cluster serves slot {slot}"))),
        }
    }
}
