//! A store that several caches share, in the memory of a test.

mod server;
mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use self::server::Server;
use crate::engine::shared::{Settings, Tier};
use crate::near::{Near, NearMode};
use crate::store::private::Backed;
use crate::store::shared::{Mode, Strict};
use crate::store::{Backend, Opening, Shared, Store};
use crate::sync::{Mutex, lock};

/// A shared store in the memory of a test, that fails, forgets and restarts when it is told to.
///
/// Clones are one store: give one to each of several caches, and they are what several processes are to a server.
/// It keeps to the protocol of the real ones, one lock in the place of their scripts.
///
/// ```
/// use cache_core::testing::SimulatedStore;
/// use cache_core::{Cache, Change, Codec, Dependencies, Key};
///
/// let store = SimulatedStore::new();
/// let (here, there) = (Cache::builder().store(store.clone()).build(), Cache::builder().store(store.clone()).build());
/// let read = |cache: &Cache, made: u32| {
///     let entry = cache.entry(Key::new("answer")).codec(Codec::json::<u32>());
///     let value = entry.depends_on(|| Dependencies::table("article")).get_or_fill(|| made);
///     store.settle();
///     value
/// };
/// assert_eq!((read(&here, 1), read(&there, 2)), (1, 1));
/// there.invalidate(Change::table("article"))?;
/// assert_eq!(read(&here, 3), 3);
/// # Ok::<(), cache_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SimulatedStore {
    server: Arc<Mutex<Server>>,
    background: Arc<AtomicUsize>,
    mode: Mode,
    near: NearMode,
    settings: Settings,
}

impl SimulatedStore {
    /// An empty store, in [`Mode::Fresh`], below a [`NearMode::Validated`] near cache.
    pub fn new() -> Self {
        SimulatedStore {
            server: Arc::default(),
            background: Arc::default(),
            mode: Mode::Fresh,
            near: NearMode::Validated,
            settings: Settings {
                ttl: Duration::from_secs(3600),
                patience: Duration::from_millis(50),
                strict_acknowledgement: true,
            },
        }
    }

    /// The same store under another mode.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// The same store in [`Mode::Strict`].
    pub fn strict(self, strict: Strict) -> Self {
        self.mode(Mode::Strict(strict))
    }

    /// The same store below another near cache. Nobody tells of changes here, so a bound is never in force.
    pub fn near(mut self, near: NearMode) -> Self {
        self.near = near;
        self
    }

    /// Has invalidations that could not be delivered logged instead of handed to the writer.
    pub fn lenient(mut self) -> Self {
        self.settings.strict_acknowledgement = false;
        self
    }

    /// How long an invalidation that could not be delivered is tried again before its writer is told; 50 ms at first.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.settings.patience = patience;
        self
    }

    /// From now on nothing is answered, or again.
    pub fn fail(&self, fails: bool) {
        lock(&self.server).fails = fails;
    }

    /// Waits until everything that goes on in the background is over.
    pub fn settle(&self) {
        while self.background.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(Duration::from_micros(50));
        }
    }

    /// Loses all entries.
    pub fn forget_entries(&self) {
        lock(&self.server).entries.clear();
    }

    /// Loses the stamps of a table, its shapes, or its intents.
    pub fn forget(&self, table: &str, what: Lost) {
        lock(&self.server).forget(table, what);
    }

    /// Ends and starts again, with what was kept in the copy.
    pub fn restart_from(&self, copy: &SimulatedCopy) {
        lock(&self.server).restart_from(&copy.0);
    }

    /// A copy of all that is kept now.
    pub fn copy(&self) -> SimulatedCopy {
        SimulatedCopy(lock(&self.server).clone())
    }

    /// How many entries there are.
    pub fn entries(&self) -> usize {
        lock(&self.server).entries.len()
    }

    /// How many times it was asked: round trips.
    pub fn round_trips(&self) -> u64 {
        lock(&self.server).round_trips
    }
}

impl Default for SimulatedStore {
    fn default() -> Self {
        Self::new()
    }
}

/// What a store may lose of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The stamps of conjunctions.
    Stamps,
    /// The hash of shapes.
    Shapes,
    /// The intents.
    Intents,
}

/// What a [`SimulatedStore`] has kept at some moment.
#[derive(Clone, Debug)]
pub struct SimulatedCopy(Server);

impl Store for SimulatedStore {}

impl Backed for SimulatedStore {
    fn open(self, opening: Opening) -> Backend {
        let near = Arc::new(Near::new(self.near, 64 << 20, opening.clock.clone()));
        let settings = self.settings;
        let hasher = opening.secret.conjunction_hasher("");
        let store = Arc::new(shared::Opened { store: self, hasher });
        Backend::Shared(Shared(Arc::new(Tier::new(store, near, opening.secret, opening.clock, settings))))
    }
}
