//! A cluster.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::server::{Redis, find};
use crate::Error;
use crate::process::until;

/// How many slots a cluster has.
const SLOTS: usize = 16_384;

/// For how long nodes try a failover that they were told to do.
const ATTEMPT: Duration = Duration::from_secs(6);

/// A Redis cluster: every node a server of its own on 127.0.0.1.
///
/// The primaries come first among the nodes and have equal shares of the slots in their order; then come the replicas of
/// the first one, those of the second one, and so on. A primary that is down for two seconds is replaced by a replica of its
/// own, where the others are a majority.
///
/// ```no_run
/// use test_servers::RedisCluster;
///
/// let cluster = RedisCluster::start(3, 1)?;
/// assert_eq!(cluster.urls().len(), 6);
/// assert_eq!(cluster.node(3).info("role").as_deref(), Some("slave"));
/// cluster.move_slot(0, 0, 2);
/// cluster.failover(3);
/// # Ok::<(), test_servers::Error>(())
/// ```
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<Redis>,
    /// What the nodes call each other.
    ids: Vec<String>,
}

impl RedisCluster {
    /// Starts a cluster and waits until all of its nodes say that it is complete.
    ///
    /// # Errors
    ///
    /// There is to be no primary; Redis is not installed, or older than version 7, or does not start.
    pub fn start(primaries: usize, replicas_each: usize) -> Result<Self, Error> {
        if primaries == 0 {
            return Err(Error::refused("a cluster has slots: it needs one primary at least"));
        }
        let builder = Redis::builder().config("cluster-enabled", "yes").config("cluster-node-timeout", "2000");
        // A replica stands in even if it was cut off for long: tests pause servers.
        let builder = builder.config("cluster-replica-validity-factor", "0");
        let nodes: Vec<Redis> =
            (0..primaries * (1 + replicas_each)).map(|_| builder.start()).collect::<Result<_, _>>()?;
        let ids = nodes.iter().map(|node| node.try_cli(&["CLUSTER", "MYID"])).collect::<Result<_, _>>()?;
        let cluster = RedisCluster { nodes, ids };
        cluster.form(primaries, replicas_each)?;
        Ok(cluster)
    }

