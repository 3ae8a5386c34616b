//! One primary that tells of the keys that change.

use std::sync::atomic::{AtomicBool, Ordering as Plain};
use std::sync::{Arc, Weak};

use redis::{Cmd, PushKind, Value};
use tokio::sync::Notify;

use super::State;
use crate::clock::Instant;
use crate::near::{Near, mark};
use crate::store::redis::link::{Answered, Fault, FaultKind, Group, Links, NodeId, Push, Subscription};
use crate::sync::Ordering;

/// Where what is heard goes.
#[derive(Clone)]
pub(super) struct Ear {
    pub(super) near: Weak<Near>,
    pub(super) state: Arc<State>,
    /// Told when a connection is lost.
    pub(super) disturbed: Arc<Notify>,
    /// What the names of keys begin with that are to be told of.
    pub(super) prefixes: [String; 2],
}

impl Ear {
    fn hear(&self, push: Push, sound: &AtomicBool) {
        if matches!(push, Push::Lost(_)) {
            sound.store(false, Plain::Release);
        }
        let Some(near) = self.near.upgrade() else { return };
        match push {
            Push::Message { kind: PushKind::Invalidate, data } => match data.as_slice() {
                [Value::Array(keys)] => self.changed(&near, keys),
                // All of them: the database was emptied.
                _ => near.suspect_all(),
            },
            Push::Message { .. } => {}
            Push::Lost(_) => {
                near.end_lease();
                self.disturbed.notify_one();
            }
        }
    }

    fn changed(&self, near: &Near, keys: &[Value]) {
        self.state.keys.fetch_add(keys.len() as u64, Ordering::Relaxed);
        let names = keys.iter().map(|key| match key {
            Value::BulkString(name) => Some(mark(name)),
            Value::SimpleString(name) => Some(mark(name.as_bytes())),
            _ => None,
        });
        if names.clone().any(|name| name.is_none()) {
            return near.suspect_all();
        }
        near.suspect(names.flatten());
    }
}

/// A connection on which a primary tells of changed keys.
pub(super) struct Listener {
    node: NodeId,
    subscription: Subscription,
    sound: Arc<AtomicBool>,
    incarnation: u64,
    identity: Identity,
    /// When the last question was sent that has been answered, and the one before.
    asked: Instant,
    asked_before: Instant,
}

impl Listener {
    /// Connects, and has the server tell. Whatever is expected when this has returned is told of.
    pub(super) async fn open(links: &Links, node: &NodeId, near: &Near, ear: &Ear) -> Result<Self, Fault> {
        let sound = Arc::new(AtomicBool::new(true));
        let (listening, hearing) = (ear.clone(), sound.clone());
        let subscription = links.subscribe(node, move |push| listening.hear(push, &hearing)).await?;
        let asked = near.clock().now();
        let mut tracking = redis::cmd("CLIENT");
        // Never NOLOOP: it swallows a change by another when a change by this connection follows in the same turn.
        tracking.arg("TRACKING").arg("ON").arg("BCAST");
        for prefix in &ear.prefixes {
            tracking.arg("PREFIX").arg(prefix);
        }
        let Answered { incarnation, values } =
            subscription.run(Group::new(0).with(tracking).with(info("cluster"))).await?;
        let [tracked, cluster] = values.as_slice() else { return Err(odd(node)) };
        if !matches!(tracked, Value::Okay) {
            return Err(refused(node, "CLIENT TRACKING", "client|tracking", tracked));
        }
        let cluster = text(cluster).ok_or_else(|| refused(node, "INFO", "info", cluster))?;
        let clustered = field(cluster, "cluster_enabled") == Some("1");
        let identity = Identity::read(node, &subscription.run(questions(clustered)).await?.values)?;
        // The connection that values come by may lead to another server, behind one name.
        let values_from = links.run_on(node, Group::new(0).with(redis::cmd("PING"))).await?.incarnation;
        if values_from != incarnation {
            return Err(Fault::new(FaultKind::Moved, node, "connections to this address lead to different servers"));
        }
        let node = node.clone();
        Ok(Listener { node, subscription, sound, incarnation, identity, asked, asked_before: asked })
    }

    /// Asks the server whether it is what it was. When that is answered, everything has been heard that was told before the
    /// question before it was sent.
    pub(super) async fn ping(&mut self, near: &Near) -> Result<(), Fault> {
        let result = self.ask(near).await;
        if result.is_err() {
            self.give_up();
        }
        result
    }

    async fn ask(&mut self, near: &Near) -> Result<(), Fault> {
        let asked = near.clock().now();
        let questions = questions(self.identity.epoch.is_some());
        let Answered { incarnation, values } = self.subscription.run(questions).await?;
        if incarnation != self.incarnation || Identity::read(&self.node, &values)? != self.identity {
            return Err(Fault::new(FaultKind::Moved, &self.node, "the server or its cluster is not what it was"));
        }
        self.asked_before = self.asked;
        self.asked = asked;
        Ok(())
    }

