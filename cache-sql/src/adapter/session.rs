//! One place that statements are sent to.

use std::sync::Arc;

use cache_core::context::Recorder;
use cache_core::{CacheId, Change, ReadPoint, context};

use super::announcement::{Announcement, Immediate};
use super::effects::{Effect, definitions_commit, effects};
use super::level::Open;
use super::permission::Asked;
use super::pinned::Pinned;
use super::returned::Told;
use super::schema::{SchemaRequest, View};
use super::{Applying, Database, Permission, effects as effect};
use crate::outbox::Note;
use crate::{Bind, Exact, Step};

/// A place that statements are sent to: a pool, one connection, or a transaction.
///
/// A clone is the same place. See [the contract](super) for how it is used.
#[derive(Clone, Debug)]
pub struct Session {
    database: Database,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Pool,
    Transaction(Open),
    Connection(Arc<Pinned>),
}

impl Session {
    /// Statements of their own, each on whatever connection is free.
    ///
    /// `BEGIN` as text is a mistake here, since nobody knows where the next statement runs: until it is ended
    /// nothing is served or stored, and changes are applied at once and again at its end.
    pub fn pool(database: &Database) -> Self {
        Session { database: database.clone(), place: Place::Pool }
    }

    /// One connection: transaction words sent as text are followed exactly.
    pub fn connection(database: &Database) -> Self {
        let pinned = Arc::new(Pinned::new(database));
        Session { database: database.clone(), place: Place::Connection(pinned) }
    }

    /// One connection on which a transaction was begun that nobody has followed.
    ///
    /// Until it is ended nothing is served or stored, and changes are applied at once and again at its end.
    pub fn connection_in_transaction(database: &Database) -> Self {
        let pinned = Arc::new(Pinned::unsure(database));
        Session { database: database.clone(), place: Place::Connection(pinned) }
    }

    /// A transaction, or a savepoint inside of one; to be called *before* the database begins it.
    ///
    /// End it by [`Session::committing`] or [`Session::rolled_back`]; dropped otherwise it counts as rolled back.
    #[must_use]
    pub fn begin(&self) -> Session {
        let open = match self.open() {
            Some(open) => open.nested(),
            None => Open::root(&self.database),
        };
        Session { database: self.database.clone(), place: Place::Transaction(open) }
    }

    /// COMMIT is about to be sent, or the savepoint to be released.
    pub fn committing(&self) -> Committing {
        let open = self.open();
        if let Some(open) = &open {
            open.committing();
        }
        Committing { open, asked: Asked::default() }
    }

    /// The transaction or savepoint was rolled back: its changes are forgotten.
    ///
    /// There is nothing to wait for, unless the transaction could not be followed.
    pub fn rolled_back(self) -> Applying {
        match &self.place {
            Place::Transaction(open) => open.rolled_back(),
            Place::Pool | Place::Connection(_) => Applying::none(),
        }
    }

    /// The database says that no transaction is open on this connection.
    ///
    /// For a [`Session::connection`] whose driver can be asked (SQLite's autocommit, the status that PostgreSQL sends with
    /// every answer): it ends the doubt that errors leave, in which nothing is served or stored. To be said between two
    /// statements; it does nothing where nothing was in doubt, and nothing for other sessions.
    pub fn settled(&self) -> Applying {
        match &self.place {
            Place::Connection(pinned) => pinned.settled(),
            Place::Pool | Place::Transaction(_) => Applying::none(),
        }
    }

    /// Whether the connection is left as nobody else should get it: in a transaction that was begun by text, or may have been,
    /// or under a setting that changes what statements mean.
    ///
    /// For a [`Session::connection`] that a pool wants back; such a connection is better closed.
    pub fn is_unsettled(&self) -> bool {
        match &self.place {
            Place::Connection(pinned) => pinned.is_unsettled(),
            Place::Pool | Place::Transaction(_) => false,
        }
    }

    /// The database that it belongs to.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The wish to know the schema before this statement is announced; `None` when it is known, or not needed.
    pub fn wants_schema(&self, sql: &str) -> Option<SchemaRequest> {
        let private = self.open().and_then(|open| open.private().cloned());
        let unread = match &private {
            Some(private) => private.lock().map_or(true, |analyser| analyser.is_none()),
            None => self.database.schema().is_unread(),
        };
        let needed = unread && (context::is_filling() || !self.database.only_reads(sql));
        needed.then(|| SchemaRequest::new(&self.database, private))
    }

    /// The wish to know the schema before a transaction begins, while a failure cannot spoil it.
    pub fn wants_schema_to_begin(&self) -> Option<SchemaRequest> {
        let unread = self.open().is_none() && self.database.schema().is_unread();
        unread.then(|| SchemaRequest::new(&self.database, None))
    }

