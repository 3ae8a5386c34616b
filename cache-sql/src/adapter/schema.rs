//! The schema of a database, and the request to read it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Database;
use super::announcement::rolls_back;
use crate::{Analyser, Catalogue, Dialect};

/// The schema as last read, shared by all handles of one database.
#[derive(Debug, Default)]
pub(super) struct Schema(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Counts the definitions seen; a schema read under another number is not kept.
    generation: u64,
    known: Known,
}

#[derive(Clone, Debug, Default)]
enum Known {
    #[default]
    Unread,
    Read(Arc<Analyser>),
    /// There is none to read.
    Forgone,
}

/// What is known when a statement is announced.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) generation: u64,
    pub(super) analyser: Option<Arc<Analyser>>,
    /// Tables are all there is: writes reach nothing that they do not name.
    pub(super) forgone: bool,
}

impl Schema {
    pub(super) fn generation(&self) -> u64 {
        self.state().generation
    }

    /// Forgets the schema: the next statement that needs it has it read again.
    pub(super) fn forget(&self) {
        let mut state = self.state();
        state.generation += 1;
        if !matches!(state.known, Known::Forgone) {
            state.known = Known::Unread;
        }
    }

    pub(super) fn forgo(&self) {
        self.state().known = Known::Forgone;
    }

    pub(super) fn is_unread(&self) -> bool {
        matches!(self.state().known, Known::Unread)
    }

    pub(super) fn view(&self) -> View {
        let state = self.state();
        View {
            generation: state.generation,
            analyser: match &state.known {
                Known::Read(analyser) => Some(Arc::clone(analyser)),
                _ => None,
            },
            forgone: matches!(state.known, Known::Forgone),
        }
    }

    fn keep(&self, generation: u64, analyser: &Arc<Analyser>) {
        let mut state = self.state();
        if state.generation == generation && matches!(state.known, Known::Unread) {
            state.known = Known::Read(Arc::clone(analyser));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The schema as a transaction sees it that has changed it.
pub(super) type Private = Arc<Mutex<Option<Arc<Analyser>>>>;

/// The wish to know the schema before a statement is announced.
///
/// Unanswered, or answered with an error, it leaves the schema unknown: a write then drops every cached result,
/// and what is read is not stored.
#[derive(Debug)]
#[must_use = "run its statement and answer it"]
pub struct SchemaRequest {
    database: Database,
    generation: u64,
    /// Inside of a transaction that has changed the schema: what it sees is not handed to others.
    private: Option<Private>,
}

impl SchemaRequest {
    pub(super) fn new(database: &Database, private: Option<Private>) -> Self {
        SchemaRequest { database: database.clone(), generation: database.schema().generation(), private }
    }

    /// The statement that reads the schema; run it on the very connection that the announced statement will use.
    ///
    /// It has no binds, and every column of its rows is text that is never NULL.
    pub fn sql(&self) -> &'static str {
        Catalogue::query(self.database.dialect())
    }

    /// The rows of the statement, or why there are none.
    pub fn answer<E: std::fmt::Display>(self, rows: Result<Vec<Vec<String>>, E>) {
        match rows {
            Ok(rows) => {
                let dialect = self.database.dialect();
                if dialect == Dialect::Sqlite && rows.iter().flatten().any(|text| rolls_back(text)) {
                    self.database.note_rollbacks();
                }
                let catalogue = Catalogue::read(dialect, rows);
                let analyser = Arc::new(Analyser::new(dialect).with_catalogue(catalogue));
                match &self.private {
                    Some(private) => *private.lock().unwrap_or_else(PoisonError::into_inner) = Some(analyser),
                    None => self.database.schema().keep(self.generation, &analyser),
                }
            }
            Err(error) => {
                tracing::error!(%error, "the schema could not be read: a write drops every cached result, and no result \
                    of this database is stored");
            }
        }
    }
}
