//! One primary, and the connection to it that is always being kept or remade.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::Value;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use super::address::{Address, NodeId};
use super::circuit::{Circuit, CircuitState};
use super::connect::Connector;
use super::fault::{Fault, FaultKind};
use super::group::{Answered, Group, misdirected};
use super::wire::{self, Opened, Reply, Wire};

/// A primary. Dropping it closes its connection.
#[derive(Debug)]
pub(super) struct Node {
    shared: Arc<Shared>,
    keeper: AbortHandle,
}

struct Shared {
    id: NodeId,
    connector: Arc<Connector>,
    state: watch::Sender<State>,
    circuit: Circuit,
    /// Told when the node is lost or is not what it was, so that the topology is looked at again.
    changed: Arc<Notify>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("id", &self.id).field("circuit", &self.circuit).finish_non_exhaustive()
    }
}

/// What callers find.
struct State {
    since: Instant,
    stage: Stage,
}

enum Stage {
    /// The first attempt since the start or since the connection was lost; it is worth waiting for, and does not last.
    Opening,
    Open(Arc<Wire>),
    /// There is none, and callers are told why.
    Down(Fault, CircuitState),
}

/// How a node is, for those who watch over it.
#[derive(Clone, Debug)]
pub(crate) struct Health {
    pub(crate) node: NodeId,
    pub(crate) connected: bool,
    pub(crate) circuit: CircuitState,
    /// Of the server that is connected.
    pub(crate) incarnation: Option<u64>,
    /// How long it has been as it is.
    pub(crate) since: Duration,
    /// Why it is not connected.
    pub(crate) fault: Option<Fault>,
    /// Failures ever: attempts to connect, answers overdue, connections lost.
    pub(crate) failures: u64,
    /// How often the circuit has opened.
    pub(crate) openings: u64,
}

impl Node {
    /// Starts to keep a connection, with one that is open already if there is one; on the store's own runtime only.
    pub(super) fn start(
        address: Address,
        connector: Arc<Connector>,
        changed: Arc<Notify>,
        first: Option<Opened>,
    ) -> Arc<Node> {
        let stage = first.as_ref().map_or(Stage::Opening, |opened| Stage::Open(opened.wire.clone()));
        let (state, _) = watch::channel(State { since: Instant::now(), stage });
        let shared = Arc::new(Shared { id: address, connector, state, circuit: Circuit::default(), changed });
        let keeper = tokio::spawn(shared.clone().keep(first)).abort_handle();
        Arc::new(Node { shared, keeper })
    }

