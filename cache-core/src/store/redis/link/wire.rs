//! One connection, from its hello to its end.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, Value};
use tokio::sync::Notify;

use super::address::{Address, NodeId};
use super::connect::{Connector, Driver, Pushed, Role};
use super::fault::{Fault, FaultKind};
use super::identity::{self, Identity, Mode};
use super::sentinel;
use crate::store::redis::settings::Topology;
use crate::sync::{AtomicU64, Ordering};

/// The watch looks this many times within the time for an answer, so that a time-out comes late by this part of it.
const LOOKS: u32 = 4;

/// One open connection to a primary, shared by all who send.
///
/// Whatever may have put requests and replies out of step ends it; an error reply does not.
#[derive(Debug)]
pub(super) struct Wire {
    node: NodeId,
    connection: MultiplexedConnection,
    opened: Instant,
    rehandshake: Duration,
    timeout: Duration,
    incarnation: AtomicU64,
    /// When the identity that is known was asked for, in nanoseconds after `opened`.
    verified: AtomicU64,
    /// When there was last reason to doubt it.
    doubted: AtomicU64,
    pending: AtomicU64,
    /// Told whenever `pending` leaves 0.
    busy: Notify,
    end: OnceLock<Fault>,
    /// Tells whoever drives the connection to let it go.
    ended: Notify,
    /// Whether nobody drives the connection any more; whoever waits is told by `gone`.
    undriven: AtomicU64,
    gone: Notify,
}

/// A connection whose reading and writing nobody does yet.
pub(super) struct Opened {
    pub(super) wire: Arc<Wire>,
    // Before the next, so that it is dropped first: what has been answered is to be found.
    driver: Driver,
    _gone: Gone,
}

/// Tells all who wait, when it is dropped, that no answer will come.
///
/// Most are told by the driver that is dropped, but a request that is just then put into its queue stays there unseen.
struct Gone(Arc<Wire>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.undriven.store(1, Ordering::Release);
        self.0.gone.notify_waiters();
    }
}

/// What came back, and from which incarnation.
pub(super) struct Reply {
    pub(super) incarnation: u64,
    pub(super) values: Vec<Value>,
}

/// Opens a connection, says hello, and takes care that the server is a primary of the kind that the settings tell, also
/// in the eyes of those who watch over it.
pub(super) async fn open(connector: &Connector, address: &Address, pushed: Option<Pushed>) -> Result<Opened, Fault> {
    let settings = &connector.settings;
    let (connection, mut driver) = connector.connect(address, Role::Data, pushed).await?;
    let wire = Wire {
        node: address.clone(),
        connection,
        opened: Instant::now(),
        rehandshake: settings.rehandshake,
        timeout: settings.timeout,
        incarnation: AtomicU64::new(0),
        verified: AtomicU64::new(0),
        doubted: AtomicU64::new(0),
        pending: AtomicU64::new(0),
        busy: Notify::new(),
        end: OnceLock::new(),
        ended: Notify::new(),
        undriven: AtomicU64::new(0),
        gone: Notify::new(),
    };
    let identity = {
        let mut naming = redis::cmd("CLIENT");
        naming.arg("SETNAME").arg(&settings.client_name);
        let identify = wire.identify(naming);
        let within = tokio::time::timeout(settings.connect_timeout, identify);
        match select(pin!(within), &mut driver).await {
            Either::Left((Ok(identity), _)) => identity?,
            Either::Left((Err(_), _)) => {
                let text = format!("the server did not tell who it is within {:?}", settings.connect_timeout);
                return Err(Fault::new(FaultKind::TimedOut, address, text));
            }
            Either::Right(_) => return Err(lost(address)),
        }
    };
    expected(&settings.topology, address, identity.mode)?;
    sentinel::confirm(connector, address).await?;
    let wire = Arc::new(wire);
    Ok(Opened { _gone: Gone(wire.clone()), wire, driver })
}

fn expected(topology: &Topology, address: &Address, mode: Mode) -> Result<(), Fault> {
    let text = match (topology, mode) {
        (Topology::Cluster { .. }, Mode::Standalone) => {
            "the server has no cluster support enabled; name it as a single server"
        }
        (Topology::Standalone(_) | Topology::Sentinel { .. }, Mode::Cluster) => {
            "the server is a node of a cluster; name it as a seed of a cluster"
        }
        (_, Mode::Sentinel) => "the server is a sentinel; name it as such, with the name of the primary it watches",
        _ => return Ok(()),
    };
    Err(Fault::new(FaultKind::Refused, address, text))
}

fn lost(node: &NodeId) -> Fault {
    Fault::new(FaultKind::Unreachable, node, "the connection was lost")
}

impl Opened {
    /// Reads, writes and watches until the connection ends; tells why. What is pending then fails.
    pub(super) async fn live(mut self) -> Fault {
        let wire = self.wire.clone();
        let watched = pin!(wire.watch());
        let driven = select(watched, &mut self.driver);
        if let Either::Left((Either::Right(_), _)) = select(pin!(driven), pin!(wire.ended.notified())).await {
            wire.end(lost(&wire.node));
        }
        // Why it ended is known before those who wait in vain are told.
        drop(self);
        wire.fate()
    }
}

impl Wire {
    pub(super) fn node(&self) -> &NodeId {
        &self.node
    }

