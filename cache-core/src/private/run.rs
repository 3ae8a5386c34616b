//! A call of a cached function.

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

use super::audit::Made;
use super::equality::Equality;
use super::grace::{Given, Graces};
use super::handed::Handed;
use super::policy::Policy;
use super::probe::State;
use super::site::Site;
use crate::cache::{Cache, Ends, Entry};
use crate::codec::Codec;
use crate::context::{Context, ReadPoint, Watch, is_outside, taint};
use crate::dependency::Dependencies;
use crate::engine::{Filling, Lock, Terms, block};
use crate::key::Key;
use crate::observe::{Event, Verify};

/// One call: where it is looked up, under which key, for how long.
#[derive(Debug)]
pub struct Call<'a, G = ()> {
    pub(super) cache: &'a Cache,
    pub(super) key: Key,
    pub(super) name: &'static str,
    ttl: Option<Duration>,
    idle: Option<Duration>,
    pub(super) codec: Option<Codec>,
    lock: Lock,
    pub(super) as_of: Option<ReadPoint>,
    pub(super) bypass: bool,
    pub(super) reads: bool,
    pub(super) verify: Option<Verify>,
    pub(super) equality: Option<Equality>,
    grace: G,
}

/// The cache that an expression stands for.
pub fn cache<C: Borrow<Cache>>(cache: &C) -> &Cache {
    cache.borrow()
}

impl<'a> Call<'a> {
    /// A call without limits of time.
    pub fn new(cache: &'a Cache, key: Key, site: &'static Site) -> Self {
        Call {
            cache,
            key,
            name: site.name(),
            ttl: None,
            idle: None,
            codec: None,
            lock: Lock::Local,
            as_of: None,
            bypass: false,
            reads: false,
            verify: None,
            equality: None,
            grace: (),
        }
    }

    /// The longest time that the result is served.
    pub fn ttl(mut self, ttl: impl Into<Option<Duration>>) -> Self {
        self.ttl = ttl.into();
        self
    }

    /// The longest time between two hits.
    pub fn idle(mut self, idle: impl Into<Option<Duration>>) -> Self {
        self.idle = idle.into();
        self
    }

    /// How the result becomes bytes for a store that processes share.
    pub fn codec(mut self, codec: Option<Codec>) -> Self {
        self.codec = codec;
        self
    }

    /// One execution among all processes.
    pub fn lock_shared(mut self) -> Self {
        self.lock = Lock::Shared;
        self
    }

    /// Each caller that misses executes.
    pub fn lock_none(mut self) -> Self {
        self.lock = Lock::None;
        self
    }

    /// The result depends on what the body reads.
    pub fn reads(mut self) -> Self {
        self.reads = true;
        self
    }

    /// How much is checked, and how two results are compared.
    pub fn verify(mut self, verify: Verify, equality: Option<Equality>) -> Self {
        self.verify = Some(verify);
        self.equality = equality;
        self
    }

    /// The result goes by time: nothing is declared that could be checked.
    pub fn by_time(self) -> Self {
        self.verify(Verify::off(), None)
    }

    /// The options of time and failure.
    pub fn grace<R>(self, grace: Graces<R>) -> Call<'a, Graces<R>> {
        let Call { cache, key, name, ttl, idle, codec, lock, as_of, bypass, reads, verify, equality, grace: () } = self;
        Call { cache, key, name, ttl, idle, codec, lock, as_of, bypass, reads, verify, equality, grace }
    }
}

impl<'a, G> Call<'a, G> {
    fn watch(&self) -> Watch {
        match self.reads {
            true => Watch::Records,
            false => Verify::declarations(self.verify, self.cache.verify()).map_or(Watch::Nothing, Watch::Checks),
        }
    }

    /// Whether the cache is used at all.
    pub fn when(mut self, used: bool) -> Self {
        self.bypass |= !used;
        self
    }

    /// What an argument says about reads through it.
    pub fn state(mut self, state: State) -> Self {
        self.bypass |= state.bypass || state.cache.is_some_and(|id| id != self.cache.id());
        self.as_of = state.read_point.into_iter().chain(self.as_of).min();
        self
    }

