//! The state machine of one look-up in a shared store.

use std::sync::Arc;
use std::time::Duration;

use super::memo::Remembered;
use super::tier::{Tier, wall_clock};
use crate::clock::Instant;
use crate::codec::Codec;
use crate::engine::{MissReason, Stamps};
use crate::key::{EntryDigest, Key};
use crate::store::shared::{Ask, Blob, Envelope, Fault, Footprint, Found, Mode, Standing, decode_footprint};
use crate::store::{Idle, Made, Reserve, Stored};

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

    /// Whether the footprint stands at this.
    fn holds(&self, now: &Arc<Standing>) -> bool {
        Arc::ptr_eq(&self.standing, now) || now.sum(&self.footprint) == Some(self.sum)
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
    /// How long what is found is kept after it has ceased to be fresh.
    keep: Option<Duration>,
    /// Before the first question, where something is kept that long.
    began: Instant,
    /// The value here, which is over: whether it would still be valid otherwise comes with the answer.
    over: Option<Arc<Stored>>,
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
        guess: Option<Arc<Remembered>>,
        stamps: Stamps,
    },
    /// The entry is here and depends on something else.
    Check {
        bytes: Blob,
        footprint: Arc<Footprint>,
        stamps: Stamps,
    },
    Done(Result<Arc<Stored>, MissReason>),
}

impl<'a> Seek<'a> {
    pub(crate) fn new(tier: &'a Tier, key: &'a Key, codec: Option<Codec>, keep: Option<Duration>) -> Self {
        let removals = tier.removals.count(key);
        let stage = Stage::Done(Err(MissReason::Absent));
        let began = tier.clock.now();
        let mut seek = Seek { tier, key, codec, digest: None, removals, keep, began, over: None, stage, known: None };
        seek.stage = seek.begin();
        seek
    }

    fn begin(&mut self) -> Stage {
        let Some(stored) = self.tier.near.lookup(self.key) else { return self.fetch() };
        if self.tier.is_over(&stored) {
            match stored.reserve {
                Some(_) => self.over = Some(stored),
                None => self.tier.near.discard(self.key, &stored),
            }
            return self.fetch();
        }
        if stored.is_outdated() {
            self.tier.let_go(self.key, &stored);
            return self.fetch();
        }
        if self.tier.may_serve(&stored) {
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
            Stage::Verify { proof, .. } => Some(standing_of(&proof.footprint, Some(&proof.standing))),
            Stage::Fetch { guess, .. } => {
                let known = || guess.as_ref().map_or_else(|| self.tier.digest(self.key), |guess| guess.digest);
                let digest = *self.digest.get_or_insert_with(known);
                let footprint = guess.as_ref().map(|guess| Arc::clone(&guess.footprint));
                // Mostly it is a hit, for which intents do not matter.
                let to_fill = guess.as_ref().is_none_or(|guess| guess.expires <= wall_clock());
                let expected =
                    guess.as_ref().and_then(|guess| guess.proof.as_ref()).map(|proof| Arc::clone(&proof.standing));
                Some(Ask { id: Some(digest.id), footprint, to_fill, expected })
            }
            Stage::Check { footprint, .. } => Some(standing_of(footprint, None)),
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
            Stage::Verify { stored, proof, stamps } => self.verified(stored, &proof, stamps, found),
            Stage::Fetch { guess, stamps } => self.fetched(guess, stamps, found),
            Stage::Check { bytes, footprint, stamps } => match (Envelope::decode(&bytes), found.standing) {
                (Ok(envelope), Some(standing)) => {
                    self.judge(&envelope, None, Stands { footprint, standing, settled: found.settled }, stamps)
                }
                (Err(_), _) => Stage::Done(Err(MissReason::Undecodable)),
                (_, None) => Stage::Done(Err(MissReason::Unreachable)),
            },
            done @ Stage::Done(_) => done,
        };
    }

    /// What came of it.
    pub(crate) fn finish(self) -> (Result<Arc<Stored>, MissReason>, Option<Known>) {
        if let Some(over) = &self.over {
            self.tier.let_go(self.key, over);
        }
        match self.stage {
            Stage::Done(result) => (result, self.known),
            _ => (Err(MissReason::Unreachable), None),
        }
    }

    fn verified(&mut self, stored: Arc<Stored>, proof: &Arc<Proof>, stamps: Stamps, found: Found) -> Stage {
        let Some(standing) = found.standing else { return Stage::Done(Err(MissReason::Unreachable)) };
        // A change may have failed to be told since the question was sent.
        if self.tier.fence.stands_before(&proof.footprint) {
            return Stage::Done(Err(MissReason::Unreachable));
        }
        if !proof.holds(&standing) {
            if let Some(reserve) = &stored.reserve {
                reserve.outdate();
            }
            self.tier.let_go(self.key, &stored);
            self.keep_known(Stands { footprint: Arc::clone(&proof.footprint), standing, settled: found.settled });
            // Another process may have filled it again.
            let fetch = self.fetch();
            return if matches!(fetch, Stage::Fetch { .. }) { fetch } else { Stage::Done(Err(MissReason::Outdated)) };
        }
        if let Some(reserve) = &stored.reserve {
            reserve.was_fresh(self.began);
        }
        if stamps.len() == 0 {
            return Stage::Done(Ok(stored));
        }
        let again = Arc::new(stored.under(stamps));
        self.keep_here(&again);
        Stage::Done(Ok(again))
    }

