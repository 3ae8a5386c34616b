//! Look-ups: entries, and what their footprints stand at.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::dependency::Table;
use crate::store::redis::link::{Answered, Fault as LinkFault, Group, Node, Part, Parts, Question, Told, digits, slot};
use crate::store::redis::nonce::nonce;
use crate::store::redis::reply::{self, Replies};
use crate::store::redis::shapes::TableMemory;
use crate::store::redis::space::Space;
use crate::store::redis::wording::{AtOnce, WordedTable, Wording, about};
use crate::store::shared::{
    Ask, Blob, Fault, Footprint, Found, Mode, Pending, Standing, TableFootprint, TableStanding,
};

type Answers = std::iter::Fuse<smallvec::IntoIter<[Result<Told, LinkFault>; 4]>>;

impl Space {
    /// One look-up on the only server that there is, in words that lie ready; it tells nothing of intents.
    ///
    /// Nonces are read before stamps, and the entry together with these. When it is read does not matter: on several servers
    /// nobody could tell, and what is kept was found to stand after it was made.
    pub(in crate::store::redis) fn find_on(&self, node: &Arc<Node>, ask: Ask) -> Pending<'_, Result<Found, Fault>> {
        let worded = ask.footprint.as_deref().map(|footprint| self.at_once(footprint));
        let node = Arc::clone(node);
        Box::pin(async move {
            let told = match (&worded, &ask.id) {
                (None, None) => node.ask_all(&[], 0),
                (None, Some(id)) => node.ask_all(&[self.keys.entry_words(id).bytes()], 1),
                (Some(worded), None) => node.ask_all(&worded.pieces(false), worded.replies(false)),
                (Some(worded), Some(id)) => {
                    let [nonces, head, stamps] = worded.pieces(true);
                    let replies = worded.replies(true);
                    match worded.entry(id, || self.keys.entry_words(id)) {
                        Some(entry) => node.ask_all(&[nonces, head, stamps, entry], replies),
                        None => node.ask_all(&[nonces, head, stamps, self.keys.entry_words(id).argument()], replies),
                    }
                }
            };
            let told = told.await?;
            let (Some(footprint), Some(worded)) = (&ask.footprint, &worded) else {
                let entry = if ask.id.is_some() { entry_in(&told, &mut told.parts())? } else { None };
                return Ok(Found { entry, ..Found::default() });
            };
            worded.tables.iter().for_each(|(memory, _)| memory.met(told.incarnation));
            let reading = Reading { told: &told, worded, mode: self.limits.mode, with_entry: ask.id.is_some() };
            if let Some(expected) = ask.expected
                && let Some(found) = reading.expected(&expected)?
            {
                return Ok(found);
            }
            reading.all(footprint)
        })
    }

    /// One pipeline a node: entries, then for each table nonces, then stamps, then intents. The order matters: stamps that
    /// were read before it was seen that there are no intents may be filled under.
    pub(in crate::store::redis) async fn look_up(&self, asks: Vec<Ask>) -> Vec<Result<Found, Fault>> {
        let keys: SmallVec<[_; 1]> = asks.iter().filter_map(|ask| self.keys.entry_words(&ask.id?).into()).collect();
        let worded = |ask: &Ask| ask.footprint.as_deref().map(|footprint| self.wording(footprint, ask.to_fill));
        let wordings: SmallVec<[Option<Arc<Wording>>; 1]> = asks.iter().map(worded).collect();
        let entries = keys.iter().map(|entry| Question { slot: slot(entry.key()), bytes: entry.bytes(), replies: 1 });
        let tables = wordings.iter().flatten().flat_map(|wording| &wording.tables).map(WordedTable::question);
        let questions: SmallVec<[Question<'_>; 4]> = entries.chain(tables).collect();
        let mut answers = self.links.ask(&questions).await.into_iter().fuse();

        let entries: SmallVec<[_; 1]> = answers.by_ref().take(keys.len()).collect();
        let mut entries = entries.into_iter();
        let found = asks.iter().zip(&wordings).map(|(ask, wording)| {
            let entry = if ask.id.is_some() { read_entry(entries.next()) } else { Ok(None) };
            let standing = ask.footprint.as_ref().zip(wording.as_ref());
            let standing = standing.map(|(of, wording)| self.read_standing(&of.tables, wording, &mut answers));
            let standing = standing.transpose()?;
            let settled = standing.as_ref().is_some_and(Standing::is_settled);
            let standing = standing.map(|standing| match &ask.expected {
                Some(expected) if standing.is_as(expected) => Arc::clone(expected),
                _ => Arc::new(standing),
            });
            Ok(Found { entry: entry?, standing, settled })
        });
        found.collect()
    }

    /// Takes one answer for each table; all of them, even after a fault, so that what follows stays in step.
    fn read_standing(
        &self,
        tables: &[TableFootprint],
        wording: &Wording,
        answers: &mut Answers,
    ) -> Result<Standing, Fault> {
        let mut standing = Standing { tables: Vec::with_capacity(tables.len()) };
        let mut fault = None;
        for (of, worded) in tables.iter().zip(&wording.tables) {
            match self.read_table(of, worded, wording.to_fill, answers.next()) {
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
        worded: &WordedTable,
        to_fill: bool,
        answer: Option<Result<Told, LinkFault>>,
    ) -> Result<TableStanding, Fault> {
        let told = told(answer)?;
        let (incarnation, parts) = (told.incarnation, &mut told.parts());
        let memory = &worded.memory;
        memory.met(incarnation);
        let strict = match self.limits.mode {
            Mode::Strict(strict) => Some(strict),
            _ => None,
        };
        if strict.is_some_and(|strict| strict.fence) {
            next(parts)?;
        }
        let to_fill = to_fill && strict.is_some();
        let mut nonces = numbers(parts, of.shapes.len() + usize::from(to_fill))?;
        let sentinel = if to_fill { nonces.pop().unwrap_or(0) } else { 0 };
        let stamps = numbers(parts, worded.slots)?;
        let settled = match (strict, to_fill) {
            (None, _) => true,
            (Some(_), false) => false,
            (Some(_), true) => {
                let kept = number(parts)?;
                let Part::Number(intents) = next(parts)? else {
                    return Err(reply::senseless("a number was expected"));
                };
                intents == 1 && kept == sentinel && memory.is_complete(incarnation, sentinel)
            }
        };
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

fn told(answer: Option<Result<Told, LinkFault>>) -> Result<Told, Fault> {
    match answer {
        Some(answer) => Ok(answer?),
        None => Err(reply::senseless("an answer is missing")),
    }
}

fn next(parts: &mut Parts<'_>) -> Result<Part, Fault> {
    match parts.next() {
        Some(Part::Error(error)) => Err(reply::refused(&error)),
        Some(part) => Ok(part),
        None => Err(reply::senseless("a reply is missing")),
    }
}

/// A nonce or a stamp; 0 for one that is missing, and for what is none.
fn number(parts: &mut Parts<'_>) -> Result<u64, Fault> {
    match next(parts)? {
        Part::Text(place) => Ok(digits(parts.text(place)).unwrap_or(0)),
        Part::Number(number) => Ok(u64::try_from(number).unwrap_or(0)),
        Part::Nil => Ok(0),
        _ => Err(reply::senseless("a number was expected")),
    }
}

/// The numbers that were asked for by a command for many of them, or by the one for a single one, which is cheaper.
fn numbers(parts: &mut Parts<'_>, count: usize) -> Result<Vec<u64>, Fault> {
    if count == 1 {
        return Ok(vec![number(parts)?]);
    }
    match next(parts)? {
        Part::Array(length) if length == count => (0..count).map(|_| number(parts)).collect(),
        _ => Err(reply::senseless("an array of another length was expected")),
    }
}

/// The answer of the only server, to be read.
struct Reading<'r> {
    told: &'r Told,
    worded: &'r AtOnce,
    mode: Mode,
    with_entry: bool,
}

impl Reading<'_> {
    fn is_strict(&self) -> bool {
        matches!(self.mode, Mode::Strict(_))
    }

    /// What was found, if everything stands as expected; none of it may be missing.
    fn expected(&self, expected: &Arc<Standing>) -> Result<Option<Found>, Fault> {
        let mut parts = self.told.parts();
        let tables = || expected.tables.iter().zip(&self.worded.tables);
        if expected.tables.len() != self.worded.tables.len()
            || tables()
                .any(|(table, (_, slots))| table.incarnation != self.told.incarnation || table.stamps.len() != *slots)
        {
            return Ok(None);
        }
        for (table, _) in tables() {
            self.pass_fence(&mut parts)?;
            if !begins(table.nonces.len(), &mut parts)? || !follow(&table.nonces, &mut parts)? {
                return Ok(None);
            }
        }
        if !begins(self.worded.slots + usize::from(self.with_entry), &mut parts)? {
            return Ok(None);
        }
        for (table, _) in tables() {
            if !follow(&table.stamps, &mut parts)? {
                return Ok(None);
            }
        }
        let entry = if self.with_entry { entry_in(self.told, &mut parts)? } else { None };
        Ok(Some(Found { entry, standing: Some(Arc::clone(expected)), settled: !self.is_strict() }))
    }

    fn all(&self, footprint: &Footprint) -> Result<Found, Fault> {
        let odd = || reply::senseless("an array of another length was expected");
        let mut parts = self.told.parts();
        let mut tables = Vec::with_capacity(footprint.tables.len());
        for of in &footprint.tables {
            self.pass_fence(&mut parts)?;
            let nonces = numbers(&mut parts, of.shapes.len())?;
            let (incarnation, settled) = (self.told.incarnation, !self.is_strict());
            tables.push(TableStanding { incarnation, settled, nonces, stamps: Vec::new() });
        }
        let fetched = self.worded.slots + usize::from(self.with_entry);
        if fetched > 0 && !begins(fetched, &mut parts)? {
            return Err(odd());
        }
        for (table, (_, slots)) in tables.iter_mut().zip(&self.worded.tables) {
            table.stamps = (0..*slots).map(|_| number(&mut parts)).collect::<Result<_, _>>()?;
        }
        let entry = if self.with_entry { entry_in(self.told, &mut parts)? } else { None };
        let standing = Standing { tables };
        Ok(Found { entry, settled: standing.is_settled(), standing: Some(Arc::new(standing)) })
    }

    fn pass_fence(&self, parts: &mut Parts<'_>) -> Result<(), Fault> {
        match self.mode {
            Mode::Strict(strict) if strict.fence => next(parts).map(drop),
            _ => Ok(()),
        }
    }
}

/// Whether so many follow: in an array, or as they are where it is one and no entry is with it.
fn begins(count: usize, parts: &mut Parts<'_>) -> Result<bool, Fault> {
    match parts.clone().next() {
        Some(Part::Array(length)) => {
            parts.next();
            Ok(length == count)
        }
        Some(Part::Error(error)) => Err(reply::refused(&error)),
        _ => Ok(count == 1),
    }
}

fn follow(expected: &[u64], parts: &mut Parts<'_>) -> Result<bool, Fault> {
    for expected in expected {
        if *expected == 0 || number(parts)? != *expected {
            return Ok(false);
        }
    }
    Ok(true)
}

fn entry_in(told: &Told, parts: &mut Parts<'_>) -> Result<Option<Blob>, Fault> {
    match next(parts)? {
        Part::Nil => Ok(None),
        Part::Text(place) => Ok(Some(Blob::new(Arc::clone(&told.bytes), place))),
        _ => Err(reply::senseless("a string was expected")),
    }
}

fn read_entry(answer: Option<Result<Told, LinkFault>>) -> Result<Option<Blob>, Fault> {
    let told = told(answer)?;
    entry_in(&told, &mut told.parts())
}
