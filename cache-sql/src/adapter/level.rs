//! Open transactions and savepoints.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cache_core::{Change, Permission, ReadPoint, Transaction as Pending};

use super::schema::{Private, View};
use super::{Applying, Database};
use crate::outbox::Note;

/// One level of an open transaction: the transaction itself or a savepoint in it.
#[derive(Clone, Debug)]
pub(super) struct Open(Arc<Level>);

#[derive(Debug)]
struct Level {
    pending: Mutex<Option<Pending>>,
    read_point: ReadPoint,
    depth: usize,
    root: Arc<Root>,
}

/// What all levels of one transaction share.
#[derive(Debug)]
struct Root {
    database: Database,
    /// The schema when the transaction began.
    generation: u64,
    depth: AtomicUsize,
    /// Some level has written. A level that was rolled back leaves this set: it costs a few misses.
    dirty: AtomicBool,
    /// The schema was changed in here.
    defined: AtomicBool,
    private: Private,
    /// What was recorded in any level, for the outbox.
    noted: Mutex<Vec<Change>>,
    /// Levels were ended out of order, or nobody can tell any more what is committed when: every step invalidates
    /// everything.
    escaped: AtomicBool,
}

impl Open {
    /// To be called before `BEGIN` is sent: the read point must be older than the snapshot.
    pub(super) fn root(database: &Database) -> Self {
        let root = Root {
            database: database.clone(),
            generation: database.schema().generation(),
            depth: AtomicUsize::new(0),
            dirty: AtomicBool::new(false),
            defined: AtomicBool::new(false),
            private: Private::default(),
            noted: Mutex::default(),
            escaped: AtomicBool::new(false),
        };
        Level::enter(Pending::begin(database.cache()), Arc::new(root))
    }

    pub(super) fn nested(&self) -> Self {
        match &*self.0.lock() {
            Some(pending) => Level::enter(pending.nested(), Arc::clone(&self.0.root)),
            None => Self::root(&self.0.root.database),
        }
    }

    /// A statement that writes is about to run: from now on nobody may be served through here.
    pub(super) fn writes(&self) {
        self.0.root.dirty.store(true, Ordering::SeqCst);
    }

    /// A statement that changes the schema is about to run.
    pub(super) fn defines(&self) {
        self.writes();
        self.0.root.defined.store(true, Ordering::SeqCst);
        *lock(&self.0.root.private) = None;
    }

    /// Notes changes for the commit.
    pub(super) fn record(&self, changes: Vec<Change>) {
        if self.0.root.database.has_outbox() {
            lock(&self.0.root.noted).extend_from_slice(&changes);
        }
        if let Some(pending) = &*self.0.lock() {
            pending.record(changes);
        }
    }

    pub(super) fn escape(&self) {
        self.0.root.escaped.store(true, Ordering::SeqCst);
    }

    pub(super) fn has_escaped(&self) -> bool {
        self.0.root.escaped.load(Ordering::SeqCst)
    }

    /// The schema as seen in here, where it was changed in here.
    pub(super) fn private(&self) -> Option<&Private> {
        self.0.root.defined.load(Ordering::SeqCst).then_some(&self.0.root.private)
    }

    pub(super) fn view(&self) -> View {
        let view = self.0.root.database.schema().view();
        match self.private() {
            Some(private) => View { analyser: lock(private).clone(), ..view },
            None => view,
        }
    }

    pub(super) fn dialect(&self) -> crate::Dialect {
        self.0.root.database.dialect()
    }

    /// Whether a broken constraint may end the transaction although the statement does not say so.
    pub(super) fn may_roll_back(&self) -> bool {
        self.0.root.database.may_roll_back()
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.0.root.dirty.load(Ordering::SeqCst)
    }

    pub(super) fn read_point(&self) -> ReadPoint {
        self.0.read_point
    }

    /// COMMIT, or the release of this savepoint, is about to be sent: from now on the outcome is open.
    pub(super) fn committing(&self) {
        self.0.reconsider();
        if let Some(pending) = &*self.0.lock() {
            pending.committing();
        }
    }

    /// What the outbox has to tell of the whole transaction; too much where a savepoint was rolled back.
    pub(super) fn note(&self) -> Option<Note> {
        let root = &self.0.root;
        let noted = lock(&root.noted).clone();
        if self.0.depth != 1 || noted.is_empty() {
            return None;
        }
        let outdated = root.generation != root.database.schema().generation();
        let changes = if outdated || self.has_escaped() { Change::everything().into() } else { noted.into() };
        Some(Note::of(&changes))
    }

    /// The store's permission for COMMIT.
    pub(super) fn permission(&self) -> Option<Permission> {
        self.0.lock().as_ref().map(Pending::permission)
    }

    /// It has committed.
    pub(super) fn committed(&self) -> Applying {
        let root = &self.0.root;
        if root.defined.load(Ordering::SeqCst) {
            root.database.forget_schema();
        }
        self.0.reconsider();
        let pending = self.0.lock().take();
        let applying = pending.map_or_else(Applying::none, |pending| pending.committed().into());
        applying.and(self.unfollowed())
    }

    /// Of a transaction that nobody could follow anything may be committed.
    fn unfollowed(&self) -> Applying {
        match self.has_escaped() && self.is_dirty() {
            true => self.0.root.database.apply(Change::everything()),
            false => Applying::none(),
        }
    }

    /// It was rolled back.
    pub(super) fn rolled_back(&self) -> Applying {
        let pending = self.0.lock().take();
        if let Some(pending) = pending {
            pending.rollback();
        }
        self.unfollowed()
    }

    /// Nobody knows whether it was committed: that counts as if it was.
    pub(super) fn abandoned(&self) {
        if let Some(pending) = self.0.lock().take() {
            pending.committing();
        }
    }
}

impl Level {
    fn enter(pending: Pending, root: Arc<Root>) -> Open {
        let depth = root.depth.fetch_add(1, Ordering::SeqCst) + 1;
        Open(Arc::new(Level { read_point: pending.read_point(), pending: Mutex::new(Some(pending)), depth, root }))
    }

    /// When the schema has changed meanwhile, the changes may reach further than was seen.
    fn reconsider(&self) {
        let root = &self.root;
        let outdated = root.generation != root.database.schema().generation();
        if let Some(pending) = &*self.lock()
            && outdated
            && root.dirty.load(Ordering::SeqCst)
        {
            pending.record(Change::everything());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Pending>> {
        lock(&self.pending)
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        if self.root.depth.fetch_sub(1, Ordering::SeqCst) != self.depth {
            self.root.escaped.store(true, Ordering::SeqCst);
        }
        // Before anything is applied: whoever analyses a write from now on must see the new schema.
        if self.root.defined.load(Ordering::SeqCst) {
            self.root.database.forget_schema();
        }
        if let Some(pending) = self.lock().take() {
            // Not committed: this forgets the changes, or applies them when a COMMIT was under way.
            drop(pending);
        }
        if self.root.escaped.load(Ordering::SeqCst) && self.root.dirty.load(Ordering::SeqCst) {
            drop(self.root.database.apply(Change::everything()));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
