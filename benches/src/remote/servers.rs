//! One server, or a cluster.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cache_core::{Cache, Mode, NearMode, RedisStore};
use test_servers::{Redis, RedisCluster};

use super::page;

/// A machine that is busy answers late.
const PATIENCE: Duration = Duration::from_secs(20);

pub enum Servers {
    One(Box<Redis>),
    Three(RedisCluster),
}

/// A cache in a namespace of its own.
pub struct Site {
    pub cache: Cache,
    pub namespace: String,
}

impl Servers {
    pub fn one() -> Self {
        Servers::One(Box::new(Redis::start().expect("a server starts")))
    }

    pub fn three() -> Self {
        Servers::Three(RedisCluster::start(3, 0).expect("a cluster starts"))
    }

    pub fn site(&self, mode: Mode, near: NearMode) -> Site {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let namespace = format!("shop{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let builder = RedisStore::builder().mode(mode).near(near).timeout(PATIENCE).connect_timeout(PATIENCE);
        let builder = match self {
            Servers::One(server) => builder.url(server.url()),
            Servers::Three(cluster) => builder.cluster(cluster.urls()),
        };
        let store = builder.connect_blocking().expect("the servers are reached");
        Site { cache: Cache::builder().namespace(&namespace).store(store).build(), namespace }
    }

    pub fn nodes(&self) -> Vec<&Redis> {
        match self {
            Servers::One(server) => vec![server],
            Servers::Three(cluster) => (0..cluster.len()).map(|number| cluster.node(number)).collect(),
        }
    }

    /// Keys that match a pattern, each with the server that has it.
    pub fn keys(&self, pattern: &str) -> Vec<(&Redis, String)> {
        let found = |node| {
            let keys = Redis::cli(node, &["KEYS", pattern]);
            keys.lines().filter(|key| !key.is_empty()).map(|key| (node, key.to_owned())).collect::<Vec<_>>()
        };
        self.nodes().into_iter().flat_map(found).collect()
    }

    /// Fills an entry and waits until it is there.
    pub fn entry(&self, site: &Site) -> (&Redis, String) {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            page::read(&site.cache, 1, 3);
            let found = self.keys(&format!("e:{}:*", site.namespace)).pop();
            match found {
                Some(found) => return found,
                None => assert!(Instant::now() < end, "nothing was stored"),
            }
        }
    }
}
