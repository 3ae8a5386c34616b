//! One primary, and the connection to it that is always being kept or remade.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{Cmd, Value};
use smallvec::SmallVec;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use super::address::{Address, NodeId};
use super::answer::{Answer, Told, values};
use super::circuit::{Circuit, CircuitState};
use super::connect::Connector;
use super::fault::{Fault, FaultKind};
use super::frame::length_of;
use super::group::{Answered, Group, Question, misdirected};
use super::wire::{self, Opened, Reply, Wire};

/// A primary. Dropping it closes its connection.
#[derive(Debug)]
pub(crate) struct Node {
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

/// What was told to each of several questions.
pub(super) type Asked = SmallVec<[Result<Told, Fault>; 4]>;

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
        let commands: Vec<Cmd> = groups.into_iter().flat_map(|group| group.commands).collect();
        let Reply { incarnation, values } = match wire.run(&commands).await {
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
        let Reply { incarnation, values } = wire.run(&group.commands).await?;
        self.shared.circuit.answered();
        self.answer(&wire, incarnation, values)
    }

    /// Asks for so many replies by commands in pieces, which are sent, or copied, before this returns if the node is
    /// connected. That another node should have been asked is a fault of all.
    pub(crate) fn ask_all(
        &self,
        pieces: &[&[u8]],
        replies: usize,
    ) -> impl Future<Output = Result<Told, Fault>> + Send + use<'_> {
        let wire = self.shared.state.borrow().stage.told();
        let sent = match wire {
            Some(Ok(wire)) => Ok(Wire::send(&wire, pieces, replies)),
            Some(Err(fault)) => Err(Err(fault)),
            // It is rare, and lasts for a moment.
            None => Err(Ok(pieces.concat())),
        };
        async move {
            let sent = match sent {
                Ok(sent) => sent,
                Err(Err(fault)) => return Err(fault),
                Err(Ok(bytes)) => Wire::send(&self.wire().await?, &[&bytes], replies),
            };
            let (wire, incarnation, Answer { bytes, erring }) = sent.answered().await?;
            self.shared.circuit.answered();
            if erring {
                let values = values(&bytes).map_err(|malformed| wire.senseless(malformed))?;
                self.answer(&wire, incarnation, values)?;
            }
            let place = 0..bytes.len();
            Ok(Told { incarnation, bytes: Arc::new(bytes), place })
        }
    }

    /// Asks questions in one pipeline; result i belongs to question i.
    pub(super) async fn ask(&self, questions: &[Question<'_>]) -> Asked {
        let failed = |fault: Fault| questions.iter().map(|_| Err(fault.clone())).collect();
        let wire = match self.wire().await {
            Ok(wire) => wire,
            Err(fault) => return failed(fault),
        };
        let pieces: SmallVec<[&[u8]; 4]> = questions.iter().map(|question| question.bytes).collect();
        let replies = questions.iter().map(|question| question.replies).sum();
        let (_, incarnation, answer) = match Wire::send(&wire, &pieces, replies).answered().await {
            Ok(answered) => answered,
            Err(fault) => return failed(fault),
        };
        self.shared.circuit.answered();
        let Answer { bytes, erring } = answer;
        let bytes = Arc::new(bytes);
        let mut start = 0;
        let told = questions.iter().map(|question| {
            let length = length_of(question.replies, &bytes[start..]).map_err(|malformed| wire.senseless(malformed))?;
            let place = start..start + length;
            start = place.end;
            if erring {
                let values = values(&bytes[place.clone()]).map_err(|malformed| wire.senseless(malformed))?;
                self.answer(&wire, incarnation, values)?;
            }
            Ok(Told { incarnation, bytes: Arc::clone(&bytes), place })
        });
        told.collect()
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
