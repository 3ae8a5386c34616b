//! The steps of writers: intent, commit, invalidation, acknowledgement.

use super::SharedStore;
use super::action::{Action, WriteStep};
use super::bounds::Images;
use super::nonce::Draw;
use super::protocol::Scan;
use super::store::Side;
use super::world::World;
use super::writer::Doing;
use crate::set::Set;

impl SharedStore {
    /// What the writer may do next.
    pub(super) fn write_steps(&self, world: &World, writer: usize, actions: &mut Vec<Action>) {
        let mut push = |step| actions.push(Action::Write(writer, step));
        let state = &world.writers[writer];
        if world.left.rollbacks > 0
            && !state.announced.is_empty()
            && matches!(state.doing, Doing::Announcing(_) | Doing::Committing)
        {
            push(WriteStep::RollBack);
        }
        match world.writers[writer].doing {
            Doing::Announcing(tables) => {
                self.at_writable_sides(world, tables, |table, side| push(WriteStep::Intent(table, side)));
            }
            Doing::Committing => push(WriteStep::Commit),
            Doing::AboutToList => push(WriteStep::List),
            Doing::Listing(throughout) => {
                let now = self.registered(world);
                for chance in now.without(throughout).subsets() {
                    push(WriteStep::Listed(throughout.union(chance)));
                }
            }
            Doing::Invalidating(tables) => {
                self.at_writable_sides(world, tables, |table, side| push(WriteStep::Invalidate(table, side)));
                if world.left.outages > 0 {
                    push(WriteStep::Outage);
                }
            }
            Doing::Queued(tables) => {
                self.at_writable_sides(world, tables, |table, side| push(WriteStep::Invalidate(table, side)));
            }
            Doing::InDoubt => {
                push(WriteStep::LateCommit);
                push(WriteStep::LostCommit);
            }
            Doing::Dead(tables) if self.protocol.outbox => {
                tables.iter().for_each(|table| push(WriteStep::Sweep(table)));
            }
            Doing::Dead(_) | Doing::Done => {}
        }
    }

    /// Takes one step of a writer.
    pub(super) fn write(&self, world: &mut World, writer: usize, step: WriteStep) {
        match step {
            WriteStep::Intent(table, side) => self.intent(world, writer, table, side),
            WriteStep::Commit => {
                self.commit(world, writer);
                self.after_commit(world, writer);
            }
            WriteStep::List => {
                let now = self.registered(world);
                world.writers[writer].doing = Doing::Listing(now);
            }
            WriteStep::Listed(tables) => {
                world.writers[writer].found = tables;
                match self.protocol.scan {
                    Scan::AfterCommit => self.invalidate_all(world, writer, tables),
                    Scan::BeforeCommit => world.writers[writer].doing = Doing::Committing,
                }
            }
            WriteStep::Invalidate(table, side) => {
                self.invalidate(world, writer, table, side);
                match world.writers[writer].doing {
                    Doing::Invalidating(tables) => self.invalidate_all(world, writer, tables.without(Set::one(table))),
                    Doing::Queued(tables) if tables == Set::one(table) => self.finish(world, writer),
                    Doing::Queued(tables) => {
                        world.writers[writer].doing = Doing::Queued(tables.without(Set::one(table)));
                    }
                    _ => {}
                }
            }
            WriteStep::Outage => {
                world.left.outages -= 1;
                if self.protocol.acknowledges_outage {
                    self.acknowledge(world, writer);
                } else {
                    self.tell_process(world, writer);
                }
                if let Doing::Invalidating(tables) = world.writers[writer].doing {
                    world.writers[writer].doing = Doing::Queued(tables);
                }
            }
            WriteStep::RollBack => {
                world.left.rollbacks -= 1;
                world.writers[writer].doing = Doing::Queued(world.writers[writer].announced);
            }
            WriteStep::LateCommit => {
                self.commit(world, writer);
                world.writers[writer].doing = Doing::Dead(self.bounds.writers[writer].tables);
            }
            WriteStep::LostCommit => world.writers[writer].doing = Doing::Dead(Set::EMPTY),
            WriteStep::Sweep(table) => {
                self.invalidate(world, writer, table, Side::Primary);
                if let Doing::Dead(tables) = world.writers[writer].doing {
                    world.writers[writer].doing = Doing::Dead(tables.without(Set::one(table)));
                }
            }
        }
    }

    fn intent(&self, world: &mut World, writer: usize, table: usize, side: Side) {
        let mut draw = Draw::beyond(world);
        if let Some(keys) = world.store.side(table, side) {
            keys.intent(writer, self.images(writer), &self.protocol, &mut draw);
        }
        let announcer = &mut world.writers[writer];
        announcer.announced.insert(table);
        let Doing::Announcing(mut tables) = announcer.doing else { return };
        tables.remove(table);
        announcer.doing = if tables.is_empty() { Doing::Committing } else { Doing::Announcing(tables) };
    }

    fn commit(&self, world: &mut World, writer: usize) {
        let tables = self.bounds.writers[writer].tables;
        world.database.commit(tables);
        for table in tables.iter() {
            world.writers[writer].version[table] = world.database.primary[table];
        }
    }

    fn after_commit(&self, world: &mut World, writer: usize) {
        match (self.images(writer), self.protocol.scan) {
            (Images::EveryTable, Scan::AfterCommit) => world.writers[writer].doing = Doing::AboutToList,
            (Images::EveryTable, Scan::BeforeCommit) => {
                self.invalidate_all(world, writer, world.writers[writer].found);
            }
            (Images::Known | Images::Unknown, _) => {
                self.invalidate_all(world, writer, self.bounds.writers[writer].tables);
            }
        }
    }

    fn invalidate_all(&self, world: &mut World, writer: usize, tables: Set) {
        if tables.is_empty() {
            self.acknowledge(world, writer);
            self.finish(world, writer);
        } else {
            world.writers[writer].doing = Doing::Invalidating(tables);
        }
    }

    fn invalidate(&self, world: &mut World, writer: usize, table: usize, side: Side) {
        let mut draw = Draw::beyond(world);
        let images = self.images(writer);
        let Some(keys) = world.store.side(table, side) else { return };
        if keys.release(writer, images, &self.protocol, &mut draw) {
            world.store.entry = None;
        }
    }

    fn acknowledge(&self, world: &mut World, writer: usize) {
        let version = world.writers[writer].version;
        for table in self.tables().iter() {
            world.acknowledged[table] = world.acknowledged[table].max(version[table]);
        }
        self.tell_process(world, writer);
    }

    /// The commit returns, one way or the other.
    fn tell_process(&self, world: &mut World, writer: usize) {
        if self.bounds.writers[writer].home {
            for table in self.tables().iter() {
                world.own[table] = world.own[table].max(world.writers[writer].version[table]);
            }
        }
    }

    fn finish(&self, world: &mut World, writer: usize) {
        let held_off = world.store.tables.iter().any(|keys| keys.hold_offs.contains(writer));
        let done = &mut world.writers[writer];
        done.doing = Doing::Done;
        done.announced = Set::EMPTY;
        done.found = Set::EMPTY;
        if !held_off {
            done.version = [0; 2];
        }
    }
}
