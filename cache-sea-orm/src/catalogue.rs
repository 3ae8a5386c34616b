//! The schema of a SQLite database: what a write reaches beyond the table that it names.

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use crate::analysis::{Analyser, informed};

/// The schema as last read, shared by all handles of one connection.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Counts the definitions seen; a schema read under another number is not kept.
    generation: u64,
    analyser: Option<Arc<Analyser>>,
}

impl Slot {
    pub(crate) fn generation(&self) -> u64 {
        self.state().generation
    }

    /// Forgets the schema: the next write reads it again.
    pub(crate) fn forget(&self) {
        let mut state = self.state();
        state.generation += 1;
        state.analyser = None;
    }

    /// An analyser that knows the schema and the generation it belongs to; the schema is read through `connection` when it is not known.
    ///
    /// With `private`, the connection is inside a transaction that has changed the schema: what it sees is
    /// neither taken from the others nor handed to them.
    pub(crate) async fn read<C: ConnectionTrait>(&self, connection: &C, private: bool) -> (u64, Option<Arc<Analyser>>) {
        let generation = {
            let state = self.state();
            if !private && state.analyser.is_some() {
                return (state.generation, state.analyser.clone());
            }
            state.generation
        };
        if connection.get_database_backend() != DbBackend::Sqlite {
            return (generation, None);
        }
        let analyser = match load(connection).await {
            Ok(analyser) => Arc::new(analyser),
            Err(error) => {
                tracing::error!(%error, "the schema could not be read: writes will drop every cached result");
                return (generation, None);
            }
        };
        let mut state = self.state();
        if !private && state.generation == generation {
            state.analyser = Some(analyser.clone());
        }
        (generation, Some(analyser))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn load<C: ConnectionTrait>(connection: &C) -> Result<Analyser, DbErr> {
    const SCHEMA: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema \
        UNION ALL SELECT type, name, tbl_name, sql FROM sqlite_temp_schema";
    let rows = connection.query_all_raw(Statement::from_string(DbBackend::Sqlite, SCHEMA)).await?;
    let mut definitions = Vec::with_capacity(rows.len());
    for row in rows {
        let sql: Option<String> = row.try_get_by_index(3)?;
        let definition: [String; 3] = [row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?];
        definitions.push((definition, sql.unwrap_or_default()));
    }
    let rows = definitions.iter().map(|([kind, name, table], sql)| (&kind[..], &name[..], &table[..], &sql[..]));
    Ok(informed(rows))
}
