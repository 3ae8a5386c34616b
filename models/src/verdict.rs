//! One exhaustive check and what it found.

use std::hash::Hash;
use std::time::Instant;

use stateright::{Checker, Model};

use crate::property::Property;

/// What the exhaustive search of one model found.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The properties that some reachable state breaks, in printed order.
    pub violated: Vec<Property>,
    /// The goals that no reachable state meets: with any of them, keeping a promise proves little.
    pub unreached: Vec<&'static str>,
    /// Distinct states.
    pub states: usize,
    /// The number of states on the longest way, none of which is longer than it has to be.
    pub depth: usize,
    /// How long the search took, in seconds.
    pub seconds: f64,
}

/// Visits every reachable state of the model, breadth first, on `threads` threads.
///
/// A stateright property named by the letter of a [`Property`] is a promise; every other one is a goal.
pub fn check<M>(model: M, threads: usize) -> Verdict
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + PartialEq + Hash + Send + Sync + 'static,
    M::Action: Clone + PartialEq,
{
    let goals: Vec<&'static str> = model
        .properties()
        .iter()
        .map(|property| property.name)
        .filter(|name| Property::of_letter(name).is_none())
        .collect();
    let started = Instant::now();
    let checker = model.checker().threads(threads).spawn_bfs().join();
    let seconds = started.elapsed().as_secs_f64();
    let found = checker.discoveries();
    Verdict {
        violated: Property::ALL.into_iter().filter(|property| found.contains_key(property.letter())).collect(),
        unreached: goals.into_iter().filter(|goal| !found.contains_key(goal)).collect(),
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        seconds,
    }
}
