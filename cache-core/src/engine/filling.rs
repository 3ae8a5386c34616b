//! A fill under way, from its stamps to the entry.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use super::flight::Lead;
use super::{Landing, Refusal};
use crate::cache::Cache;
use crate::clock::Instant;
use crate::context::{Collected, Context, Frame, ReadPoint, Surrounding};
use crate::dependency::Dependencies;
use crate::key::Key;
use crate::observe::Event;
use crate::store::{Idle, Stored};

/// What an entry is called and how long it may live.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) name: &'static str,
    pub(crate) ttl: Option<Duration>,
    pub(crate) idle: Option<Duration>,
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
    removals: u64,
    done: bool,
}

impl Filling {
    /// A fill whose dependencies are yet to be stamped.
    pub(crate) fn begin(cache: &Cache, key: Key, terms: Terms, lead: Option<Lead>, as_of: Option<ReadPoint>) -> Self {
        let removals = cache.removals().count(&key);
        let flight = lead.as_ref().map(|lead| Arc::clone(lead.flight()));
        let frame = Frame::new(cache.id(), flight, as_of.map(|point| (cache.clone(), point)));
        let begun = cache.clock().now();
        let outer = Context::current();
        Filling { cache: cache.clone(), key, terms, lead, frame, outer, begun, removals, done: false }
    }

    /// Stamps the dependencies; the work may start when this returns.
    pub(crate) fn stamp(&mut self, dependencies: Dependencies) {
        let as_of = self.context().as_of(&self.cache);
        let refusal = self.frame.depend(&self.cache, &dependencies, as_of).err();
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

    pub(crate) fn refuse(&self, refusal: Refusal) {
        self.frame.refuse(refusal);
    }

    /// Ends the fill with a value and its weight, or with nothing to keep.
    pub(crate) fn finish(mut self, value: Option<(Arc<dyn Any + Send + Sync>, u64)>) {
        self.done = true;
        let now = self.cache.clock().now();
        let (mut collected, dependencies) = self.hand_over(self.terms.ttl.map(|ttl| now.after(ttl)));
        let refusal = match (&collected.refusal, &value) {
            (Some(refusal), _) => Some(refusal.clone()),
            (None, None) => Some(Refusal::NotKept),
            (None, Some(_)) if self.terms.ttl == Some(Duration::ZERO) => Some(Refusal::NotKept),
            (None, Some(_)) => collected.stamps.voided_by().map(|by| Refusal::Invalidated { by }),
        };
        let landing = match (refusal, value) {
            (None, Some((value, weight))) => {
                collected.stamps.deduplicate();
                let stored = Stored {
                    value,
                    stamps: collected.stamps,
                    dependencies,
                    expires: collected.expires,
                    idle: self.terms.idle.map(|limit| Idle::new(limit, now)),
                    weight,
                };
                self.store(Arc::new(stored), now)
            }
            (refusal, value) => self.refused(&refusal.unwrap_or(Refusal::NotKept), value.map(|(value, _)| value)),
        };
        if let Some(lead) = self.lead.take() {
            lead.land(landing);
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
            outer.inherit(&collected, &dependencies);
        }
        (collected, dependencies)
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        if !self.done {
            self.hand_over(None);
        }
    }
}
