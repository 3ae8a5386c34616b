//! Changes that wait for their transaction.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use super::{Announcing, Applying, Changes, Intent};
use crate::cache::Cache;
use crate::context::ReadPoint;
use crate::engine::block;
use crate::error::Error;
use crate::sync::{Mutex, lock};

/// The changes of one database transaction, or of one of its savepoints.
///
/// What is recorded inside is applied when the outermost transaction has committed, and forgotten when it or the savepoint
/// was rolled back. Where the outcome is not known (an error at COMMIT, a future dropped between
/// [`Transaction::committing`] and [`Transaction::commit`]) it is applied: invalidating too much is harmless.
///
/// ```
/// use cache_core::{Cache, Change, Transaction};
///
/// let cache = Cache::in_memory();
/// let outer = Transaction::begin(&cache);
/// outer.record(Change::table("article"));
/// let inner = outer.nested();
/// inner.record(Change::table("comment"));
/// inner.rollback();
/// assert_eq!(cache.counters().invalidations, 0);
/// outer.commit()?;
/// assert_eq!(cache.counters().invalidations, 1);
/// # Ok::<(), cache_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a transaction that is dropped counts as rolled back"]
pub struct Transaction {
    level: Arc<Level>,
    ended: bool,
}

#[derive(Debug)]
struct Level {
    cache: Cache,
    outer: Option<Arc<Level>>,
    state: Mutex<State>,
    committing: AtomicBool,
    read_point: ReadPoint,
}

#[derive(Debug, Default)]
struct State {
    recorded: Changes,
    wrote: bool,
    fate: Fate,
    inner: Vec<Weak<Level>>,
    intent: Option<Intent>,
}

/// The store's permission for a COMMIT, under way: wait for it with [`Permission::wait`], or await it.
///
/// # Errors
///
/// [`ErrorKind::Refused`](crate::ErrorKind::Refused): the store could not be told. The transaction has to be rolled back.
#[derive(Debug)]
#[must_use = "COMMIT must not be sent before it is there"]
pub struct Permission {
    level: Arc<Level>,
    announcing: Announcing,
}

impl Permission {
    /// Blocks until it is there.
    ///
    /// # Errors
    ///
    /// See [`Permission`].
    pub fn wait(self) -> Result<(), Error> {
        block(self)
    }
}

impl Future for Permission {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let intent = ready!(Pin::new(&mut self.announcing).poll(context))?;
        lock(&self.level.state).intent = Some(intent);
        Poll::Ready(Ok(()))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Fate {
    #[default]
    Open,
    Committed,
    RolledBack,
}

impl Transaction {
    /// Starts an outermost transaction; to be called before BEGIN is sent, for the sake of [`Transaction::read_point`].
    pub fn begin(cache: &Cache) -> Self {
        Self::at(cache, None, cache.read_point())
    }

    /// Starts a savepoint inside of this transaction.
    pub fn nested(&self) -> Self {
        let nested = Self::at(&self.level.cache, Some(Arc::clone(&self.level)), self.level.read_point);
        let mut state = lock(&self.level.state);
        state.inner.retain(|inner| inner.strong_count() > 0);
        state.inner.push(Arc::downgrade(&nested.level));
        drop(state);
        nested
    }

    fn at(cache: &Cache, outer: Option<Arc<Level>>, read_point: ReadPoint) -> Self {
        let level = Level {
            cache: cache.clone(),
            outer,
            state: Mutex::default(),
            committing: AtomicBool::new(false),
            read_point,
        };
        Transaction { level: Arc::new(level), ended: false }
    }

    /// Records what a statement has changed, or may have.
    pub fn record(&self, changes: impl Into<Changes>) {
        let changes = changes.into();
        if !changes.is_empty() {
            lock(&self.level.state).record(changes);
        }
    }

    /// Whether nothing is recorded in this transaction, in one around it or in a savepoint that is open inside of them:
    /// only then may reads through it use the cache. A savepoint that was rolled back leaves the others as they were.
    pub fn is_clean(&self) -> bool {
        let mut outermost = &self.level;
        while let Some(outer) = &outermost.outer {
            outermost = outer;
        }
        outermost.is_clean()
    }

    /// The moment before the transaction began; what it reads may be as old as that.
    pub fn read_point(&self) -> ReadPoint {
        self.level.read_point
    }

