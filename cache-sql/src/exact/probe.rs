//! PostgreSQL and MySQL: the rows of an UPDATE or DELETE are read and locked before it runs.
//!
//! Each question stands between a savepoint and its release: one that fails leaves the transaction as it was. Where the savepoint is
//! gone as well, the database has ended the transaction, and the statement must not run.
//!
//! A row that is locked stays as it is and goes on to satisfy the condition, which speaks of nothing but the row. So the statement writes
//! all rows that were read, and perhaps some that another transaction has committed meanwhile: then it writes more of them. Equal numbers are
//! the same rows.

use std::sync::Arc;

use cache_core::{Change, Column};

use super::question::Question;
use super::{Ask, Counted, MAX_ROWS};
use crate::bind::Binds;
use crate::catalogue::{Catalogue, Fields};
use crate::plan::Plan;
use crate::write::{Action, Located};
use crate::{Bind, Dialect};

const SAVE: &str = "SAVEPOINT _cache_rows";
const RELEASE: &str = "RELEASE SAVEPOINT _cache_rows";
const BACK: &str = "ROLLBACK TO SAVEPOINT _cache_rows";

/// The conversation about one statement.
#[derive(Debug)]
pub(super) struct Probe {
    plans: Arc<Vec<Plan>>,
    dialect: Dialect,
    binds: Vec<Bind>,
    /// Whether there can be one row only.
    single: bool,
    step: Step,
    was: Vec<Fields>,
    /// The rows as they are after the statement, where that was asked.
    now: Vec<Fields>,
    again: Option<Ask>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Before(Guard),
    /// The statement runs.
    Ready,
    After(Guard),
    Done,
    Failed,
    /// The transaction is no more.
    Broken,
}

/// Where a question between two savepoints stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Guard {
    Save,
    Look,
    Release,
    Back,
}

impl Probe {
    /// `None` for a statement whose rows cannot be asked for.
    pub(super) fn about(
        plans: Arc<Vec<Plan>>,
        dialect: Dialect,
        binds: &[Bind],
        catalogue: Option<&Catalogue>,
    ) -> Option<Self> {
        let (action, _) = parts(&plans)?;
        let single = action.is_by_key(Binds { dialect, values: binds }, catalogue?);
        Some(Probe {
            plans,
            dialect,
            binds: binds.to_vec(),
            single,
            step: Step::Before(Guard::Save),
            was: Vec::new(),
            now: Vec::new(),
            again: None,
        })
    }

    pub(super) fn before(&self) -> Option<Ask> {
        match self.step {
            Step::Before(guard) => guard.ask(|| Some(parts(&self.plans)?.1.before())),
            _ => None,
        }
    }

    pub(super) fn written(&mut self, rows: Counted, catalogue: Option<&Catalogue>) {
        let returns = parts(&self.plans).is_some_and(|(_, question)| question.returns);
        let known = match rows {
            // What MariaDB counts beside rows that it returns is not told by every driver.
            Counted::Affected(_) if returns && self.dialect == Dialect::MySql => None,
            Counted::Affected(rows) => Some(rows),
            Counted::Returned { rows, all } => Some(rows).filter(|_| returns && (all || self.single)),
        };
        if self.step != Step::Ready {
            return;
        }
        if known != Some(self.was.len() as u64) {
            self.step = Step::Failed;
            return;
        }
        self.again = catalogue.and_then(|catalogue| self.look_again(catalogue));
        self.step = if self.again.is_some() { Step::After(Guard::Save) } else { Step::Done };
    }

    pub(super) fn after(&self) -> Option<Ask> {
        match self.step {
            Step::After(guard) => guard.ask(|| self.again.clone()),
            _ => None,
        }
    }

