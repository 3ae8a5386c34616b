//! The outbox: notes of changes in the database, for writers that die before they can tell the cache.

use std::fmt;
use std::sync::Arc;

use cache_core::Changes;
use cache_sql::adapter::detached::Detached;
use cache_sql::outbox::{self, Note, Outbox};
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, TransactionSession, TransactionTrait};

use crate::analysis;
use crate::connection::{CachedConnection, failure};
use crate::exact;

/// A place to delete notes on, whose type is not known.
#[async_trait]
pub(crate) trait Notes: Send + Sync {
    async fn delete(&self, id: Arc<str>) -> Result<(), DbErr>;
}

#[async_trait]
impl<C: ConnectionTrait + Send> Notes for C {
    async fn delete(&self, id: Arc<str>) -> Result<(), DbErr> {
        delete(self, &id).await
    }
}

/// Where the notes of a transaction are deleted when it is over.
#[derive(Clone)]
pub(crate) struct Board(Arc<dyn Notes>);

impl Board {
    pub(crate) fn new(connection: impl ConnectionTrait + Send + 'static) -> Self {
        Board(Arc::new(connection))
    }

    /// The cache knows: the note is deleted in the background. One that stays is swept.
    pub(crate) fn wipe(self, note: Note) {
        let work = async move {
            if let Err(error) = self.0.delete(note.id).await {
                tracing::debug!(%error, "a note in the outbox is left to the sweeper");
            }
        };
        Detached::new(work).leave();
    }
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Board").finish_non_exhaustive()
    }
}

/// Leaves a note in the transaction of a connection.
pub(crate) async fn leave<C: ConnectionTrait + ?Sized>(connection: &C, note: &Note) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    let values = [note.id.to_string().into(), note.changes.clone().into()];
    connection.execute_raw(Statement::from_sql_and_values(backend, of(backend).insert(), values)).await.map(drop)
}

async fn delete<C: ConnectionTrait + ?Sized>(connection: &C, id: &str) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    let values = [id.to_owned().into()];
    connection.execute_raw(Statement::from_sql_and_values(backend, of(backend).delete(), values)).await.map(drop)
}

fn of(backend: DbBackend) -> Outbox {
    Outbox::new(analysis::dialect(backend))
}

impl<C> CachedConnection<C>
where
    C: ConnectionTrait + TransactionTrait + Sync,
    C::Transaction: ConnectionTrait + TransactionSession + Send + Sync + 'static,
{
    /// Has every write leave a note in the table `cache_outbox`, in the transaction that makes it; it is deleted when the cache knows.
    ///
    /// A writer that dies between its COMMIT and the invalidation leaves its note, and [`sweep_outbox`](Self::sweep_outbox) tells the cache
    /// then. A write costs one more statement in its transaction and one after it; one outside of a transaction gets one. Definitions, and
    /// what is not understood, leave no notes.
    ///
    /// Make the table first, by [`create_outbox`](Self::create_outbox).
    #[must_use]
    pub fn with_outbox(mut self) -> Self {
        let _ = self.session.database().clone().with_outbox();
        self.begin = Some(exact::begin::<C>);
        self
    }

    /// Makes the table `cache_outbox`, where it is missing.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn create_outbox(&self) -> Result<(), DbErr> {
        self.inner.execute_unprepared(of(self.backend()).create()).await.map(drop)
    }

    /// Tells the cache of changes whose notes are older than two seconds, and deletes them; how many there were.
    ///
    /// Any process may do it, and several at once: to be called every second or so. Notes come from writers that died, and from writers that
    /// cannot be wrapped, which insert them themselves; see [`cache_sql::outbox`].
    ///
    /// # Errors
    ///
    /// What the database answers, and what the cache's store does. The notes are left for the next time then.
    pub async fn sweep_outbox(&self) -> Result<usize, DbErr> {
        // There the upgrade of a transaction that has read may fail, and nobody can lock a row.
        if self.backend() == DbBackend::Sqlite {
            return self.sweep_on(&self.inner).await;
        }
        let transaction = self.inner.begin().await?;
        let swept = self.sweep_on(&transaction).await?;
        transaction.commit().await?;
        Ok(swept)
    }

    async fn sweep_on<D: ConnectionTrait>(&self, connection: &D) -> Result<usize, DbErr> {
        let due = of(self.backend()).due();
        let rows = connection.query_all_raw(Statement::from_string(self.backend(), due)).await?;
        let mut ids: Vec<String> = Vec::with_capacity(rows.len());
        let mut changes = Changes::default();
        for row in &rows {
            ids.push(row.try_get_by_index(0)?);
            changes.extend(outbox::changes(&row.try_get_by_index::<String>(1)?));
        }
        self.cache().invalidation(changes).await.map_err(failure)?;
        for id in &ids {
            delete(connection, id).await?;
        }
        Ok(ids.len())
    }
}
