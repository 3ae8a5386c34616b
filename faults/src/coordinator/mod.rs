//! Starts everything, breaks some of it, and adds up.

mod child;
mod clock;
mod schedule;
mod servers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use test_servers::Postgres;

use self::child::Children;
use self::clock::Clocks;
use self::schedule::Schedule;
use self::servers::Servers;
use crate::counts::Report;
use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::plan::{Database, Near, Plan};
use crate::worker::Task;
use crate::world;

/// Runs a plan; `program` is the program that a worker is started with, by `worker TASK`.
///
/// # Errors
///
/// When something could not be started, or ended by itself: then nothing is known of the promises.
pub fn run(plan: &Plan, program: &Path) -> Result<Report, String> {
    let faults = plan.faults()?;
    let folder = tempfile::Builder::new().prefix("faults-").tempdir().map_err(|error| error.to_string())?;
    let ledger = folder.path().join("ledger");
    Ledger::create(&ledger, plan.processes).map_err(|error| format!("the ledger cannot be written: {error}"))?;
    let (database, _server) = database(plan, folder.path())?;
    let servers = Servers::start(plan)?;
    let task = Task { plan: plan.clone(), ledger, slot: 0, incarnation: 0, database, place: servers.place() };
    let clocks = faults.contains(&Fault::Clock).then(|| Clocks::new(folder.path())).transpose()?;
    let started = Instant::now();
    let mut children = Children::start(program, task, clocks, started)?;
    let mut random = fastrand::Rng::with_seed(plan.seed);
    let mut schedule = Schedule::new(&faults);
    let end = End { started, plan };
    let mut injected: BTreeMap<String, u64> = BTreeMap::new();
    let mut next = started + pause(plan, &mut random);
    while !end.is_reached(&children) {
        children.look_after()?;
        if Instant::now() >= next
            && let Some(fault) = schedule.next(&mut random)
        {
            let trace = |what: &str| {
                if plan.trace {
                    eprintln!("faults: {:8.3} s: {} {what}", started.elapsed().as_secs_f64(), fault.name());
                }
            };
            trace("begins");
            schedule::inject(fault, &servers, &mut children, &mut random)?;
            trace("ends");
            *injected.entry(fault.name()).or_default() += 1;
            next = Instant::now() + pause(plan, &mut random);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let seconds = started.elapsed().as_secs_f64();
    let restarts = children.restarts();
    let counts = children.stop()?;
    for (name, count) in [("unknown", counts.unknown), ("slow", counts.slow)] {
        if count > 0 {
            injected.insert(name.to_owned(), count);
        }
    }
    Ok(Report { run: described(plan), seconds, counts, faults: injected, restarts })
}

struct End<'a> {
    started: Instant,
    plan: &'a Plan,
}

impl End<'_> {
    fn is_reached(&self, children: &Children) -> bool {
        let seconds = self.plan.seconds.or(self.plan.operations.is_none().then_some(60));
        let late = seconds.is_some_and(|seconds| self.started.elapsed() >= Duration::from_secs(seconds));
        let found = self.plan.until.as_deref().is_some_and(|property| children.has_found(property));
        late || found || self.plan.operations.is_some_and(|operations| children.operations() >= operations)
    }
}

fn pause(plan: &Plan, random: &mut fastrand::Rng) -> Duration {
    plan.every().mul_f64(0.5 + random.f64())
}

/// A database with its rows, and the server that has to live as long.
fn database(plan: &Plan, folder: &Path) -> Result<(String, Option<Postgres>), String> {
    let (url, server) = match plan.database {
        Database::Sqlite => {
            let file: PathBuf = folder.join("database");
            (format!("sqlite://{}?mode=rwc", file.display()), None)
        }
        Database::Postgres => {
            let server = Postgres::start().map_err(|error| error.to_string())?;
            (server.create_database("faults"), Some(server))
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(world::prepare(&url)).map_err(|error| format!("the database cannot be prepared: {error}"))?;
    Ok((url, server))
}

/// The options that make the same run.
fn described(plan: &Plan) -> String {
    let name = |value: Option<clap::builder::PossibleValue>| {
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    };
    let near = match plan.near {
        Near::Off => "off".to_owned(),
        Near::Validated => "validated".to_owned(),
        Near::Bounded(bound) => format!("bounded:{bound}"),
    };
    let mut text = format!(
        "--mode {} --near {near} --topology {} --database {} --seed {}",
        name(plan.protocol.to_possible_value()),
        name(plan.topology.to_possible_value()),
        name(plan.database.to_possible_value()),
        plan.seed
    );
    if let Some(faults) = &plan.faults {
        text.push_str(&format!(" --faults {faults}"));
    }
    text
}
