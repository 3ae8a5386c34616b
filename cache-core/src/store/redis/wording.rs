//! Footprints in the words of a server: what is sent to ask what they stand at.

use std::sync::{Arc, OnceLock};

use redis::Cmd;

use super::keys::EntryWords;
use super::link::{Group, Question, packed};
use super::shapes::{TableMemory, field};
use super::space::Space;
use crate::store::shared::{Footprint, Mode, TableFootprint};

/// A footprint worded for several servers, or for a fill: a question for each table.
#[derive(Debug)]
pub(super) struct Wording {
    /// [`Space::number`] of the one that it was worded for.
    space: u64,
    /// Whether intents are asked for, too.
    pub(super) to_fill: bool,
    /// In the order of the footprint.
    pub(super) tables: Vec<WordedTable>,
}

/// One table's part of it.
#[derive(Debug)]
pub(super) struct WordedTable {
    pub(super) memory: Arc<TableMemory>,
    /// How many stamps are asked for.
    pub(super) slots: usize,
    bytes: Box<[u8]>,
    replies: usize,
}

impl WordedTable {
    pub(super) fn question(&self) -> Question<'_> {
        Question { slot: self.memory.keys.slot, bytes: &self.bytes, replies: self.replies }
    }
}

/// A footprint worded for the only server that there is: nonces first, then in one command all stamps and an entry.
#[derive(Debug)]
pub(super) struct AtOnce {
    /// [`Space::number`] of the one that it was worded for.
    space: u64,
    /// Of each table, its memory and how many stamps of it are asked for; in the order of the footprint.
    pub(super) tables: Vec<(Arc<TableMemory>, usize)>,
    /// How many stamps are asked for.
    pub(super) slots: usize,
    nonces: Box<[u8]>,
    /// How many replies the nonces are.
    replies: usize,
    /// What the command begins with that fetches the stamps and an entry, and what the one for stamps alone begins with.
    heads: [Box<[u8]>; 2],
    /// The arguments of either.
    stamps: Box<[u8]>,
    /// The entry that was asked for first, mostly the only one.
    entry: OnceLock<([u8; 16], EntryWords)>,
}

impl AtOnce {
    /// The pieces of what is sent, before the argument that names the entry if there is one.
    pub(super) fn pieces(&self, with_entry: bool) -> [&[u8]; 3] {
        [&self.nonces, &self.heads[usize::from(!with_entry)], &self.stamps]
    }

    /// The argument that names an entry, if it lies ready.
    pub(super) fn entry(&self, id: &[u8; 16], words: impl FnOnce() -> EntryWords) -> Option<&[u8]> {
        let (ready, words) = self.entry.get_or_init(|| (*id, words()));
        (ready == id).then(|| words.argument())
    }

    pub(super) fn replies(&self, with_entry: bool) -> usize {
        self.replies + usize::from(with_entry || self.slots > 0)
    }
}

impl Space {
    /// The wording of a footprint; as a note beside it where there are several servers. Intents, which matter to fills alone, are asked for only where there are any.
    pub(super) fn wording(&self, footprint: &Footprint, to_fill: bool) -> Arc<Wording> {
        let to_fill = to_fill && matches!(self.limits.mode, Mode::Strict(_));
        if let Some(known) = footprint.notes.find::<Arc<Wording>>()
            && known.space == self.number
            && known.to_fill == to_fill
        {
            return Arc::clone(known);
        }
        let tables = footprint.tables.iter().map(|of| self.worded(of, to_fill)).collect();
        let wording = Arc::new(Wording { space: self.number, to_fill, tables });
        if !to_fill && self.links.only().is_none() {
            footprint.notes.leave(Arc::clone(&wording));
        }
        wording
    }

    fn worded(&self, of: &TableFootprint, to_fill: bool) -> WordedTable {
        let memory = self.tables.get(&of.table);
        let commands = self.standing_of(of, &memory, to_fill).commands;
        WordedTable { slots: slots_of(of).count(), bytes: packed(&commands).into(), replies: commands.len(), memory }
    }

