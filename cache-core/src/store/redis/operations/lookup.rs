//! Look-ups: entries, and what their footprints stand at.

use redis::Cmd;

use crate::dependency::Table;
use crate::store::redis::link::{Answered, Fault as LinkFault, Group, slot};
use crate::store::redis::nonce::nonce;
use crate::store::redis::reply::{self, Replies};
use crate::store::redis::shapes::{TableMemory, field};
use crate::store::redis::space::Space;
use crate::store::shared::{Ask, Fault, Footprint, Found, Mode, Standing, TableFootprint, TableStanding};

impl Space {
    /// One pipeline a node: entries, then for each table nonces, then stamps, then intents. The order matters: stamps that
    /// were read before it was seen that there are no intents may be filled under.
    pub(in crate::store::redis) async fn look_up(&self, asks: Vec<Ask>) -> Vec<Result<Found, Fault>> {
        let entries = asks.iter().filter_map(|ask| {
            let key = self.keys.entry(ask.id?);
            Some(Group::new(slot(key.as_bytes())).with(about("GET", &key, 1)))
        });
        let footprints = asks.iter().filter_map(|ask| ask.footprint.as_deref());
        let tables = footprints.flat_map(|footprint| &footprint.tables).map(|table| self.standing_of(table));
        let answers = self.links.run(entries.chain(tables).collect()).await;

        let fetched = asks.iter().filter(|ask| ask.id.is_some()).count();
        let mut answers = answers.into_iter();
        let entries: Vec<_> = answers.by_ref().take(fetched).collect();
        let mut entries = entries.into_iter();
        let found = asks.iter().map(|ask| {
            let entry = if ask.id.is_some() { read_entry(entries.next()) } else { Ok(None) };
            let standing = ask.footprint.as_deref().map(|footprint| self.read_standing(footprint, &mut answers));
            Ok(Found { entry: entry?, standing: standing.transpose()? })
        });
        found.collect()
    }

    fn standing_of(&self, of: &TableFootprint) -> Group {
        let memory = self.tables.get(&of.table);
        let mut group = Group::new(memory.keys.slot);
        let strict = match self.limits.mode {
            Mode::Strict(strict) => Some(strict),
            _ => None,
        };
        if strict.is_some_and(|strict| strict.fence) {
            // It changes nothing, but a primary that has lost its replicas refuses it.
            group.commands.push(about("PERSIST", &memory.keys.shapes, 1));
        }
        let nonce_count = of.shapes.len() + usize::from(strict.is_some());
        let mut nonces = about(if nonce_count == 1 { "HGET" } else { "HMGET" }, &memory.keys.shapes, nonce_count);
        of.shapes.iter().for_each(|shape| _ = nonces.arg(field(&shape.name)));
        if strict.is_some() {
            nonces.arg("x");
        }
        group.commands.push(nonces);
        let mut slots = of.shapes.iter().flat_map(|shape| &shape.slots).map(|slot| memory.keys.stamp(*slot));
        let stamp_count = slots_of(of);
        let first = slots.next().unwrap_or_default();
        let mut stamps = about(if stamp_count == 1 { "GET" } else { "MGET" }, &first, stamp_count);
        slots.for_each(|slot| _ = stamps.arg(slot));
        group.commands.push(stamps);
        if strict.is_some() {
            let mut sentinel = about("HGET", &memory.keys.intents, 2);
            sentinel.arg("~");
            group.commands.push(sentinel);
            group.commands.push(about("HLEN", &memory.keys.intents, 1));
        }
        group
    }

    /// Takes one answer for each table; all of them, even after a fault, so that what follows stays in step.
    fn read_standing(
        &self,
        footprint: &Footprint,
        answers: &mut impl Iterator<Item = Result<Answered, LinkFault>>,
    ) -> Result<Standing, Fault> {
        let mut standing = Standing { tables: Vec::with_capacity(footprint.tables.len()) };
        let mut fault = None;
        for of in &footprint.tables {
            match self.read_table(of, answers.next()) {
                Ok(table) => standing.tables.push(table),
                Err(first) => fault = fault.or(Some(first)),
            }
        }
        match fault {
            Some(fault) => Err(fault),
            None => Ok(standing),
        }
    }

