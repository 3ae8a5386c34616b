//! A result on its way to the store, off the path of its caller.

use std::sync::Arc;
use std::time::Duration;

use super::lease::Lease;
use super::tier::{Tier, wall_clock};
use crate::cache::Cache;
use crate::codec::Codec;
use crate::engine::{Landing, Lead};
use crate::key::Key;
use crate::store::Stored;
use crate::store::shared::{Ask, Envelope, Footprint, Keeping, Payload, Standing, compress};

/// What is to be kept, and what has to be looked at before.
pub(crate) struct Parcel {
    pub(crate) cache: Cache,
    pub(crate) key: Key,
    pub(crate) bytes: Vec<u8>,
    pub(crate) ttl: Duration,
    pub(crate) footprint: Arc<Footprint>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) removals: u64,
    pub(crate) lease: Option<Lease>,
    /// Callers that wait until the entry is there.
    pub(crate) landing: Option<(Lead, Arc<Stored>)>,
}

impl Tier {
    /// The bytes of an entry; `None` when its value cannot be encoded.
    pub(crate) fn pack(&self, key: &Key, codec: Codec, stored: &Stored, ttl: Duration) -> Result<Vec<u8>, String> {
        let Some(proof) = &stored.proof else { return Err(String::from("made without stamps")) };
        let payload = codec.encode(&*stored.value)?;
        let created = wall_clock();
        let life = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        let compressed = compress(&payload);
        let digest = self.digest(key);
        let expires = created.saturating_add(life);
        let footprint = self.footprints.remember(key, digest, &proof.footprint, expires);
        let envelope = Envelope {
            codec: codec.id(),
            check: digest.check,
            sum: proof.sum,
            created,
            expires,
            idle: stored.idle.as_ref().map(|idle| u64::try_from(idle.limit().as_millis()).unwrap_or(u64::MAX)),
            footprint: &footprint.encoded,
            payload: Payload::new(&payload, compressed.as_deref()),
        };
        Ok(envelope.encode())
    }

    /// Sends an entry to the store, in the background.
    pub(crate) fn keep(self: &Arc<Self>, parcel: Parcel) {
        let tier = Arc::clone(self);
        self.store.spawn(Box::pin(async move { tier.deliver(parcel).await }));
    }

    /// Gives a lease back, in the background.
    pub(crate) fn give_back(&self, key: &Key, lease: Lease) {
        let (store, id) = (Arc::clone(&self.store), self.digest(key).id);
        self.store.spawn(Box::pin(async move {
            // It ends by itself.
            let _ = store.release(id, lease.token).await;
        }));
    }

    async fn deliver(&self, parcel: Parcel) {
        let Parcel { cache, key, bytes, ttl, footprint, standing, removals, lease, landing } = parcel;
        let id = self.digest(&key).id;
        let stands = self.still_stands(&footprint, &standing).await && self.still_leads(id, lease.as_ref()).await;
        if stands && cache.removals().count(&key) == removals {
            // An entry that does not get there is a miss.
            let _ = self.store.keep(Keeping { id, bytes, ttl }).await;
            // Its key was deleted on the way.
            if cache.removals().count(&key) != removals {
                let _ = self.store.remove(vec![id]).await;
                // Somebody may have found it meanwhile.
                self.removals.raise(&key, || self.near.remove(&key));
            }
        }
        if let Some(lease) = lease {
            let _ = self.store.release(id, lease.token).await;
        }
        if let Some((lead, stored)) = landing {
            lead.land(Landing::Stored(stored));
        }
    }

    /// A result of several statements may be torn by a write between them, and a write may have been announced meanwhile: only
    /// what still stands after the work is kept.
    async fn still_stands(&self, footprint: &Arc<Footprint>, standing: &Arc<Standing>) -> bool {
        if footprint.tables.is_empty() {
            return true;
        }
        let sum = standing.sum(footprint);
        let ask = Ask { footprint: Some(Arc::clone(footprint)), ..Ask::default() };
        let now = self.store.find(ask).await.ok().and_then(|found| found.standing);
        sum.is_some() && now.is_some_and(|now| now.sum(footprint) == sum)
    }

    /// A leader that was slower than its lease leaves the entry to the one that came after it.
    async fn still_leads(&self, id: [u8; 16], lease: Option<&Lease>) -> bool {
        match lease {
            None => true,
            Some(lease) => self.store.holds(id, lease.token).await.unwrap_or(false),
        }
    }
}