    /// Says that COMMIT is about to be sent: from now on a drop means that the outcome is not known.
    pub fn committing(&self) {
        self.level.committing.store(true, Ordering::Release);
    }

    /// Asks the store's permission to commit; to be had before COMMIT is sent.
    ///
    /// Only [`Mode::Strict`](crate::Mode::Strict) needs it, and only the outermost transaction; otherwise it is there at once.
    pub fn permission(&self) -> Permission {
        let announcing = match &self.level.outer {
            Some(_) => Announcing::none(&self.level.cache),
            None => self.level.cache.announcing(&self.level.changes()),
        };
        Permission { level: Arc::clone(&self.level), announcing }
    }

    /// The database has said that the transaction is committed: hands the changes to the transaction around it, or applies them.
    ///
    /// Blocks for a round trip with a shared store; asynchronous code awaits [`Transaction::committed`] instead.
    ///
    /// # Errors
    ///
    /// As [`Cache::invalidate`]; the transaction is committed all the same.
    pub fn commit(self) -> Result<(), Error> {
        self.committed().wait()
    }

    /// [`Transaction::commit`], to be awaited or waited for.
    pub fn committed(mut self) -> Applying {
        self.ended = true;
        self.level.hand_on(true)
    }

    /// The transaction was rolled back: forgets the changes.
    pub fn rollback(mut self) {
        self.ended = true;
        self.level.forget();
    }
}

impl State {
    fn record(&mut self, changes: Changes) {
        self.wrote = true;
        self.recorded.extend(changes);
    }

    fn inner(&self) -> Vec<Arc<Level>> {
        self.inner.iter().filter_map(Weak::upgrade).collect()
    }
}

impl Level {
    fn is_clean(&self) -> bool {
        let state = lock(&self.state);
        if state.fate == Fate::RolledBack {
            return true;
        }
        let (wrote, inner) = (state.wrote, state.inner());
        drop(state);
        !wrote && inner.iter().all(|inner| inner.is_clean())
    }

    /// Takes what is recorded here, and in savepoints that are still open inside: they commit with this.
    fn end(&self, changes: &mut Changes) {
        let mut state = lock(&self.state);
        if state.fate == Fate::RolledBack {
            return;
        }
        state.fate = Fate::Committed;
        changes.extend(std::mem::take(&mut state.recorded));
        state.intent = None;
        let inner = state.inner();
        drop(state);
        for inner in inner {
            inner.end(changes);
        }
    }

    /// What is recorded here and in open savepoints inside.
    fn changes(&self) -> Changes {
        let state = lock(&self.state);
        if state.fate == Fate::RolledBack {
            return Changes::default();
        }
        let (mut changes, inner) = (state.recorded.clone(), state.inner());
        drop(state);
        for inner in inner {
            changes.extend(inner.changes());
        }
        changes
    }

    /// Hands the changes to the nearest transaction around this one that has not ended, else to the cache. Whether it
    /// is certain that the transaction has committed decides what becomes of its announcement.
    fn hand_on(&self, certain: bool) -> Applying {
        let mut changes = Changes::default();
        let intent = lock(&self.state).intent.take();
        self.end(&mut changes);
        let mut around = self.outer.as_ref();
        while let Some(outer) = around {
            let mut state = lock(&outer.state);
            if state.fate == Fate::Open {
                if !changes.is_empty() {
                    state.record(changes);
                }
                return Applying::none();
            }
            drop(state);
            around = outer.outer.as_ref();
        }
        match intent.filter(|_| certain) {
            Some(intent) => intent.committed(changes),
            None => self.cache.invalidation(changes),
        }
    }

    fn forget(&self) {
        let mut state = lock(&self.state);
        if let Some(intent) = state.intent.take() {
            drop(intent.rolled_back());
        }
        state.recorded = Changes::default();
        if state.fate == Fate::Open {
            state.fate = Fate::RolledBack;
        }
    }

    /// Whether a drop may leave a committed change behind.
    fn is_unknown(&self) -> bool {
        self.committing.load(Ordering::Acquire) || lock(&self.state).fate == Fate::Committed
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        if self.level.is_unknown() {
            // A failure is the store's, which reports it itself; there is nobody here to hand it to.
            drop(self.level.hand_on(false));
        } else {
            self.level.forget();
        }
    }
}
