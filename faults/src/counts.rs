//! What was done, and what was found.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::check::Property;

/// What one process, or all of them together, have done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Answers that were checked.
    pub reads: u64,
    /// Writes that were acknowledged.
    pub writes: u64,
    /// Reads that the caches have served.
    pub hits: u64,
    /// Reads that ran their work.
    pub misses: u64,
    /// Results that were not stored.
    pub refused: u64,
    /// Transactions that were rolled back on purpose.
    pub rolled_back: u64,
    /// Writes that the cache did not permit, and that were rolled back.
    pub not_permitted: u64,
    /// Writes that are committed and were answered with an error.
    pub undelivered: u64,
    /// Writes whose outcome was not known.
    pub unknown: u64,
    /// Announced writes whose COMMIT took longer than the lease, for which nothing but freshness is promised.
    pub overdue: u64,
    /// Reads that slept between query and end.
    pub slow: u64,
    /// Reads and writes that the database did not carry out.
    pub failed: u64,
    /// Violations, by property.
    pub violations: BTreeMap<String, u64>,
}

impl Counts {
    /// Reads and writes together.
    pub fn operations(&self) -> u64 {
        self.reads + self.writes
    }

    pub(crate) fn add(&mut self, other: &Counts) {
        for (mine, theirs) in [
            (&mut self.reads, other.reads),
            (&mut self.writes, other.writes),
            (&mut self.hits, other.hits),
            (&mut self.misses, other.misses),
            (&mut self.refused, other.refused),
            (&mut self.rolled_back, other.rolled_back),
            (&mut self.not_permitted, other.not_permitted),
            (&mut self.undelivered, other.undelivered),
            (&mut self.unknown, other.unknown),
            (&mut self.overdue, other.overdue),
            (&mut self.slow, other.slow),
            (&mut self.failed, other.failed),
        ] {
            *mine += theirs;
        }
        for (property, count) in &other.violations {
            *self.violations.entry(property.clone()).or_default() += count;
        }
    }

    pub(crate) fn violated(&mut self, property: Property) {
        *self.violations.entry(format!("{property:?}")).or_default() += 1;
    }
}

/// The outcome of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The options of the run.
    pub run: String,
    /// How long it was, in seconds.
    pub seconds: f64,
    /// Of all processes.
    pub counts: Counts,
    /// How often each fault was injected.
    pub faults: BTreeMap<String, u64>,
    /// How many processes were started again.
    pub restarts: u64,
}

impl Report {
    /// How many answers must not have been given.
    pub fn violations(&self) -> u64 {
        self.counts.violations.values().sum()
    }

    /// The report as one JSON object.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        write!(f, "{} | {:.0} s, {} operations: ", self.run, self.seconds, counts.operations())?;
        write!(
            f,
            "{} reads ({} hits, {} misses, {} refused)",
            counts.reads, counts.hits, counts.misses, counts.refused
        )?;
        write!(f, ", {} writes", counts.writes)?;
        for (name, count) in [
            ("rolled back", counts.rolled_back),
            ("not permitted", counts.not_permitted),
            ("undelivered", counts.undelivered),
            ("of unknown outcome", counts.unknown),
            ("overdue", counts.overdue),
            ("failed", counts.failed),
        ] {
            if count > 0 {
                write!(f, ", {count} {name}")?;
            }
        }
        f.write_str(" | faults:")?;
        for (fault, count) in &self.faults {
            write!(f, " {fault} {count}")?;
        }
        write!(f, ", {} restarts | violations: {}", self.restarts, self.violations())?;
        for (property, count) in &counts.violations {
            write!(f, ", {property} {count}")?;
        }
        Ok(())
    }
}
