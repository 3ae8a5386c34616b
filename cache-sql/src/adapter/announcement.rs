//! A statement that is about to run, and what has to happen when it is over.

use std::sync::Arc;

use cache_core::context::Recording;
use cache_core::{Change, Changes, Intent};

use super::level::Open;
use super::permission::Asked;
use super::pinned::{Pinned, Script};
use super::returned::Told;
use super::{Applying, Database, Permission, Returned, Session};
use crate::adapter::effects::Effect;
use crate::outbox::Note;
use crate::{Dialect, Exact, Step};

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out.
    Done,
    /// It broke a constraint: nothing of it was carried out, and an open transaction stays open.
    Violated,
    /// It failed in any other way: what it did, and what became of an open transaction, is not known.
    Failed,
}

impl Outcome {
    /// The outcome of a result; `violates` tells the errors that are broken constraints.
    pub fn of<T, E>(result: &Result<T, E>, violates: impl FnOnce(&E) -> bool) -> Self {
        match result {
            Ok(_) => Outcome::Done,
            Err(error) if violates(error) => Outcome::Violated,
            Err(_) => Outcome::Failed,
        }
    }
}

/// A statement that was announced.
///
/// Have [`Announcement::permission`] before it is sent, and say [`Announcement::over`] when it has been answered. Dropped instead, its
/// outcome is open, and whatever it may have changed counts as changed: a batch may have half run, and an answer may have been lost
/// after the database did its work. One whose permission was refused, or not waited for, counts as not sent.
#[derive(Debug)]
#[must_use = "dropping it at once would invalidate before the statement has run"]
pub struct Announcement {
    kind: Option<Kind>,
    exact: Option<Exact>,
    asked: Asked,
}

#[derive(Debug)]
enum Kind {
    Read(Session),
    Recorded { open: Open, changes: Vec<Change>, told: Option<Told>, rolls_back: bool },
    Immediate(Immediate),
    Script(Script),
}

impl Announcement {
    fn of(kind: Kind) -> Self {
        Announcement { kind: Some(kind), exact: None, asked: Asked::default() }
    }

    pub(super) fn with_exact(mut self, exact: Option<Exact>) -> Self {
        self.exact = exact;
        self
    }

    pub(super) fn read(session: &Session) -> Self {
        Announcement::of(Kind::Read(session.clone()))
    }

    pub(super) fn recording(mut self, recording: Option<Recording>) -> Self {
        self.asked.record(recording);
        self
    }

    pub(super) fn recorded(open: &Open, changes: Vec<Change>, told: Option<Told>, sql: &str) -> Self {
        Announcement::of(Kind::Recorded {
            open: open.clone(),
            changes,
            told,
            rolls_back: open.may_roll_back() || rolls_back(sql),
        })
    }

    pub(super) fn immediate(immediate: Immediate) -> Self {
        Announcement::of(Kind::Immediate(immediate))
    }

    pub(super) fn script(
        pinned: &Arc<Pinned>,
        effects: Vec<Effect>,
        told: Option<Told>,
        generation: u64,
        sql: &str,
    ) -> Self {
        let script = Script::new(Arc::clone(pinned), effects, told, generation, rolls_back(sql));
        Announcement::of(Kind::Script(script))
    }

    /// Whether the statement only reads.
    pub fn is_read(&self) -> bool {
        matches!(self.kind, Some(Kind::Read(_)))
    }

    /// Whether the statement should be carried to its end even when its caller goes away: it writes outside of a
    /// transaction, and would take effect at a moment that nobody can know.
    pub fn is_immediate(&self) -> bool {
        matches!(self.kind, Some(Kind::Immediate(_)))
    }

    /// The row that the outbox wants in one transaction with the statement; `None` without one, inside of a transaction (there
    /// [`Committing::note`](super::Committing::note) has it), and for what does not go into a transaction or is not understood.
    pub fn note(&self) -> Option<Note> {
        self.changes_to_note().map(|changes| Note::of(&changes.to_vec().into()))
    }

