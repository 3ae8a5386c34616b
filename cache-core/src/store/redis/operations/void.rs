//! Invalidations and announcements: what rows may concern is unlinked.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use futures_util::future::join_all;

use super::wait::Waiting;
use crate::change::Row;
use crate::dependency::Table;
use crate::near::mark;
use crate::observe::ShapeMet;
use crate::shape::{Meets, Token};
use crate::store::redis::nonce::nonce;
use crate::store::redis::reply::{self, Replies};
use crate::store::redis::script::{self, ANNOUNCE, Call, Calls, VOID};
use crate::store::redis::shapes::{KnownShapes, TableMemory, field};
use crate::store::redis::space::{Space, millis};
use crate::store::redis::tally::count;
use crate::store::shared::{Fault, Strict, Voided, Written};

/// Most stamps that one run of a script unlinks.
const MOST_KEYS: usize = 500;

/// After so many times that the set of shapes has changed all of them go.
const MOST_ROUNDS: usize = 8;

/// More images than this are announced as any row.
const MOST_IMAGES: usize = 64;

/// What stamps are unlinked for.
pub(in crate::store::redis) enum Purpose {
    /// Before COMMIT.
    Announce { transaction: u64, strict: Strict },
    /// After COMMIT.
    Void { transaction: Option<u64> },
}

/// One table on its way.
struct Voiding<'a> {
    purpose: &'a Purpose,
    table: &'a Table,
    memory: Arc<TableMemory>,
    images: &'a [Row],
    /// Conjunctions whose stamps were unlinked.
    unlinked: HashSet<u64>,
    /// Shapes whose nonces were renewed.
    renewed: HashSet<Arc<str>>,
    met: BTreeMap<Arc<str>, Met>,
}

#[derive(Clone, Copy, Default)]
struct Met {
    conjunctions: usize,
    whole: bool,
}

/// What one round does.
struct Round {
    set: u64,
    /// Conjunctions with the names of their shapes.
    conjunctions: Vec<(Arc<str>, u64)>,
    whole: Vec<Arc<str>>,
    everything: bool,
}

impl Space {
    /// All tables at once.
    pub(in crate::store::redis) async fn void_tables(
        &self,
        purpose: &Purpose,
        writes: &[Written],
    ) -> Result<Voided, Fault> {
        let mut voided = Voided::default();
        for table in join_all(writes.iter().map(|written| self.void_table(purpose, written))).await {
            let table = table?;
            voided.shapes.extend(table.shapes);
            voided.marks.extend(table.marks);
        }
        Ok(voided)
    }

    /// The keys are made for the shapes that this process knows of. A server that has others says so and is asked again.
    ///
    /// What was unlinked once need not be unlinked again: whoever has stamped it since has seen the write, or, before COMMIT,
    /// nobody can have stamped it since. The same holds for shapes that came up since the first round began, which
    /// is why the stamps may be unlinked in several runs.
    async fn void_table(&self, purpose: &Purpose, written: &Written) -> Result<Voided, Fault> {
        let memory = self.tables.get(&written.table);
        let mut voiding = Voiding {
            purpose,
            table: &written.table,
            memory,
            images: &written.images,
            unlinked: HashSet::new(),
            renewed: HashSet::new(),
            met: BTreeMap::new(),
        };
        let mut waiting = Waiting::for_purpose(purpose);
        for number in 0.. {
            let known = voiding.memory.shapes();
            let round = voiding.round(&known, number >= MOST_ROUNDS);
            if number > 0 {
                count(&self.tally.repeats);
            }
            let calls = Calls { slot: voiding.memory.keys.slot, calls: voiding.calls(&round)? };
            let mut answers = script::run(&self.links, std::slice::from_ref(&calls)).await;
            let answer = answers.pop().ok_or_else(|| reply::senseless("no answer was given"))??;
            waiting.met(answer.incarnation);
            if voiding.is_done(&round, Replies::new(answer.values), calls.calls.len())? {
                self.tell(&round);
                break;
            }
        }
        waiting.finish(&self.links, voiding.memory.keys.slot).await?;
        Ok(voiding.finish())
    }

    fn tell(&self, round: &Round) {
        if round.everything {
            count(&self.tally.whole_tables);
        }
        round.whole.iter().for_each(|_| count(&self.tally.whole_shapes));
    }
}

