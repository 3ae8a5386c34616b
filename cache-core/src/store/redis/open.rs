//! A store as the backend of a cache: a namespace, with what this process keeps beside it.

use std::sync::Arc;
use std::time::Duration;

use super::store::RedisStore;
use super::watch::Watch;
use crate::engine::shared::{Settings, Tier};
use crate::near::{Near, NearMode};
use crate::store::private::Backed;
use crate::store::{Backend, Opening, Shared, Store};
use crate::sync::lock;

/// What a process keeps for itself, and how it meets failures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Here {
    pub(super) near: NearMode,
    /// Bytes of decoded values.
    pub(super) capacity: u64,
    pub(super) settings: Settings,
}

impl Default for Here {
    fn default() -> Self {
        Here {
            near: NearMode::default(),
            capacity: 64 << 20,
            settings: Settings {
                ttl: Duration::from_secs(24 * 3600),
                patience: Duration::from_secs(5),
                strict_acknowledgement: true,
            },
        }
    }
}

impl Store for RedisStore {}

impl Backed for RedisStore {
    fn open(self, opening: Opening) -> Backend {
        let here = self.here();
        let space = self.space(&opening.namespace, opening.secret.conjunction_hasher(""));
        let near = Arc::new(Near::new(here.near, here.capacity, opening.clock.clone()));
        if here.near.bound().is_some() {
            // It ends with the near cache.
            let watch = Watch::start(&space.links, &near, space.keys.watched_prefixes());
            lock(self.watches()).push(watch);
        }
        let tier = Tier::new(Arc::new(space), near, opening.secret, opening.clock, here.settings);
        Backend::Shared(Shared(Arc::new(tier)))
    }
}
