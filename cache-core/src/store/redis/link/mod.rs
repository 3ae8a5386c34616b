//! Nodes, roles, slots, connections, time-outs. Nothing here knows what the commands are for.
//!
//! All connections live on one thread of the store's own. Whoever awaits an answer may do so on any executor or none,
//! and needs no clock: that an answer is overdue is noticed on the store's thread, which then gives the connection up.
//! Nothing is ever sent twice; a failed group was executed or was not, or will be.
//!
//! - `settings`: where the servers are. `connect`: streams, TLS, the hello. `identity`: role and incarnation.
//! - `stream`, `frame`, `line`, `answer`: bytes, replies, and whose they are. `wire`: one connection. `node`: one primary, whose connection is kept. `circuit`: when it is left alone.
//! - `sentinel`, `cluster`, `routes`: which primary. `push`: connections on which the server speaks first.

mod address;
mod answer;
mod circuit;
mod cluster;
mod connect;
mod fault;
mod frame;
mod group;
mod identity;
mod line;
mod node;
mod push;
mod routes;
mod sentinel;
mod slot;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod wire;

pub(crate) use address::{Address, NodeId};
pub(crate) use answer::{Part, Parts, Told};
pub(crate) use circuit::CircuitState;
pub(crate) use fault::{Fault, FaultKind};
pub(crate) use frame::number as digits;
pub(crate) use group::{Answered, Group, Question};
pub(crate) use line::packed;
pub(crate) use node::{Health, Node};
pub(crate) use push::{Push, Subscription};
pub(crate) use slot::slot;

use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Notify;

use self::connect::Connector;
use self::group::HasSlot;
use self::node::Asked;
use self::routes::Routes;
use super::runtime::Runtime;
use super::settings::{Settings, Topology};
use crate::sync::{self, RwLock};

/// The topology is not looked at more often than this.
const REFRESH_PAUSE: Duration = Duration::from_millis(50);

/// The topology is looked at this often although nobody complains.
const REFRESH_AT_LEAST: Duration = Duration::from_secs(10);

/// Connections to all primaries. Clones share them; the last one that goes closes them, and ends their thread.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    inner: Arc<Inner>,
}

struct Inner {
    runtime: Runtime,
    connector: Arc<Connector>,
    routes: RwLock<Arc<Routes>>,
    /// Told when the topology may have changed.
    changed: Arc<Notify>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("settings", &self.connector.settings).field("routes", &self.routes).finish()
    }
}

impl Links {
    /// Finds the primaries and connects to them once, so that wrong settings are told here.
    ///
    /// # Errors
    ///
    /// When a server refuses what the settings say, or none can be reached; the text names the address and the remedy.
    /// Later losses are no errors of this kind: connections are reopened by themselves.
    pub(crate) async fn open(settings: Settings) -> Result<Links, Fault> {
        if settings.database != 0 && matches!(settings.topology, Topology::Cluster { .. }) {
            let text = format!("a cluster has no database {}; leave the number out", settings.database);
            return Err(Fault::nowhere(FaultKind::Refused, text));
        }
        let connector = Arc::new(Connector::new(settings)?);
        let runtime = Runtime::start("cache-redis")
            .map_err(|error| Fault::nowhere(FaultKind::Unreachable, format!("the store's thread: {error}")))?;
        let changed = Arc::new(Notify::new());
        let first = runtime.spawn(first_routes(connector.clone(), changed.clone())).await;
        let stopped = |_| Fault::nowhere(FaultKind::Unreachable, "the store's thread has stopped");
        let routes = first.map_err(stopped)??;
        let inner = Arc::new(Inner { runtime, connector, routes: RwLock::new(Arc::new(routes)), changed });
        if !matches!(inner.connector.settings.topology, Topology::Standalone(_)) {
            inner.runtime.spawn(keep_routes(Arc::downgrade(&inner), inner.changed.clone()));
        }
        Ok(Links { inner })
    }