    /// Looks at a statement that is about to run. `binds` is asked only of statements that may write, and where somebody wants to know what
    /// is read.
    pub fn announce(&self, sql: &str, binds: impl FnOnce() -> Vec<Bind>) -> Announcement {
        cache_core::observe::statement();
        if self.database.only_reads(sql) {
            let recorder = context::recorder();
            match self.open().filter(|_| !self.bypass()) {
                // Its dependencies are stamped as of the read point.
                Some(_) if recorder.as_ref().is_some_and(Recorder::keeps) => context::read_for(self.database.cache()),
                Some(open) => context::read_as_of(self.database.cache(), open.read_point()),
                None => self.stand_back(),
            }
            self.check(sql);
            let recording = recorder.map(|recorder| self.record(recorder, sql, &binds()));
            return Announcement::read(self).recording(recording);
        }
        self.announce_write(sql, &binds())
    }

    /// Looks at the reading statement of a [`Lookup`](super::Lookup) that is about to run; the lookup itself checks its
    /// result against the read point of the transaction.
    ///
    /// A statement that turns out to write is announced as the write that it is, with binds that may be anything.
    pub fn announce_lookup(&self, sql: &str) -> Announcement {
        cache_core::observe::statement();
        self.stand_back();
        if !self.database.only_reads(sql) {
            return self.announce_write(sql, &[]);
        }
        self.check(sql);
        Announcement::read(self)
    }

    fn announce_write(&self, sql: &str, binds: &[Bind]) -> Announcement {
        let open = self.open();
        let view = open.as_ref().map_or_else(|| self.database.schema().view(), Open::view);
        let effects = effects(&self.database, &view, sql, binds);
        for found in &effects {
            if let Effect::Alters { reason, local } = found {
                self.alter(reason, *local);
            }
        }
        Session::record_other(&effects, sql);
        let exact = self.exact(&view, &effects, sql, binds);
        let announcement = match &self.place {
            Place::Connection(pinned) => {
                let told = Told::new(view.analyser.as_ref(), sql, binds);
                Announcement::script(pinned, effects, told, view.generation, sql)
            }
            Place::Transaction(open) => self.announce_inside(open, &view, effects, sql, binds),
            Place::Pool => self.announce_outside(&view, effects, sql, binds),
        };
        announcement.with_exact(exact)
    }

    fn exact(&self, view: &View, effects: &[Effect], sql: &str, binds: &[Bind]) -> Option<Exact> {
        let analyser = view.analyser.as_ref().filter(|_| self.database.is_exact())?;
        let exact = match effects {
            [Effect::Changes(_)] => Exact::about(analyser, sql, binds),
            effects if effects.iter().any(|effect| matches!(effect, Effect::Defines)) => Exact::clearing(analyser, sql),
            _ => None,
        };
        exact.filter(|exact| match (&self.place, self.open()) {
            // A transaction around the statement would meet the one that was opened by text, or lock nothing.
            (Place::Pool, _) => !self.database.typed().is_open(),
            (_, Some(open)) => !open.has_escaped(),
            (_, None) => !exact.locks(),
        })
    }

    fn announce_inside(
        &self,
        open: &Open,
        view: &View,
        effects: Vec<Effect>,
        sql: &str,
        binds: &[Bind],
    ) -> Announcement {
        let defines = effects.iter().any(|found| matches!(found, Effect::Defines));
        let steps = effects.iter().any(|found| matches!(found, Effect::Step(_)));
        let unclear = effects.iter().any(|found| matches!(found, Effect::Unclear { .. }));
        let escapes = open.has_escaped() || steps || unclear || defines && definitions_commit(self.database.dialect());
        if escapes {
            // From here on nobody can tell what is committed when.
            open.writes();
            if defines {
                open.defines();
            }
            open.record(vec![Change::everything()]);
            open.escape();
            let all = vec![Change::everything()];
            return Announcement::immediate(Immediate::new(&self.database, all, Vec::new(), defines, view.generation));
        }
        let changes = effect::all_changes(effects);
        if defines {
            open.defines();
        } else if changes.is_empty() {
            return Announcement::read(self);
        }
        open.writes();
        let told = Told::new(view.analyser.as_ref(), sql, binds).filter(|_| !defines);
        Announcement::recorded(open, changes, told, sql)
    }

    fn announce_outside(&self, view: &View, effects: Vec<Effect>, sql: &str, binds: &[Bind]) -> Announcement {
        let defines = effects.iter().any(|found| matches!(found, Effect::Defines));
        let steps: Vec<Step> = effects
            .iter()
            .filter_map(|found| match found {
                Effect::Step(step) => Some(step.clone()),
                _ => None,
            })
            .collect();
        let told = Told::new(view.analyser.as_ref(), sql, binds).filter(|_| steps.is_empty() && !defines);
        let changes = effect::all_changes(effects);
        let immediate = Immediate::new(&self.database, changes, steps, defines, view.generation);
        Announcement::immediate(immediate.told(told))
    }

