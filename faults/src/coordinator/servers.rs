//! The servers of the store, and what can be done to them.

use std::time::{Duration, Instant};

use test_servers::{Redis, RedisCluster, RedisSentinel};

use super::schedule::moment;
use crate::plan::{Plan, Topology};
use crate::worker::Place;

/// The servers of a run.
pub(super) enum Servers {
    Single(Redis),
    Replica { primary: Redis, replica: Redis },
    Sentinel(RedisSentinel),
    Cluster(RedisCluster),
}

/// How long servers may take to sort themselves out.
const PATIENCE: Duration = Duration::from_secs(60);

impl Servers {
    pub(super) fn start(plan: &Plan) -> Result<Self, String> {
        // What a server brings back from its disk is older than what it had: a snapshot of some moment, or a log that is
        // written out once a second.
        let log = if plan.seed.is_multiple_of(2) { "yes" } else { "no" };
        let builder = Redis::builder().config("appendonly", log).config("appendfsync", "everysec");
        let servers = match plan.topology {
            Topology::Single => builder.start().map(Servers::Single),
            Topology::Replica => builder
                .start()
                .and_then(|primary| Ok(Servers::Replica { replica: builder.replica_of(&primary).start()?, primary })),
            Topology::Sentinel => RedisSentinel::start().map(Servers::Sentinel),
            Topology::Cluster => RedisCluster::start(3, 1).map(Servers::Cluster),
        };
        servers.map_err(|error| error.to_string())
    }

    pub(super) fn place(&self) -> Place {
        match self {
            Servers::Single(server) | Servers::Replica { primary: server, .. } => Place::Server(server.url()),
            Servers::Sentinel(watched) => {
                Place::Sentinel { sentinels: watched.sentinel_urls(), name: RedisSentinel::NAME.to_owned() }
            }
            Servers::Cluster(cluster) => Place::Cluster(cluster.urls()),
        }
    }

    /// A server that holds data which clients are told to use.
    fn primary(&self, random: &mut fastrand::Rng) -> &Redis {
        match self {
            Servers::Single(server) | Servers::Replica { primary: server, .. } => server,
            Servers::Sentinel(watched) => {
                let url = watched.primary();
                let [first, second] = watched.servers();
                if second.url() == url { second } else { first }
            }
            Servers::Cluster(cluster) => {
                let nodes: Vec<&Redis> = (0..cluster.len()).map(|number| cluster.node(number)).collect();
                let primaries = nodes.iter().copied().filter(|node| is_primary(node));
                random.choice(primaries.collect::<Vec<_>>()).unwrap_or(nodes[0])
            }
        }
    }

    /// Whether others stand in for a server that is silent for long.
    fn is_watched(&self) -> bool {
        matches!(self, Servers::Sentinel(_) | Servers::Cluster(_))
    }

    /// Kills a server, and starts it again from what it had saved.
    pub(super) fn kill(&self, random: &mut fastrand::Rng) {
        let server = self.primary(random);
        if random.bool() {
            server.cli(&["SAVE"]);
            moment(random, 500);
        }
        server.kill();
        moment(random, 700);
        server.restart();
    }

    pub(super) fn pause(&self, random: &mut fastrand::Rng) {
        let server = self.primary(random);
        server.pause();
        moment(random, if self.is_watched() { 1000 } else { 2500 });
        server.resume();
    }

    pub(super) fn cut_connections(&self, random: &mut fastrand::Rng) {
        self.primary(random).cli(&["CLIENT", "KILL", "TYPE", "normal"]);
    }

    pub(super) fn flush(&self, random: &mut fastrand::Rng) {
        let server = self.primary(random);
        match random.u8(..3) {
            0 => server.cli(&["FLUSHALL"]),
            1 => server.cli(&["SCRIPT", "FLUSH"]),
            _ => server.cli(&["SCRIPT", "FLUSH"]) + &server.cli(&["FLUSHALL"]),
        };
    }

