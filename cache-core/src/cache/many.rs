//! Several keys at once.

use super::Cache;
use crate::codec::Codec;
use crate::engine::block;
use crate::key::Key;

impl Cache {
    /// The values under several keys that are valid and of this type, in the order of the keys; with a shared store all of
    /// them come in one round trip, or two for keys that this process has not seen before.
    ///
    /// Blocks meanwhile; asynchronous code awaits [`Cache::get_many_async`] instead.
    ///
    /// ```
    /// use cache_core::{Cache, Key};
    ///
    /// let cache = Cache::in_memory();
    /// let keys = [1, 2, 3].map(|id| Key::new("title").with(&id));
    /// cache.set(&keys[1], "second", None);
    /// assert_eq!(cache.get_many::<&str>(&keys, None), [None, Some("second"), None]);
    /// ```
    pub fn get_many<T: Clone + 'static>(&self, keys: &[Key], codec: impl Into<Option<Codec>>) -> Vec<Option<T>> {
        block(self.get_many_async(keys, codec))
    }

    /// [`Cache::get_many`], awaited.
    pub async fn get_many_async<T: Clone + 'static>(
        &self,
        keys: &[Key],
        codec: impl Into<Option<Codec>>,
    ) -> Vec<Option<T>> {
        let codec = codec.into().filter(Codec::is_for::<T>);
        let found: Vec<_> = match self.tier() {
            None => keys.iter().map(|key| (self.lookup(key), None)).collect(),
            Some(tier) => tier.find_all(keys, codec).await,
        };
        let values = keys.iter().zip(found).map(|(key, (found, _))| {
            let stored = found.ok()?;
            let value = stored.value.downcast_ref::<T>()?.clone();
            self.served(&stored, "", key);
            Some(value)
        });
        values.collect()
    }
}
