//! The configurations by name, with what is expected of each.
//!
//! An ablation stands next to the configuration that it takes one mechanism from, and is made from it.

mod ancestors;
mod down;
mod everything;
mod faults;
mod flights;
mod fresh;
mod near;
mod replica;
mod strict;

use crate::counterexample::shortest;
use crate::near::NearCache;
use crate::property::{Property, letters};
use crate::shared::{Protocol, SharedStore};
use crate::verdict::{Verdict, check};

/// Something to check, and what must come out.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Its name.
    pub name: &'static str,
    /// What is checked.
    pub subject: Subject,
    /// The configuration that it takes a mechanism from, if it is an ablation.
    pub ablates: Option<&'static str>,
    /// How long the check takes.
    pub size: Size,
    /// The letters of exactly those properties that it breaks.
    pub violated: &'static str,
    /// Why.
    pub because: &'static str,
}

/// The model that a configuration is of.
#[derive(Clone, Debug)]
pub enum Subject {
    /// The shared store.
    Shared(SharedStore),
    /// A near cache.
    Near(NearCache),
}

/// How long a check takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// A second or so; part of the ordinary tests.
    Small,
    /// Longer; on request.
    Large,
}

impl Configuration {
    /// The same, as an ablation of the configuration of that name.
    fn of(self, whole: &'static str) -> Configuration {
        Configuration { ablates: Some(whole), ..self }
    }

    /// Checks it.
    pub fn check(&self, threads: usize) -> Verdict {
        match &self.subject {
            Subject::Shared(model) => check(model.clone(), threads),
            Subject::Near(model) => check(model.clone(), threads),
        }
    }

    /// The steps of a shortest way to break the property; none when nothing breaks it.
    pub fn shortest(&self, property: Property) -> Option<Vec<String>> {
        match &self.subject {
            Subject::Shared(model) => shortest(model.clone(), property),
            Subject::Near(model) => shortest(model.clone(), property),
        }
    }

    /// What the verdict has that is not expected, in one line; nothing when it is as expected.
    pub fn surprise(&self, verdict: &Verdict) -> Option<String> {
        let violated = letters(&verdict.violated);
        let expected: Vec<Property> =
            Property::ALL.into_iter().filter(|property| self.violated.contains(property.letter())).collect();
        if verdict.violated != expected {
            return Some(format!("{}: breaks {violated}, expected {}", self.name, letters(&expected)));
        }
        if !verdict.unreached.is_empty() {
            return Some(format!("{}: never reaches {}", self.name, verdict.unreached.join(", ")));
        }
        None
    }
}

/// All configurations, in the order in which they are explained.
pub fn all() -> Vec<Configuration> {
    [
        ancestors::all(),
        fresh::all(),
        down::all(),
        strict::all(),
        faults::all(),
        flights::all(),
        replica::all(),
        everything::all(),
        near::all(),
    ]
    .concat()
}

fn shared(
    name: &'static str,
    size: Size,
    subject: &SharedStore,
    violated: &'static str,
    because: &'static str,
) -> Configuration {
    Configuration { name, subject: Subject::Shared(subject.clone()), ablates: None, size, violated, because }
}

/// The same with the protocol changed.
fn changed(base: &SharedStore, change: impl FnOnce(&mut Protocol)) -> SharedStore {
    let mut subject = base.clone();
    change(&mut subject.protocol);
    subject
}