    fn form(&self, primaries: usize, replicas_each: usize) -> Result<(), Error> {
        for (number, node) in self.nodes.iter().enumerate() {
            node.try_cli(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()])?;
            if number < primaries {
                let [first, end] = [number, number + 1].map(|share| share * SLOTS / primaries);
                node.try_cli(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &(end - 1).to_string()])?;
            }
        }
        // A node takes an epoch only before it knows others.
        for (number, node) in self.nodes.iter().enumerate() {
            for other in &self.nodes[number + 1..] {
                node.try_cli(&["CLUSTER", "MEET", "127.0.0.1", &other.port().to_string()])?;
            }
        }
        let known: BTreeSet<&str> = self.ids.iter().map(String::as_str).collect();
        self.agree("know each other", |view| {
            view.iter().all(|line| !line.has("handshake"))
                && view.iter().map(|line| &*line.id).collect::<BTreeSet<_>>() == known
        })?;
        for (number, replica) in self.nodes.iter().enumerate().skip(primaries) {
            let primary = (number - primaries) / replicas_each;
            replica.try_cli(&["CLUSTER", "REPLICATE", &self.ids[primary]])?;
        }
        for (number, replica) in self.nodes.iter().enumerate().skip(primaries) {
            replica.linked(self.nodes[(number - primaries) / replicas_each].port())?;
        }
        self.agree("know the replicas", |view| {
            view.iter().filter(|line| line.has("slave")).count() == primaries * replicas_each
        })?;
        self.complete()
    }

    /// Where all nodes are found.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Redis::url).collect()
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are no nodes; there always are.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A node, counted from 0.
    ///
    /// # Panics
    ///
    /// Where there are not that many.
    pub fn node(&self, number: usize) -> &Redis {
        &self.nodes[number]
    }

    /// Which node has a slot, as the first node that can be asked says; `None` where none has.
    pub fn owner(&self, slot: u16) -> Option<usize> {
        let view = self.nodes.iter().filter(|node| node.is_running()).find_map(view)?;
        let owner = view.iter().find(|line| line.serves(slot))?;
        self.ids.iter().position(|id| *id == owner.id)
    }

    /// The slot of a key.
    ///
    /// # Panics
    ///
    /// Where no node answers.
    pub fn slot(&self, key: &str) -> u16 {
        let mut running = self.nodes.iter().filter(|node| node.is_running());
        let answer = running.find_map(|node| node.try_cli(&["CLUSTER", "KEYSLOT", key]).ok());
        let slot = answer.and_then(|slot| slot.parse().ok());
        slot.unwrap_or_else(|| panic!("no node tells the slot of the key {key}"))
    }

    /// Moves a slot and its keys from one primary to another, and waits until all nodes know.
    ///
    /// # Panics
    ///
    /// Where a primary does not do its part, such as `from` not having the slot; with the reason.
    pub fn move_slot(&self, slot: u16, from: usize, to: usize) {
        self.begin_move(slot, from, to);
        self.finish_move(slot, from, to);
    }

    /// Opens a slot for its move: `from` redirects clients to `to` for keys that it does not have (`ASK`).
    ///
    /// # Panics
    ///
    /// As [`move_slot`](Self::move_slot) does.
    pub fn begin_move(&self, slot: u16, from: usize, to: usize) {
        let slot = slot.to_string();
        self.nodes[to].cli(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &self.ids[from]]);
        self.nodes[from].cli(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &self.ids[to]]);
    }

    /// Moves the keys of a slot that is open for it, closes it, and waits until all nodes that run know.
    ///
    /// # Panics
    ///
    /// As [`move_slot`](Self::move_slot) does.
    pub fn finish_move(&self, slot: u16, from: usize, to: usize) {
        let (word, port) = (slot.to_string(), self.nodes[to].port().to_string());
        loop {
            let keys = self.nodes[from].cli(&["CLUSTER", "GETKEYSINSLOT", &word, "100"]);
            if keys.is_empty() {
                break;
            }
            let migrate = ["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"].into_iter().chain(keys.lines());
            self.nodes[from].cli(&migrate.collect::<Vec<_>>());
        }
        // The new owner first: it takes a new epoch, with which it convinces all others.
        for node in [to, from] {
            self.nodes[node].cli(&["CLUSTER", "SETSLOT", &word, "NODE", &self.ids[to]]);
        }
        let id = &self.ids[to];
        let known = self.agree(&format!("know that slot {slot} has moved"), |view| {
            view.iter().filter(|line| line.serves(slot)).map(|line| &line.id).eq([id])
        });
        known.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Makes a replica the primary of its slots, and waits until all nodes that run know.
    ///
    /// Where the primary answers, it becomes its replica and nothing is lost; a primary that is killed or paused is
    /// overruled.
    ///
    /// # Panics
    ///
    /// Where the node is a primary already, or the reason why it does not become one.
    pub fn failover(&self, replica: usize) {
        let node = &self.nodes[replica];
        let replication = |field| find(&node.try_cli(&["INFO", "replication"]).unwrap_or_default(), field);
        let port = replication("master_port");
        let Some(port) = port else { panic!("node {replica} does not run, or is a primary already") };
        let primary = self.nodes.iter().find(|node| node.port().to_string() == port);
        let overrule: &[&str] = if primary.is_some_and(Redis::is_running) { &[] } else { &["TAKEOVER"] };
        let command = [&["CLUSTER", "FAILOVER"], overrule].concat();
        let is_primary = || replication("role").as_deref() == Some("master");
        let asked = Cell::new(None);
        let promoted = || {
            // An attempt that the others did not vote for in time is given up silently.
            if asked.get().is_none_or(|asked: Instant| asked.elapsed() > ATTEMPT) {
                // Refused where the node has been promoted by itself meanwhile.
                let _ = node.try_cli(&command);
                asked.set(Some(Instant::now()));
            }
            is_primary()
        };
        let promoted = until(|| format!("node {replica} is a primary"), promoted);
        let id = &self.ids[replica];
        let known = promoted.and_then(|()| {
            self.agree(&format!("know that node {replica} is a primary"), |view| {
                view.iter().any(|line| line.id == *id && line.has("master") && !line.slots.is_empty())
            })
        });
        known.and_then(|()| self.complete()).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Waits until all nodes that run say that every slot is served.
    fn complete(&self) -> Result<(), Error> {
        let is_complete = |node: &Redis| {
            let info = node.try_cli(&["CLUSTER", "INFO"]).unwrap_or_default();
            find(&info, "cluster_state").as_deref() == Some("ok")
        };
        let complete = || self.nodes.iter().filter(|node| node.is_running()).all(is_complete);
        until(|| "all nodes say that the cluster is complete".to_owned(), complete)
    }

    /// Waits until every node that runs sees the cluster so.
    fn agree(&self, what: &str, sees: impl Fn(&[Line]) -> bool) -> Result<(), Error> {
        let agree = || {
            let mut answering = self.nodes.iter().filter(|node| node.is_running());
            answering.all(|node| view(node).is_some_and(|view| sees(&view)))
        };
        until(|| format!("all nodes of the cluster {what}"), agree)
    }
}

/// How a node sees the cluster.
fn view(node: &Redis) -> Option<Vec<Line>> {
    let text = node.try_cli(&["CLUSTER", "NODES"]).ok()?;
    text.lines().map(Line::read).collect()
}

/// How a node sees one node.
struct Line {
    id: String,
    flags: String,
    /// The first and the last one of each range.
    slots: Vec<(u16, u16)>,
}

impl Line {
    /// Reads a line of `CLUSTER NODES`.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (id, flags) = (words.next()?.to_owned(), words.nth(1)?.to_owned());
        // The address was left out; then follow the primary, two times, the epoch and the link. In brackets are moves.
        let ranges = words.skip(5).filter(|word| !word.is_empty() && !word.starts_with('['));
        let slots = ranges.map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            Some((first.parse().ok()?, last.parse().ok()?))
        });
        Some(Line { id, flags, slots: slots.collect::<Option<_>>()? })
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.split(',').any(|found| found == flag)
    }

    fn serves(&self, slot: u16) -> bool {
        self.slots.iter().any(|(first, last)| (*first..=*last).contains(&slot))
    }
}