    pub(super) fn node(&self) -> &NodeId {
        &self.node
    }

    /// Of the server that tells.
    pub(super) fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// Everything that was told before this moment has been heard.
    pub(super) fn since(&self) -> Instant {
        self.asked_before
    }

    /// Whether nothing can have been missed since it was opened.
    pub(super) fn is_sound(&self) -> bool {
        self.sound.load(Plain::Acquire)
    }

    /// Marks it as one that something may be missed by.
    pub(super) fn give_up(&self) {
        self.sound.store(false, Plain::Release);
    }
}

/// What changes when another server takes over, or slots go to a server that had none.
#[derive(Debug, PartialEq)]
struct Identity {
    history: String,
    /// That of the cluster, if there is one.
    epoch: Option<u64>,
}

fn info(section: &str) -> Cmd {
    let mut command = redis::cmd("INFO");
    command.arg(section);
    command
}

/// The questions for an [`Identity`].
fn questions(clustered: bool) -> Group {
    let mut group = Group::new(0).with(info("replication"));
    if clustered {
        let mut cluster = redis::cmd("CLUSTER");
        cluster.arg("INFO");
        group = group.with(cluster);
    }
    group
}

impl Identity {
    /// Reads the replies to [`questions`].
    fn read(node: &NodeId, values: &[Value]) -> Result<Identity, Fault> {
        let replication = values.first().ok_or_else(|| odd(node))?;
        let replication = text(replication).ok_or_else(|| refused(node, "INFO", "info", replication))?;
        if field(replication, "role") != Some("master") {
            return Err(Fault::new(FaultKind::NotPrimary, node, "the server is a replica"));
        }
        let history = field(replication, "master_replid").ok_or_else(|| odd(node))?.to_owned();
        let epoch = match values.get(1) {
            None => None,
            Some(value) => {
                let cluster = text(value).ok_or_else(|| refused(node, "CLUSTER INFO", "cluster|info", value))?;
                if field(cluster, "cluster_state") != Some("ok") {
                    return Err(Fault::new(FaultKind::Moved, node, "the cluster is down"));
                }
                let epoch = field(cluster, "cluster_current_epoch").and_then(|epoch| epoch.parse().ok());
                Some(epoch.ok_or_else(|| odd(node))?)
            }
        };
        Ok(Identity { history, epoch })
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::VerbatimString { text, .. } | Value::SimpleString(text) => Some(text),
        Value::BulkString(bytes) => str::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

fn refused(node: &NodeId, command: &str, rule: &str, value: &Value) -> Fault {
    match value {
        Value::ServerError(error) if error.code() == "NOPERM" => {
            let text = format!(
                "the user may not call {command} (NOPERM), which the near cache's bound rests on; allow it with \
                 `ACL SETUSER .. +{rule}`, or have every hit validated"
            );
            Fault::new(FaultKind::Refused, node, text)
        }
        Value::ServerError(error) => {
            let text = format!("{command} failed: {} {}", error.code(), error.details().unwrap_or_default());
            Fault::new(FaultKind::Server, node, text)
        }
        _ => odd(node),
    }
}

fn odd(node: &NodeId) -> Fault {
    Fault::new(FaultKind::Server, node, "the server answers otherwise than was asked")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[Value]) -> Result<Identity, FaultKind> {
        Identity::read(&NodeId::tcp("h", 1, false), values).map_err(|fault| fault.kind())
    }

    fn told(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    #[test]
    fn a_primary_is_known_by_its_history_and_its_clusters_epoch() {
        let primary = told("# Replication\r\nrole:master\r\nmaster_replid:abc\r\nmaster_replid2:def\r\n");
        let identity = |epoch| Identity { history: "abc".to_owned(), epoch };
        let cluster = told("cluster_enabled:1\r\ncluster_state:ok\r\ncluster_current_epoch:7\r\n");
        assert_eq!(read(std::slice::from_ref(&primary)), Ok(identity(None)));
        assert_eq!(read(&[primary.clone(), cluster]), Ok(identity(Some(7))));
        assert_eq!(read(&[primary.clone(), told("cluster_state:fail\r\n")]), Err(FaultKind::Moved));
        assert_eq!(read(&[primary, told("cluster_state:ok\r\n")]), Err(FaultKind::Server));
    }

    #[test]
    fn nobody_else_is_taken_for_one() {
        assert_eq!(read(&[told("role:slave\r\nmaster_replid:abc\r\n")]), Err(FaultKind::NotPrimary));
        assert_eq!(read(&[told("role:master\r\n")]), Err(FaultKind::Server));
        assert_eq!(read(&[Value::Nil]), Err(FaultKind::Server));
        assert_eq!(read(&[]), Err(FaultKind::Server));
    }
}