    /// A read is about to run, or has run. What is being computed around it must not be stored when the read may see
    /// uncommitted rows.
    pub(super) fn stand_back(&self) {
        context::read_for(self.database.cache());
        if let Some(reason) = self.unstorable() {
            context::taint(reason);
        }
    }

    /// A read was answered.
    pub(super) fn answered(&self) -> Applying {
        let applying = match &self.place {
            Place::Connection(pinned) => pinned.answered(),
            Place::Pool | Place::Transaction(_) => Applying::none(),
        };
        // A write through another handle to the same transaction may have gone first.
        self.stand_back();
        applying
    }

    /// What is computed around a read is not stored when the schema has something against it.
    fn check(&self, sql: &str) {
        if !context::is_filling() {
            return;
        }
        let view = self.open().map_or_else(|| self.database.schema().view(), |open| open.view());
        match (&view.analyser, view.forgone) {
            (Some(analyser), _) => {
                if let Some(reason) = analyser.refusal(sql) {
                    context::taint(reason);
                }
            }
            (None, true) => {}
            (None, false) => context::taint("the schema of the database could not be read"),
        }
    }

    fn unstorable(&self) -> Option<Arc<str>> {
        if let Some(reason) = self.database.altered() {
            return Some(reason);
        }
        match &self.place {
            Place::Connection(pinned) => pinned.unstorable().or_else(|| self.beside_typed()),
            Place::Transaction(open) if open.is_dirty() => {
                Some("read through a transaction with uncommitted changes".into())
            }
            _ => self.beside_typed(),
        }
    }

    /// A transaction that was opened by text on a pool may be on any of its connections.
    fn beside_typed(&self) -> Option<Arc<str>> {
        self.database.typed().is_open().then(|| "read while a transaction may be open".into())
    }

    fn alter(&self, reason: &Arc<str>, local: bool) {
        match &self.place {
            Place::Connection(pinned) => pinned.alter(reason, local),
            Place::Transaction(open) if local => open.writes(),
            Place::Transaction(open) => {
                open.writes();
                self.database.alter(reason);
            }
            Place::Pool => self.database.alter(reason),
        }
    }

    /// Whether uncommitted changes may be visible to reads through here, or reads may mean something else than they
    /// say: they must neither be served from the cache nor stored.
    pub fn bypass(&self) -> bool {
        self.unstorable().is_some()
    }

    /// The moment before the snapshot of the open transaction was taken.
    pub fn read_point(&self) -> Option<ReadPoint> {
        self.open().map(|open| open.read_point())
    }

    /// The cache that writes through here invalidate.
    pub fn cache_id(&self) -> CacheId {
        self.database.cache().id()
    }

    /// Whether a transaction is open.
    pub fn in_transaction(&self) -> bool {
        self.open().is_some()
    }

    pub(super) fn open(&self) -> Option<Open> {
        match &self.place {
            Place::Pool => None,
            Place::Transaction(open) => Some(open.clone()),
            Place::Connection(pinned) => pinned.innermost(),
        }
    }
}

/// A COMMIT that is about to be sent.
///
/// Have [`Committing::permission`] before it is sent, and say [`Committing::done`] when the database has answered. Dropped instead
/// its outcome is open, and the changes are applied: a lost answer may hide a commit. Without its permission it counts as not sent,
/// and the transaction as rolled back.
#[derive(Debug)]
#[must_use = "say `done` when the database has answered"]
pub struct Committing {
    open: Option<Open>,
    asked: Asked,
}

impl Committing {
    /// The row that the outbox wants in the same transaction, to be inserted before the permission is asked for; `None` without one.
    pub fn note(&self) -> Option<Note> {
        self.open.as_ref().and_then(Open::note)
    }

    /// The store's permission. When it is refused, send ROLLBACK instead, and say [`Committing::rolled_back`].
    pub fn permission(&mut self) -> Permission<'_> {
        if self.asked.is_due() {
            self.asked.ask(self.open.as_ref().and_then(Open::permission), None);
        }
        self.asked.permission()
    }

    /// The database has committed: the changes are handed to the transaction around, or applied.
    pub fn done(mut self) -> Applying {
        self.open.take().map_or_else(Applying::none, |open| open.committed())
    }

    /// COMMIT was not sent, or the database has said that it rolled back: the changes are forgotten.
    pub fn rolled_back(mut self) -> Applying {
        self.open.take().map_or_else(Applying::none, |open| open.rolled_back())
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        let Some(open) = self.open.take() else { return };
        match self.asked.is_missing() {
            true => drop(open.rolled_back()),
            false => open.abandoned(),
        }
    }
}