    /// The value of a plain hit, before anything is moved into place for a miss.
    #[inline]
    fn hit<T: Clone + 'static>(&self) -> Option<T> {
        if self.bypass || !is_outside() { None } else { self.cache.hit(self.name, &self.key) }
    }

    /// A plain hit of an entry whose time to live does not end within `ahead`.
    #[inline]
    pub(super) fn hit_before<T: Clone + 'static>(&self, ahead: Option<Duration>) -> Option<T> {
        if self.bypass || !is_outside() { None } else { self.cache.hit_before(self.name, &self.key, ahead) }
    }

    pub(super) fn entry<R>(self) -> (Entry<'a>, Ends<R>)
    where
        G: Given<R>,
    {
        let watch = self.watch();
        let Call { cache, key, name, ttl, idle, codec, lock, as_of, bypass, grace, .. } = self;
        let entry = cache.entry(key).name(name).ttl(ttl).idle(idle).codec(codec).lock(lock).as_of(as_of);
        let entry = entry.bypass(bypass).watch(watch);
        match grace.given() {
            Some(given) => (entry.with_grace(given.grace), given.into_ends()),
            None => (entry, Ends::default()),
        }
    }
}

impl<R> Call<'_, Graces<R>> {
    pub(super) fn refresh_ahead(&self) -> Option<Duration> {
        self.grace.grace.refresh_ahead
    }
}

/// Serves a call, or runs its body.
pub fn run<P: Policy, A, G: Given<P::Return>>(
    _: P,
    call: Call<'_, G>,
    weigh: fn(&P::Stored) -> u64,
    arguments: A,
    queryset: impl FnOnce(&A) -> Dependencies,
    body: impl FnOnce(A) -> P::Return,
) -> P::Return {
    let audited = call.is_audited();
    if !audited && let Some(stored) = call.hit() {
        return P::join(stored);
    }
    if audited && let Some(kept) = block(call.audited::<P::Stored>()) {
        let audit = block(call.audit(kept, || queryset(&arguments)).stamped());
        let returned = audit.context().run(|| body(arguments));
        return match audit.made::<P>(returned) {
            Made::Fresh(fresh) => P::join(block(audit.end(fresh))),
            Made::Gone(gone) => {
                block(audit.gone::<P::Stored>());
                gone()
            }
            Made::Failed(kept) => kept,
        };
    }
    let handed = Handed::new(arguments);
    let (entry, ends) = call.entry();
    let entry = entry.depends_on(|| handed.show(queryset)).weigh(weigh);
    match entry.read_or_fill(ends.describe, || P::split(body(handed.take()))) {
        Ok(stored) => P::join(stored),
        Err(returned) => returned,
    }
}

/// [`run`] with a body that is awaited.
pub async fn run_async<P: Policy, A, F: Future<Output = P::Return>, G: Given<P::Return>>(
    _: P,
    call: Call<'_, G>,
    weigh: fn(&P::Stored) -> u64,
    arguments: A,
    queryset: impl FnOnce(&A) -> Dependencies,
    body: impl FnOnce(A) -> F,
) -> P::Return {
    let audited = call.is_audited();
    if !audited && let Some(stored) = call.hit() {
        return P::join(stored);
    }
    // In a box, so that the future of a hit is small.
    Box::pin(look_and_run::<P, A, F, G>(audited, call, weigh, arguments, queryset, body)).await
}

async fn look_and_run<P: Policy, A, F: Future<Output = P::Return>, G: Given<P::Return>>(
    audited: bool,
    call: Call<'_, G>,
    weigh: fn(&P::Stored) -> u64,
    arguments: A,
    queryset: impl FnOnce(&A) -> Dependencies,
    body: impl FnOnce(A) -> F,
) -> P::Return {
    if audited && let Some(kept) = call.audited::<P::Stored>().await {
        let audit = call.audit(kept, || queryset(&arguments));
        let audit = audit.stamped().await;
        let context = audit.context();
        let body = context.run(|| body(arguments));
        let returned = context.scope(body).await;
        let made = match audit.made::<P>(returned) {
            Made::Fresh(fresh) => Ok(fresh),
            Made::Gone(gone) => Err(gone),
            Made::Failed(kept) => return kept,
        };
        return match made {
            Ok(fresh) => P::join(audit.end(fresh).await),
            Err(gone) => {
                audit.gone::<P::Stored>().await;
                gone()
            }
        };
    }
    let handed = Handed::new(arguments);
    let (entry, ends) = call.entry();
    let entry = entry.depends_on(|| handed.show(queryset)).weigh(weigh);
    let work = || {
        let body = body(handed.take());
        async move { P::split(body.await) }
    };
    match entry.read_or_fill_async(ends.describe, work).await {
        Ok(stored) => P::join(stored),
        Err(returned) => returned,
    }
}

