//! A look at one key, for people: nothing is served, counted or kept.

use std::sync::Arc;
use std::time::Duration;

use super::tier::{Tier, wall_clock};
use crate::engine::MissReason;
use crate::key::Key;
use crate::observe::{Held, HeldIn};
use crate::shape::Named;
use crate::store::shared::{Ask, Envelope, Footprint, Mode, Standing, decode_footprint};

impl Tier {
    /// What is held under a key, and whether a question was not answered.
    pub(crate) async fn examine(&self, key: &Key) -> (Vec<Held>, bool) {
        let near = self.near.peek(key);
        let proof = near.as_ref().and_then(|stored| stored.proof.clone());
        let guess = match &proof {
            Some(proof) => Some(Arc::clone(&proof.footprint)),
            None => self.footprints.get(key).map(|known| Arc::clone(&known.footprint)),
        };
        let ask = Ask { id: Some(self.digest(key).id), footprint: guess.clone(), ..Ask::default() };
        let answer = self.store.find(ask).await.ok();
        if answer.is_none() {
            self.failed();
        }
        let standing = answer.as_ref().and_then(|found| found.standing.clone());

        let mut held = Vec::new();
        if let Some(stored) = &near {
            let fault = match (&proof, &standing) {
                _ if self.may_serve(stored) => None,
                (Some(proof), standing) => self.judgement(&proof.footprint, standing.as_deref(), proof.sum),
                (None, _) => Some(MissReason::Absent),
            };
            let mut here = Held::here(HeldIn::Near, stored, self.clock.now(), fault);
            let told = proof.as_ref().map(|proof| conditions(&proof.footprint)).unwrap_or_default();
            if here.conditions.is_empty() && !told.is_empty() {
                (here.dependencies, here.conditions) = (None, told);
            }
            held.push(here);
        }
        let unanswered = answer.is_none();
        if let Some(bytes) = answer.and_then(|found| found.entry) {
            held.extend(self.examine_bytes(key, &bytes, guess, standing).await);
        }
        (held, unanswered)
    }

    async fn examine_bytes(
        &self,
        key: &Key,
        bytes: &[u8],
        guess: Option<Arc<Footprint>>,
        standing: Option<Arc<Standing>>,
    ) -> Option<Held> {
        let mut held = Held {
            place: HeldIn::Shared,
            age: None,
            remaining: None,
            idle: None,
            weight: bytes.len() as u64,
            dependencies: None,
            conditions: Vec::new(),
            stamps: 0,
            fault: Some(MissReason::Undecodable),
        };
        let Ok(envelope) = Envelope::decode(bytes) else { return Some(held) };
        if envelope.check != self.digest(key).check {
            return None;
        }
        held.age = Some(Duration::from_millis(wall_clock().saturating_sub(envelope.created)));
        held.remaining = Some(self.left_until(envelope.expires).unwrap_or_default());
        let (footprint, standing) = if self.store.mode() == Mode::Ttl {
            (Arc::default(), Some(Arc::default()))
        } else {
            let Ok(footprint) = decode_footprint(envelope.footprint) else { return Some(held) };
            let standing = match guess {
                Some(guess) if guess == footprint => standing,
                _ => self.standing_of(&footprint).await,
            };
            (footprint, standing)
        };
        (held.conditions, held.stamps) = (conditions(&footprint), footprint.len());
        let over = self.left_until(envelope.expires).is_none().then_some(MissReason::Expired);
        held.fault = self.judgement(&footprint, standing.as_deref(), envelope.sum).or(over);
        Some(held)
    }

    async fn standing_of(&self, footprint: &Arc<Footprint>) -> Option<Arc<Standing>> {
        let ask = Ask { footprint: Some(Arc::clone(footprint)), ..Ask::default() };
        let found = self.store.find(ask).await.ok();
        if found.is_none() {
            self.failed();
        }
        found?.standing
    }

    /// Why what was made under this sum would not be served now.
    fn judgement(&self, footprint: &Footprint, standing: Option<&Standing>, sum: [u8; 16]) -> Option<MissReason> {
        match standing {
            _ if self.fence.stands_before(footprint) => Some(MissReason::Unreachable),
            None => Some(MissReason::Unreachable),
            Some(now) if now.sum(footprint) == Some(sum) => None,
            Some(_) => Some(MissReason::Outdated),
        }
    }
}

/// Tables with the columns and operators of their shapes.
fn conditions(footprint: &Footprint) -> Vec<String> {
    let tables = footprint.tables.iter().filter(|of| of.table.as_tag() != Some(""));
    let texts = tables.flat_map(|of| {
        of.shapes.iter().map(|shape| match of.table.as_tag() {
            Some(_) => of.table.to_string(),
            None => format!("{}: {}", of.table, Named::describe(&shape.name)),
        })
    });
    let mut texts: Vec<String> = texts.collect();
    // A range is stamped on several levels.
    texts.dedup();
    texts
}
