//! What a run does.

use std::str::FromStr;
use std::time::Duration;

use cache_core::{Mode, NearMode, Strict};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// What a run does, for how long, and under which faults.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct Plan {
    /// What keeps the results fresh: a mode of the cache, or a protocol that is known not to.
    #[arg(long = "mode", value_enum, default_value_t = Protocol::Fresh)]
    pub protocol: Protocol,
    /// The near cache of each process: off, validated, or bounded:MS.
    #[arg(long, default_value = "validated")]
    pub near: Near,
    /// Which servers there are.
    #[arg(long, value_enum, default_value_t = Topology::Single)]
    pub topology: Topology,
    /// The database.
    #[arg(long, value_enum, default_value_t = Database::Sqlite)]
    pub database: Database,
    /// The longest time that the run takes, without its preparation.
    #[arg(long)]
    pub seconds: Option<u64>,
    /// The run ends after this many checked reads and writes.
    #[arg(long)]
    pub operations: Option<u64>,
    /// The seed of all random choices.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Which faults are injected, separated by commas; none for none; by default all that the topology allows.
    #[arg(long)]
    pub faults: Option<String>,
    /// Milliseconds between the end of one fault and the next one.
    #[arg(long)]
    pub every: Option<u64>,
    /// How many processes read and write.
    #[arg(long, default_value_t = 3)]
    pub processes: usize,
    /// How many reads each process has under way.
    #[arg(long, default_value_t = 6)]
    pub readers: usize,
    /// How many writes each process has under way.
    #[arg(long, default_value_t = 2)]
    pub writers: usize,
    /// Milliseconds that a writer rests between two writes, in the mean.
    #[arg(long)]
    pub rest: Option<u64>,
    /// Milliseconds of the lease of an announcement.
    #[arg(long, default_value_t = 1000)]
    pub lease: u64,
    /// Tells when each fault begins and ends.
    #[arg(long)]
    pub trace: bool,
    /// Ends when a violation of this property has been found; for tests of the checker.
    #[arg(long, hide = true)]
    pub until: Option<String>,
    /// Checks what another mode promises; for tests of the checker.
    #[arg(long, hide = true, value_enum)]
    pub promise: Option<Protocol>,
}

/// What keeps results fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[value(rename_all = "kebab-case")]
pub enum Protocol {
    /// [`Mode::Ttl`].
    Ttl,
    /// [`Mode::Fresh`].
    Fresh,
    /// [`Mode::Strict`].
    Strict,
    /// Known to be wrong: each condition has a set of the entries that depend on it, and a write deletes those.
    ControlSets,
    /// Known to be wrong: stamps are read after the work.
    ControlLate,
}

/// A near cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Near {
    /// [`NearMode::Off`].
    Off,
    /// [`NearMode::Validated`].
    Validated,
    /// [`NearMode::Bounded`], in milliseconds.
    Bounded(u64),
}

/// Which servers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub enum Topology {
    /// One server.
    Single,
    /// A server that clients know, and a replica that they do not.
    Replica,
    /// A primary, a replica and three sentinels.
    Sentinel,
    /// Three primaries, each with a replica.
    Cluster,
}

/// A database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub enum Database {
    /// A file, with a write-ahead log.
    Sqlite,
    /// A server of its own.
    Postgres,
}

impl Plan {
    /// A plan as a command line without arguments makes it, for some seconds.
    pub fn new(protocol: Protocol, near: Near, topology: Topology, seconds: u64) -> Self {
        Plan {
            protocol,
            near,
            topology,
            database: Database::Sqlite,
            seconds: Some(seconds),
            operations: None,
            seed: 1,
            faults: None,
            every: None,
            processes: 3,
            readers: 6,
            writers: 2,
            rest: None,
            lease: 1000,
            trace: false,
            until: None,
            promise: None,
        }
    }

    /// The kinds of fault that are injected.
    ///
    /// # Errors
    ///
    /// When a kind is not known, or the topology does not allow it.
    pub fn faults(&self) -> Result<Vec<Fault>, String> {
        let Some(listed) = self.faults.as_deref() else {
            return Ok(Fault::ALL.into_iter().filter(|fault| fault.is_possible(self.topology)).collect());
        };
        if listed == "none" {
            return Ok(Vec::new());
        }
        let kinds = listed.split(',').map(|name| {
            let fault = Fault::from_str(name.trim(), true).map_err(|_| {
                format!("no fault is called {name:?}; there are {}", Fault::ALL.map(Fault::name).join(", "))
            })?;
            if !fault.is_possible(self.topology) {
                return Err(format!("{name} cannot be injected into this topology; see --topology"));
            }
            Ok(fault)
        });
        kinds.collect()
    }

    /// Whether a kind of fault is injected.
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults().is_ok_and(|faults| faults.contains(&fault))
    }

    /// The mode of the cache; `None` for the controls.
    pub(crate) fn mode(&self) -> Option<Mode> {
        match self.protocol {
            Protocol::Ttl => Some(Mode::Ttl),
            Protocol::Fresh => Some(Mode::Fresh),
            Protocol::Strict => Some(Mode::Strict(Strict::new().lease(self.lease()))),
            Protocol::ControlSets | Protocol::ControlLate => None,
        }
    }

    /// What answers are checked for.
    pub(crate) fn promise(&self) -> Protocol {
        self.promise.unwrap_or(self.protocol)
    }

    /// The time between two writes of a writer, in milliseconds.
    pub(crate) fn rest(&self) -> u64 {
        self.rest.unwrap_or(if self.protocol == Protocol::Strict { 120 } else { 40 })
    }

    pub(crate) fn lease(&self) -> Duration {
        Duration::from_millis(self.lease)
    }

    /// The time between two faults: strict stores nothing for a lease and a second after most of them.
    pub(crate) fn every(&self) -> Duration {
        let every = self.every.unwrap_or(match self.protocol {
            Protocol::Strict => 4 * self.lease + 1000,
            _ => 1000,
        });
        Duration::from_millis(every)
    }
}

impl Near {
    pub(crate) fn mode(self) -> NearMode {
        match self {
            Near::Off => NearMode::Off,
            Near::Validated => NearMode::Validated,
            Near::Bounded(bound) => NearMode::Bounded { staleness: Duration::from_millis(bound) },
        }
    }

    /// The bound, where there is one.
    pub(crate) fn bound(self) -> Option<Duration> {
        match self {
            Near::Bounded(bound) => Some(Duration::from_millis(bound)),
            Near::Off | Near::Validated => None,
        }
    }
}

impl FromStr for Near {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("bounded:").map(str::parse)) {
            ("off", _) => Ok(Near::Off),
            ("validated", _) => Ok(Near::Validated),
            (_, Some(Ok(bound))) => Ok(Near::Bounded(bound)),
            _ => Err(format!("{text:?} is none of off, validated, bounded:MS")),
        }
    }
}