    /// Sends groups to the primaries of their slots, one pipeline a node, all nodes at once; result i belongs to group i.
    ///
    /// A fault of one node leaves the results of the others alone.
    pub(crate) async fn run(&self, groups: Vec<Group>) -> Vec<Result<Answered, Fault>> {
        let routes = self.inner.routes();
        let mut positions = groups.iter().map(|group| routes.position(group.slot));
        let Some(first) = positions.next() else { return Vec::new() };
        if let Ok(only) = first
            && positions.all(|position| position.as_ref().ok() == Some(&only))
        {
            return routes.nodes()[only].run(groups).await;
        }
        self.scatter(&routes, groups, |node, part| async move { node.run(part).await }).await
    }

    /// Has each node do its part.
    async fn scatter<'n, G: HasSlot, A, F: Future<Output: IntoIterator<Item = Result<A, Fault>>>>(
        &self,
        routes: &'n Routes,
        groups: Vec<G>,
        run: impl Fn(&'n Node, Vec<G>) -> F,
    ) -> Vec<Result<A, Fault>> {
        let mut results: Vec<Option<Result<A, Fault>>> = groups.iter().map(|_| None).collect();
        let mut parts: Vec<(usize, Vec<usize>, Vec<G>)> = Vec::new();
        for (index, group) in groups.into_iter().enumerate() {
            match routes.position(group.slot()) {
                Err(fault) => {
                    self.inner.changed.notify_one();
                    results[index] = Some(Err(fault));
                }
                Ok(node) => match parts.iter_mut().find(|(known, ..)| *known == node) {
                    Some((_, indices, part)) => {
                        indices.push(index);
                        part.push(group);
                    }
                    None => parts.push((node, vec![index], vec![group])),
                },
            }
        }
        let answers = parts.into_iter().map(|(node, indices, part)| {
            let answers = run(&routes.nodes()[node], part);
            async move { (indices, answers.await) }
        });
        for (indices, answers) in join_all(answers).await {
            for (index, answer) in indices.into_iter().zip(answers) {
                results[index] = Some(answer);
            }
        }
        let unanswered = || Err(Fault::nowhere(FaultKind::Server, "no answer was given for the group"));
        results.into_iter().map(|result| result.unwrap_or_else(unanswered)).collect()
    }

    /// The node that serves all slots, if there is one.
    pub(crate) fn only(&self) -> Option<Arc<Node>> {
        sync::read(&self.inner.routes).only().cloned()
    }

    /// Asks the primaries of their slots, one pipeline a node, all nodes at once; result i belongs to question i.
    pub(crate) async fn ask(&self, questions: &[Question<'_>]) -> Asked {
        let routes = self.inner.routes();
        let mut positions = questions.iter().map(|question| routes.position(question.slot));
        let Some(first) = positions.next() else { return Asked::new() };
        if let Ok(only) = first
            && positions.all(|position| position.as_ref().ok() == Some(&only))
        {
            return routes.nodes()[only].ask(questions).await;
        }
        self.scatter(&routes, questions.to_vec(), |node, part| async move { node.ask(&part).await }).await.into()
    }

    /// Sends one group to the primary of its slot.
    pub(crate) async fn run_one(&self, group: Group) -> Result<Answered, Fault> {
        let routes = self.inner.routes();
        let position = routes.position(group.slot).inspect_err(|_| self.inner.changed.notify_one())?;
        routes.nodes()[position].run_one(group).await
    }

    /// Sends a group to one primary, whatever its slot.
    pub(crate) async fn run_on(&self, node: &NodeId, group: Group) -> Result<Answered, Fault> {
        let routes = self.inner.routes();
        routes.node(node)?.run_one(group).await
    }

    /// All primaries, as known now.
    pub(crate) fn masters(&self) -> Vec<NodeId> {
        self.inner.routes().nodes().iter().map(|node| node.id().clone()).collect()
    }

    /// How all primaries are, as known now.
    pub(crate) fn health(&self) -> Vec<Health> {
        self.inner.routes().nodes().iter().map(|node| node.health()).collect()
    }

    /// Opens a connection to a primary for messages that it pushes. `receive` is called on the store's thread, in the
    /// order of arrival, and must not block.
    pub(crate) async fn subscribe(
        &self,
        node: &NodeId,
        receive: impl Fn(Push) + Send + Sync + 'static,
    ) -> Result<Subscription, Fault> {
        let (connector, node) = (self.inner.connector.clone(), node.clone());
        let opened = self.inner.runtime.spawn(async move { Subscription::open(&connector, &node, receive).await });
        let stopped = |_| Fault::nowhere(FaultKind::Unreachable, "the store's thread has stopped");
        opened.await.map_err(stopped)?
    }

    #[cfg(test)]
    /// Waits for a future by parking the calling thread; see [`runtime::block`].
    pub(crate) fn block<T>(&self, future: impl Future<Output = T>) -> T {
        super::runtime::block(future)
    }

    /// Runs a future on the store's thread; it must not block, and is dropped when the connections are closed.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.inner.runtime.spawn(future);
    }
}

