//! What a text of one or more statements does beside reading.

use std::sync::Arc;

use cache_core::Change;

use super::Database;
use super::schema::View;
use crate::step::UNCLEAR;
use crate::{Analyser, Bind, Dialect, Statement, Step};

/// One thing that a text does, in its order.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    Changes(Vec<Change>),
    Step(Step),
    /// The schema changes.
    Defines,
    /// Later statements may mean something else.
    Alters {
        reason: Arc<str>,
        /// Until the end of a transaction.
        local: bool,
    },
    /// Anything may have changed, and a transaction that was open may have been committed; one may also have begun where
    /// the words say so.
    Unclear {
        begins: bool,
    },
}

/// What a text changes, as seen by an analyser that knows the schema; without one, everything may have changed.
pub(super) fn effects(database: &Database, view: &View, sql: &str, binds: &[Bind]) -> Vec<Effect> {
    let analyser = view.analyser.as_deref().unwrap_or(Analyser::shared(database.dialect()));
    let mut effects = Vec::new();
    let reach = match (&view.analyser, view.forgone) {
        (Some(_), _) => Reach::Exact,
        (None, true) => Reach::Tables,
        (None, false) => Reach::Everything,
    };
    add(database, analyser.analyse(sql, binds), reach, &mut effects);
    // Switched on, it commits; switched off, every statement begins a transaction.
    let alters = effects.iter().any(|effect| matches!(effect, Effect::Alters { .. }));
    if alters && database.dialect() == Dialect::MySql && mentions(sql, "AUTOCOMMIT") {
        effects.push(Effect::Unclear { begins: true });
    }
    effects
}

fn mentions(sql: &str, word: &str) -> bool {
    sql.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[derive(Clone, Copy, PartialEq)]
enum Reach {
    Exact,
    Tables,
    Everything,
}

fn add(database: &Database, found: Statement, reach: Reach, effects: &mut Vec<Effect>) {
    let written = |changes: Vec<Change>| match reach {
        _ if changes.is_empty() => changes,
        Reach::Everything => vec![Change::everything()],
        _ => changes,
    };
    match found {
        Statement::Write { tables, .. } if reach == Reach::Tables => {
            effects.push(Effect::Changes(tables.into_iter().map(Change::table).collect()));
        }
        Statement::Write { changes, .. } => effects.push(Effect::Changes(written(changes))),
        Statement::Ddl { .. } => effects.push(Effect::Defines),
        Statement::Unknown { changes, reason, first } => {
            if first {
                database.misunderstood(&reason);
            }
            let begins = &*reason == UNCLEAR;
            // Only on MySQL may a procedure, or a statement prepared elsewhere, end the transaction of its caller.
            let ends = begins || database.dialect() == Dialect::MySql && changes.contains(&Change::everything());
            if ends {
                effects.push(Effect::Unclear { begins });
                return;
            }
            effects.push(Effect::Changes(written(changes)));
        }
        Statement::Transaction(step) => effects.push(Effect::Step(step)),
        Statement::Batch(statements) => {
            for found in statements {
                add(database, found, reach, effects);
            }
        }
        Statement::Session { reason, local } => effects.push(Effect::Alters { reason, local }),
        Statement::Read { .. } | Statement::Neutral => {}
    }
}

/// Whether definitions end the transaction that they are made in.
pub(super) fn definitions_commit(dialect: Dialect) -> bool {
    dialect == Dialect::MySql
}

/// The changes of all effects; a change of the schema changes everything.
pub(super) fn all_changes(effects: Vec<Effect>) -> Vec<Change> {
    let mut all = Vec::new();
    for effect in effects {
        match effect {
            Effect::Changes(changes) => all.extend(changes),
            Effect::Defines | Effect::Unclear { .. } => return vec![Change::everything()],
            Effect::Step(_) | Effect::Alters { .. } => {}
        }
    }
    all
}