    pub(super) fn incarnation(&self) -> u64 {
        self.incarnation.load(Ordering::Acquire)
    }

    /// How long it has been open.
    pub(super) fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Draws the consequence of a reply that says that another node should have been asked: one that is no primary any
    /// more is left, and of any other role and incarnation are read again before anything else is believed.
    pub(super) fn misdirected(&self, fault: &Fault) {
        if fault.kind() == FaultKind::NotPrimary {
            self.end(fault.clone());
        } else {
            self.doubted.fetch_max(self.now(), Ordering::AcqRel);
        }
    }

    /// Gives the connection up, with everything that waits on it.
    pub(super) fn end(&self, fault: Fault) {
        let _ = self.end.set(fault);
        self.ended.notify_one();
    }

    /// Sends commands in one pipeline; one value comes back for each. Reads the identity in front where it is due.
    pub(super) async fn send(&self, commands: impl ExactSizeIterator<Item = Cmd>) -> Result<Reply, Fault> {
        let now = self.now();
        let verified = self.verified.load(Ordering::Acquire);
        let due = verified <= self.doubted.load(Ordering::Acquire)
            || Duration::from_nanos(now.saturating_sub(verified)) >= self.rehandshake;
        let mut pipeline = Pipeline::with_capacity(commands.len() + 2);
        if due {
            identity::questions().into_iter().for_each(|question| _ = pipeline.add_command(question));
        }
        commands.for_each(|command| _ = pipeline.add_command(command));
        if pipeline.is_empty() {
            return Ok(Reply { incarnation: self.incarnation(), values: Vec::new() });
        }
        let incarnation = self.incarnation();
        let mut values = self.exchange(pipeline).await?;
        if !due {
            return Ok(Reply { incarnation, values });
        }
        let identity = match &*values {
            [server, replication, ..] => Identity::read(&self.node, server, replication),
            _ => Err(lost(&self.node)),
        };
        let identity = identity.inspect_err(|fault| self.end(fault.clone()))?;
        self.incarnation.store(identity.incarnation, Ordering::Release);
        self.verified.fetch_max(now, Ordering::AcqRel);
        values.drain(..2);
        Ok(Reply { incarnation: identity.incarnation, values })
    }

    async fn identify(&self, naming: Cmd) -> Result<Identity, Fault> {
        let now = self.now();
        let mut pipeline = Pipeline::with_capacity(3);
        identity::questions().into_iter().for_each(|question| _ = pipeline.add_command(question));
        pipeline.add_command(naming);
        let values = self.exchange(pipeline).await?;
        let [server, replication, ..] = &*values else { return Err(lost(&self.node)) };
        let identity = Identity::read(&self.node, server, replication)?;
        self.incarnation.store(identity.incarnation, Ordering::Release);
        self.verified.fetch_max(now, Ordering::AcqRel);
        Ok(identity)
    }

    async fn exchange(&self, pipeline: Pipeline) -> Result<Vec<Value>, Fault> {
        let _pending = Pending::one_more(self);
        let mut gone = pin!(self.gone.notified());
        gone.as_mut().enable();
        if self.undriven.load(Ordering::Acquire) != 0 {
            return Err(self.fate());
        }
        let mut connection = self.connection.clone();
        let answer = connection.send_packed_commands(&pipeline, 0, pipeline.len());
        let answer = match select(pin!(answer), gone).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => return Err(self.fate()),
        };
        match answer {
            Ok(values) if values.len() == pipeline.len() => Ok(values),
            Ok(_) => {
                self.end(Fault::new(FaultKind::Server, &self.node, "replies and commands are out of step"));
                Err(self.fate())
            }
            Err(error) => {
                self.end(Fault::new(FaultKind::Unreachable, &self.node, format!("the connection was lost: {error}")));
                Err(self.fate())
            }
        }
    }

    /// Ends the connection when an answer is overdue.
    ///
    /// Replies come in the order of the requests. So a ping that is answered says that whatever was sent before it was
    /// answered too, whether or not anybody has waited for it.
    async fn watch(self: &Arc<Self>) -> Infallible {
        let tick = self.timeout / LOOKS;
        loop {
            self.busy.notified().await;
            loop {
                tokio::time::sleep(tick).await;
                if self.pending.load(Ordering::Acquire) == 0 {
                    break;
                }
                tokio::spawn(self.clone().ping());
            }
        }
    }

    async fn ping(self: Arc<Self>) {
        let mut connection = self.connection.clone();
        let ping = redis::cmd("PING");
        let answer = connection.send_packed_command(&ping);
        if tokio::time::timeout(self.timeout, answer).await.is_err() {
            let text = format!("no answer within {:?}; the connection was given up", self.timeout);
            self.end(Fault::new(FaultKind::TimedOut, &self.node, text));
        }
    }

    fn fate(&self) -> Fault {
        self.end.get().cloned().unwrap_or_else(|| lost(&self.node))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// One who waits for an answer, or did until it was dropped.
struct Pending<'w>(&'w Wire);

impl<'w> Pending<'w> {
    fn one_more(wire: &'w Wire) -> Self {
        if wire.pending.fetch_add(1, Ordering::AcqRel) == 0 {
            wire.busy.notify_one();
        }
        Pending(wire)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.pending.fetch_sub(1, Ordering::AcqRel);
    }
}