/// Runs a body whatever is stored, and puts its result in the place of that.
pub fn refresh<P: Policy, A, G: Given<P::Return>>(
    _: P,
    call: Call<'_, G>,
    weigh: fn(&P::Stored) -> u64,
    arguments: A,
    queryset: impl FnOnce(&A) -> Dependencies,
    body: impl FnOnce(A) -> P::Return,
) -> P::Return {
    let (cache, key) = (call.cache, call.key.clone());
    let Some(filling) = block(call.begin::<P::Return>(|| queryset(&arguments))) else { return body(arguments) };
    let returned = filling.context().run(|| body(arguments));
    match end::<P>(filling, weigh, returned) {
        Ok(returned) => returned,
        Err(gone) => {
            cache.delete(&key);
            gone()
        }
    }
}

/// [`refresh`] with a body that is awaited.
pub async fn refresh_async<P: Policy, A, F: Future<Output = P::Return>, G: Given<P::Return>>(
    _: P,
    call: Call<'_, G>,
    weigh: fn(&P::Stored) -> u64,
    arguments: A,
    queryset: impl FnOnce(&A) -> Dependencies,
    body: impl FnOnce(A) -> F,
) -> P::Return {
    let (cache, key) = (call.cache, call.key.clone());
    let Some(filling) = call.begin::<P::Return>(|| queryset(&arguments)).await else { return body(arguments).await };
    let context = filling.context();
    let body = context.run(|| body(arguments));
    let returned = context.scope(body).await;
    // What was returned is not held while this waits: it need not be `Send`.
    let gone = match end::<P>(filling, weigh, returned) {
        Ok(returned) => return returned,
        Err(gone) => gone,
    };
    cache.delete_async(&key).await;
    gone()
}

impl<G> Call<'_, G> {
    /// A fill without a look-up, which shares no flight: one that is under way may have read before the call.
    async fn begin<R>(self, queryset: impl FnOnce() -> Dependencies) -> Option<Filling>
    where
        G: Given<R>,
    {
        let watch = self.watch();
        let Call { cache, key, name, ttl, idle, codec, lock, as_of, bypass, grace, .. } = self;
        if bypass || !is_outside() && Context::current().is_disabled() {
            cache.record(&Event::Bypass { name, key: &key });
            taint("a read inside went past the cache");
            return None;
        }
        let (default_ttl, default_idle) = cache.lifetimes();
        let grace = grace.given().map(|given| Box::new(given.grace));
        let terms = Terms { name, ttl: ttl.or(default_ttl), idle: idle.or(default_idle), codec, lock, watch, grace };
        cache.overtake(&key);
        let mut filling = Filling::begin(cache, key, terms, None, as_of);
        let dependencies = filling.context().run(queryset);
        filling.stamp(dependencies, None).await;
        Some(filling)
    }
}

/// Ends a refresh; the error makes a value that is not kept, and that what is kept contradicts.
fn end<P: Policy>(
    filling: Filling,
    weigh: fn(&P::Stored) -> u64,
    returned: P::Return,
) -> Result<P::Return, fn() -> P::Return> {
    match P::split(returned) {
        Ok(stored) => {
            let weight = weigh(&stored);
            filling.finish(Some((Arc::new(stored.clone()), weight)));
            Ok(P::join(stored))
        }
        Err(returned) => {
            filling.finish(None);
            match P::gone(&returned) {
                Some(gone) => Err(gone),
                None => Ok(returned),
            }
        }
    }
}