    /// Drops keys as a server does that is full, or some here and there.
    pub(super) fn evict(&self, random: &mut fastrand::Rng) {
        let server = self.primary(random);
        if random.bool() {
            for _ in 0..random.u32(1..60) {
                let key = server.cli(&["RANDOMKEY"]);
                if !key.is_empty() {
                    server.cli(&["UNLINK", &key]);
                }
            }
            return;
        }
        let used: u64 = server.info("used_memory").and_then(|used| used.parse().ok()).unwrap_or(1 << 20);
        let policy = random.choice(["allkeys-random", "allkeys-lru", "volatile-random"]).unwrap_or("allkeys-random");
        server.cli(&["CONFIG", "SET", "maxmemory-policy", policy, "maxmemory", &(used - used / 50).to_string()]);
        moment(random, 800);
        server.cli(&["CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "0"]);
    }

    /// Has a replica take the place of its primary, which comes back as its replica.
    pub(super) fn promote(&self, random: &mut fastrand::Rng) {
        match self {
            Servers::Single(_) => {}
            Servers::Replica { primary, replica } => {
                // It misses what its primary is told from now on.
                replica.promote();
                moment(random, 800);
                // Who demotes a primary cuts its clients, as sentinels do: a connection that stays open is not asked for
                // the role of its server again for a second.
                primary.cli(&["REPLICAOF", "127.0.0.1", &replica.port().to_string()]);
                primary.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
                primary.follow(replica);
                // Clients know the primary only, which refuses writes now.
                moment(random, 1500);
                primary.promote();
                moment(random, 300);
                replica.follow(primary);
            }
            Servers::Sentinel(watched) => {
                let before = watched.primary();
                let [first, second] = watched.servers();
                let killed = if first.url() == before { first } else { second };
                killed.kill();
                wait(|| watched.primary() != before);
                moment(random, 500);
                killed.restart();
            }
            Servers::Cluster(cluster) => {
                if let Some(replica) = replica(cluster, random) {
                    cluster.failover(replica);
                }
            }
        }
    }

    /// Moves a slot that is in use to another node.
    pub(super) fn migrate(&self, random: &mut fastrand::Rng) {
        let Servers::Cluster(cluster) = self else { return };
        let key = self.primary(random).cli(&["RANDOMKEY"]);
        let slot = if key.is_empty() { random.u16(..16_384) } else { cluster.slot(&key) };
        let Some(from) = cluster.owner(slot) else { return };
        let others = (0..cluster.len()).filter(|node| *node != from && is_primary(cluster.node(*node)));
        let Some(to) = random.choice(others.collect::<Vec<_>>()) else { return };
        cluster.begin_move(slot, from, to);
        moment(random, 600);
        cluster.finish_move(slot, from, to);
    }

    /// Kills the primary of a replica, which stands in; the node comes back as a replica later.
    pub(super) fn lose_node(&self, random: &mut fastrand::Rng) {
        let Servers::Cluster(cluster) = self else { return };
        let Some(replica) = replica(cluster, random) else { return };
        let port = cluster.node(replica).info("master_port");
        let lost = (0..cluster.len()).find(|node| Some(cluster.node(*node).port().to_string()) == port);
        let Some(lost) = lost else { return };
        cluster.node(lost).kill();
        moment(random, 1500);
        cluster.failover(replica);
        moment(random, 1000);
        cluster.node(lost).restart();
        wait(|| is_linked(cluster.node(lost)));
    }

    /// Waits until the servers answer.
    pub(super) fn answer(&self) -> Result<(), String> {
        let answered = match self {
            Servers::Cluster(cluster) => wait(|| {
                (0..cluster.len()).all(|node| {
                    let node = cluster.node(node);
                    node.is_running() && node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
                })
            }),
            Servers::Sentinel(watched) => wait(|| {
                let mut ready = watched.servers().iter().filter(|server| server.is_running());
                // A replica that is not up would not be promoted.
                ready.any(|server| is_primary(server) && server.url() == watched.primary())
                    && watched.servers().iter().any(|server| server.is_running() && is_linked(server))
            }),
            _ => wait(|| self.primary(&mut fastrand::Rng::new()).cli(&["PING"]) == "PONG"),
        };
        if answered { Ok(()) } else { Err(format!("the servers do not answer {} s after a fault", PATIENCE.as_secs())) }
    }
}

fn is_primary(node: &Redis) -> bool {
    node.is_running() && node.info("role").as_deref() == Some("master")
}

fn is_linked(node: &Redis) -> bool {
    node.info("master_link_status").as_deref() == Some("up")
}

/// A replica that is up with its primary.
fn replica(cluster: &RedisCluster, random: &mut fastrand::Rng) -> Option<usize> {
    let replicas = (0..cluster.len()).filter(|node| {
        let node = cluster.node(*node);
        node.is_running() && is_linked(node)
    });
    random.choice(replicas.collect::<Vec<_>>())
}

fn wait(happened: impl Fn() -> bool) -> bool {
    let started = Instant::now();
    while !happened() {
        if started.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    true
}
