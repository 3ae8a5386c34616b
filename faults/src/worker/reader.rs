//! Reads, each checked against what was known when it began.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::questions::{Answer, Asking, Way};
use super::{Subject, World};
use crate::check::{Claim, Property, Question};
use crate::ledger::{Field, Floor};
use crate::plan::Protocol;
use crate::world::{self, Kind, NEVER, ROWS, SHELVES};

/// Reads until it is over.
pub(super) async fn read(world: Arc<World>, number: usize) {
    let mut random = world.random(number as u64);
    while !world.is_over() {
        let (subject, near) = world.subject(number);
        let (question, way) = match subject {
            Subject::Product { .. } => (question(&mut random), way(&mut random)),
            Subject::Control(_) => (simple_question(&mut random), Way::Function),
        };
        if read_one(&world, subject, near, question, way).await.is_err() {
            world.tally.count(|counts| counts.failed += 1);
        }
        // Hits of a near cache never wait by themselves.
        tokio::task::yield_now().await;
    }
}

impl World {
    /// What a task reads through, and whether this process writes through it as well.
    pub(super) fn subject(&self, number: usize) -> (&Subject, bool) {
        let place = number % self.subjects.len();
        (&self.subjects[place], place == 0)
    }

    /// The end of work that may be served to others.
    pub(super) fn made(&self) -> u64 {
        self.tick.fetch_add(1, Ordering::AcqRel) + 1
    }
}

async fn read_one(world: &World, subject: &Subject, writes: bool, question: Question, way: Way) -> Result<(), String> {
    let began = Instant::now();
    let tick = world.tick.load(Ordering::Acquire);
    let mut claim = claim(world, subject, writes, question, began).map_err(|error| error.to_string())?;
    let answer: Answer = match subject {
        Subject::Product { cache, db, .. } => {
            let asking = Asking { world, cache, db };
            asking.ask(question, way).await.map_err(|error| error.to_string())?
        }
        Subject::Control(control) => control.read(&world.db, question).await?.into(),
    };
    if question_is_of_two_statements(question) {
        // Who made it by itself, or waited for it, may have read between two commits.
        let served = answer.made.is_some_and(|(process, made)| process != world.process() || made <= tick);
        claim.untorn = served && world.task.plan.promise() == Protocol::Strict;
    }
    let begun = |row: i32| world.ledger.floor(row).map_or(u64::MAX, |floor| floor.begun);
    let violations = claim.check(&answer.rows, begun);
    for seen in answer.rows.iter().filter(|seen| seen.version != NEVER) {
        let version = seen.twin.unwrap_or(NEVER).max(seen.version);
        world.ledger.raise(seen.id, Field::Seen, version as u64).map_err(|error| error.to_string())?;
    }
    if !violations.is_empty() {
        let (cache, made) = (u8::from(!writes), answer.made);
        let context = format!("[{way:?} of process {} through cache {cache}, made by {made:?}]", world.process());
        world.tally.violated(&violations, &context);
    }
    world.tally.count(|counts| counts.reads += 1);
    Ok(())
}

/// What is promised to a read that begins now.
fn claim(world: &World, subject: &Subject, writes: bool, question: Question, began: Instant) -> std::io::Result<Claim> {
    let (first, rows) = question.rows();
    let range = first as usize..(first + rows) as usize;
    let promise = world.task.plan.promise();
    let strict = promise == Protocol::Strict;
    let mut claim = Claim { question, first, floors: Vec::new(), lossy: !strict, untorn: true };
    if promise == Protocol::Ttl {
        return Ok(claim);
    }
    if matches!(subject, Subject::Product { bounded: true, .. }) {
        let old = world.past.as_ref().and_then(|past| past.before(began));
        claim.floors.extend(old.map(|old| (Property::D, old[range.clone()].into())));
        if writes {
            // A process sees its own writes at once, whatever the bound.
            claim.floors.push((Property::P, range.map(|row| world.own_floor(row)).collect()));
        }
        return Ok(claim);
    }
    let floors: Arc<[Floor]> = world.ledger.floors(first, rows)?.into();
    claim.floors.push((Property::P, Arc::clone(&floors)));
    if strict {
        claim.floors.push((Property::L, floors));
    }
    Ok(claim)
}

fn question_is_of_two_statements(question: Question) -> bool {
    matches!(question, Question::Both(_))
}

fn question(random: &mut fastrand::Rng) -> Question {
    match random.u32(..100) {
        ..40 => Question::Row(random.i32(0..ROWS)),
        40..60 => Question::Shelf(random.i32(0..SHELVES)),
        60..68 => {
            let first = random.i32(0..6) * 6;
            Question::Range(first, first + 9)
        }
        68..80 => Question::Joined(item_with_twin(random)),
        80..94 => Question::Both(item_with_twin(random)),
        // Few of them: each goes with every write of its shelf.
        _ => Question::Page(random.i32(0..SHELVES), random.i32(0..8)),
    }
}

fn simple_question(random: &mut fastrand::Rng) -> Question {
    if random.bool() { Question::Row(random.i32(0..ROWS)) } else { Question::Shelf(random.i32(0..SHELVES)) }
}

fn item_with_twin(random: &mut fastrand::Rng) -> i32 {
    loop {
        let id = random.i32(0..ROWS);
        if world::kind(id) == Kind::Twins {
            return id;
        }
    }
}

fn way(random: &mut fastrand::Rng) -> Way {
    match random.u32(..10) {
        ..6 => Way::Function,
        6..9 => Way::Query,
        _ => Way::Entry,
    }
}
