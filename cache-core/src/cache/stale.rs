//! Values that have ceased to be fresh.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use super::{Cache, WeighValue};
use crate::clock::Instant;
use crate::context::taint;
use crate::engine::{Filling, Terms};
use crate::key::Key;
use crate::observe::{Event, StaleCause};
use crate::store::{Backend, Shared, Stored};

/// What an error says, where it says something.
pub(crate) type Describe<E> = fn(&E) -> Option<String>;

impl Cache {
    /// What this process holds under a key, whether it may be served or not.
    pub(crate) fn here(&self, key: &Key) -> Option<Arc<Stored>> {
        match &self.inner.backend {
            Backend::Memory(store) => store.lookup(key),
            Backend::Shared(Shared(tier)) => tier.near.lookup(key),
        }
    }

    /// When an entry ceased to be fresh, at the earliest; now if it did not.
    fn ceased(&self, stored: &Stored, now: Instant) -> Instant {
        match &self.inner.backend {
            Backend::Memory(_) => {
                let voided = stored.stamps.voided_at();
                voided.into_iter().chain(stored.ended(now)).fold(now, Instant::min)
            }
            Backend::Shared(Shared(tier)) => tier.ceased(stored, now),
        }
    }

    /// Whether an entry that is fresh no more may still be served stale.
    pub(super) fn is_reserved(&self, stored: &Stored) -> bool {
        let now = self.inner.clock.now();
        let is_kept = |keep| now.since(self.ceased(stored, now)) <= keep;
        stored.reserve.as_ref().is_some_and(|reserve| is_kept(reserve.keep()))
    }

    /// The value under a key that was fresh no longer ago than this, and how long ago it was.
    pub(super) fn stale<T: Clone + 'static>(&self, key: &Key, ceiling: Duration) -> Option<(T, Duration)> {
        let stored = self.here(key)?;
        let keep = stored.reserve.as_ref()?.keep();
        let now = self.inner.clock.now();
        let age = now.since(self.ceased(&stored, now));
        let value = stored.value.downcast_ref::<T>().filter(|_| age <= ceiling.min(keep))?;
        Some((value.clone(), age))
    }

    /// Tells of a stale value, and sees to it that nothing is stored that is made of it.
    pub(super) fn served_stale(&self, name: &str, key: &Key, age: Duration, cause: StaleCause<'_>) {
        taint("a value inside was served stale");
        self.record(&Event::Stale { name, key, age, cause });
    }

    /// A hit by code outside of everything, unless the entry's time to live ends within `ahead`.
    #[inline]
    pub(crate) fn hit_before<T: Clone + 'static>(&self, name: &str, key: &Key, ahead: Option<Duration>) -> Option<T> {
        if let Some(ahead) = ahead {
            let stored = self.here(key)?;
            if stored.ends_within(self.inner.clock.now(), ahead) {
                return None;
            }
        }
        self.hit(name, key)
    }
}

/// What to do when the work of a read fails: serve the last value, up to a ceiling.
#[derive(Clone, Debug)]
pub(crate) struct Fallback {
    cache: Cache,
    key: Key,
    name: &'static str,
    ceiling: Duration,
}

impl Fallback {
    /// `None` where the options ask for none.
    pub(super) fn new(cache: &Cache, key: &Key, terms: &Terms) -> Option<Self> {
        let ceiling = terms.grace.as_ref()?.stale_if_error?;
        Some(Fallback { cache: cache.clone(), key: key.clone(), name: terms.name, ceiling })
    }

    /// The value and its age, looked for now: it may have been deleted while the work ran.
    pub(super) fn find<T: Clone + 'static>(&self) -> Option<(T, Duration)> {
        self.cache.stale(&self.key, self.ceiling)
    }

    pub(super) fn serve<T>(&self, (value, age): (T, Duration), cause: StaleCause<'_>) -> T {
        self.cache.served_stale(self.name, &self.key, age, cause);
        value
    }

    /// The value of before in place of an error.
    pub(super) fn instead<T: Clone + 'static, E>(
        &self,
        describe: Option<Describe<E>>,
        result: Result<T, E>,
    ) -> Result<T, E> {
        let Err(error) = &result else { return result };
        let Some(found) = self.find() else { return result };
        let text = describe.and_then(|describe| describe(error));
        Ok(self.serve(found, StaleCause::Failed(text.as_deref())))
    }
}

impl Filling {
    /// What is served if the work ends in an error; nothing stale where it reads from a snapshot.
    pub(super) fn fallback(&self) -> Option<Fallback> {
        let (cache, key, terms) = self.subject();
        Fallback::new(cache, key, terms).filter(|_| self.context().as_of(cache).is_none())
    }
}

/// Ends a fill with the result of its work.
pub(super) fn complete<T, E, W>(filling: Box<Filling>, weigh: &W, result: Result<T, E>) -> Result<T, E>
where
    T: Clone + Send + Sync + 'static,
    W: WeighValue<T>,
{
    match result {
        Ok(value) => {
            let weight = weigh.weigh_value(&value);
            let kept: Arc<dyn Any + Send + Sync> = Arc::new(value.clone());
            filling.finish(Some((kept, weight)));
            Ok(value)
        }
        Err(error) => {
            filling.finish(None);
            Err(error)
        }
    }
}
