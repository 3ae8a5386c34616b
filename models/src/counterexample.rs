//! The shortest way to break a promise.

use std::fmt::Display;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};

use stateright::{Checker, Expectation, Model, Property as Checked};

use crate::property::Property;

/// A model that is searched for the first state that breaks one promise.
struct First<M: Model> {
    model: M,
    promise: Checked<M>,
    found: AtomicBool,
}

impl<M: Model> First<M> {
    fn holds(&self, state: &M::State) -> bool {
        // The checker would replace the first way by later, longer ones.
        self.found.load(Ordering::Relaxed)
            || (self.promise.condition)(&self.model, state)
            || self.found.swap(true, Ordering::Relaxed)
    }
}

impl<M: Model> Model for First<M> {
    type State = M::State;
    type Action = M::Action;

    fn init_states(&self) -> Vec<M::State> {
        self.model.init_states()
    }

    fn actions(&self, state: &M::State, actions: &mut Vec<M::Action>) {
        self.model.actions(state, actions);
    }

    fn next_state(&self, last: &M::State, action: M::Action) -> Option<M::State> {
        self.model.next_state(last, action)
    }

    fn properties(&self) -> Vec<Checked<Self>> {
        vec![Checked::always("promise", |first: &Self, state| first.holds(state))]
    }
}

/// The steps of a shortest way to a state that breaks the property, a line each; none when there is no such state.
pub fn shortest<M>(model: M, property: Property) -> Option<Vec<String>>
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + PartialEq + Hash + Send + Sync + 'static,
    M::Action: Clone + PartialEq + Display,
{
    let promise = model
        .properties()
        .into_iter()
        .find(|one| one.name == property.letter() && matches!(one.expectation, Expectation::Always))?;
    let first = First { model, promise, found: AtomicBool::new(false) };
    let checker = first.checker().threads(1).spawn_bfs().join();
    let way = checker.discoveries().remove("promise")?;
    Some(way.into_actions().iter().map(ToString::to_string).collect())
}
