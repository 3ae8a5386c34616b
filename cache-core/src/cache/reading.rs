//! A read that has missed, between what its caller has to do.

use std::sync::Arc;
use std::time::Duration;

use super::Entry;
use crate::codec::Codec;
use crate::context::taint;
use crate::dependency::Dependencies;
use crate::engine::shared::{Known, Leading};
use crate::engine::{Filling, Flight, Landing, Lead, Lock, MissReason, Next, Place, Read, Refusal, Seen, Wait};
use crate::observe::{Event, StaleCause};
use crate::store::Stored;

pub(super) enum Start<'a, T, D, W> {
    Served(T),
    Bypassed,
    Reading(Box<Reading<'a, D, W>>),
}

/// A read that has missed, between two steps of its state machine.
pub(super) struct Reading<'a, D, W> {
    read: Read,
    next: Option<Next>,
    pub(super) request: Option<Entry<'a, D, W>>,
    /// Stamps that the last look-up in a shared store has met.
    known: Option<Known>,
    /// What the flight is bound to that this may lead.
    hub: Option<Arc<Flight>>,
    /// Whether the work may run in the background, while something else is served.
    pub(super) background: bool,
    /// Whether it does.
    pub(super) refreshing: bool,
    /// What is to be run in the background beside what was served.
    pub(super) refresh: Option<(Lead, MissReason)>,
}

pub(super) enum Step<T, W> {
    Served(T),
    Wait(Wait),
    Bypassed,
    Fill(Box<Filling>, W),
}

impl<'a, D, W> Reading<'a, D, W> {
    pub(super) fn new(read: Read, next: Next, request: Entry<'a, D, W>) -> Self {
        let (request, next) = (Some(request), Some(next));
        Reading { read, next, request, known: None, hub: None, background: false, refreshing: false, refresh: None }
    }

    /// With stamps that the look-up has met.
    pub(super) fn knowing(mut self, known: Option<Known>) -> Self {
        self.known = known;
        self
    }

    /// As one of several whose leads one caller takes.
    pub(super) fn among(mut self, hub: &Arc<Flight>) -> Self {
        self.hub = Some(Arc::clone(hub));
        self
    }

    /// Makes sure that somebody runs the work, if nobody does.
    fn refresh_beside(&mut self, lead: Option<Lead>, missed: MissReason) {
        let Some(request) = &self.request else { return };
        let lead = lead.or_else(|| match request.cache.flights().join(&request.key, std::iter::empty()) {
            Place::Leader(lead) => Some(lead),
            Place::Waiter(_) | Place::Alone => None,
        });
        self.refresh = lead.map(|lead| (lead, missed));
    }

    /// A hit shortly before the end of the entry's time to live.
    fn refresh_ahead(&mut self, stored: &Arc<Stored>) {
        let Some(request) = self.request.as_ref().filter(|_| self.background) else { return };
        let ahead = request.terms.grace.as_ref().and_then(|grace| grace.refresh_ahead);
        if !ahead.is_some_and(|ahead| stored.ends_within(request.cache.clock().now(), ahead)) {
            return;
        }
        let (cache, key) = (request.cache, request.key.clone());
        self.refresh_beside(None, MissReason::Expired);
        // Somebody may have done it between the look-up and the lead.
        if cache.here(&key).is_some_and(|current| !Arc::ptr_eq(&current, stored)) {
            self.refresh = None;
        }
    }

    /// What may be served while somebody runs the work, and for how long it has not been fresh.
    fn old<T: Clone + 'static>(&self) -> Option<(T, Duration)> {
        let request = self.request.as_ref().filter(|_| self.background)?;
        let ceiling = request.terms.grace.as_ref()?.stale_while_revalidate?;
        match self.read.missed() {
            // Nothing that is made now could be stored.
            Some(MissReason::Unreachable | MissReason::WrongType) => None,
            _ => request.cache.stale(&request.key, ceiling),
        }
    }

    fn serve_old<T>(&self, (value, age): (T, Duration)) -> Step<T, W> {
        if let Some(request) = &self.request {
            request.cache.served_stale(request.terms.name, &request.key, age, StaleCause::Revalidating);
        }
        Step::Served(value)
    }
}