    pub(super) fn answer(&mut self, rows: Option<Vec<Vec<String>>>, catalogue: Option<&Catalogue>) {
        self.step = match (self.step, rows) {
            (Step::Before(Guard::Look), Some(rows)) => match self.read(rows, catalogue) {
                Some(rows) => {
                    self.was = rows;
                    Step::Before(Guard::Release)
                }
                None => Step::Before(Guard::Back),
            },
            (Step::After(Guard::Look), Some(rows)) => {
                self.now = self.read(rows, catalogue).unwrap_or_default();
                Step::After(Guard::Release)
            }
            (Step::Before(Guard::Save), Some(_)) => Step::Before(Guard::Look),
            (Step::Before(Guard::Release), Some(_)) => Step::Ready,
            (Step::Before(Guard::Look), None) => Step::Before(Guard::Back),
            (Step::Before(Guard::Save), None) | (Step::Before(Guard::Back), Some(_)) => Step::Failed,
            (Step::After(Guard::Save), Some(_)) => Step::After(Guard::Look),
            (Step::After(Guard::Look), None) => Step::After(Guard::Back),
            // What the text tells of the rows as they are now is true without the second answer.
            (Step::After(Guard::Release | Guard::Back), Some(_)) => Step::Done,
            (Step::Before(_) | Step::After(_), None) => Step::Broken,
            (other, _) => other,
        };
    }

    pub(super) fn is_broken(&self) -> bool {
        self.step == Step::Broken
    }

    pub(super) fn changes(&self, catalogue: &Catalogue) -> Option<Vec<Change>> {
        let (action, question) = parts(&self.plans).filter(|_| self.step == Step::Done)?;
        let key = catalogue.table(&question.table).and_then(|info| action.key(info)).unwrap_or_default();
        let found = |was: &Fields| {
            let wanted = texts(was, key).filter(|wanted| !wanted.is_empty())?;
            self.now.iter().find(|now| texts(now, key).as_ref() == Some(&wanted))
        };
        let rows: Vec<Located<'_>> = self.was.iter().map(|was| (was, found(was))).collect();
        action.located(Binds { dialect: self.dialect, values: &self.binds }, catalogue, &rows)
    }

    fn read(&self, rows: Vec<Vec<String>>, catalogue: Option<&Catalogue>) -> Option<Vec<Fields>> {
        let (_, question) = parts(&self.plans)?;
        let catalogue = catalogue.filter(|_| rows.len() <= MAX_ROWS)?;
        rows.iter().map(|row| question.fields(catalogue, row.first()?)).collect()
    }

    /// The question for what expressions have made of the rows.
    fn look_again(&self, catalogue: &Catalogue) -> Option<Ask> {
        let (action, question) = parts(&self.plans)?;
        let key = action.key(catalogue.table(&question.table)?)?;
        let binds = Binds { dialect: self.dialect, values: &self.binds };
        let names: Vec<&str> = key.iter().map(|column| name(self.was.first()?, column)).collect::<Option<_>>()?;
        let keys: Vec<Vec<&str>> = self.was.iter().map(|row| texts(row, key)).collect::<Option<_>>()?;
        let is_number = |text: &&str| text.parse::<i128>().is_ok();
        let are_numbers = keys.iter().flatten().all(is_number);
        (are_numbers && action.leaves_open(binds, catalogue, &self.was)).then(|| question.after(&names, &keys))
    }
}

impl Guard {
    fn ask(self, look: impl FnOnce() -> Option<Ask>) -> Option<Ask> {
        match self {
            Guard::Save => Some(Ask::script(SAVE)),
            Guard::Look => look(),
            Guard::Release => Some(Ask::script(RELEASE)),
            Guard::Back => Some(Ask::script(BACK)),
        }
    }
}

/// The one action of a text, and the question about it.
fn parts(plans: &[Plan]) -> Option<(&Action, &Question)> {
    match plans {
        [Plan::Write { actions, question: Some(question), .. }] => Some((actions.first()?, question)),
        _ => None,
    }
}

/// How the database spells the name of a column.
fn name<'a>(fields: &'a Fields, column: &Column) -> Option<&'a str> {
    fields.iter().map(|(name, _)| name.as_str()).find(|name| Column::from(*name) == *column)
}

/// What these columns of a row hold; `None` where one of them is NULL or was not told.
fn texts<'a>(fields: &'a Fields, columns: &[Column]) -> Option<Vec<&'a str>> {
    let text = |column: &Column| {
        let (_, text) = fields.iter().find(|(name, _)| Column::from(name.as_str()) == *column)?;
        text.as_deref()
    };
    columns.iter().map(text).collect()
}
