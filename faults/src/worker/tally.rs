//! What a process has done, told line by line.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::Subject;
use crate::check::{Property, Violation};
use crate::counts::Counts;

/// A line of the standard output of a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Telling {
    /// All that the process has done until now.
    Counts(Counts),
    /// An answer that must not have been given.
    Violation(String),
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: Mutex<Counts>,
}

impl Tally {
    pub(super) fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts an answer once for each property that it does not have, and tells of the first ones.
    pub(super) fn violated(&self, violations: &[Violation], context: &str) {
        let mut known = 0;
        self.count(|counts| {
            let properties: BTreeSet<Property> = violations.iter().map(|violation| violation.property).collect();
            properties.into_iter().for_each(|property| counts.violated(property));
            known = counts.violations.values().sum();
        });
        for violation in violations.iter().filter(|_| known <= 20) {
            say(&Telling::Violation(format!("{violation} {context}")));
        }
    }

    /// Tells the coordinator.
    pub(super) fn tell(&self, subjects: &[Subject]) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for subject in subjects {
            subject.count(&mut counts);
        }
        say(&Telling::Counts(counts));
    }
}

fn say(telling: &Telling) {
    if let Ok(line) = serde_json::to_string(telling) {
        // A coordinator that is gone reads nothing.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}