impl<D: FnOnce() -> Dependencies, W> Reading<'_, D, W> {
    pub(super) fn landed(&mut self, landing: Landing) {
        self.next = Some(self.read.advance(Seen::Landed(landing)));
    }

    /// Runs the state machine up to something that the caller has to do. Ready at once with the embedded store.
    pub(super) async fn step<T: Clone + 'static>(&mut self) -> Step<T, W> {
        let mut next = self.next.take().unwrap_or(Next::Lookup);
        loop {
            let Some(request) = &self.request else { unreachable!("a read goes on after its end") };
            let seen = match next {
                Next::Serve(stored) => match stored.value.downcast_ref::<T>() {
                    Some(value) => {
                        request.cache.served(&stored, request.terms.name, &request.key);
                        let value = value.clone();
                        self.refresh_ahead(&stored);
                        return Step::Served(value);
                    }
                    None => Seen::Landed(Landing::Nothing),
                },
                Next::Share(value) => match value.downcast_ref::<T>() {
                    Some(value) => return self.share(value.clone()),
                    None => Seen::Landed(Landing::Nothing),
                },
                // Whoever makes the value may need the very connection that this transaction holds.
                Next::Wait(_) if request.as_of.is_some() => return request.bypassed(),
                Next::Wait(wait) => {
                    return match self.old::<T>() {
                        Some(old) => self.serve_old(old),
                        None => Step::Wait(wait),
                    };
                }
                Next::Run { lead, missed } => {
                    let Some(old) = self.old::<T>() else { return self.fill(lead, missed).await };
                    self.refresh_beside(lead, missed);
                    return self.serve_old(old);
                }
                Next::Join => {
                    let place = request.cache.join(&request.key);
                    if let (Place::Leader(lead), Some(hub)) = (&place, &self.hub) {
                        lead.flight().bind(hub);
                    }
                    Seen::Placed(place)
                }
                Next::Lookup => self.look::<T>().await,
            };
            next = self.read.advance(seen);
        }
    }

    async fn look<T: 'static>(&mut self) -> Seen {
        let Some(request) = &self.request else { unreachable!("a read goes on after its end") };
        let found = match request.cache.tier() {
            None => request.cache.lookup(&request.key),
            Some(tier) => {
                self.read.looks(request.cache.flights().tick());
                let codec = request.terms.codec.filter(Codec::is_for::<T>);
                let (found, known) = tier.find(&request.key, codec, request.terms.keep()).await;
                self.known = known;
                found
            }
        };
        match found {
            Ok(stored) if !stored.value.is::<T>() => Seen::Missed(MissReason::WrongType),
            Ok(stored) => Seen::Found(stored),
            Err(reason) => Seen::Missed(reason),
        }
    }

    fn share<T>(&mut self, value: T) -> Step<T, W> {
        if let Some(request) = self.request.take() {
            // What an unstored value depends on is known only to the caller that made it.
            taint("a value inside was taken over from another caller, who could not store it");
            request.cache.record(&Event::Hit { name: request.terms.name, key: &request.key });
        }
        Step::Served(value)
    }

    /// The dependencies are built as part of the fill: what they were made from counts, too.
    pub(super) async fn fill<T: Clone + 'static>(&mut self, lead: Option<Lead>, missed: MissReason) -> Step<T, W> {
        let mut lease = None;
        if let Some(request) = &self.request
            && let Some(tier) = request.cache.tier()
            && request.terms.lock == Lock::Shared
            && lead.is_some()
            && missed != MissReason::Unreachable
        {
            match tier.lead(&request.key, request.terms.codec, request.terms.keep()).await {
                Leading::Lead(mine) => lease = Some(mine),
                Leading::Alone => {}
                Leading::Found(stored) => {
                    if let Some(value) = stored.value.downcast_ref::<T>().cloned() {
                        request.cache.served(&stored, request.terms.name, &request.key);
                        if let Some(lead) = lead {
                            lead.land(Landing::Stored(stored));
                        }
                        return Step::Served(value);
                    }
                }
            }
            // They are older than the wait.
            self.known = None;
        }
        let Some(request) = self.request.take() else { unreachable!("a read fills twice") };
        let Entry { cache, key, dependencies, weigh, terms, as_of, .. } = request;
        cache.record(&match self.refreshing {
            false => Event::Miss { name: terms.name, key: &key, reason: missed },
            true => Event::Refresh { name: terms.name, key: &key },
        });
        let mut filling = Box::new(Filling::begin(cache, key, terms, lead, as_of));
        filling.under_lease(lease);
        let dependencies = filling.context().run(dependencies);
        match missed {
            // It would only be waited for a second time.
            MissReason::Unreachable => filling.refuse(Refusal::Unreachable),
            _ => filling.stamp(dependencies, self.known.as_ref()).await,
        }
        Step::Fill(filling, weigh)
    }
}
