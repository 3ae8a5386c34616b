//! A fill under way, from its stamps to the entry.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use super::checked::Findings;
use super::flight::Lead;
use super::shared::{Known, Lease, Parcel, Proof, Tier};
use super::{Grace, Landing, Refusal, Stamps};
use crate::cache::Cache;
use crate::clock::Instant;
use crate::codec::Codec;
use crate::context::{Collected, Context, Frame, ReadPoint, Surrounding, Watch};
use crate::dependency::Dependencies;
use crate::key::Key;
use crate::near::NearMode;
use crate::observe::{Event, Severity};
use crate::store::shared::{Footprint, Standing};
use crate::store::{Idle, Made, Reserve, Stored};

/// What an entry is called and how long it may live.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) name: &'static str,
    pub(crate) ttl: Option<Duration>,
    pub(crate) idle: Option<Duration>,
    /// How the value becomes bytes for a shared store; without it the value stays in this process.
    pub(crate) codec: Option<Codec>,
    pub(crate) lock: Lock,
    /// What is asked of the statements of the work.
    pub(crate) watch: Watch,
    pub(crate) grace: Option<Box<Grace>>,
}

impl Terms {
    /// How long the entry is kept after it has ceased to be fresh.
    pub(crate) fn keep(&self) -> Option<Duration> {
        self.grace.as_ref().and_then(|grace| grace.keep())
    }
}

/// Among whom simultaneous misses of a key run the work once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lock {
    /// The callers of this process.
    #[default]
    Local,
    /// The callers of all processes that share the store: one takes a lease, the others wait for its result. Costs a
    /// round trip more on a miss; a leader that dies costs its lease, ten seconds at most, which is renewed while it lives. Work that
    /// takes longer than ten minutes is no longer waited for.
    Shared,
    /// Nobody: each caller that misses runs the work itself, at the same time as others.
    None,
}

/// The obligation of whoever runs the work: to finish, or by dropping this to let others try.
///
/// However it ends, what the work depended on is handed to the fill around it: also an error that was
/// handled there has been read from rows.
#[derive(Debug)]
pub(crate) struct Filling {
    cache: Cache,
    key: Key,
    terms: Terms,
    lead: Option<Lead>,
    frame: Arc<Frame>,
    outer: Context,
    begun: Instant,
    /// Before anything was stamped.
    came: Instant,
    removals: u64,
    /// The lease, where one was taken.
    lease: Option<Lease>,
    done: bool,
}

impl Filling {
    /// A fill whose dependencies are yet to be stamped.
    pub(crate) fn begin(cache: &Cache, key: Key, terms: Terms, lead: Option<Lead>, as_of: Option<ReadPoint>) -> Self {
        let removals = cache.removals().count(&key);
        let flight = lead.as_ref().map(|lead| Arc::clone(lead.flight()));
        let frame = Frame::new(cache, flight, as_of.map(|point| (cache.clone(), point)), terms.watch);
        let begun = cache.clock().now();
        let outer = Context::current();
        let cache = cache.clone();
        Filling { cache, key, terms, lead, frame, outer, begun, came: begun, removals, lease: None, done: false }
    }

    /// The lease under which this fills for all processes.
    pub(crate) fn under_lease(&mut self, lease: Option<Lease>) {
        self.lease = lease;
    }

    /// Stamps the dependencies; the work may start when this returns. `known` are stamps that the look-up has met.
    pub(crate) async fn stamp(&mut self, dependencies: Dependencies, known: Option<&Known>) {
        let as_of = self.context().as_of(&self.cache);
        let refusal = self.frame.depend(&self.cache, &dependencies, as_of, known).await.err();
        // Work that cannot be shared is not worth waiting for.
        if refusal.is_some_and(|refusal| !refusal.is_shareable()) {
            self.lead = None;
        }
        self.begun = self.cache.clock().now();
    }

    /// The surroundings that the work has to run in.
    pub(crate) fn context(&self) -> Context {
        self.outer.clone().within(Surrounding::Fill(Arc::clone(&self.frame)))
    }

    /// What is filled, where, and on which terms.
    pub(crate) fn subject(&self) -> (&Cache, &Key, &Terms) {
        (&self.cache, &self.key, &self.terms)
    }

    /// What work has read that was done for this fill and for others.
    pub(crate) fn inherit(&self, of: &Frame, collected: &Collected, dependencies: &Dependencies) {
        self.frame.inherit(of, collected, dependencies);
    }

    pub(crate) fn refuse(&self, refusal: Refusal) {
        self.frame.refuse(refusal);
    }