impl Voiding<'_> {
    fn round(&self, known: &KnownShapes, no_more: bool) -> Round {
        let any_row = self.images.is_empty() || self.images.iter().any(Row::is_empty);
        let mut round =
            Round { set: known.set, conjunctions: Vec::new(), whole: Vec::new(), everything: any_row || no_more };
        if round.everything {
            return round;
        }
        let mut seen = HashSet::new();
        for shape in known.shapes.iter().filter(|shape| !self.renewed.contains(&shape.name)) {
            let first = round.conjunctions.len();
            let anything = match &shape.named {
                None => true,
                Some(named) => self.images.iter().any(|image| match named.meets(image, &self.memory.hasher) {
                    Meets::Nothing => false,
                    Meets::Anything => true,
                    Meets::Slots(slots) => {
                        for (_, hash) in slots {
                            if !self.unlinked.contains(&hash) && seen.insert(hash) {
                                round.conjunctions.push((Arc::clone(&shape.name), hash));
                            }
                        }
                        false
                    }
                }),
            };
            if anything {
                round.conjunctions.truncate(first);
                round.whole.push(Arc::clone(&shape.name));
            }
        }
        round
    }

    /// The intent ends, and shapes go, with the last of the stamps.
    fn calls(&self, round: &Round) -> Result<Vec<Call>, Fault> {
        let chunks: Vec<_> = round.conjunctions.chunks(MOST_KEYS).collect();
        let last = chunks.len().saturating_sub(1);
        let chunks = if chunks.is_empty() { vec![&[][..]] } else { chunks };
        chunks.into_iter().enumerate().map(|(at, chunk)| self.call(round, chunk, at == last)).collect()
    }

    fn call(&self, round: &Round, conjunctions: &[(Arc<str>, u64)], last: bool) -> Result<Call, Fault> {
        let keys = &self.memory.keys;
        let mut named = vec![keys.shapes.clone(), keys.intents.clone(), keys.last_void.clone()];
        named.extend(conjunctions.iter().map(|(_, hash)| keys.stamp(*hash)));
        let set = if round.set == 0 { String::new() } else { round.set.to_string() };
        let nonce = nonce()?.to_string();
        let (script, mut arguments) = match self.purpose {
            Purpose::Announce { transaction, strict } => {
                let lease = millis(strict.lease).to_string();
                (&ANNOUNCE, vec![set, transaction.to_string(), nonce, lease, self.lines()])
            }
            Purpose::Void { transaction } => {
                let transaction = transaction.map(|number| number.to_string()).unwrap_or_default();
                (&VOID, vec![set, transaction, nonce, u8::from(last).to_string()])
            }
        };
        match round.everything {
            true => arguments.push("*".to_owned()),
            false if last => arguments.extend(round.whole.iter().map(|name| field(name))),
            false => {}
        }
        Ok(Call::new(script, named, arguments))
    }

    fn lines(&self) -> String {
        if self.images.len() > MOST_IMAGES || self.images.is_empty() {
            return Token::line_of_row(&Row::new(), &self.memory.hasher);
        }
        let lines: Vec<String> =
            self.images.iter().map(|image| Token::line_of_row(image, &self.memory.hasher)).collect();
        lines.join("\n")
    }

    /// Whether the round was made for all shapes that there are; if not, they are learned.
    fn is_done(&mut self, round: &Round, mut replies: Replies, calls: usize) -> Result<bool, Fault> {
        let mut bits = Vec::with_capacity(round.conjunctions.len());
        let mut last = (0, redis::Value::Nil);
        for _ in 0..calls {
            let reply = replies.array(3)?;
            let [set, unlinked, fields] = <[redis::Value; 3]>::try_from(reply)
                .map_err(|_| reply::senseless("the outcome of a script was expected"))?;
            bits.extend(reply::text(&unlinked).unwrap_or_default().bytes().map(|bit| bit == b'1'));
            last = (reply::number(&set), fields);
        }
        for (at, (name, hash)) in round.conjunctions.iter().enumerate() {
            self.unlinked.insert(*hash);
            if bits.get(at).copied().unwrap_or(false) {
                self.met.entry(Arc::clone(name)).or_default().conjunctions += 1;
            }
        }
        for name in &round.whole {
            self.renewed.insert(Arc::clone(name));
            self.met.entry(Arc::clone(name)).or_default().whole = true;
        }
        if round.everything {
            self.met.clear();
            self.met.entry("".into()).or_default().whole = true;
            return Ok(true);
        }
        match last {
            (_, redis::Value::Nil) => Ok(true),
            (set, fields) => {
                self.memory.learn(Arc::new(KnownShapes::read(set, &reply::array(fields)?)));
                Ok(false)
            }
        }
    }

    fn finish(self) -> Voided {
        let keys = &self.memory.keys;
        let mut marks: Vec<u64> = self.unlinked.iter().map(|hash| mark(keys.stamp(*hash).as_bytes())).collect();
        if self.met.values().any(|met| met.whole) {
            marks.push(mark(keys.shapes.as_bytes()));
        }
        let shapes = self.met.iter().map(|(name, met)| (&**name, met.conjunctions, met.whole));
        Voided { shapes: ShapeMet::of_names(self.table, shapes), marks }
    }
}
