//! What goes wrong, and what comes about in time.

use super::SharedStore;
use super::action::{Action, Fault, Passage};
use super::nonce::Nonce;
use super::protocol::Source;
use super::reader::Reader;
use super::world::World;
use super::writer::{Doing, Writer};
use crate::set::Set;

impl SharedStore {
    /// What may go wrong next. What would change nothing is left out.
    pub(super) fn faults(&self, world: &World, actions: &mut Vec<Action>) {
        let left = &world.left;
        let mut push = |fault| actions.push(Action::Fault(fault));
        if left.crashes > 0 {
            for (index, writer) in world.writers.iter().enumerate() {
                match writer.doing {
                    Doing::Committing => {
                        push(Fault::CrashCommitting(index));
                        if !writer.announced.is_empty() {
                            push(Fault::Crash(index));
                        }
                    }
                    Doing::Announcing(_) if !writer.announced.is_empty() => push(Fault::Crash(index)),
                    Doing::AboutToList | Doing::Listing(_) if writer.version == [0; 2] => {}
                    Doing::AboutToList | Doing::Listing(_) | Doing::Invalidating(_) | Doing::Queued(_) => {
                        push(Fault::Crash(index));
                    }
                    Doing::Announcing(_) | Doing::InDoubt | Doing::Dead(_) | Doing::Done => {}
                }
            }
        }
        if left.entry_evictions > 0 && world.store.entry.is_some() {
            push(Fault::EvictEntry);
        }
        if left.lease_losses > 0 && world.store.lease.is_some() {
            push(Fault::LoseLease);
        }
        for table in self.tables().iter() {
            let keys = &world.store.tables[table];
            if left.stamp_evictions > 0 && keys.stamp.exists() {
                push(Fault::EvictStamp(table));
            }
            if left.shape_evictions > 0 && keys.shape.exists() {
                push(Fault::EvictShapes(table));
            }
            if left.intent_evictions > 0 && !keys.intents.is_empty() {
                push(Fault::EvictIntents(table));
            }
            if left.relapses > 0 {
                push(Fault::Relapse(table));
            }
        }
    }

    /// Lets something go wrong.
    pub(super) fn fail(&self, world: &mut World, fault: Fault) {
        match fault {
            Fault::Crash(writer) => {
                self.bury_process(world, writer);
                let dead = &mut world.writers[writer];
                dead.doing = Doing::Dead(match dead.doing {
                    Doing::Invalidating(tables) | Doing::Queued(tables) => tables,
                    Doing::AboutToList | Doing::Listing(_) => self.bounds.writers[writer].tables,
                    _ => Set::EMPTY,
                });
            }
            Fault::CrashCommitting(writer) => {
                self.bury_process(world, writer);
                world.writers[writer].doing = Doing::InDoubt;
            }
            Fault::EvictStamp(table) => {
                world.left.stamp_evictions -= 1;
                world.store.tables[table].stamp = Nonce::MISSING;
            }
            Fault::EvictEntry => {
                world.left.entry_evictions -= 1;
                world.store.entry = None;
            }
            Fault::EvictShapes(table) => {
                world.left.shape_evictions -= 1;
                world.store.tables[table].shape = Nonce::MISSING;
                self.lost(world, table);
            }
            Fault::EvictIntents(table) => {
                world.left.intent_evictions -= 1;
                world.store.tables[table].intents = Set::EMPTY;
                self.lost(world, table);
            }
            Fault::Relapse(table) => self.relapse(world, table),
            Fault::LoseLease => {
                world.left.lease_losses -= 1;
                world.store.lease = None;
            }
        }
    }

    /// The readers of the process die with the writer.
    fn bury_process(&self, world: &mut World, writer: usize) {
        world.left.crashes -= 1;
        if self.bounds.writers[writer].home {
            for (reader, _) in world.readers.iter_mut().zip(&self.bounds.readers).filter(|(_, reads)| reads.home) {
                *reader = Reader::default();
            }
        }
    }

