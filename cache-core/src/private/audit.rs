//! A hit that is looked at: the body runs as well, and its result is compared with what was kept.

use std::any::Any;
use std::sync::Arc;

use super::equality::Equality;
use super::policy::Policy;
use super::run::Call;
use crate::cache::Cache;
use crate::codec::Codec;
use crate::context::{Context, Watch};
use crate::dependency::Dependencies;
use crate::engine::{Filling, Terms};
use crate::key::Key;
use crate::observe::{Event, Verify};
use crate::store::Stored;

/// A hit under audit.
pub(super) struct Audit {
    cache: Cache,
    key: Key,
    name: &'static str,
    kept: Arc<Stored>,
    filling: Filling,
    codec: Option<Codec>,
    equality: Option<Equality>,
}

/// What came of the work beside a hit.
pub(super) enum Made<P: Policy> {
    Fresh(P::Stored),
    /// Something that is not kept, and that what is kept contradicts.
    Gone(fn() -> P::Return),
    /// The kept value, in the place of a failure.
    Failed(P::Return),
}

impl<G> Call<'_, G> {
    /// Whether this call's hit is to be looked at: asked before anything is looked up.
    #[inline]
    pub(super) fn is_audited(&self) -> bool {
        Verify::compares() && Verify::results(self.verify, self.cache.verify())
    }

    /// What a hit would serve that is to be looked at. In a snapshot the body reads older rows, by right.
    pub(super) async fn audited<T: 'static>(&self) -> Option<Arc<Stored>> {
        let context = Context::current();
        let in_snapshot = self.as_of.is_some() || context.as_of(self.cache).is_some();
        if self.bypass || in_snapshot || context.is_disabled() {
            return None;
        }
        find::<T>(self.cache, &self.key, self.codec).await
    }

    /// Begins the work that stands beside the hit. What it depends on is told to the fill around it, and it is not kept itself.
    pub(super) fn audit(self, kept: Arc<Stored>, queryset: impl FnOnce() -> Dependencies) -> Unstamped {
        let Call { cache, key, name, codec, equality, .. } = self;
        cache.served(&kept, name, &key);
        let watch = if self.reads { Watch::Records } else { Watch::Nothing };
        let terms = Terms { name, watch, ..Terms::default() };
        let filling = Filling::begin(cache, key.clone(), terms, None, None);
        let dependencies = filling.context().run(queryset);
        Unstamped(Audit { cache: cache.clone(), key, name, kept, filling, codec, equality }, dependencies)
    }
}

/// An audit whose work must not begin yet. Its queryset has been asked: arguments need not be `Sync`.
pub(super) struct Unstamped(Audit, Dependencies);

impl Unstamped {
    pub(super) async fn stamped(self) -> Audit {
        let Unstamped(mut audit, dependencies) = self;
        audit.filling.stamp(dependencies, None).await;
        audit
    }
}

impl Audit {
    pub(super) fn context(&self) -> Context {
        self.filling.context()
    }

    /// What came of the work. What was returned is not held while anything waits: it need not be `Send`.
    pub(super) fn made<P: Policy>(&self, returned: P::Return) -> Made<P> {
        let returned = match P::split(returned) {
            Ok(fresh) => return Made::Fresh(fresh),
            Err(returned) => returned,
        };
        match (P::gone(&returned), self.kept.value.downcast_ref::<P::Stored>()) {
            (Some(gone), _) => Made::Gone(gone),
            (None, Some(kept)) => Made::Failed(P::join(kept.clone())),
            (None, None) => unreachable!("it was found as a value of this type"),
        }
    }

    /// There is nothing any more that would be kept.
    pub(super) async fn gone<T: 'static>(self) {
        if self.still_stands::<T>().await {
            self.differs(true);
            self.cache.delete_async(&self.key).await;
        }
    }

    fn differs(&self, compared: bool) {
        self.cache.record(&Event::Differs {
            name: self.name,
            key: &self.key,
            age: Some(self.kept.made.age(self.cache.clock().now())),
            dependencies: &self.kept.dependencies,
            compared,
        });
    }

    /// The value for the caller, after it was compared.
    pub(super) async fn end<T: Any + Send + Sync>(self, fresh: T) -> T {
        let same = self.is_same(&fresh);
        if same != Some(true) && self.still_stands::<T>().await {
            self.differs(same.is_some());
            if same == Some(false) {
                self.cache.delete_async(&self.key).await;
            }
        }
        fresh
    }

    /// `None` where nobody can tell.
    fn is_same<T: Any + Send + Sync>(&self, fresh: &T) -> Option<bool> {
        let by_value = self.equality.map(|equal| equal(&*self.kept.value, fresh));
        if by_value == Some(true) {
            return by_value;
        }
        // A NaN equals nothing, and is the same all the same.
        let codec = self.codec.filter(Codec::is_for::<T>);
        let bytes = codec.and_then(|codec| Some((codec.encode(&*self.kept.value).ok()?, codec.encode(fresh).ok()?)));
        bytes.map(|(kept, fresh)| kept == fresh).or(by_value)
    }

    /// Whether what was kept would still be served: else it was a change that made the difference.
    async fn still_stands<T: 'static>(&self) -> bool {
        let Some(now) = find::<T>(&self.cache, &self.key, self.codec).await else { return false };
        let sum = |stored: &Stored| stored.proof.as_ref().map(|proof| proof.sum);
        Arc::ptr_eq(&now, &self.kept) || sum(&now).is_some() && sum(&now) == sum(&self.kept)
    }
}

async fn find<T: 'static>(cache: &Cache, key: &Key, codec: Option<Codec>) -> Option<Arc<Stored>> {
    let found = match cache.tier() {
        None => cache.lookup(key),
        Some(tier) => tier.find(key, codec.filter(Codec::is_for::<T>), None).await.0,
    };
    found.ok().filter(|stored| stored.value.is::<T>())
}
