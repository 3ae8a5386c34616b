//! One connection, from its hello to its end.

use std::convert::Infallible;
use std::fmt::Display;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use redis::{Cmd, Value};
use tokio::sync::{Notify, oneshot};

use super::address::{Address, NodeId};
use super::answer::Answer;
use super::connect::{Connector, Role};
use super::fault::{Fault, FaultKind};
use super::frame::Malformed;
use super::identity::{self, Identity, Mode};
use super::line::{Driver, Line, Pushed, packed};
use super::sentinel;
use crate::store::redis::settings::Topology;
use crate::sync::{AtomicU64, Mutex, Ordering, lock};

/// The watch looks this many times within the time for an answer, so that a time-out comes late by this part of it.
const LOOKS: u32 = 4;

/// One open connection to a primary, shared by all who send.
///
/// Whatever may have put requests and replies out of step ends it; an error reply does not.
#[derive(Debug)]
pub(super) struct Wire {
    node: NodeId,
    line: Line,
    opened: Instant,
    rehandshake: Duration,
    timeout: Duration,
    incarnation: AtomicU64,
    /// When the identity that is known was asked for, in nanoseconds after `opened`.
    verified: AtomicU64,
    /// The same, for those who change it.
    known: Mutex<u64>,
    /// When there was last reason to doubt it.
    doubted: AtomicU64,
    pending: AtomicU64,
    /// Told whenever `pending` leaves 0.
    busy: Notify,
    end: OnceLock<Fault>,
    /// Tells whoever drives the connection to let it go.
    ended: Notify,
}

/// A connection whose reading and writing nobody does yet.
pub(super) struct Opened {
    pub(super) wire: Arc<Wire>,
    driver: Driver,
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
    let (line, mut driver) = connector.connect(address, Role::Data, pushed).await?;
    let wire = Arc::new(Wire {
        node: address.clone(),
        line,
        opened: Instant::now(),
        rehandshake: settings.rehandshake,
        timeout: settings.timeout,
        incarnation: AtomicU64::new(0),
        verified: AtomicU64::new(0),
        known: Mutex::new(0),
        doubted: AtomicU64::new(0),
        pending: AtomicU64::new(0),
        busy: Notify::new(),
        end: OnceLock::new(),
        ended: Notify::new(),
    });
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
            Either::Right((broken, _)) => return Err(lost(address, &broken)),
        }
    };
    expected(&settings.topology, address, identity.mode)?;
    sentinel::confirm(connector, address).await?;
    Ok(Opened { wire, driver })
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

fn lost(node: &NodeId, why: &dyn Display) -> Fault {
    Fault::new(FaultKind::Unreachable, node, format!("the connection was lost: {why}"))
}