    /// Whether there is a [`note`](Announcement::note).
    pub fn is_noted(&self) -> bool {
        self.changes_to_note().is_some()
    }

    fn changes_to_note(&self) -> Option<&[Change]> {
        let Some(Kind::Immediate(immediate)) = &self.kind else { return None };
        let plain = immediate.database.has_outbox() && !immediate.defines && immediate.steps.is_empty();
        let known = !immediate.changes.is_empty() && !immediate.changes.contains(&Change::everything());
        (plain && known).then_some(&immediate.changes)
    }

    /// The store's permission, to be had before the statement is sent, or before the COMMIT of a transaction that was begun
    /// around it for [`Announcement::exact`].
    ///
    /// A read that is being recorded is told to the store here, too; that never fails.
    ///
    /// It is asked for only where the statement may commit something: outside of a transaction, and as a COMMIT that is sent as
    /// text. When it is refused nothing is sent; a transaction that was to be committed stays open, and has to be rolled back.
    pub fn permission(&mut self) -> Permission<'_> {
        if self.asked.is_due() {
            match &mut self.kind {
                Some(Kind::Immediate(immediate)) => immediate.ask(&mut self.asked),
                Some(Kind::Script(script)) => script.ask(&mut self.asked),
                Some(Kind::Read(_) | Kind::Recorded { .. }) | None => {}
            }
        }
        self.asked.permission()
    }

    /// Whether the rows that the statement returns will tell more of its changes than its text does.
    pub fn wants_rows(&self) -> bool {
        match &self.kind {
            Some(Kind::Recorded { told, .. }) => told.is_some(),
            Some(Kind::Immediate(immediate)) => immediate.told.is_some(),
            Some(Kind::Script(script)) => script.wants_rows(),
            _ => false,
        }
    }

    /// The conversation with the database that will tell the rows of the statement; `None` where its text is enough, or
    /// exact rows were not asked for.
    ///
    /// Outside of a transaction ([`Announcement::is_immediate`]) the adapter opens one around it.
    pub fn exact(&mut self) -> Option<Exact> {
        self.exact.take()
    }

    /// The conversation is over, and so is the statement: what it has told counts in the place of the text.
    pub fn tell(&mut self, exact: &Exact) {
        let Some(sharper) = exact.changes() else { return };
        match &mut self.kind {
            Some(Kind::Recorded { changes, told, .. }) => (*changes, *told) = (sharper, None),
            Some(Kind::Immediate(immediate)) if !immediate.defines => {
                (immediate.changes, immediate.told) = (sharper, None);
            }
            Some(Kind::Script(script)) => script.tell(sharper),
            _ => {}
        }
    }

    /// The statement was answered, with these rows where it returned some. What comes back is to be waited for before the answer is
    /// handed on.
    pub fn over(mut self, outcome: Outcome, returned: Option<Returned>) -> Applying {
        let kind = self.kind.take();
        if self.asked.is_missing() {
            return Applying::none();
        }
        match kind {
            Some(Kind::Read(session)) => session.answered(),
            Some(Kind::Recorded { open, mut changes, told, rolls_back }) => {
                sharpen(&mut changes, told.as_ref(), outcome, returned.as_ref());
                open.record(changes);
                if ends_transaction(outcome, rolls_back) && !holds_on(open.dialect()) {
                    open.escape();
                }
                Applying::none()
            }
            Some(Kind::Immediate(mut immediate)) => {
                sharpen(&mut immediate.changes, immediate.told.as_ref(), outcome, returned.as_ref());
                immediate.end(outcome, self.asked.take())
            }
            Some(Kind::Script(script)) => script.over(outcome, returned.as_ref(), self.asked.take()),
            None => Applying::none(),
        }
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        let kind = self.kind.take();
        if self.asked.is_missing() {
            return;
        }
        match kind {
            Some(Kind::Recorded { open, changes, .. }) => {
                open.record(changes);
                // The answer that was not waited for may be that the transaction is over.
                if !holds_on(open.dialect()) {
                    open.escape();
                }
            }
            Some(Kind::Script(script)) => drop(script.dropped(self.asked.take())),
            Some(Kind::Immediate(immediate)) => drop(immediate.end(Outcome::Failed, self.asked.take())),
            Some(Kind::Read(_)) | None => {}
        }
    }
}

