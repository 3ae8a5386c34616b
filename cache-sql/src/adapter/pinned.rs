//! One connection, on which transaction words are sent as text.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cache_core::{Change, Changes, Intent};

use super::announcement::{Outcome, conclude, ends_transaction, holds_on, sharpen};
use super::effects::{Effect, definitions_commit};
use super::level::Open;
use super::permission::Asked;
use super::returned::Told;
use super::{Applying, Database, Returned};
use crate::{Dialect, Step};

/// The transactions of one connection, innermost last.
#[derive(Debug)]
pub(super) struct Pinned {
    database: Database,
    state: Mutex<State>,
    altered: OnceLock<Arc<str>>,
}

#[derive(Debug, Default)]
struct State {
    levels: Vec<Named>,
    /// Whether a transaction is open is not known: every write is applied at once, and nothing is served or stored.
    unsure: bool,
    /// A setting that lasts until the end of the transaction changes what statements mean.
    altered_locally: bool,
    /// Of statements whose callers went away before the answer: they may take effect at any moment until the next
    /// answer on this connection.
    late: Vec<Change>,
}

#[derive(Debug)]
struct Named {
    /// The savepoint's name; `None` for a transaction.
    name: Option<String>,
    open: Open,
}

impl Pinned {
    pub(super) fn new(database: &Database) -> Self {
        Pinned { database: database.clone(), state: Mutex::default(), altered: OnceLock::new() }
    }

    pub(super) fn unsure(database: &Database) -> Self {
        let pinned = Pinned::new(database);
        pinned.state().unsure = true;
        pinned
    }

    pub(super) fn innermost(&self) -> Option<Open> {
        self.state().levels.last().map(|level| level.open.clone())
    }

    pub(super) fn alter(&self, reason: &Arc<str>, local: bool) {
        if local {
            self.state().altered_locally = true;
        } else {
            let _ = self.altered.set(Arc::clone(reason));
        }
    }

    pub(super) fn unstorable(&self) -> Option<Arc<str>> {
        if let Some(reason) = self.altered.get() {
            return Some(Arc::clone(reason));
        }
        let state = self.state();
        if state.unsure {
            Some("read while a transaction may be open".into())
        } else if state.altered_locally {
            Some("read under settings of its transaction".into())
        } else if state.levels.last().is_some_and(|level| level.open.is_dirty()) {
            Some("read through a transaction with uncommitted changes".into())
        } else {
            None
        }
    }

