//! A process that reads and writes.

mod caches;
mod orders;
mod questions;
mod reader;
mod step;
mod tally;
mod writer;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cache_core::Cache;
use cache_sea_orm::CachedConnection;
use sea_orm::DatabaseConnection;
use serde::{Deserialize, Serialize};

use self::step::Steps;
use self::tally::Tally;
use crate::control::Control;
use crate::ledger::{Ledger, Past};
use crate::plan::Plan;
use crate::world::{self, ROWS};

pub(crate) use orders::Order;
pub(crate) use step::Step;
pub(crate) use tally::Telling;

/// What a worker is started with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) plan: Plan,
    pub(crate) ledger: PathBuf,
    /// Which of the processes this is.
    pub(crate) slot: usize,
    /// Which one it is of those that were started in this slot.
    pub(crate) incarnation: u64,
    pub(crate) database: String,
    pub(crate) place: Place,
}

/// Where the servers of the store are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Place {
    Server(String),
    Sentinel { sentinels: Vec<String>, name: String },
    Cluster(Vec<String>),
}

/// What the reads and writes of a process share.
struct World {
    task: Task,
    ledger: Ledger,
    past: Option<Past>,
    db: DatabaseConnection,
    subjects: Vec<Subject>,
    tally: Tally,
    steps: Steps,
    stop: AtomicBool,
    /// Counts ends of work, so that a read can tell what was made before it began.
    tick: AtomicU64,
    /// What this process has had acknowledged, by row.
    own: Vec<writer::Own>,
}

/// What is tested.
enum Subject {
    /// A cache, and whether answers may come from its near cache without asking.
    Product { cache: Cache, db: CachedConnection, bounded: bool },
    /// A protocol that is wrong.
    Control(Control),
}

impl World {
    async fn open(task: Task) -> Result<Self, String> {
        let failed = |error: &dyn std::fmt::Display| format!("process {}: {error}", task.slot);
        let ledger = Ledger::open(&task.ledger, task.plan.processes, task.slot).map_err(|error| failed(&error))?;
        let connections = u32::try_from(task.plan.readers + task.plan.writers).unwrap_or(u32::MAX);
        let db = world::connect(&task.database, connections.min(8)).await.map_err(|error| failed(&error))?;
        let subjects = caches::open(&task, &db).await.map_err(|error| failed(&error))?;
        let past = task.plan.near.bound().map(Past::new);
        Ok(World {
            ledger,
            past,
            db,
            subjects,
            tally: Tally::default(),
            steps: Steps::default(),
            stop: AtomicBool::new(false),
            tick: AtomicU64::new(1),
            own: (0..ROWS).map(|_| writer::Own::default()).collect(),
            task,
        })
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Tells this process from all others, also from those before it in its slot.
    fn process(&self) -> u64 {
        self.task.incarnation * self.task.plan.processes as u64 + self.task.slot as u64
    }

    fn random(&self, task: u64) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.task.plan.seed ^ (self.process() << 32) ^ (task << 56))
    }
}

/// Works as a worker, until its standard input says that it is over, or ends.
pub fn work(task: &str) -> ExitCode {
    match run(task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("faults: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(task: &str) -> Result<(), String> {
    let task: Task =
        serde_json::from_str(task).map_err(|error| format!("the task of a worker does not parse: {error}"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| format!("no threads for a worker: {error}"))?;
    runtime.block_on(async move {
        let world = Arc::new(World::open(task).await?);
        let (readers, writers) = (world.task.plan.readers, world.task.plan.writers);
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..readers {
            tasks.spawn(reader::read(Arc::clone(&world), number));
        }
        for number in 0..writers {
            tasks.spawn(writer::write(Arc::clone(&world), number));
        }
        if world.past.is_some() {
            tasks.spawn(remember(Arc::clone(&world)));
        }
        tokio::spawn(tell(Arc::clone(&world)));
        orders::obey(&world).await;
        world.stop.store(true, Ordering::Relaxed);
        // What waits for a server that does not answer is left behind.
        let ended = async {
            while let Some(ended) = tasks.join_next().await {
                ended.map_err(|error| format!("a task of a worker ended: {error}"))?;
            }
            Ok(())
        };
        let ended = tokio::time::timeout(Duration::from_secs(10), ended).await;
        world.tally.tell(&world.subjects);
        ended.unwrap_or(Ok(()))
    })
}

/// Copies the ledger often enough for the bound to be worth checking.
async fn remember(world: Arc<World>) {
    while let Some(past) = &world.past
        && !world.is_over()
    {
        if past.copy(&world.ledger).is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Tells the coordinator what has been done so far.
async fn tell(world: Arc<World>) {
    while !world.is_over() {
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.tally.tell(&world.subjects);
    }
}