impl Inner {
    fn routes(&self) -> Arc<Routes> {
        sync::read(&self.routes).clone()
    }

    /// Finds out who the primaries are, and keeps the connections to those that were before.
    async fn refresh(&self) -> Result<(), Fault> {
        let old = self.routes();
        let node = |address: &Address| match old.node(address) {
            Ok(known) => known.clone(),
            Err(_) => Node::start(address.clone(), self.connector.clone(), self.changed.clone(), None),
        };
        let new = match &self.connector.settings.topology {
            Topology::Standalone(_) => return Ok(()),
            Topology::Sentinel { sentinels, name, tls, .. } => {
                Routes::one(node(&sentinel::primary(&self.connector, sentinels, name, *tls).await?))
            }
            Topology::Cluster { seeds } => {
                let sources = old.sources(seeds);
                Routes::cluster(&cluster::ranges(&self.connector, &sources).await?, node)
            }
        };
        *sync::write(&self.routes) = Arc::new(new);
        Ok(())
    }
}

async fn keep_routes(inner: Weak<Inner>, changed: Arc<Notify>) {
    loop {
        let _ = tokio::time::timeout(REFRESH_AT_LEAST, changed.notified()).await;
        let Some(inner) = inner.upgrade() else { return };
        // A failure is told by the nodes concerned, which will ask again when they fail again.
        let _ = inner.refresh().await;
        drop(inner);
        tokio::time::sleep(REFRESH_PAUSE).await;
    }
}

async fn first_routes(connector: Arc<Connector>, changed: Arc<Notify>) -> Result<Routes, Fault> {
    let start = |address: Address, opened| Node::start(address, connector.clone(), changed.clone(), Some(opened));
    match &connector.settings.topology {
        Topology::Standalone(address) => {
            let opened = wire::open(&connector, address, None).await?;
            Ok(Routes::one(start(address.clone(), opened)))
        }
        Topology::Sentinel { sentinels, name, tls, .. } => {
            let address = sentinel::primary(&connector, sentinels, name, *tls).await?;
            let opened = wire::open(&connector, &address, None).await?;
            Ok(Routes::one(start(address, opened)))
        }
        Topology::Cluster { seeds } => {
            let ranges = cluster::ranges(&connector, seeds).await?;
            let mut primaries: Vec<&Address> = Vec::new();
            for range in &ranges {
                if !primaries.contains(&&range.primary) {
                    primaries.push(&range.primary);
                }
            }
            let opened = join_all(primaries.iter().map(|address| wire::open(&connector, address, None))).await;
            let reached = opened.iter().any(Result::is_ok);
            let mut opened: Vec<_> = primaries.into_iter().zip(opened).collect();
            for (_, result) in &opened {
                if let Err(fault) = result
                    && (!reached || fault.kind() == FaultKind::Refused)
                {
                    return Err(fault.clone());
                }
            }
            Ok(Routes::cluster(&ranges, |address| {
                let found = opened.iter().position(|(known, _)| *known == address);
                let first = found.and_then(|position| opened.swap_remove(position).1.ok());
                Node::start(address.clone(), connector.clone(), changed.clone(), first)
            }))
        }
    }
}
