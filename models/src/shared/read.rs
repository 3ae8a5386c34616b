//! The steps of readers: lookup, flights, fill, query, check, store.
//!
//! Two steps are merged with their neighbours, which only makes the properties harder to keep: a read starts with its
//! first command, the latest moment possible, and returns as soon as its value is known, the earliest.

use super::SharedStore;
use super::action::{Action, ReadStep};
use super::bounds::Write;
use super::entry::{Entry, Evidence};
use super::nonce::Draw;
use super::protocol::{Binding, Joining, Lease, Pipeline, Reuse, Statements};
use super::reader::{Doing, Floor, Reader, Request, Requests};
use super::store::Side;
use super::world::World;
use super::writer::{self, Writer};
use crate::set::Set;

impl SharedStore {
    /// What the reader may do next.
    pub(super) fn read_steps(&self, world: &World, reader: usize, actions: &mut Vec<Action>) {
        let mut push = |step| actions.push(Action::Read(reader, step));
        match world.readers[reader].doing {
            Doing::Nothing if world.readers[reader].left == 0 => {}
            Doing::Nothing if self.is_fenced(world, reader) => push(ReadStep::Bypass),
            Doing::Nothing => self.asks(world, self.lookup(), &mut push),
            Doing::LookingUp(requests) => self.asks(world, requests, &mut push),
            Doing::Missed => self.roles(world, reader, &mut push),
            Doing::Waiting { .. } => {}
            Doing::Stamping(tables) => self.at_sides(world, tables, |table, side| push(ReadStep::Stamp(table, side))),
            Doing::Querying(tables) => match self.protocol.statements {
                Statements::One => push(ReadStep::Query(tables)),
                Statements::OnePerTable | Statements::FoundOnTheWay => {
                    tables.iter().for_each(|table| push(ReadStep::Query(Set::one(table))));
                }
            },
            Doing::Checking(tables) => self.at_sides(world, tables, |table, side| push(ReadStep::Check(table, side))),
            Doing::Storing => push(ReadStep::Store),
        }
    }

    /// Takes one step of a reader.
    pub(super) fn read(&self, world: &mut World, reader: usize, step: ReadStep) {
        match step {
            ReadStep::Bypass => {
                self.start(world, reader);
                self.go_without(world, reader);
            }
            ReadStep::Ask(request, side) => self.ask(world, reader, request, side),
            ReadStep::Join(leader) => {
                let takes = match self.protocol.joining {
                    Joining::Alone | Joining::LooksUpAgain => false,
                    Joining::TakesAnyValue => true,
                    Joining::TakesLaterValue => !self.has_queried(world.readers[leader].doing),
                };
                world.readers[reader].evidence = Default::default();
                world.readers[reader].doing = Doing::Waiting { leader: leader as u8, takes };
            }
            ReadStep::Lead => self.lead(world, reader),
            ReadStep::TakeLease => {
                world.store.lease = Some(reader as u8);
                world.readers[reader].took_lease = true;
                self.lead(world, reader);
            }
            ReadStep::LookAgain => {
                world.readers[reader].evidence = Default::default();
                world.readers[reader].doing = Doing::LookingUp(self.lookup());
            }
            ReadStep::Stamp(table, side) => self.stamp(world, reader, table, side),
            ReadStep::Query(tables) => self.query(world, reader, tables),
            ReadStep::Check(table, side) => self.check(world, reader, table, side),
            ReadStep::Store => self.store(world, reader),
        }
    }

    fn lookup(&self) -> Requests {
        Requests::of_lookup(&self.protocol, self.bounds.tables)
    }

    fn asks(&self, world: &World, requests: Requests, push: &mut impl FnMut(ReadStep)) {
        for request in requests.next(&self.protocol) {
            match request {
                Request::Entry => push(ReadStep::Ask(request, Side::Primary)),
                Request::Shapes(table) | Request::Stamps(table) | Request::Intents(table) => {
                    self.at_sides(world, Set::one(table), |_, side| push(ReadStep::Ask(request, side)));
                }
            }
        }
    }

    /// Who has missed may join, lead, or wait for the one who holds the lease.
    fn roles(&self, world: &World, reader: usize, push: &mut impl FnMut(ReadStep)) {
        let others = || (0..self.bounds.readers.len()).filter(|other| *other != reader);
        if self.protocol.joining != Joining::Alone {
            match others().find(|other| world.readers[*other].is_flying()) {
                Some(leader) => push(ReadStep::Join(leader)),
                None => push(ReadStep::Lead),
            }
            return;
        }
        if world.store.lease.is_none() {
            push(ReadStep::TakeLease);
        } else {
            push(ReadStep::LookAgain);
            push(ReadStep::Lead);
        }
    }

    /// Its own process has an invalidation queued for a table that it would read.
    fn is_fenced(&self, world: &World, reader: usize) -> bool {
        let queued = |(write, writer): (&Write, &Writer)| {
            write.home && matches!(writer.doing, writer::Doing::Queued(tables) if !tables.is_empty())
        };
        self.protocol.own_fence
            && self.bounds.readers[reader].home
            && self.bounds.writers.iter().zip(&world.writers).any(queued)
    }