    pub(super) fn is_unsettled(&self) -> bool {
        self.may_be_open() || self.altered.get().is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes outside of any transaction, or in one that nobody can follow.
    fn apply(&self, changes: Vec<Change>) -> Applying {
        self.database.apply(changes)
    }

    fn record(&self, changes: Vec<Change>) -> Applying {
        let (open, unsure) = {
            let state = self.state();
            (state.levels.last().map(|level| level.open.clone()), state.unsure)
        };
        match open {
            Some(open) if !unsure => {
                open.record(changes);
                Applying::none()
            }
            _ => self.apply(changes),
        }
    }

    fn may_be_open(&self) -> bool {
        let state = self.state();
        state.unsure || !state.levels.is_empty()
    }

    /// Nobody knows any more what is open.
    fn lose_track(&self) -> Applying {
        self.state().unsure = true;
        self.database.forget_schema();
        self.apply(vec![Change::everything()])
    }

    /// A statement was answered, and with it all that were sent before.
    pub(super) fn answered(&self) -> Applying {
        let late = std::mem::take(&mut self.state().late);
        self.apply(late)
    }

    /// The database says that no transaction is open.
    pub(super) fn settled(&self) -> Applying {
        let known = {
            let state = self.state();
            state.levels.is_empty() && !state.unsure
        };
        if known {
            return Applying::none();
        }
        // How they ended is not known, but they have.
        let applying = self.commit_from(0).and(self.regain());
        self.ended();
        applying
    }

    /// A step was carried out while it was not known what is open: it may have committed what was applied, and read
    /// again by others, before.
    fn regain(&self) -> Applying {
        let unsure = self.state().unsure;
        match unsure {
            true => self.apply(vec![Change::everything()]),
            false => Applying::none(),
        }
    }

    fn step(&self, step: &Step, prepared: &mut Vec<Open>) -> Applying {
        let dialect = self.database.dialect();
        let mut applying = Applying::none();
        match step {
            Step::Begin => {
                let open = prepared.pop().unwrap_or_else(|| Open::root(&self.database));
                if self.state().unsure {
                    // One that could be begun proves that none is open, or that it was committed by this one.
                    applying = match dialect {
                        Dialect::Postgres => self.abandon(),
                        _ => self.commit_from(0),
                    };
                    if dialect == Dialect::Postgres {
                        // Here one that was open goes on, with whatever it has written.
                        open.writes();
                        open.record(vec![Change::everything()]);
                    }
                } else if self.state().levels.is_empty() {
                    if self.altered.get().is_some() {
                        // It ends one that began without a word.
                        applying = self.apply(vec![Change::everything()]);
                    }
                } else {
                    match dialect {
                        // BEGIN ends what is open, and is a mere warning elsewhere.
                        Dialect::MySql => applying = self.commit_from(0),
                        _ => return applying,
                    }
                }
                let mut state = self.state();
                state.unsure = false;
                state.levels.push(Named { name: None, open });
            }
            Step::Savepoint(name) => {
                let mut state = self.state();
                let open = match state.levels.last() {
                    Some(level) => level.open.nested(),
                    // Elsewhere it is an error, or gone at once.
                    None if dialect == Dialect::Sqlite => prepared.pop().unwrap_or_else(|| Open::root(&self.database)),
                    None => return applying,
                };
                state.levels.push(Named { name: Some(folded(name)), open });
            }
            Step::Release(name) => match self.position(name) {
                Some(at) => applying = self.commit_from(at),
                None => applying = self.lose_track(),
            },
            Step::RollbackTo(name) => match self.position(name) {
                // Its snapshot is as old as before, so what it has recorded stays.
                Some(0) => applying = self.roll_back_from(1),
                Some(at) => {
                    applying = self.roll_back_from(at);
                    let mut state = self.state();
                    if let Some(open) = state.levels.last().map(|around| around.open.nested()) {
                        state.levels.push(Named { name: Some(folded(name)), open });
                    }
                }
                None => applying = self.lose_track(),
            },
            Step::Commit => {
                // A transaction that began without a word, such as one with autocommit off.
                if self.altered.get().is_some() && self.state().levels.is_empty() {
                    applying = self.apply(vec![Change::everything()]);
                }
                applying = applying.and(self.commit_from(0));
                self.ended();
            }
            Step::Rollback => {
                applying = self.roll_back_from(0);
                self.ended();
            }
        }
        applying
    }

    fn position(&self, name: &str) -> Option<usize> {
        let name = folded(name);
        self.state().levels.iter().rposition(|level| level.name.as_deref() == Some(&name))
    }

    fn ended(&self) {
        let mut state = self.state();
        state.unsure = false;
        state.altered_locally = false;
    }

    fn pop(&self, from: usize) -> Option<Named> {
        let mut state = self.state();
        if state.levels.len() > from { state.levels.pop() } else { None }
    }

    fn commit_from(&self, from: usize) -> Applying {
        let mut applying = Applying::none();
        while let Some(level) = self.pop(from) {
            applying = applying.and(level.open.committed());
        }
        applying
    }

    fn roll_back_from(&self, from: usize) -> Applying {
        let mut applying = Applying::none();
        while let Some(level) = self.pop(from) {
            applying = applying.and(level.open.rolled_back());
        }
        applying
    }

    /// Whether they have ended is not known.
    fn abandon(&self) -> Applying {
        while let Some(level) = self.pop(0) {
            level.open.abandoned();
        }
        Applying::none()
    }

    fn committing(&self) {
        for level in &self.state().levels {
            level.open.committing();
        }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        drop(self.answered());
    }
}

fn folded(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// How far a text reaches.
#[derive(Debug, Default)]
struct Reach {
    /// Whether a transaction is open at this point.
    inside: bool,
    /// Whether something of an open transaction may be committed.
    commits: bool,
    /// What the text itself may commit.
    own: Vec<Change>,
    /// What it leaves to a later COMMIT.
    open: Vec<Change>,
}

impl Reach {
    fn follow(&mut self, pinned: &Pinned, effect: &Effect, unsure: bool, is_one_of_many: bool) {
        let dialect = pinned.database.dialect();
        match effect {
            Effect::Alters { .. } | Effect::Step(Step::RollbackTo(_)) => {}
            Effect::Changes(changes) => self.writes(changes, unsure),
            Effect::Defines => {
                self.writes(&[Change::everything()], unsure || definitions_commit(dialect));
                self.commits |= definitions_commit(dialect);
            }
            Effect::Unclear { .. } => {
                self.writes(&[Change::everything()], true);
                self.commits = true;
            }
            Effect::Step(Step::Begin) => {
                self.commits |= self.inside && dialect == Dialect::MySql;
                self.inside = true;
            }
            Effect::Step(Step::Savepoint(_)) => self.inside |= dialect == Dialect::Sqlite,
            // It may be the one that has opened the transaction.
            Effect::Step(Step::Release(name)) => self.commits |= is_one_of_many || pinned.position(name) == Some(0),
            Effect::Step(Step::Commit) => (self.commits, self.inside) = (true, false),
            Effect::Step(Step::Rollback) => self.inside = false,
        }
    }

    fn writes(&mut self, changes: &[Change], now: bool) {
        let into = if self.inside && !now { &mut self.open } else { &mut self.own };
        into.extend_from_slice(changes);
    }
}

/// What a text on one connection will have done, in its order.
#[derive(Debug)]
pub(super) struct Script {
    pinned: Arc<Pinned>,
    effects: Vec<Effect>,
    told: Option<Told>,
    generation: u64,
    rolls_back: bool,
    /// The transactions that may begin, their read points taken before the text is sent.
    prepared: Vec<Open>,
}

impl Script {
    pub(super) fn new(
        pinned: Arc<Pinned>,
        effects: Vec<Effect>,
        told: Option<Told>,
        generation: u64,
        rolls_back: bool,
    ) -> Self {
        let mut prepared = Vec::new();
        let open = pinned.innermost();
        for effect in &effects {
            match (effect, &open) {
                (Effect::Step(Step::Begin | Step::Savepoint(_)), _) => prepared.push(Open::root(&pinned.database)),
                (Effect::Step(Step::Commit), _) => pinned.committing(),
                (Effect::Defines, Some(open)) => open.defines(),
                (Effect::Changes(changes), Some(open)) if !changes.is_empty() => open.writes(),
                _ => {}
            }
        }
        let told = told.filter(|_| matches!(effects[..], [Effect::Changes(_)]));
        let rolls_back = rolls_back || pinned.database.may_roll_back();
        Script { pinned, effects, told, generation, rolls_back, prepared }
    }

    /// Asks for what the text may commit; too much does no harm.
    pub(super) fn ask(&mut self, asked: &mut Asked) {
        let pinned = &self.pinned;
        let (outermost, unsure) = {
            let state = pinned.state();
            (state.levels.first().map(|level| level.open.clone()), state.unsure)
        };
        let mut reach = Reach { inside: outermost.is_some() && !unsure, commits: unsure, ..Reach::default() };
        for effect in &self.effects {
            reach.follow(pinned, effect, unsure, self.effects.len() > 1);
        }
        if reach.commits {
            reach.own.append(&mut reach.open);
        }
        let transaction = outermost.filter(|_| reach.commits).and_then(|open| open.permission());
        let own = Changes::from(reach.own);
        let announcing = (!own.is_empty()).then(|| pinned.database.cache().announcing(&own));
        asked.ask(transaction, announcing);
    }

    /// The rows of the one write that it is.
    pub(super) fn tell(&mut self, sharper: Vec<Change>) {
        if let [Effect::Changes(changes)] = &mut self.effects[..] {
            (*changes, self.told) = (sharper, None);
        }
    }

    pub(super) fn wants_rows(&self) -> bool {
        self.told.is_some()
    }

    pub(super) fn over(self, outcome: Outcome, returned: Option<&Returned>, intent: Option<Intent>) -> Applying {
        let late = self.pinned.answered();
        late.and(self.ended(outcome, returned, intent))
    }

    fn ended(mut self, outcome: Outcome, returned: Option<&Returned>, intent: Option<Intent>) -> Applying {
        let database = self.pinned.database.clone();
        if let [Effect::Changes(changes)] = &mut self.effects[..] {
            sharpen(changes, self.told.as_ref(), outcome, returned);
        }
        let outdated = database.schema().generation() != self.generation;
        if let [Effect::Changes(changes)] = &mut self.effects[..]
            && self.pinned.innermost().is_none()
        {
            let changes = match outdated && outcome == Outcome::Done && !changes.is_empty() {
                true => vec![Change::everything()],
                false => std::mem::take(changes),
            };
            return conclude(&database, outcome, intent, changes);
        }
        let applying = match outcome {
            Outcome::Done => self.carried_out(outdated),
            _ => self.failed(outcome),
        };
        match intent {
            Some(intent) => applying.and(conclude(&database, outcome, Some(intent), Vec::new())),
            None => applying,
        }
    }

    fn carried_out(mut self, outdated: bool) -> Applying {
        let pinned = self.pinned;
        let mut applying = Applying::none();
        for effect in self.effects {
            let more = match effect {
                Effect::Step(step) => {
                    let regained = pinned.regain();
                    regained.and(pinned.step(&step, &mut self.prepared))
                }
                Effect::Changes(changes) if changes.is_empty() => continue,
                Effect::Changes(changes) => {
                    let changes = if outdated { vec![Change::everything()] } else { changes };
                    if let Some(open) = pinned.innermost() {
                        open.writes();
                    }
                    pinned.record(changes)
                }
                Effect::Defines => {
                    let committed = match definitions_commit(pinned.database.dialect()) {
                        true => pinned.commit_from(0),
                        false => Applying::none(),
                    };
                    match pinned.innermost() {
                        Some(open) => open.defines(),
                        None => pinned.database.forget_schema(),
                    }
                    committed.and(pinned.record(vec![Change::everything()]))
                }
                Effect::Alters { .. } => continue,
                Effect::Unclear { begins } if begins || pinned.may_be_open() => pinned.lose_track(),
                Effect::Unclear { .. } => pinned.apply(vec![Change::everything()]),
            };
            applying = applying.and(more);
        }
        applying
    }

    /// Nobody waited for the answer: unlike after an error, a transaction may have begun.
    pub(super) fn dropped(self, intent: Option<Intent>) -> Applying {
        let steps = self.effects.iter().any(|effect| matches!(effect, Effect::Step(_) | Effect::Unclear { .. }));
        let pinned = Arc::clone(&self.pinned);
        let changes = match &self.effects[..] {
            [] => Vec::new(),
            [Effect::Changes(changes)] => changes.clone(),
            _ => vec![Change::everything()],
        };
        let mut applying = self.ended(Outcome::Failed, None, intent);
        if steps {
            applying = applying.and(pinned.lose_track());
        }
        let mut state = pinned.state();
        if state.levels.is_empty() || state.unsure {
            state.late.extend(changes);
        }
        applying
    }

    /// How far a text of several statements got is not known, nor whether a COMMIT that failed has committed.
    fn failed(self, outcome: Outcome) -> Applying {
        let pinned = self.pinned;
        let one = self.effects.len() == 1;
        match &self.effects[..] {
            [] => Applying::none(),
            // It did not begin, and the one that was open may have been committed by it.
            [Effect::Step(Step::Begin)] if pinned.database.dialect() == Dialect::MySql && pinned.may_be_open() => {
                pinned.lose_track()
            }
            [Effect::Step(Step::Begin | Step::Savepoint(_))] => Applying::none(),
            [Effect::Step(Step::Rollback)] => pinned.roll_back_from(0).and(pinned.lose_track()),
            [Effect::Changes(changes)] => {
                let recorded = pinned.record(changes.clone());
                let inside = pinned.innermost().is_some();
                if inside && ends_transaction(outcome, self.rolls_back) && !holds_on(pinned.database.dialect()) {
                    return recorded.and(pinned.lose_track());
                }
                recorded
            }
            effects => {
                let steps = effects.iter().any(|effect| matches!(effect, Effect::Step(_)));
                let defines = effects.iter().any(|effect| matches!(effect, Effect::Defines | Effect::Unclear { .. }));
                match steps || !one || defines {
                    true => pinned.record(vec![Change::everything()]).and(pinned.lose_track()),
                    false => Applying::none(),
                }
            }
        }
    }
}
