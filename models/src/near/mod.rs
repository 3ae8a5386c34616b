//! The near cache: values in one process, served without asking, above a shared store that pushes invalidations.
//!
//! Time is discrete and messages take any time. The shared store is reduced to what its own model establishes: a lookup
//! answers at least with the version of the last invalidation, which is therefore what it answers here.

mod action;
mod age;
mod options;
mod step;
mod world;

use stateright::Model;

pub use action::Action;
pub use age::Age;
pub use options::{NearCache, PingLease, WRITES, Wait};
pub use world::{Fetch, Message, Ping, Shown, Turn, Version, Wire, World, Writing};

use crate::property::Property;

impl Model for NearCache {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        self.steps(world, actions);
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        world.shown = Shown::default();
        self.step(&mut world, action);
        Some(world)
    }

    fn properties(&self) -> Vec<stateright::Property<Self>> {
        use stateright::Property as Checked;
        vec![
            Checked::always(Property::Fresh.letter(), |_, world: &World| !world.shown.stale),
            Checked::always(Property::Linearizable.letter(), |_, world: &World| !world.shown.regressed),
            Checked::always(Property::OwnWrites.letter(), |_, world: &World| !world.shown.missed_own),
            Checked::always(Property::Bounded.letter(), |_, world: &World| !world.shown.beyond_bound),
            Checked::always(Property::Quiescent.letter(), |near: &Self, world: &World| {
                !world.is_quiet() || near.servable(world).is_none_or(|value| value == world.database)
            }),
            Checked::sometimes("a hit", |_, world: &World| world.shown.hit),
            Checked::sometimes("a hit after a write", |_, world: &World| world.shown.hit_after_write),
        ]
    }
}
