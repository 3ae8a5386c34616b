//! What all handles of one wrapped database share.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use cache_core::{Cache, Changes, Dependencies};

use super::Applying;
use super::automatic::Readings;
use super::schema::Schema;
use super::typed::Typed;
use crate::{Analyser, Bind, Dialect};

/// A database whose writes invalidate the results of one cache.
///
/// All connections, pools and transactions that lead to the same database share one; a clone is the same database.
/// It knows the schema, once an adapter has read it.
#[derive(Clone)]
pub struct Database {
    shared: Arc<Shared>,
}

struct Shared {
    cache: Cache,
    dialect: Dialect,
    schema: Schema,
    typed: Typed,
    readings: Readings,
    /// Why statements may mean something else than they say, from some moment on.
    altered: OnceLock<Arc<str>>,
    exact: AtomicBool,
    outbox: AtomicBool,
    /// Some constraint or trigger ends whole transactions.
    rolls_back: AtomicBool,
}

impl Database {
    /// A database that speaks `dialect` and tells `cache` of its writes.
    pub fn new(dialect: Dialect, cache: &Cache) -> Self {
        let shared = Shared {
            cache: cache.clone(),
            dialect,
            schema: Schema::default(),
            typed: Typed::default(),
            readings: Readings::default(),
            altered: OnceLock::new(),
            rolls_back: AtomicBool::new(false),
            exact: AtomicBool::new(false),
            outbox: AtomicBool::new(false),
        };
        Database { shared: Arc::new(shared) }
    }

    /// A database without a schema that could be read: a write concerns the whole of each table that it names.
    ///
    /// For mock connections, and for databases in which nothing happens that statements do not say: no triggers, no
    /// foreign keys that delete or change rows, no views that are read through the cache.
    #[must_use]
    pub fn without_schema(self) -> Self {
        self.shared.schema.forgo();
        self
    }

    /// Has the database asked which rows a write has changed, where its text does not tell.
    ///
    /// It costs a few more statements a write, in a transaction around it; see [`Exact`](crate::Exact). On SQLite every change made
    /// on this database is known to the row then, also those by cascades and triggers, but not those of `REPLACE`. On PostgreSQL
    /// and MySQL, whose drivers have to count the rows found (`CLIENT_FOUND_ROWS`), the rows of an UPDATE or DELETE of one table are known
    /// whose condition speaks of that table only; what cascades and triggers write is told by the schema.
    #[must_use]
    pub fn with_exact_rows(self) -> Self {
        self.shared.exact.store(true, Ordering::Relaxed);
        self
    }

    /// Has writers leave a note of their changes in the table `cache_outbox`, in the transaction that makes them; see
    /// [`outbox`](crate::outbox).
    ///
    /// The adapter has to ask for the notes, by [`Committing::note`](super::Committing::note) and
    /// [`Announcement::note`](super::Announcement::note).
    #[must_use]
    pub fn with_outbox(self) -> Self {
        self.shared.outbox.store(true, Ordering::Relaxed);
        self
    }

    /// Whether writers leave notes.
    pub fn has_outbox(&self) -> bool {
        self.shared.outbox.load(Ordering::Relaxed)
    }

    pub(super) fn is_exact(&self) -> bool {
        self.shared.exact.load(Ordering::Relaxed)
    }

    /// The cache that is told of writes.
    pub fn cache(&self) -> &Cache {
        &self.shared.cache
    }

    /// The dialect of its statements.
    pub fn dialect(&self) -> Dialect {
        self.shared.dialect
    }

    /// Reads the schema anew at the next statement that needs it.
    ///
    /// Definitions made through a session are noticed. To be called after somebody else has changed tables, views or
    /// triggers.
    pub fn forget_schema(&self) {
        self.shared.schema.forget();
    }

    /// Whether a text can only read.
    pub fn only_reads(&self, sql: &str) -> bool {
        Analyser::shared(self.shared.dialect).only_reads(sql)
    }

    /// What the result of a statement depends on, as far as its text tells.
    ///
    /// Whether its relations are tables that invalidate is checked where the statement runs, in
    /// [`Session::announce`](super::Session::announce).
    pub fn dependencies(&self, sql: &str, binds: &[Bind]) -> Dependencies {
        Analyser::shared(self.shared.dialect).dependencies(sql, binds)
    }

    /// Why nothing that is read from this database may be served or stored any more.
    pub(crate) fn altered(&self) -> Option<Arc<str>> {
        self.shared.altered.get().cloned()
    }

    pub(super) fn alter(&self, reason: &Arc<str>) {
        if self.shared.altered.set(Arc::clone(reason)).is_ok() {
            tracing::warn!(%reason, "from here on nothing is served or stored for this database: make the setting where \
                connections are opened, or for the role, instead of in a statement of a pool");
        }
    }

    /// Applies changes.
    pub(super) fn apply(&self, changes: impl Into<Changes>) -> Applying {
        let changes = changes.into();
        match changes.is_empty() {
            true => Applying::none(),
            false => self.shared.cache.invalidation(changes).into(),
        }
    }

    /// Tells of a statement that was not understood, once per text.
    pub(super) fn misunderstood(&self, reason: &str) {
        tracing::warn!(reason, "a statement was not understood and is taken for a write of all that it may touch");
    }

    /// The schema says of some constraint or trigger that it ends the transaction, as SQLite's `ON CONFLICT ROLLBACK` does.
    pub(super) fn note_rollbacks(&self) {
        self.shared.rolls_back.store(true, Ordering::SeqCst);
    }

    /// Whether a broken constraint may end the transaction although the statement does not say so.
    pub(super) fn may_roll_back(&self) -> bool {
        let unknown = self.shared.dialect == Dialect::Sqlite && self.shared.schema.is_unread();
        unknown || self.shared.rolls_back.load(Ordering::SeqCst)
    }

    pub(super) fn schema(&self) -> &Schema {
        &self.shared.schema
    }

    pub(super) fn readings(&self) -> &Readings {
        &self.shared.readings
    }

    pub(super) fn typed(&self) -> &Typed {
        &self.shared.typed
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("dialect", &self.shared.dialect).finish_non_exhaustive()
    }
}