/// After most errors a database may have ended the whole transaction by itself, so that whatever follows is
/// committed at once.
pub(super) fn ends_transaction(outcome: Outcome, rolls_back: bool) -> bool {
    match outcome {
        Outcome::Done => false,
        Outcome::Violated => rolls_back,
        Outcome::Failed => true,
    }
}

/// Whether a violated constraint ends the transaction, as after `INSERT OR ROLLBACK`.
pub(super) fn rolls_back(sql: &str) -> bool {
    sql.as_bytes().windows(8).any(|word| word.eq_ignore_ascii_case(b"ROLLBACK"))
}

/// Puts what returned rows say in the place of what the text of the statement says.
pub(super) fn sharpen(changes: &mut Vec<Change>, told: Option<&Told>, outcome: Outcome, returned: Option<&Returned>) {
    if let (Some(told), Some(returned), Outcome::Done) = (told, returned, outcome)
        && let Some(sharper) = told.changes(returned)
    {
        *changes = sharper;
    }
}

/// What a statement outside of a transaction will have changed.
#[derive(Debug)]
pub(super) struct Immediate {
    database: Database,
    changes: Vec<Change>,
    steps: Vec<Step>,
    defines: bool,
    /// The schema under which `changes` were found.
    generation: u64,
    told: Option<Told>,
}

impl Immediate {
    pub(super) fn new(
        database: &Database,
        changes: Vec<Change>,
        steps: Vec<Step>,
        defines: bool,
        generation: u64,
    ) -> Self {
        for step in &steps {
            database.typed().begins(step);
        }
        database.typed().remember(&changes);
        Immediate { database: database.clone(), changes, steps, defines, generation, told: None }
    }

    pub(super) fn told(mut self, told: Option<Told>) -> Self {
        self.told = told;
        self
    }
}

impl Immediate {
    fn ask(&mut self, asked: &mut Asked) {
        let mut changes = Changes::from(std::mem::take(&mut self.changes));
        let own = changes.as_slice().len();
        // They are committed with this statement, if at all.
        let ends = self.steps.iter().any(|step| matches!(step, Step::Commit | Step::Release(_)));
        if ends {
            changes.extend(self.database.typed().remembered());
        }
        asked.ask(None, Some(self.database.cache().announcing(&changes)));
        self.changes = changes.into_vec();
        self.changes.truncate(own);
    }

    fn end(mut self, outcome: Outcome, intent: Option<Intent>) -> Applying {
        let mut changes = std::mem::take(&mut self.changes);
        if self.defines {
            self.database.forget_schema();
        }
        // A trigger or view may have appeared between the analysis and the statement.
        let outdated = !changes.is_empty() && self.database.schema().generation() != self.generation;
        if self.defines || outdated {
            changes = vec![Change::everything()];
        }
        let mut applying = conclude(&self.database, outcome, intent, changes);
        for step in &self.steps {
            applying = applying.and(self.database.typed().ended(&self.database, step, outcome == Outcome::Done));
        }
        applying
    }
}

/// Tells of what was committed outside of a transaction, or may have been.
pub(super) fn conclude(
    database: &Database,
    outcome: Outcome,
    intent: Option<Intent>,
    changes: Vec<Change>,
) -> Applying {
    match intent {
        // Its fate is known: nothing of it takes effect later.
        Some(intent) if outcome != Outcome::Failed => intent.committed(changes).into(),
        unknown => {
            drop(unknown);
            database.apply(changes)
        }
    }
}

/// Whether an error leaves a transaction as it is: PostgreSQL answers every statement with an error until it is
/// rolled back.
pub(super) fn holds_on(dialect: Dialect) -> bool {
    dialect == Dialect::Postgres
}
