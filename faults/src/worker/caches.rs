//! The caches of a process.

use std::time::Duration;

use cache_core::{Cache, Mode, NearMode, RedisStore};
use cache_sea_orm::CachedConnection;
use sea_orm::DatabaseConnection;

use super::{Place, Subject, Task};
use crate::control::Control;
use crate::counts::Counts;
use crate::plan::Near;

/// One cache as the plan says, and beside it one without a near cache, which shares the store with it.
pub(super) async fn open(task: &Task, db: &DatabaseConnection) -> Result<Vec<Subject>, String> {
    let Some(mode) = task.plan.mode() else {
        return Ok(vec![Subject::Control(Control::open(task.plan.protocol, &task.place).await?)]);
    };
    let mut subjects = vec![product(task, db, mode, task.plan.near).await?];
    if task.plan.near != Near::Off {
        subjects.push(product(task, db, mode, Near::Off).await?);
    }
    Ok(subjects)
}

async fn product(task: &Task, db: &DatabaseConnection, mode: Mode, near: Near) -> Result<Subject, String> {
    let store = connect(&task.place, mode, near.mode()).await?;
    let cache = Cache::builder().namespace("faults").store(store).ttl(Duration::from_secs(600)).build();
    let db = CachedConnection::new(db.clone(), &cache);
    Ok(Subject::Product { cache, db, bounded: near.bound().is_some() })
}

/// Connects, also while the servers are down: what is being tested may be a fault.
async fn connect(place: &Place, mode: Mode, near: NearMode) -> Result<RedisStore, String> {
    let mut tries = 0;
    loop {
        // Whatever is replaced here is dead, or has been told: it takes no announcements any more.
        let builder = RedisStore::builder().mode(mode).near(near).failover_slack(Duration::ZERO);
        let builder = match place {
            Place::Server(url) => builder.url(url),
            Place::Sentinel { sentinels, name } => builder.sentinel(sentinels, name.as_str()),
            Place::Cluster(nodes) => builder.cluster(nodes),
        };
        match builder.connect().await {
            Ok(store) => return Ok(store),
            Err(error) if tries == 300 => return Err(error.to_string()),
            Err(_) => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

impl Subject {
    /// Adds what it has served and stored.
    pub(super) fn count(&self, counts: &mut Counts) {
        let (hits, misses, refused) = match self {
            Subject::Product { cache, .. } => {
                let counters = cache.counters();
                (counters.hits, counters.misses, counters.refused)
            }
            Subject::Control(control) => control.counters(),
        };
        counts.hits += hits;
        counts.misses += misses;
        counts.refused += refused;
    }
}
