//! Stamps for a fill.

use std::sync::Arc;

use redis::Value;
use smallvec::SmallVec;

use crate::shape::Token;
use crate::store::redis::link::{Answered, Group};
use crate::store::redis::nonce::nonce;
use crate::store::redis::operations::lookup::numbered;
use crate::store::redis::reply::{self, Replies};
use crate::store::redis::script::{self, Call, Calls, FILL};
use crate::store::redis::shapes::{TableMemory, field};
use crate::store::redis::space::{Space, millis};
use crate::store::redis::tally::count;
use crate::store::shared::{
    Fault, FaultKind, Footprint, Mode, Stamped, Stamping, Standing, TableFootprint, TableStanding,
};

/// How often a server may become another one, or find the shapes too many, while it is asked.
const MOST_ATTEMPTS: usize = 6;

type Tokens = SmallVec<[Token; 2]>;

/// One table of a footprint that is being stamped.
struct Part<'s> {
    memory: Arc<TableMemory>,
    of: TableFootprint,
    tokens: &'s [Tokens],
    widened: bool,
    /// That of the server that is expected to answer; 0 while it is not known.
    incarnation: u64,
    standing: Option<TableStanding>,
    last_void: u64,
}

impl Space {
    pub(in crate::store::redis) async fn take_stamps(&self, stamping: Stamping) -> Result<Stamped, Fault> {
        let Stamping { footprint, tokens } = &stamping;
        let mut tokens = &tokens[..];
        let mut parts = Vec::with_capacity(footprint.tables.len());
        for of in &footprint.tables {
            let slots = of.shapes.iter().map(|shape| shape.slots.len()).sum();
            let Some((own, rest)) = tokens.split_at_checked(slots) else {
                return Err(Fault::new(FaultKind::Server, "a footprint has more conjunctions than tokens"));
            };
            tokens = rest;
            let memory = self.tables.get(&of.table);
            let incarnation = memory.incarnation();
            parts.push(Part {
                memory,
                of: of.clone(),
                tokens: own,
                widened: false,
                incarnation,
                standing: None,
                last_void: 0,
            });
        }
        if matches!(self.limits.mode, Mode::Strict(_)) {
            self.find_incarnations(&mut parts).await?;
        }
        for _ in 0..MOST_ATTEMPTS {
            let mut open: Vec<&mut Part<'_>> = parts.iter_mut().filter(|part| part.standing.is_none()).collect();
            if open.is_empty() {
                return Ok(stamped(&stamping.footprint, parts));
            }
            let calls = open.iter().map(|part| self.fill(part)).collect::<Result<Vec<_>, _>>()?;
            let answers = script::run(&self.links, &calls).await;
            for (part, answer) in open.iter_mut().zip(answers) {
                self.take(part, answer?)?;
            }
        }
        if parts.iter().all(|part| part.standing.is_some()) {
            return Ok(stamped(&stamping.footprint, parts));
        }
        Err(Fault::new(FaultKind::Moved, "the server of a table became another one again and again"))
    }

    /// Learns which server answers for tables that were not asked for before; it mostly asks nobody.
    async fn find_incarnations(&self, parts: &mut [Part<'_>]) -> Result<(), Fault> {
        let mut unknown: Vec<&mut Part<'_>> = parts.iter_mut().filter(|part| part.incarnation == 0).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let groups = unknown.iter().map(|part| Group::new(part.memory.keys.slot)).collect();
        for (part, answer) in unknown.iter_mut().zip(self.links.run(groups).await) {
            part.incarnation = answer?.incarnation;
        }
        Ok(())
    }

    fn fill(&self, part: &Part<'_>) -> Result<Calls, Fault> {
        let keys = &part.memory.keys;
        let quarantine = match self.limits.mode {
            Mode::Strict(strict) => millis(strict.lease + self.limits.slack),
            _ => 0,
        };
        let mut arguments = vec![
            nonce()?.to_string(),
            self.stamp_life().to_string(),
            self.limits.shapes.to_string(),
            millis(self.limits.sweep_pause).to_string(),
            part.incarnation.to_string(),
            quarantine.to_string(),
            part.of.shapes.len().to_string(),
        ];
        arguments.extend(part.of.shapes.iter().map(|shape| field(&shape.name)));
        let mut named = vec![keys.shapes.clone(), keys.intents.clone(), keys.last_void.clone()];
        let slots = part.of.shapes.iter().flat_map(|shape| &shape.slots);
        for (at, slot) in slots.enumerate() {
            named.push(keys.stamp(*slot));
            // What depends on the whole table has none: any row concerns it.
            let tokens = if part.widened { &[] } else { part.tokens.get(at).map_or(&[][..], |tokens| &tokens[..]) };
            arguments.push(tokens.len().to_string());
            arguments.extend(tokens.iter().map(Token::to_string));
        }
        Ok(Calls::one(keys.slot, Call::new(&FILL, named, arguments)))
    }

    /// Takes what the script has replied; the part stays open when it has to be asked again.
    fn take(&self, part: &mut Part<'_>, answer: Answered) -> Result<(), Fault> {
        let Answered { incarnation, values } = answer;
        part.memory.met(incarnation);
        let strict = matches!(self.limits.mode, Mode::Strict(_));
        if strict && incarnation != part.incarnation {
            // The script has compared with the incarnation of another server: what it says of lost intents is void.
            count(&self.tally.turnovers);
            part.incarnation = incarnation;
            return Ok(());
        }
        let reply = reply::array(Replies::new(values).next()?)?;
        if let [Value::Int(-1)] = reply[..] {
            if part.widened {
                return Err(reply::senseless("a table has no room for its empty shape"));
            }
            count(&self.tally.widened);
            part.of = Footprint::widened(&part.of.table, &self.hasher);
            part.widened = true;
            return Ok(());
        }
        let shapes = part.of.shapes.len();
        let slots = part.of.shapes.iter().map(|shape| shape.slots.len()).sum::<usize>();
        let [state, sentinel, void, numbers @ ..] = &reply[..] else {
            return Err(reply::senseless("stamps were expected"));
        };
        let Some((nonces, stamps)) = numbers.split_at_checked(shapes).filter(|(_, stamps)| stamps.len() == slots)
        else {
            return Err(reply::senseless("another number of stamps was expected"));
        };
        let quarantined = reply::count(state)? != 0;
        let stamps = reply::numbers(stamps);
        if quarantined {
            count(&self.tally.quarantined);
        } else if stamps.contains(&0) {
            count(&self.tally.blocked);
        }
        if strict && !quarantined {
            part.memory.found_complete(incarnation, reply::number(sentinel));
        }
        let nonces = reply::numbers(nonces);
        part.last_void = numbered(reply::number(void), incarnation);
        part.standing = Some(TableStanding { incarnation, settled: !quarantined, nonces, stamps });
        Ok(())
    }
}

fn stamped(asked: &Arc<Footprint>, parts: Vec<Part<'_>>) -> Stamped {
    let widened = parts.iter().any(|part| part.widened);
    let (mut footprint, mut standing) = (Footprint::default(), Standing::default());
    let mut last_voids = Vec::with_capacity(parts.len());
    for part in parts {
        last_voids.push(part.last_void);
        footprint.tables.push(part.of);
        standing.tables.extend(part.standing);
    }
    let footprint = if widened { Arc::new(footprint) } else { Arc::clone(asked) };
    Stamped { footprint, standing, last_voids }
}