    fn relapse(&self, world: &mut World, table: usize) {
        world.left.relapses -= 1;
        let Some(copy) = world.store.copies[table] else { return };
        let incarnation = self.bounds.faults.relapses - world.left.relapses;
        if world.left.split_brain {
            world.store.former[table] = Some(world.store.tables[table]);
        }
        world.store.tables[table] = super::table::Table { incarnation, quarantine: Set::EMPTY, ..copy };
        self.lost(world, table);
        if world.left.relapses == 0 {
            world.store.copies = [None; 2];
        } else {
            world.store.copies[table] = Some(world.store.tables[table]);
        }
    }

    /// Shapes or intents of the table are not what they were.
    ///
    /// A quarantine lasts longer than any lease, that is, until each writer that had announced itself is decided. The
    /// scripts notice the loss at their next call; before it nothing can be filled, so it may as well begin at once.
    fn lost(&self, world: &mut World, table: usize) {
        if self.protocol.quarantine {
            for (index, writer) in world.writers.iter().enumerate() {
                if writer.is_undecided() && writer.announced.contains(table) {
                    world.store.tables[table].quarantine.insert(index);
                }
            }
        }
        for writer in &mut world.writers {
            if let Doing::Listing(throughout) = &mut writer.doing
                && !world.store.tables[table].shape.exists()
            {
                throughout.remove(table);
            }
        }
    }

    /// What may come about in time.
    pub(super) fn passages(&self, world: &World, actions: &mut Vec<Action>) {
        let mut push = |passage| actions.push(Action::Time(passage));
        let decided = |writer: usize| !world.writers[writer].is_undecided();
        if self.protocol.source != Source::Primary && world.database.replica != world.database.primary {
            push(Passage::ReplicaCatchesUp);
        }
        for table in self.tables().iter() {
            let keys = &world.store.tables[table];
            if world.store.copies[table].is_some_and(|copy| copy != *keys) {
                push(Passage::CopyCatchesUp(table));
            }
            if world.store.former[table].is_some() {
                push(Passage::FormerGoes(table));
            }
            for writer in keys.intents.iter().filter(|writer| world.left.early_leases || decided(*writer)) {
                push(Passage::IntentEnds(table, writer));
            }
            for writer in keys.hold_offs.iter() {
                if world.database.replica[table] >= world.writers[writer].version[table] {
                    push(Passage::HoldOffEnds(table, writer));
                }
            }
            if !keys.quarantine.is_empty() && keys.quarantine.iter().all(decided) {
                push(Passage::QuarantineEnds(table));
            }
        }
    }

    /// Lets time pass.
    pub(super) fn pass(&self, world: &mut World, passage: Passage) {
        match passage {
            Passage::CopyCatchesUp(table) => world.store.copies[table] = Some(world.store.tables[table]),
            Passage::ReplicaCatchesUp => world.database.replica = world.database.primary,
            Passage::IntentEnds(table, writer) => {
                let keys = &mut world.store.tables[table];
                keys.intents.remove(writer);
                if self.protocol.source == Source::ReplicaHeldOff && self.protocol.lease_leaves_hold_off {
                    keys.hold_offs.insert(writer);
                }
            }
            Passage::HoldOffEnds(table, writer) => world.store.tables[table].hold_offs.remove(writer),
            Passage::QuarantineEnds(table) => world.store.tables[table].quarantine = Set::EMPTY,
            Passage::FormerGoes(table) => world.store.former[table] = None,
        }
    }

    /// Forgets what nobody can come across any more.
    pub(super) fn tidy(&self, world: &mut World) {
        let idle = |writer: &Writer| matches!(writer.doing, Doing::Dead(_) | Doing::Done);
        if world.readers.iter().all(Reader::is_done) && world.writers.iter().all(idle) {
            world.store.former = [None; 2];
        }
    }
}