    fn start(&self, world: &mut World, reader: usize) {
        let source = world.database.rows(self.protocol.source);
        let mut floor = Floor::default();
        for table in self.tables().iter() {
            // No cache can be fresher than what it is filled from.
            floor.acknowledged[table] = world.acknowledged[table].min(source[table]);
            floor.observed[table] = world.observed[table].max(floor.acknowledged[table]);
            if self.bounds.readers[reader].home {
                floor.own[table] = world.own[table].min(source[table]);
            }
        }
        let reader = &mut world.readers[reader];
        reader.left -= 1;
        reader.floor = floor;
    }

    fn ask(&self, world: &mut World, reader: usize, request: Request, side: Side) {
        if world.readers[reader].doing == Doing::Nothing {
            self.start(world, reader);
            world.readers[reader].doing = Doing::LookingUp(self.lookup());
        }
        if self.is_refused(side) {
            let left = world.readers[reader].left;
            let floor = world.readers[reader].floor;
            world.readers[reader] = Reader { left, floor, ..Reader::default() };
            self.go_without(world, reader);
            return;
        }
        self.answer(world, reader, request, side);
        let asker = &mut world.readers[reader];
        let Doing::LookingUp(mut requests) = asker.doing else { return };
        requests.answered(request);
        asker.doing = Doing::LookingUp(requests);
        if requests.are_answered() {
            self.looked_up(world, reader);
        }
    }

    fn answer(&self, world: &mut World, reader: usize, request: Request, side: Side) {
        let (Request::Shapes(table) | Request::Stamps(table) | Request::Intents(table)) = request else {
            world.readers[reader].entry = world.store.entry;
            return;
        };
        let Some(keys) = world.store.side(table, side).copied() else { return };
        let asker = &mut world.readers[reader];
        let whole = self.protocol.pipeline == Pipeline::Atomic;
        match request {
            Request::Shapes(_) => asker.evidence[table].shape = keys.shape,
            Request::Stamps(_) if !whole => {
                asker.evidence[table] = Evidence { shape: asker.evidence[table].shape, ..keys.evidence() };
            }
            _ => {}
        }
        if whole {
            asker.evidence[table] = keys.evidence();
        }
        asker.saw_blocked |= (whole || request == Request::Intents(table)) && keys.is_blocked();
    }

    /// The read goes on without the cache.
    fn go_without(&self, world: &mut World, reader: usize) {
        world.readers[reader].unstorable = true;
        world.readers[reader].doing = Doing::Querying(self.tables());
    }

    fn looked_up(&self, world: &mut World, reader: usize) {
        let asker = &mut world.readers[reader];
        let found = asker.entry.take().filter(|entry| {
            self.protocol.binding == Binding::DependantSets
                || self
                    .tables()
                    .iter()
                    .all(|table| entry.evidence[table].stands(&asker.evidence[table], &self.protocol))
        });
        if let Some(entry) = found {
            asker.value = entry.value;
            self.returned(world, reader, true);
            world.readers[reader].rest();
            return;
        }
        let complete = self
            .tables()
            .iter()
            .all(|table| asker.evidence[table].shape.exists() && asker.evidence[table].stamp.exists());
        let reusable = match self.protocol.reuse {
            Reuse::Never => false,
            Reuse::WhenPresent => complete,
            Reuse::WithoutIntents => complete && !asker.saw_blocked,
        };
        if !reusable {
            asker.evidence = Default::default();
        }
        asker.saw_blocked = false;
        if self.protocol.joining == Joining::Alone && self.protocol.lease == Lease::None {
            self.lead(world, reader);
        } else {
            asker.doing = Doing::Missed;
        }
    }

    fn lead(&self, world: &mut World, reader: usize) {
        let leader = &mut world.readers[reader];
        let stamped = self.tables().iter().all(|table| leader.evidence[table].stamp.exists());
        leader.doing = if stamped || self.protocol.binding != Binding::StampsBefore {
            Doing::Querying(self.first_tables())
        } else {
            Doing::Stamping(self.first_tables())
        };
    }

    /// The tables that are stamped, then queried, in one go.
    fn first_tables(&self) -> Set {
        match self.protocol.statements {
            Statements::One | Statements::OnePerTable => self.tables(),
            Statements::FoundOnTheWay => Set::one(0),
        }
    }

    fn has_queried(&self, doing: Doing) -> bool {
        match doing {
            Doing::Stamping(tables) => {
                self.protocol.statements == Statements::FoundOnTheWay && tables != self.first_tables()
            }
            Doing::Querying(tables) => tables != self.first_tables(),
            _ => true,
        }
    }