    fn read_table(
        &self,
        of: &TableFootprint,
        answer: Option<Result<Answered, LinkFault>>,
    ) -> Result<TableStanding, Fault> {
        let Answered { incarnation, values } = answered(answer)?;
        let memory = self.tables.get(&of.table);
        memory.met(incarnation);
        let mut replies = Replies::new(values);
        let slots = slots_of(of);
        let Mode::Strict(strict) = self.limits.mode else {
            let nonces = some_numbers(&mut replies, of.shapes.len())?;
            let stamps = some_numbers(&mut replies, slots)?;
            return Ok(TableStanding { incarnation, settled: true, nonces, stamps });
        };
        if strict.fence {
            replies.next()?;
        }
        let mut nonces = some_numbers(&mut replies, of.shapes.len() + 1)?;
        let sentinel = nonces.pop().unwrap_or(0);
        let stamps = some_numbers(&mut replies, slots)?;
        let kept = reply::number(&replies.next()?);
        let alone = reply::count(&replies.next()?)? == 1;
        let settled = alone && kept == sentinel && memory.is_complete(incarnation, sentinel);
        Ok(TableStanding { incarnation, settled, nonces, stamps })
    }

    /// The numbers of the last voids of tables, each another one on each server.
    pub(in crate::store::redis) async fn read_last_voids(&self, tables: Vec<Table>) -> Result<Vec<u64>, Fault> {
        let memories: Vec<_> = tables.iter().map(|table| self.tables.get(table)).collect();
        let fresh = nonce()?;
        // Whoever asks first makes it, so that it is one for all.
        let group = |keys: &TableMemory| {
            let mut read = about("SET", &keys.keys.last_void, 3);
            read.arg(fresh).arg("NX").arg("GET");
            Group::new(keys.keys.slot).with(read)
        };
        let answers = self.links.run(memories.iter().map(|memory| group(memory)).collect()).await;
        let numbers = answers.into_iter().map(|answer| {
            let Answered { incarnation, values } = answer?;
            let number = match Replies::new(values).next()? {
                redis::Value::Nil => fresh,
                value => reply::number(&value),
            };
            match number {
                0 => nonce(),
                number => Ok(numbered(number, incarnation)),
            }
        });
        numbers.collect()
    }
}

/// The number of a void on one server: the same one on another server is another one.
pub(super) fn numbered(number: u64, incarnation: u64) -> u64 {
    if number == 0 { 0 } else { number.rotate_left(32) ^ incarnation }
}

/// A command about a key, with room for this many arguments about as long.
fn about(command: &str, key: &str, arguments: usize) -> Cmd {
    let mut about = Cmd::with_capacity(1 + arguments, command.len() + arguments * (key.len() + 16));
    about.arg(command).arg(key);
    about
}

fn slots_of(of: &TableFootprint) -> usize {
    of.shapes.iter().map(|shape| shape.slots.len()).sum()
}

/// The numbers that were asked for by a command for many of them, or by the one for a single one, which is cheaper.
fn some_numbers(replies: &mut Replies, count: usize) -> Result<Vec<u64>, Fault> {
    match count {
        1 => Ok(vec![reply::number(&replies.next()?)]),
        _ => Ok(reply::numbers(&replies.array(count)?)),
    }
}

fn answered(answer: Option<Result<Answered, LinkFault>>) -> Result<Answered, Fault> {
    match answer {
        Some(answer) => Ok(answer?),
        None => Err(reply::senseless("an answer is missing")),
    }
}

fn read_entry(answer: Option<Result<Answered, LinkFault>>) -> Result<Option<Vec<u8>>, Fault> {
    reply::bytes(Replies::new(answered(answer)?.values).next()?)
}
