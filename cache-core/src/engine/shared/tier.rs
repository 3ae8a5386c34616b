//! A shared store with everything that this process keeps beside it.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use foldhash::fast::RandomState;

use super::fence::Fence;
use super::memo::Footprints;
use super::seek::{Known, Seek};
use super::seen::SeenVoids;
use super::undelivered::Undelivered;
use crate::clock::{Clock, Instant};
use crate::codec::Codec;
use crate::dependency::{Dependencies, Table};
use crate::engine::{MissReason, Refusal, Removals, Stamps};
use crate::key::{ConjunctionHasher, EntryDigest, FunctionId, Key, Secret, entry_digest};
use crate::near::Near;
use crate::store::Stored;
use crate::store::shared::{Fault, Footprint, Mode, SharedStore, Stamping, Standing};
use crate::sync::{AtomicU64, Ordering};

/// The shared side of one cache: the store, the near cache above it, and what this process remembers.
#[derive(Debug)]
pub(crate) struct Tier {
    pub(crate) store: Arc<dyn SharedStore>,
    pub(crate) near: Arc<Near>,
    pub(super) footprints: Footprints,
    pub(crate) fence: Arc<Fence>,
    pub(super) undelivered: Undelivered,
    pub(crate) removals: Removals,
    pub(super) secret: Secret,
    pub(super) hasher: ConjunctionHasher,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    seen: SeenVoids,
    number: AtomicU64,
    faults: AtomicU64,
}

/// What a shared store's users may choose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// How long entries live that name no time.
    pub(crate) ttl: Duration,
    /// How long an invalidation that could not be delivered is tried again before its writer is told.
    pub(crate) patience: Duration,
    /// Whether that writer is told by an error.
    pub(crate) strict_acknowledgement: bool,
}

impl Tier {
    pub(crate) fn new(
        store: Arc<dyn SharedStore>,
        near: Arc<Near>,
        secret: Secret,
        clock: Clock,
        settings: Settings,
    ) -> Self {
        Tier {
            store,
            near,
            footprints: Footprints::new(),
            fence: Arc::default(),
            undelivered: Undelivered::default(),
            removals: Removals::new(),
            hasher: secret.conjunction_hasher(""),
            secret,
            clock,
            settings,
            seen: SeenVoids::default(),
            number: AtomicU64::new(0),
            faults: AtomicU64::new(0),
        }
    }

    /// The value of a key that may be served without asking anybody.
    #[inline]
    pub(crate) fn at_hand(&self, key: &Key) -> Option<Arc<Stored>> {
        let stored = self.near.lookup(key)?;
        (self.may_serve(&stored) && !self.is_over(&stored)).then_some(stored)
    }

    /// Whether a value may be served without asking anybody, by what is known of changes.
    #[inline]
    pub(super) fn may_serve(&self, stored: &Stored) -> bool {
        let Some(reserve) = &stored.reserve else { return self.near.may_serve(stored) };
        // What the lease proves, it proves of reads that began before it was looked at.
        let began = self.clock.now();
        if stored.is_outdated() || !self.near.may_serve(stored) {
            return false;
        }
        reserve.was_fresh(self.unasked(began));
        true
    }

    /// Up to when what is served without asking at a moment is certain to have been fresh.
    pub(crate) fn unasked(&self, moment: Instant) -> Instant {
        self.near.mode().bound().map_or(moment, |bound| moment.before(bound))
    }

    /// When a value may have ceased to be fresh, at the earliest.
    pub(crate) fn ceased(&self, stored: &Stored, now: Instant) -> Instant {
        let ended = stored.ended(now).unwrap_or(now);
        match &stored.reserve {
            Some(reserve) if self.store.mode() != Mode::Ttl => ended.min(reserve.known_fresh()),
            _ => ended,
        }
    }

    /// Drops a value that is fresh no more, unless it may still be served stale.
    pub(super) fn let_go(&self, key: &Key, stored: &Arc<Stored>) {
        let now = self.clock.now();
        let is_kept = |keep| now.since(self.ceased(stored, now)) <= keep;
        if !stored.reserve.as_ref().is_some_and(|reserve| is_kept(reserve.keep())) {
            self.near.discard(key, stored);
        }
    }

    /// Looks a key up, in one round trip when it was seen before. What is found is kept for this long after it has ceased to
    /// be fresh.
    pub(crate) async fn find(
        &self,
        key: &Key,
        codec: Option<Codec>,
        keep: Option<Duration>,
    ) -> (Result<Arc<Stored>, MissReason>, Option<Known>) {
        let mut seek = Seek::new(self, key, codec, keep);
        while let Some(ask) = seek.ask() {
            seek.answer(self.store.find(ask).await);
        }
        seek.finish()
    }

    /// Looks several keys up together, all of them in the round trips of the slowest.
    pub(crate) async fn find_all(
        &self,
        keys: &[Key],
        codec: Option<Codec>,
    ) -> Vec<(Result<Arc<Stored>, MissReason>, Option<Known>)> {
        let mut seeks: Vec<Seek<'_>> = keys.iter().map(|key| Seek::new(self, key, codec, None)).collect();
        loop {
            let (asking, asks): (Vec<usize>, Vec<_>) =
                seeks.iter_mut().enumerate().filter_map(|(at, seek)| Some((at, seek.ask()?))).unzip();
            if asks.is_empty() {
                break;
            }
            let answers = self.store.lookup(asks).await;
            if answers.len() != asking.len() {
                break;
            }
            for (at, answer) in asking.into_iter().zip(answers) {
                seeks[at].answer(answer);
            }
        }
        seeks.into_iter().map(Seek::finish).collect()
    }