    fn stamp(&self, world: &mut World, reader: usize, table: usize, side: Side) {
        let mut draw = Draw::beyond(world);
        let filled = match world.store.side(table, side) {
            Some(keys) if !self.is_refused(side) => keys.fill(&mut draw),
            _ => None,
        };
        let leader = &mut world.readers[reader];
        match filled {
            Some(evidence) => leader.evidence[table] = evidence,
            None => leader.unstorable = true,
        }
        let Doing::Stamping(mut tables) = leader.doing else { return };
        tables.remove(table);
        leader.doing = match (tables.is_empty(), self.protocol.statements) {
            (false, _) => Doing::Stamping(tables),
            (true, Statements::FoundOnTheWay) => Doing::Querying(Set::one(table)),
            (true, _) => Doing::Querying(self.tables()),
        };
    }

    fn query(&self, world: &mut World, reader: usize, tables: Set) {
        let rows = *world.database.rows(self.protocol.source);
        let leader = &mut world.readers[reader];
        tables.iter().for_each(|table| leader.value[table] = rows[table]);
        let Doing::Querying(all) = leader.doing else { return };
        let left = all.without(tables);
        let next = tables.iter().max().map_or(0, |last| last + 1);
        if !left.is_empty() {
            leader.doing = Doing::Querying(left);
        } else if self.protocol.statements == Statements::FoundOnTheWay && next < self.bounds.tables {
            leader.doing =
                if leader.unstorable { Doing::Querying(Set::one(next)) } else { Doing::Stamping(Set::one(next)) };
        } else {
            self.queried(world, reader);
        }
    }

    /// The value is known: the read returns, and so do those that may have its value. The rest is off their path.
    fn queried(&self, world: &mut World, reader: usize) {
        self.returned(world, reader, false);
        let leader = &mut world.readers[reader];
        leader.floor = Floor::default();
        leader.doing = if self.protocol.check { Doing::Checking(self.tables()) } else { Doing::Storing };
        let unstorable = leader.unstorable;
        self.serve(world, reader);
        if unstorable {
            self.land(world, reader);
        }
    }

    fn check(&self, world: &mut World, reader: usize, table: usize, side: Side) {
        let now = world.store.side(table, side).map(|keys| keys.evidence());
        let leader = &mut world.readers[reader];
        let stands = now.is_some_and(|now| leader.evidence[table].stands(&now, &self.protocol));
        let Doing::Checking(mut tables) = leader.doing else { return };
        tables.remove(table);
        if self.is_refused(side) || !stands {
            self.land(world, reader);
        } else {
            leader.doing = if tables.is_empty() { Doing::Storing } else { Doing::Checking(tables) };
        }
    }

    fn store(&self, world: &mut World, reader: usize) {
        let mut entry = Entry { value: world.readers[reader].value, evidence: world.readers[reader].evidence };
        let holds_lease = world.store.lease == Some(reader as u8);
        match self.protocol.binding {
            Binding::StampsBefore => {}
            Binding::StampsAfter => {
                let mut draw = Draw::beyond(world);
                for table in self.tables().iter() {
                    entry.evidence[table] = world.store.tables[table].fill(&mut draw).unwrap_or_default();
                }
            }
            Binding::DependantSets => {
                for table in self.tables().iter() {
                    world.store.tables[table].dependant = true;
                }
            }
        }
        if self.protocol.lease != Lease::Fenced || holds_lease {
            world.store.entry = Some(entry);
            world.shown.late_and_void =
                world.readers[reader].took_lease && !holds_lease && self.servable(world).is_none();
        }
        self.land(world, reader);
    }

    /// The flight is over.
    fn land(&self, world: &mut World, reader: usize) {
        self.serve(world, reader);
        for joiner in 0..self.bounds.readers.len() {
            if matches!(world.readers[joiner].doing, Doing::Waiting { leader, .. } if leader as usize == reader) {
                world.readers[joiner].doing = Doing::LookingUp(self.lookup());
            }
        }
        if world.store.lease == Some(reader as u8) {
            world.store.lease = None;
        }
        world.readers[reader].rest();
    }

    fn serve(&self, world: &mut World, reader: usize) {
        let value = world.readers[reader].value;
        for joiner in 0..self.bounds.readers.len() {
            let doing = world.readers[joiner].doing;
            if matches!(doing, Doing::Waiting { leader, takes: true } if leader as usize == reader) {
                world.readers[joiner].value = value;
                self.returned(world, joiner, false);
                world.readers[joiner].rest();
            }
        }
    }

    /// A read returns its value: is it what was promised?
    fn returned(&self, world: &mut World, reader: usize, hit: bool) {
        let (value, floor) = (world.readers[reader].value, world.readers[reader].floor);
        for table in self.tables().iter() {
            world.shown.stale |= value[table] < floor.acknowledged[table];
            world.shown.regressed |= value[table] < floor.observed[table];
            world.shown.missed_own |= value[table] < floor.own[table];
            world.observed[table] = world.observed[table].max(value[table]);
        }
        world.shown.torn |= hit && !world.database.has_been(&value);
        world.shown.hit |= hit;
        world.shown.hit_after_write |= hit && value != [0; 2];
    }
}