    /// Ends the fill with a value and its weight, or with nothing to keep.
    pub(crate) fn finish(mut self, value: Option<(Arc<dyn Any + Send + Sync>, u64)>) {
        self.done = true;
        let now = self.cache.clock().now();
        let (mut collected, dependencies) = self.hand_over(self.ttl().map(|ttl| now.after(ttl)));
        let findings = Findings::of(self.terms.watch, &collected, &dependencies);
        if let Some(missing) = &findings.missing {
            self.cache.record(&Event::Undeclared { name: self.terms.name, key: &self.key, missing });
        }
        let refusal = match (&collected.refusal, &value) {
            (None, _) if findings.refusal.is_some() => findings.refusal.clone(),
            (Some(refusal), _) => Some(refusal.clone()),
            (None, None) => Some(Refusal::NotKept),
            (None, Some(_)) if self.terms.ttl == Some(Duration::ZERO) => Some(Refusal::NotKept),
            (None, Some(_)) => collected.stamps.voided_by().map(|by| Refusal::Invalidated { by }),
        };
        let landing = match (refusal, value) {
            (None, Some((value, weight))) => {
                collected.stamps.deduplicate();
                let proofs = std::mem::take(&mut collected.proofs);
                let stored = Stored {
                    value,
                    stamps: collected.stamps,
                    dependencies,
                    expires: collected.expires,
                    idle: self.terms.idle.map(|limit| Idle::new(limit, now)),
                    weight,
                    made: Made::at(now),
                    proof: None,
                    reserve: self.terms.keep().map(|keep| Reserve::new(keep, self.known_fresh())),
                };
                match self.cache.tier() {
                    None => self.store(Arc::new(stored), now),
                    Some(tier) => return self.share(&Arc::clone(tier), stored, &proofs, now),
                }
            }
            (refusal, value) => self.refused(&refusal.unwrap_or(Refusal::NotKept), value.map(|(value, _)| value)),
        };
        self.land(landing);
        if let (Watch::Checks(Severity::Panic), Some(missing)) = (self.terms.watch, &findings.missing) {
            findings.panic(self.terms.name, missing);
        }
    }

    /// The time to live, as it falls to this result.
    fn ttl(&self) -> Option<Duration> {
        let Some(grace) = &self.terms.grace else { return self.terms.ttl };
        let of_store = || self.cache.tier().filter(|_| grace.jitter.is_some()).map(|tier| tier.settings.ttl);
        self.terms.ttl.or_else(of_store).map(|ttl| grace.jittered(ttl))
    }

    /// Up to when everything that the result was made from is known to have been fresh.
    fn known_fresh(&self) -> Instant {
        self.cache.tier().map_or(self.came, |tier| tier.unasked(self.came))
    }

    fn land(&mut self, landing: Landing) {
        self.give_back();
        if let Some(lead) = self.lead.take() {
            lead.land(landing);
        }
    }

    /// Keeps a result in the near cache, and sends it to the shared store in the background.
    fn share(
        &mut self,
        tier: &Arc<Tier>,
        mut stored: Stored,
        proofs: &[(Arc<Footprint>, Arc<Standing>)],
        now: Instant,
    ) {
        let proof = Standing::join(proofs).and_then(|(footprint, standing)| Proof::new(footprint, standing));
        let Some(proof) = proof.map(Arc::new) else {
            let landing = self.refused(&Refusal::Announced, Some(stored.value));
            return self.land(landing);
        };
        // It has not been asked yet whether its stamps still stand.
        stored.stamps = Stamps::void();
        stored.proof = Some(Arc::clone(&proof));
        let life = stored.expires.map_or(tier.settings.ttl, |deadline| deadline.since(now));
        let codec = match self.terms.codec {
            Some(codec) => tier.pack(&self.key, codec, &stored, life),
            None => Err(format!("no codec is known for the type of {:?}", self.terms.name)),
        };
        let stored = Arc::new(stored);
        let landing = self.store(Arc::clone(&stored), now);
        let bytes = match codec {
            Ok(bytes) => bytes,
            Err(reason) => {
                if tier.near.mode() == NearMode::Off {
                    self.refused(&Refusal::Unencodable(reason.into()), None);
                }
                return self.land(landing);
            }
        };
        let Landing::Stored(_) = landing else { return self.land(landing) };
        let lead = self.lead.take();
        let landing = match lead {
            Some(lead) if tier.near.mode() != NearMode::Off => {
                lead.land(landing);
                None
            }
            lead => lead.map(|lead| (lead, stored)),
        };
        tier.keep(Parcel {
            cache: self.cache.clone(),
            key: self.key.clone(),
            bytes,
            ttl: self.terms.idle.map_or(life, |idle| life.min(idle)),
            footprint: Arc::clone(&proof.footprint),
            standing: Arc::clone(&proof.standing),
            removals: self.removals,
            lease: self.lease.take(),
            landing,
        });
    }

    /// Ends a lease under which nothing will be kept.
    fn give_back(&mut self) {
        if let (Some(lease), Some(tier)) = (self.lease.take(), self.cache.tier()) {
            tier.give_back(&self.key, lease);
        }
    }

    fn store(&self, stored: Arc<Stored>, now: Instant) -> Landing {
        if !self.cache.insert(&self.key, Arc::clone(&stored), self.removals) {
            return self.refused(&Refusal::Removed, Some(Arc::clone(&stored.value)));
        }
        self.cache.record(&Event::Fill {
            name: self.terms.name,
            key: &self.key,
            dependencies: &stored.dependencies,
            weight: stored.weight,
            elapsed: now.since(self.begun),
        });
        Landing::Stored(stored)
    }

    fn refused(&self, reason: &Refusal, value: Option<Arc<dyn Any + Send + Sync>>) -> Landing {
        self.cache.record(&Event::Refused { name: self.terms.name, key: &self.key, reason });
        match value {
            Some(value) if reason.is_shareable() => Landing::Value(value),
            _ => Landing::Nothing,
        }
    }

    fn hand_over(&self, deadline: Option<Instant>) -> (Collected, Dependencies) {
        let mut collected = self.frame.take();
        collected.expires = deadline.into_iter().chain(collected.expires).min();
        let dependencies = std::mem::take(&mut collected.dependencies).into_iter().collect();
        if let Some(outer) = self.outer.frames().next() {
            outer.inherit(&self.frame, &collected, &dependencies);
        }
        (collected, dependencies)
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        if !self.done {
            self.hand_over(None);
            self.give_back();
        }
    }
}