    /// The stamps that a fill begins from; `known` are those that its look-up has met.
    ///
    /// A result that is read from a snapshot of `as_of` is refused unless it is certain that no change was told since. That is
    /// the second time that a process fills from a table that nobody has written to in between.
    pub(crate) async fn stamp(
        &self,
        dependencies: &Dependencies,
        as_of: Option<u64>,
        known: Option<&Known>,
    ) -> Result<(Arc<Footprint>, Arc<Standing>), Refusal> {
        if self.store.mode() == Mode::Ttl {
            return Ok((Arc::default(), Arc::default()));
        }
        let stamping = Stamping::of(dependencies, &self.hasher);
        if self.fence.stands_before(&stamping.footprint) {
            return Err(Refusal::Unreachable);
        }
        let known = known.filter(|known| as_of.is_none() && known.footprint == stamping.footprint);
        if let Some(known) = known {
            return Ok((Arc::clone(&known.footprint), Arc::clone(&known.standing)));
        }
        let stamped = self.store.stamp(stamping).await.map_err(|_| {
            self.failed();
            Refusal::Unreachable
        })?;
        let moment = self.next_number();
        let tables = stamped.footprint.tables.iter().zip(&stamped.last_voids);
        let seen: Vec<Option<u64>> = tables.map(|(of, number)| self.seen.see(&of.table, *number, moment)).collect();
        if !stamped.standing.is_whole() {
            return Err(Refusal::Announced);
        }
        if as_of.is_some_and(|point| seen.iter().any(|since| since.is_none_or(|since| since > point))) {
            return Err(Refusal::OlderSnapshot);
        }
        Ok((stamped.footprint, Arc::new(stamped.standing)))
    }

    /// Placeholders for what is about to be asked of the store.
    pub(super) fn expect(&self, footprint: &Footprint) -> Stamps {
        if self.near.mode().bound().is_none() {
            return Stamps::default();
        }
        self.near.expect(&self.store.marks(footprint))
    }

    /// The name of a key's entry. Entries of a function begin with it, so that they can be found together; the rest and the
    /// check are 144 bits of the keyed digest.
    pub(crate) fn digest(&self, key: &Key) -> EntryDigest {
        let digest = entry_digest(&self.secret, key);
        match key.function() {
            Some(function) => EntryDigest { id: self.secret.function(function).lead(digest.id), ..digest },
            None => digest,
        }
    }

    /// A name for a transaction that no other one has.
    pub(crate) fn new_transaction(&self) -> u64 {
        // Processes that were forked from one have its random keys, too, and count alike.
        let name = (std::process::id(), self.next_number(), wall_clock());
        (std::hash::RandomState::new().hash_one(name) >> 2) | 1
    }

    /// Drops the entry of a key; whether there was one.
    pub(crate) async fn remove(&self, key: &Key) -> bool {
        let removed = self.store.remove(vec![self.digest(key).id]).await;
        removed.inspect_err(|_| self.failed()).is_ok_and(|count| count > 0)
    }

    /// Drops all entries of a function; how many there were.
    pub(crate) async fn remove_function(&self, id: FunctionId) -> Result<u64, Fault> {
        self.store.remove_function(self.secret.function(id)).await.inspect_err(|_| self.failed())
    }

    /// Whether its time to live or its idle time is over.
    pub(super) fn is_over(&self, stored: &Stored) -> bool {
        if stored.expires.is_none() && stored.idle.is_none() {
            return false;
        }
        let now: Instant = self.clock.now();
        stored.expires.is_some_and(|deadline| deadline <= now)
            || stored.idle.as_ref().is_some_and(|idle| !idle.touch(now))
    }

    /// The time until a moment of the wall clock; `None` when it is over.
    pub(super) fn left_until(&self, deadline: u64) -> Option<Duration> {
        deadline.checked_sub(wall_clock()).filter(|left| *left > 0).map(Duration::from_millis)
    }

    /// Puts off the end of an entry that has an idle time.
    pub(super) fn touch(&self, id: [u8; 16], life: Duration) {
        let store = Arc::clone(&self.store);
        self.store.spawn(Box::pin(async move {
            // An entry that ends too early is a miss.
            let _ = store.touch(id, life).await;
        }));
    }

    /// This moment, in the order of what this process has seen of the store.
    pub(crate) fn now(&self) -> u64 {
        self.number.load(Ordering::Acquire)
    }

    pub(super) fn next_number(&self) -> u64 {
        self.number.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// A question was not answered.
    pub(super) fn failed(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    /// How many questions were not answered.
    pub(crate) fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }

    /// A number that changes with every change of one of these tables, by whichever process.
    pub(crate) async fn last_change(&self, tables: Vec<Table>) -> u64 {
        match self.store.last_voids(tables).await {
            Ok(numbers) => {
                let mut hasher = blake3::Hasher::new();
                for number in numbers {
                    hasher.update(&number.to_le_bytes());
                }
                let mut number = [0; 8];
                number.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
                u64::from_le_bytes(number)
            }
            // Never the same twice: nobody may take two unknown states for one.
            Err(_) => {
                self.failed();
                RandomState::default().hash_one((self.next_number(), wall_clock()))
            }
        }
    }
}

/// Milliseconds since 1970, for times to live alone: no promise of freshness rests on it.
pub(super) fn wall_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
