//! The state machine of one look-up in a shared store.

use std::sync::Arc;
use std::time::Duration;

use super::memo::Remembered;
use super::tier::Tier;
use crate::codec::Codec;
use crate::engine::{MissReason, Stamps};
use crate::key::{EntryDigest, Key};
use crate::store::shared::{Ask, Envelope, Fault, Footprint, Found, Mode, Standing, decode_footprint};
use crate::store::{Idle, Stored};

/// What makes an entry of a shared store valid: it is as long as its footprint stands at this.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) footprint: Arc<Footprint>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) sum: [u8; 16],
}

impl Proof {
    /// `None` while something is missing.
    pub(crate) fn new(footprint: Arc<Footprint>, standing: Arc<Standing>) -> Option<Self> {
        let sum = standing.sum(&footprint)?;
        Some(Proof { footprint, standing, sum })
    }
}

/// What a footprint was found to stand at by a look-up that missed: a fill may go on from it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) footprint: Arc<Footprint>,
    pub(crate) standing: Arc<Standing>,
}

/// One look-up: it says what to ask, is told the answer, and asks again where that did not settle it.
#[derive(Debug)]
pub(crate) struct Seek<'a> {
    tier: &'a Tier,
    key: &'a Key,
    codec: Option<Codec>,
    digest: Option<EntryDigest>,
    /// How often the key was removed before the look-up began.
    removals: u64,
    stage: Stage,
    /// Left by a look-up that missed.
    pub(crate) known: Option<Known>,
}

#[derive(Debug)]
enum Stage {
    /// A value is here; whether it is valid has to be asked.
    Verify {
        stored: Arc<Stored>,
        proof: Arc<Proof>,
        stamps: Stamps,
    },
    /// The entry is fetched, with the standing of what it is likely to depend on.
    Fetch {
        guess: Option<Remembered>,
        stamps: Stamps,
    },
    /// The entry is here and depends on something else.
    Check {
        bytes: Vec<u8>,
        footprint: Arc<Footprint>,
        stamps: Stamps,
    },
    Done(Result<Arc<Stored>, MissReason>),
}

impl<'a> Seek<'a> {
    pub(crate) fn new(tier: &'a Tier, key: &'a Key, codec: Option<Codec>) -> Self {
        let removals = tier.removals.count(key);
        let stage = Stage::Done(Err(MissReason::Absent));
        let mut seek = Seek { tier, key, codec, digest: None, removals, stage, known: None };
        seek.stage = seek.begin();
        seek
    }

    fn begin(&self) -> Stage {
        let Some(stored) = self.tier.near.lookup(self.key) else { return self.fetch() };
        if self.tier.is_over(&stored) {
            self.tier.near.discard(self.key, &stored);
            return self.fetch();
        }
        if self.tier.near.may_serve(&stored) {
            return Stage::Done(Ok(stored));
        }
        match &stored.proof {
            Some(proof) if self.tier.fence.stands_before(&proof.footprint) => Stage::Done(Err(MissReason::Unreachable)),
            Some(proof) => {
                let stamps = self.expect(&proof.footprint);
                Stage::Verify { proof: Arc::clone(proof), stored, stamps }
            }
            None => self.fetch(),
        }
    }

    fn fetch(&self) -> Stage {
        // What nobody here can decode is not worth fetching.
        if self.codec.is_none() {
            return Stage::Done(Err(MissReason::Absent));
        }
        let guess = self.tier.footprints.get(self.key);
        // Asked for while it is closed it may be answered from before the delivery, and looked at afterwards.
        if guess.as_ref().is_some_and(|guess| self.tier.fence.stands_before(&guess.footprint)) {
            return Stage::Done(Err(MissReason::Unreachable));
        }
        let stamps = guess.as_ref().map(|guess| self.expect(&guess.footprint)).unwrap_or_default();
        Stage::Fetch { guess, stamps }
    }

    fn expect(&self, footprint: &Footprint) -> Stamps {
        self.tier.expect(footprint)
    }

    /// What to ask next; `None` when the look-up is over.
    pub(crate) fn ask(&mut self) -> Option<Ask> {
        match &self.stage {
            Stage::Verify { proof, .. } => Some(Ask { id: None, footprint: Some(Arc::clone(&proof.footprint)) }),
            Stage::Fetch { guess, .. } => {
                let known = || guess.as_ref().map_or_else(|| self.tier.digest(self.key), |guess| guess.digest);
                let digest = *self.digest.get_or_insert_with(known);
                let footprint = guess.as_ref().map(|guess| Arc::clone(&guess.footprint));
                Some(Ask { id: Some(digest.id), footprint })
            }
            Stage::Check { footprint, .. } => Some(Ask { id: None, footprint: Some(Arc::clone(footprint)) }),
            Stage::Done(_) => None,
        }
    }

    /// Takes the answer to the last question.
    pub(crate) fn answer(&mut self, answer: Result<Found, Fault>) {
        let stage = std::mem::replace(&mut self.stage, Stage::Done(Err(MissReason::Unreachable)));
        let Ok(found) = answer else {
            self.tier.failed();
            return;
        };
        self.stage = match stage {
            Stage::Verify { stored, proof, stamps } => self.verified(stored, &proof, stamps, found.standing),
            Stage::Fetch { guess, stamps } => self.fetched(guess, stamps, found),
            Stage::Check { bytes, footprint, stamps } => match found.standing {
                Some(standing) => self.judge(&bytes, &footprint, standing, stamps),
                None => Stage::Done(Err(MissReason::Unreachable)),
            },
            done @ Stage::Done(_) => done,
        };
    }