    pub(super) fn id(&self) -> &NodeId {
        &self.shared.id
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.shared.state.borrow().stage, Stage::Open(_))
    }

    /// Sends groups in one pipeline; result i belongs to group i.
    pub(super) async fn run(&self, groups: Vec<Group>) -> Vec<Result<Answered, Fault>> {
        let lengths: Vec<usize> = groups.iter().map(|group| group.commands.len()).collect();
        let wire = match self.wire().await {
            Ok(wire) => wire,
            Err(fault) => return lengths.iter().map(|_| Err(fault.clone())).collect(),
        };
        let total = lengths.iter().sum();
        let commands = Counted { commands: groups.into_iter().flat_map(|group| group.commands), left: total };
        let Reply { incarnation, values } = match wire.send(commands).await {
            Ok(reply) => reply,
            Err(fault) => return lengths.iter().map(|_| Err(fault.clone())).collect(),
        };
        self.shared.circuit.answered();
        let mut values = values.into_iter();
        lengths.iter().map(|length| self.answer(&wire, incarnation, values.by_ref().take(*length).collect())).collect()
    }

    /// Sends one group.
    pub(super) async fn run_one(&self, group: Group) -> Result<Answered, Fault> {
        let wire = self.wire().await?;
        let Reply { incarnation, values } = wire.send(group.commands.into_iter()).await?;
        self.shared.circuit.answered();
        self.answer(&wire, incarnation, values)
    }

    fn answer(&self, wire: &Wire, incarnation: u64, values: Vec<Value>) -> Result<Answered, Fault> {
        match misdirected(&self.shared.id, &values) {
            None => Ok(Answered { incarnation, values }),
            Some(fault) => {
                wire.misdirected(&fault);
                self.shared.changed.notify_one();
                Err(fault)
            }
        }
    }

    /// The connection, waiting a moment if it is just being opened. The keeper sees to it that this ends.
    async fn wire(&self) -> Result<Arc<Wire>, Fault> {
        if let Some(wire) = self.shared.state.borrow().stage.told() {
            return wire;
        }
        let mut state = self.shared.state.subscribe();
        let told = state.wait_for(|state| !matches!(state.stage, Stage::Opening)).await;
        let told = told.ok().and_then(|state| state.stage.told());
        told.unwrap_or_else(|| Err(Fault::new(FaultKind::Unreachable, &self.shared.id, "the store is closed")))
    }

    pub(super) fn health(&self) -> Health {
        let state = self.shared.state.borrow();
        let (connected, circuit, incarnation, fault) = match &state.stage {
            Stage::Opening => (false, CircuitState::Closed, None, None),
            Stage::Open(wire) => (true, CircuitState::Closed, Some(wire.incarnation()), None),
            Stage::Down(fault, circuit) => (false, *circuit, None, Some(fault.clone())),
        };
        Health {
            node: self.shared.id.clone(),
            connected,
            circuit,
            incarnation,
            since: state.since.elapsed(),
            fault,
            failures: self.shared.circuit.failures(),
            openings: self.shared.circuit.openings(),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Stage {
    fn told(&self) -> Option<Result<Arc<Wire>, Fault>> {
        match self {
            Stage::Opening => None,
            Stage::Open(wire) => Some(Ok(wire.clone())),
            Stage::Down(fault, _) => Some(Err(fault.clone())),
        }
    }
}

impl Shared {
    async fn keep(self: Arc<Self>, mut first: Option<Opened>) {
        loop {
            let opened = match first.take() {
                Some(opened) => Ok(opened),
                None => self.open().await,
            };
            let settings = &self.connector.settings;
            let (fault, was_open) = match opened {
                Err(fault) => (fault, false),
                Ok(opened) => {
                    let wire = opened.wire.clone();
                    self.enter(Stage::Open(wire.clone()));
                    let fault = opened.live().await;
                    if wire.age() >= settings.max_backoff {
                        self.circuit.answered();
                    }
                    (fault, true)
                }
            };
            self.changed.notify_one();
            let open = self.circuit.failed(settings);
            if was_open && !open && fault.kind() == FaultKind::Unreachable {
                self.enter(Stage::Opening);
            } else {
                self.rest(fault, open).await;
            }
        }
    }

    /// Leaves the node alone for a while.
    async fn rest(&self, fault: Fault, open: bool) {
        if open {
            self.enter(Stage::Down(fault.as_kind(FaultKind::Overloaded), CircuitState::Open));
        } else {
            self.enter(Stage::Down(fault, CircuitState::Closed));
        }
        tokio::time::sleep(self.circuit.pause(&self.connector.settings)).await;
        self.state.send_if_modified(|state| match &mut state.stage {
            Stage::Down(_, circuit @ CircuitState::Open) => {
                *circuit = CircuitState::Probing;
                state.since = Instant::now();
                true
            }
            _ => false,
        });
    }

    async fn open(&self) -> Result<Opened, Fault> {
        let mut opening = pin!(wire::open(&self.connector, &self.id, None));
        if let Ok(result) = tokio::time::timeout(self.connector.settings.patience, &mut opening).await {
            return result;
        }
        let waited = matches!(self.state.borrow().stage, Stage::Opening);
        if waited {
            let fault = Fault::new(FaultKind::Unreachable, &self.id, "the connection is still being opened");
            self.enter(Stage::Down(fault, CircuitState::Closed));
        }
        opening.await
    }

    fn enter(&self, stage: Stage) {
        self.state.send_replace(State { since: Instant::now(), stage });
    }
}

/// Commands of several groups, whose number is known.
struct Counted<I> {
    commands: I,
    left: usize,
}

impl<I: Iterator> Iterator for Counted<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.left = self.left.saturating_sub(1);
        self.commands.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<I: Iterator> ExactSizeIterator for Counted<I> {}