    /// The wording of a footprint for one server, as a note beside it: hits ask the same again and again.
    pub(super) fn at_once(&self, footprint: &Footprint) -> Arc<AtOnce> {
        if let Some(known) = footprint.notes.find::<Arc<AtOnce>>()
            && known.space == self.number
        {
            return Arc::clone(known);
        }
        let tables = footprint.tables.iter().map(|of| (self.tables.get(&of.table), slots_of(of).count()));
        let tables: Vec<(Arc<TableMemory>, usize)> = tables.collect();
        let mut nonces = Vec::new();
        let mut stamps = Vec::new();
        for (of, (memory, _)) in footprint.tables.iter().zip(&tables) {
            self.nonces_of(of, memory, false, &mut nonces);
            for slot in slots_of(of) {
                let stamp = memory.keys.stamp(slot);
                stamps.extend(format!("${}\r\n{stamp}\r\n", stamp.len()).bytes());
            }
        }
        let slots = tables.iter().map(|(_, slots)| slots).sum();
        let heads = [slots + 1, slots].map(|keys| head(keys, keys == 1 && slots == 1));
        let at_once = Arc::new(AtOnce {
            space: self.number,
            tables,
            slots,
            replies: nonces.len(),
            nonces: packed(&nonces).into(),
            heads,
            stamps: stamps.into(),
            entry: OnceLock::new(),
        });
        footprint.notes.leave(Arc::clone(&at_once));
        at_once
    }

    fn nonces_of(&self, of: &TableFootprint, memory: &TableMemory, to_fill: bool, commands: &mut Vec<Cmd>) {
        if matches!(self.limits.mode, Mode::Strict(strict) if strict.fence) {
            // It changes nothing, but a primary that has lost its replicas refuses it.
            commands.push(about("PERSIST", &memory.keys.shapes, 1));
        }
        let count = of.shapes.len() + usize::from(to_fill);
        let mut nonces = about(if count == 1 { "HGET" } else { "HMGET" }, &memory.keys.shapes, count);
        of.shapes.iter().for_each(|shape| _ = nonces.arg(field(&shape.name)));
        if to_fill {
            nonces.arg("x");
        }
        commands.push(nonces);
    }

    fn standing_of(&self, of: &TableFootprint, memory: &TableMemory, to_fill: bool) -> Group {
        let mut group = Group::new(memory.keys.slot);
        self.nonces_of(of, memory, to_fill, &mut group.commands);
        let count = slots_of(of).count();
        let mut slots = slots_of(of).map(|slot| memory.keys.stamp(slot));
        let first = slots.next().unwrap_or_default();
        let mut stamps = about(if count == 1 { "GET" } else { "MGET" }, &first, count);
        slots.for_each(|slot| _ = stamps.arg(slot));
        group.commands.push(stamps);
        if to_fill {
            let mut sentinel = about("HGET", &memory.keys.intents, 2);
            sentinel.arg("~");
            group.commands.push(sentinel);
            group.commands.push(about("HLEN", &memory.keys.intents, 1));
        }
        group
    }
}

fn slots_of(of: &TableFootprint) -> impl Iterator<Item = u64> {
    of.shapes.iter().flat_map(|shape| shape.slots.iter().copied())
}

/// The beginning of the command that fetches so many keys; for a single stamp the one that is cheaper.
fn head(keys: usize, single: bool) -> Box<[u8]> {
    match keys {
        0 => Box::default(),
        _ if single => (*b"*2\r\n$3\r\nGET\r\n").into(),
        _ => format!("*{}\r\n$4\r\nMGET\r\n", keys + 1).into_bytes().into(),
    }
}

/// A command about a key, with room for this many arguments about as long.
pub(super) fn about(command: &str, key: &str, arguments: usize) -> Cmd {
    let mut about = Cmd::with_capacity(1 + arguments, command.len() + arguments * (key.len() + 16));
    about.arg(command).arg(key);
    about
}
