//! A call of a cached function.

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

use super::handed::Handed;
use super::policy::Policy;
use super::probe::State;
use super::site::Site;
use crate::cache::{Cache, Entry};
use crate::codec::Codec;
use crate::context::{Context, ReadPoint, is_outside, taint};
use crate::dependency::Dependencies;
use crate::engine::{Filling, Lock, Terms, block};
use crate::key::Key;
use crate::observe::Event;

/// One call: where it is looked up, under which key, for how long.
#[derive(Debug)]
pub struct Call<'a> {
    cache: &'a Cache,
    key: Key,
    name: &'static str,
    ttl: Option<Duration>,
    idle: Option<Duration>,
    codec: Option<Codec>,
    lock: Lock,
    as_of: Option<ReadPoint>,
    bypass: bool,
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

    fn entry(self) -> Entry<'a> {
        let Call { cache, key, name, ttl, idle, codec, lock, as_of, bypass } = self;
        cache.entry(key).name(name).ttl(ttl).idle(idle).codec(codec).lock(lock).as_of(as_of).bypass(bypass)
    }
}

/// Serves a call, or runs its body.
pub fn run<P: Policy, A>(
    _: P,
    call: Call<'_>,
    weigh: fn(&P::Stored) -> u64,
    arguments: A,
    queryset: impl FnOnce(&A) -> Dependencies,
    body: impl FnOnce(A) -> P::Return,
) -> P::Return {
    if let Some(stored) = call.hit() {
        return P::join(stored);
    }
    let handed = Handed::new(arguments);
    let entry = call.entry().depends_on(|| handed.show(queryset)).weigh(weigh);
    match entry.try_get_or_fill(|| P::split(body(handed.take()))) {
        Ok(stored) => P::join(stored),
        Err(returned) => returned,
    }
}

/// [`run`] with a body that is awaited.
pub async fn run_async<P: Policy, A, F: Future<Output = P::Return>>(
    _: P,
    call: Call<'_>,
    weigh: fn(&P::Stored) -> u64,
    arguments: A,
    queryset: impl FnOnce(&A) -> Dependencies,
    body: impl FnOnce(A) -> F,
) -> P::Return {
    if let Some(stored) = call.hit() {
        return P::join(stored);
    }
    let handed = Handed::new(arguments);
    let entry = call.entry().depends_on(|| handed.show(queryset)).weigh(weigh);
    let work = || {
        let body = body(handed.take());
        async move { P::split(body.await) }
    };
    match entry.try_get_or_fill_async(work).await {
        Ok(stored) => P::join(stored),
        Err(returned) => returned,
    }
}

/// Runs a body whatever is stored, and puts its result in the place of that.
pub fn refresh<P: Policy, A>(
    _: P,
    call: Call<'_>,
    weigh: fn(&P::Stored) -> u64,
    arguments: A,
    queryset: impl FnOnce(&A) -> Dependencies,
    body: impl FnOnce(A) -> P::Return,
) -> P::Return {
    let Some(filling) = block(call.begin(|| queryset(&arguments))) else { return body(arguments) };
    let returned = filling.context().run(|| body(arguments));
    end::<P>(filling, weigh, returned)
}

/// [`refresh`] with a body that is awaited.
pub async fn refresh_async<P: Policy, A, F: Future<Output = P::Return>>(
    _: P,
    call: Call<'_>,
    weigh: fn(&P::Stored) -> u64,
    arguments: A,
    queryset: impl FnOnce(&A) -> Dependencies,
    body: impl FnOnce(A) -> F,
) -> P::Return {
    let Some(filling) = call.begin(|| queryset(&arguments)).await else { return body(arguments).await };
    let context = filling.context();
    let body = context.run(|| body(arguments));
    let returned = context.scope(body).await;
    end::<P>(filling, weigh, returned)
}

impl Call<'_> {
    /// A fill without a look-up, which shares no flight: one that is under way may have read before the call.
    async fn begin(self, queryset: impl FnOnce() -> Dependencies) -> Option<Filling> {
        let Call { cache, key, name, ttl, idle, codec, lock, as_of, bypass } = self;
        if bypass || !is_outside() && Context::current().is_disabled() {
            cache.record(&Event::Bypass { name, key: &key });
            taint("a read inside went past the cache");
            return None;
        }
        let (default_ttl, default_idle) = cache.lifetimes();
        let terms = Terms { name, ttl: ttl.or(default_ttl), idle: idle.or(default_idle), codec, lock };
        cache.overtake(&key);
        let mut filling = Filling::begin(cache, key, terms, None, as_of);
        let dependencies = filling.context().run(queryset);
        filling.stamp(dependencies, None).await;
        Some(filling)
    }
}

fn end<P: Policy>(filling: Filling, weigh: fn(&P::Stored) -> u64, returned: P::Return) -> P::Return {
    match P::split(returned) {
        Ok(stored) => {
            let weight = weigh(&stored);
            filling.finish(Some((Arc::new(stored.clone()), weight)));
            P::join(stored)
        }
        Err(returned) => {
            filling.finish(None);
            returned
        }
    }
}