impl Opened {
    /// Reads, writes and watches until the connection ends; tells why. What is pending then fails.
    pub(super) async fn live(mut self) -> Fault {
        let wire = self.wire.clone();
        let watched = pin!(wire.watch());
        let driven = select(watched, &mut self.driver);
        if let Either::Left((Either::Right((broken, _)), _)) = select(pin!(driven), pin!(wire.ended.notified())).await {
            wire.end(lost(&wire.node, &broken));
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

    /// Sends commands in one pipeline; one value comes back for each.
    pub(super) async fn run(self: &Arc<Self>, commands: &[Cmd]) -> Result<Reply, Fault> {
        let (_, incarnation, answer) = self.send(&[&packed(commands)], commands.len()).answered().await?;
        let values = answer.values().map_err(|malformed| self.senseless(malformed))?;
        Ok(Reply { incarnation, values })
    }

    /// Sends commands, in pieces that ask for so many replies, before it returns. Reads the identity in front where it is due;
    /// the answer is that to the commands alone.
    pub(super) fn send(self: &Arc<Self>, pieces: &[&[u8]], replies: usize) -> Sent {
        let now = self.now();
        let verified = self.verified.load(Ordering::Acquire);
        let due = verified <= self.doubted.load(Ordering::Acquire)
            || Duration::from_nanos(now.saturating_sub(verified)) >= self.rehandshake;
        let incarnation = self.incarnation();
        let pending = Pending::one_more(Arc::clone(self));
        if !due {
            let told = (replies > 0).then(|| self.line.send(pieces, replies));
            return Sent { pending, told, incarnation, asked: None };
        }
        let questions = packed(&identity::questions());
        let pieces: Vec<&[u8]> = std::iter::once(&*questions).chain(pieces.iter().copied()).collect();
        Sent { pending, told: Some(self.line.send(&pieces, 2 + replies)), incarnation, asked: Some(now) }
    }

    async fn identify(self: &Arc<Self>, naming: Cmd) -> Result<Identity, Fault> {
        let now = self.now();
        let [server, replication] = identity::questions();
        let _pending = Pending::one_more(Arc::clone(self));
        let told = self.line.send(&[&packed(&[server, replication, naming])], 3);
        let answer = told.await.map_err(|_| self.fate())?;
        let identity = self.identity(&answer.values().map_err(|malformed| self.senseless(malformed))?)?;
        self.know(identity, now);
        Ok(identity)
    }

    fn identity(&self, told: &[Value]) -> Result<Identity, Fault> {
        let [server, replication, ..] = told else { return Err(self.fate()) };
        Identity::read(&self.node, server, replication)
    }

    fn know(&self, identity: Identity, asked: u64) {
        let mut known = lock(&self.known);
        // Answers are looked at by those who asked, who may come late.
        if asked >= *known {
            *known = asked;
            self.incarnation.store(identity.incarnation, Ordering::Release);
            self.verified.store(asked, Ordering::Release);
        }
    }

    /// Gives the connection up: replies and requests are no more in step.
    pub(super) fn senseless(&self, malformed: Malformed) -> Fault {
        self.end(lost(&self.node, &malformed.0));
        self.fate()
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
                // Those who asked may have given up, and the next ones would, too.
                if self.pending.load(Ordering::Acquire) == 0 && self.line.is_idle() {
                    break;
                }
                tokio::spawn(self.clone().ping());
            }
        }
    }

    async fn ping(self: Arc<Self>) {
        let answer = self.line.ask(&[redis::cmd("PING")]);
        if tokio::time::timeout(self.timeout, answer).await.is_err() {
            let text = format!("no answer within {:?}; the connection was given up", self.timeout);
            self.end(Fault::new(FaultKind::TimedOut, &self.node, text));
        }
    }

    fn fate(&self) -> Fault {
        self.end.get().cloned().unwrap_or_else(|| lost(&self.node, &"it is closed"))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// What was sent and is to be answered.
pub(super) struct Sent {
    pending: Pending,
    /// `None` where nothing was asked.
    told: Option<oneshot::Receiver<Answer>>,
    incarnation: u64,
    /// When the identity was asked for in front, if it was.
    asked: Option<u64>,
}

impl Sent {
    /// The answer, and the connection and the incarnation that it came from.
    pub(super) async fn answered(self) -> Result<(Arc<Wire>, u64, Answer), Fault> {
        let wire = &self.pending.0;
        let Some(told) = self.told else { return Ok((Arc::clone(wire), self.incarnation, Answer::default())) };
        // Why it ended is known before those who wait are told.
        let mut answer = told.await.map_err(|_| wire.fate())?;
        let Some(asked) = self.asked else { return Ok((Arc::clone(wire), self.incarnation, answer)) };
        let told = answer.split(2).map_err(|malformed| wire.senseless(malformed))?;
        let identity = wire.identity(&told).inspect_err(|fault| wire.end(fault.clone()))?;
        wire.know(identity, asked);
        Ok((Arc::clone(wire), identity.incarnation, answer))
    }
}

/// One who waits for an answer, or did until it was dropped.
struct Pending(Arc<Wire>);

impl Pending {
    fn one_more(wire: Arc<Wire>) -> Self {
        if wire.pending.fetch_add(1, Ordering::AcqRel) == 0 {
            wire.busy.notify_one();
        }
        Pending(wire)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.pending.fetch_sub(1, Ordering::AcqRel);
    }
}