    fn fetched(&mut self, guess: Option<Arc<Remembered>>, stamps: Stamps, found: Found) -> Stage {
        if let (Some(guess), Some(standing)) = (&guess, &found.standing) {
            self.still_stands(guess, standing);
        }
        let stands = guess.as_ref().zip(found.standing).map(|(guess, standing)| Stands {
            footprint: Arc::clone(&guess.footprint),
            standing,
            settled: found.settled,
        });
        let Some(bytes) = found.entry else {
            if let Some(stands) = stands {
                self.keep_known(stands);
            }
            return Stage::Done(Err(MissReason::Absent));
        };
        let Ok(envelope) = Envelope::decode(&bytes) else { return Stage::Done(Err(MissReason::Undecodable)) };
        if let (Some(guess), Some(stands)) = (&guess, stands)
            && *guess.encoded == *envelope.footprint
        {
            return self.judge(&envelope, Some(guess), stands, stamps);
        }
        // Nothing is asked where changes drop nothing; elsewhere each entry depends on something.
        if self.tier.store.mode() == Mode::Ttl {
            return self.judge(&envelope, None, Stands::default(), stamps);
        }
        let Ok(footprint) = decode_footprint(envelope.footprint) else {
            return Stage::Done(Err(MissReason::Undecodable));
        };
        let digest = self.digest.unwrap_or_else(|| self.tier.digest(self.key));
        self.tier.footprints.remember(self.key, digest, &footprint, envelope.expires);
        if self.tier.fence.stands_before(&footprint) {
            return Stage::Done(Err(MissReason::Unreachable));
        }
        let stamps = self.expect(&footprint);
        Stage::Check { bytes, footprint, stamps }
    }

    /// An entry and what its footprint stands at now; `guess` is what was known of it if that was right.
    fn judge(
        &mut self,
        envelope: &Envelope<'_>,
        guess: Option<&Arc<Remembered>>,
        stands: Stands,
        stamps: Stamps,
    ) -> Stage {
        if self.tier.fence.stands_before(&stands.footprint) {
            return Stage::Done(Err(MissReason::Unreachable));
        }
        if self.digest.is_none_or(|digest| digest.check != envelope.check) {
            return Stage::Done(Err(MissReason::Absent));
        }
        let known = guess.and_then(|guess| guess.proof.as_ref());
        let known = known.filter(|known| known.sum == envelope.sum && Arc::ptr_eq(&known.standing, &stands.standing));
        if known.is_none() && stands.standing.sum(&stands.footprint) != Some(envelope.sum) {
            self.keep_known(stands);
            return Stage::Done(Err(MissReason::Outdated));
        }
        let Some(left) = self.tier.left_until(envelope.expires) else {
            self.keep_known(stands);
            return Stage::Done(Err(MissReason::Expired));
        };
        let proof = known.map_or_else(
            || Arc::new(Proof { footprint: stands.footprint, standing: stands.standing, sum: envelope.sum }),
            Arc::clone,
        );
        if let Some(guess) = guess
            && (known.is_none() || guess.expires != envelope.expires)
        {
            self.tier.footprints.renew(self.key, guess, envelope.expires, &proof);
        }
        match self.decode(envelope, proof, stamps, left) {
            Some(stored) => Stage::Done(Ok(stored)),
            None => Stage::Done(Err(MissReason::Undecodable)),
        }
    }

    fn decode(
        &self,
        envelope: &Envelope<'_>,
        proof: Arc<Proof>,
        stamps: Stamps,
        left: Duration,
    ) -> Option<Arc<Stored>> {
        let codec = self.codec.filter(|codec| codec.id() == envelope.codec)?;
        let payload = envelope.payload.open().ok()?;
        let value = codec.decode(&payload).ok()?;
        let now = self.tier.clock.now();
        let weight = payload.len() as u64;
        let idle = envelope.idle.map(Duration::from_millis);
        let age = Duration::from_millis(wall_clock().saturating_sub(envelope.created));
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
            made: Made::before(now, age),
            proof: Some(proof),
            reserve: self.keep.map(|keep| Reserve::new(keep, self.began)),
        });
        self.keep_here(&stored);
        Some(stored)
    }

    /// Keeps what was found in this process, unless its key was deleted meanwhile.
    fn keep_here(&self, stored: &Arc<Stored>) {
        if self.tier.near.is_off() {
            return;
        }
        let insert = || self.tier.near.insert(self.key.clone(), Arc::clone(stored));
        self.tier.removals.unless_raised(self.key, self.removals, insert);
    }

    /// A value whose time is over, and that nothing has changed, ceased to be fresh when its time was over.
    fn still_stands(&self, guess: &Remembered, standing: &Arc<Standing>) {
        if let Some(stored) = &self.over
            && let (Some(proof), Some(reserve)) = (&stored.proof, &stored.reserve)
            && proof.footprint == guess.footprint
            && !self.tier.fence.stands_before(&proof.footprint)
        {
            match proof.holds(standing) {
                true => reserve.was_fresh(self.began),
                false => reserve.outdate(),
            }
        }
    }

    fn keep_known(&mut self, Stands { footprint, standing, settled }: Stands) {
        if settled {
            self.known = Some(Known { footprint, standing });
        }
    }
}

/// A footprint and what it was found to stand at.
#[derive(Default)]
struct Stands {
    footprint: Arc<Footprint>,
    standing: Arc<Standing>,
    /// A fill may go on from that.
    settled: bool,
}

/// The question what a footprint stands at now.
fn standing_of(footprint: &Arc<Footprint>, expected: Option<&Arc<Standing>>) -> Ask {
    Ask { footprint: Some(Arc::clone(footprint)), expected: expected.map(Arc::clone), ..Ask::default() }
}