    /// What came of it.
    pub(crate) fn finish(self) -> (Result<Arc<Stored>, MissReason>, Option<Known>) {
        match self.stage {
            Stage::Done(result) => (result, self.known),
            _ => (Err(MissReason::Unreachable), None),
        }
    }

    fn verified(
        &mut self,
        stored: Arc<Stored>,
        proof: &Arc<Proof>,
        stamps: Stamps,
        standing: Option<Standing>,
    ) -> Stage {
        let Some(standing) = standing else { return Stage::Done(Err(MissReason::Unreachable)) };
        // A change may have failed to be told since the question was sent.
        if self.tier.fence.stands_before(&proof.footprint) {
            return Stage::Done(Err(MissReason::Unreachable));
        }
        if standing.sum(&proof.footprint) != Some(proof.sum) {
            self.tier.near.discard(self.key, &stored);
            self.keep_known(&proof.footprint, standing);
            // Another process may have filled it again.
            let fetch = self.fetch();
            return if matches!(fetch, Stage::Fetch { .. }) { fetch } else { Stage::Done(Err(MissReason::Outdated)) };
        }
        if stamps.len() == 0 {
            return Stage::Done(Ok(stored));
        }
        let again = Arc::new(stored.under(stamps));
        self.keep_here(&again);
        Stage::Done(Ok(again))
    }

    fn fetched(&mut self, guess: Option<Remembered>, stamps: Stamps, found: Found) -> Stage {
        let Some(bytes) = found.entry else {
            if let (Some(guess), Some(standing)) = (guess, found.standing) {
                self.keep_known(&guess.footprint, standing);
            }
            return Stage::Done(Err(MissReason::Absent));
        };
        let Ok(envelope) = Envelope::decode(&bytes) else { return Stage::Done(Err(MissReason::Undecodable)) };
        if let (Some(guess), Some(standing)) = (&guess, found.standing)
            && *guess.encoded == *envelope.footprint
        {
            return self.judge(&bytes, &guess.footprint, standing, stamps);
        }
        // Nothing is asked where changes drop nothing; elsewhere each entry depends on something.
        if self.tier.store.mode() == Mode::Ttl {
            return self.judge(&bytes, &Arc::default(), Standing::default(), stamps);
        }
        let Ok(footprint) = decode_footprint(envelope.footprint) else {
            return Stage::Done(Err(MissReason::Undecodable));
        };
        let digest = self.digest.unwrap_or_else(|| self.tier.digest(self.key));
        self.tier.footprints.remember(self.key, digest, &footprint);
        if self.tier.fence.stands_before(&footprint) {
            return Stage::Done(Err(MissReason::Unreachable));
        }
        let stamps = self.expect(&footprint);
        Stage::Check { bytes, footprint, stamps }
    }

    /// An entry and what its footprint stands at now.
    fn judge(&mut self, bytes: &[u8], footprint: &Arc<Footprint>, standing: Standing, stamps: Stamps) -> Stage {
        if self.tier.fence.stands_before(footprint) {
            return Stage::Done(Err(MissReason::Unreachable));
        }
        let Ok(envelope) = Envelope::decode(bytes) else { return Stage::Done(Err(MissReason::Undecodable)) };
        if self.digest.is_none_or(|digest| digest.check != envelope.check) {
            return Stage::Done(Err(MissReason::Absent));
        }
        if standing.sum(footprint) != Some(envelope.sum) {
            self.keep_known(footprint, standing);
            return Stage::Done(Err(MissReason::Outdated));
        }
        let Some(left) = self.tier.left_until(envelope.expires) else {
            self.keep_known(footprint, standing);
            return Stage::Done(Err(MissReason::Expired));
        };
        match self.decode(&envelope, footprint, standing, stamps, left) {
            Some(stored) => Stage::Done(Ok(stored)),
            None => Stage::Done(Err(MissReason::Undecodable)),
        }
    }

    fn decode(
        &self,
        envelope: &Envelope<'_>,
        footprint: &Arc<Footprint>,
        standing: Standing,
        stamps: Stamps,
        left: Duration,
    ) -> Option<Arc<Stored>> {
        let codec = self.codec.filter(|codec| codec.id() == envelope.codec)?;
        let payload = envelope.payload.open().ok()?;
        let value = codec.decode(&payload).ok()?;
        let now = self.tier.clock.now();
        let weight = payload.len() as u64;
        let proof = Proof { footprint: Arc::clone(footprint), standing: Arc::new(standing), sum: envelope.sum };
        let idle = envelope.idle.map(Duration::from_millis);
        if let (Some(idle), Some(digest)) = (idle, self.digest) {
            self.tier.touch(digest.id, left.min(idle));
        }
        let stored = Arc::new(Stored {
            value,
            stamps,
            dependencies: Default::default(),
            expires: Some(now.after(left)),
            idle: idle.map(|limit| Idle::new(limit, now)),
            weight,
            proof: Some(Arc::new(proof)),
        });
        self.keep_here(&stored);
        Some(stored)
    }

    /// Keeps what was found in this process, unless its key was deleted meanwhile.
    fn keep_here(&self, stored: &Arc<Stored>) {
        let insert = || self.tier.near.insert(self.key.clone(), Arc::clone(stored));
        self.tier.removals.unless_raised(self.key, self.removals, insert);
    }

    fn keep_known(&mut self, footprint: &Arc<Footprint>, standing: Standing) {
        if standing.is_settled() {
            self.known = Some(Known { footprint: Arc::clone(footprint), standing: Arc::new(standing) });
        }
    }
}
