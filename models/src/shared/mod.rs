//! The shared store: readers, writers, a database, and a store whose keys are lost in every way that is known.
//!
//! One entry depends on one or two tables. The bookkeeping of each table lives on a node of its own, the entry on a third.
//! The row behind each table is a version that every commit which changes it increments. A step is atomic on one node;
//! everything else interleaves freely.

mod action;
mod bounds;
mod database;
mod entry;
mod fault;
mod nonce;
mod protocol;
mod read;
mod reader;
mod store;
mod table;
mod world;
mod write;
mod writer;

use stateright::Model;

pub use action::{Action, Fault, Passage, ReadStep, WriteStep};
pub use bounds::{Bounds, CROWD, Faults, Images, Reads, TABLES, Write};
pub use database::Database;
pub use entry::{Entry, Evidence};
pub use nonce::Nonce;
pub use protocol::{Binding, Joining, Lease, Mode, Pipeline, Protocol, Reuse, Scan, Source, Statements};
pub use reader::{Floor, Reader, Request, Requests};
pub use store::{Side, Store};
pub use table::Table;
pub use world::{Shown, World};
pub use writer::Writer;

use crate::property::Property;
use crate::set::Set;

/// A value for each table.
pub type PerTable<T> = [T; TABLES];
/// How many commits have changed a row.
pub type Version = u8;

/// The protocol within bounds, ready to be searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedStore {
    /// The mechanisms.
    pub protocol: Protocol,
    /// The participants and the faults.
    pub bounds: Bounds,
}

impl SharedStore {
    /// The tables that take part.
    fn tables(&self) -> Set {
        Set::below(self.bounds.tables)
    }

    /// The tables whose hash of shapes exists.
    fn registered(&self, world: &World) -> Set {
        let mut registered = Set::EMPTY;
        self.tables()
            .iter()
            .filter(|table| world.store.tables[*table].shape.exists())
            .for_each(|table| registered.insert(table));
        registered
    }

    /// A server that may have been replaced refuses.
    fn is_refused(&self, side: Side) -> bool {
        self.protocol.fence && side == Side::Former
    }

    /// Calls `visit` for each server that believes to be the primary of one of the tables.
    fn at_sides(&self, world: &World, tables: Set, mut visit: impl FnMut(usize, Side)) {
        for table in tables.iter() {
            visit(table, Side::Primary);
            if world.store.former[table].is_some() {
                visit(table, Side::Former);
            }
        }
    }

    /// As [`SharedStore::at_sides`], but a former primary that refuses is not written to: the writer tries again.
    fn at_writable_sides(&self, world: &World, tables: Set, mut visit: impl FnMut(usize, Side)) {
        self.at_sides(world, tables, |table, side| {
            if !self.is_refused(side) {
                visit(table, side);
            }
        });
    }

    /// What a lookup would be served that happened all at once, on the primaries.
    fn servable<'a>(&self, world: &'a World) -> Option<&'a Entry> {
        let entry = world.store.entry.as_ref()?;
        let stands = |table: usize| entry.evidence[table].stands(&world.store.tables[table].evidence(), &self.protocol);
        (self.protocol.binding == Binding::DependantSets || self.tables().iter().all(stands)).then_some(entry)
    }

    /// What the writer knows.
    fn images(&self, writer: usize) -> Images {
        self.bounds.writers[writer].images
    }

    /// The tables whose row the entry that may be served has an older version of.
    fn stale_tables(&self, world: &World) -> Set {
        let rows = world.database.rows(self.protocol.source);
        let mut stale = Set::EMPTY;
        if let Some(entry) = self.servable(world) {
            self.tables()
                .iter()
                .filter(|table| entry.value[*table] < rows[*table])
                .for_each(|table| stale.insert(table));
        }
        stale
    }

    /// Whether each stale table is still going to be invalidated by somebody.
    fn nothing_rots(&self, world: &World) -> bool {
        let owed = |table: usize| world.writers.iter().any(|writer| writer.owes(table, self.protocol.outbox));
        self.stale_tables(world).iter().all(owed)
    }
}

impl Model for SharedStore {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(&self.protocol, &self.bounds)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        for reader in 0..self.bounds.readers.len() {
            self.read_steps(world, reader, actions);
        }
        for writer in 0..self.bounds.writers.len() {
            self.write_steps(world, writer, actions);
        }
        self.faults(world, actions);
        self.passages(world, actions);
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        world.shown = Shown::default();
        match action {
            Action::Read(reader, step) => self.read(&mut world, reader, step),
            Action::Write(writer, step) => self.write(&mut world, writer, step),
            Action::Fault(fault) => self.fail(&mut world, fault),
            Action::Time(passage) => self.pass(&mut world, passage),
        }
        self.tidy(&mut world);
        nonce::rename(&mut world);
        Some(world)
    }

    fn properties(&self) -> Vec<stateright::Property<Self>> {
        use stateright::Property as Checked;
        let mut properties = vec![
            Checked::always(Property::Fresh.letter(), |_, world: &World| !world.shown.stale),
            Checked::always(Property::Linearizable.letter(), |_, world: &World| !world.shown.regressed),
            Checked::always(Property::Untorn.letter(), |_, world: &World| !world.shown.torn),
            Checked::always(Property::NothingRots.letter(), |model: &Self, world: &World| model.nothing_rots(world)),
            Checked::always(Property::NeverStale.letter(), |model: &Self, world: &World| {
                model.stale_tables(world).is_empty()
            }),
            Checked::sometimes("a hit", |_, world: &World| world.shown.hit),
            Checked::sometimes("a hit after a write", |_, world: &World| world.shown.hit_after_write),
        ];
        if self.bounds.readers.iter().any(|reader| reader.home) {
            properties.push(Checked::always(Property::OwnWrites.letter(), |_, world: &World| !world.shown.missed_own));
        }
        if self.protocol.lease == Lease::Shared && self.bounds.faults.lease_losses > 0 {
            properties
                .push(Checked::sometimes("a late fill that is void", |_, world: &World| world.shown.late_and_void));
        }
        properties
    }
}
