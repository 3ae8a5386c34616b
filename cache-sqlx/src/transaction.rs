//! Wrapped transactions and savepoints.

use cache_sql::adapter::{Database, Session};
use sqlx::{Error, SqlStr};
use sqlx_core::transaction::TransactionManager;

use crate::backend::Backend;
use crate::seat::{answer, failure};
use crate::wire::Wire;

/// A transaction, or a savepoint in one, whose changes invalidate cached results when it is committed.
///
/// A mutable reference to it is an executor of SQLx. Dropped, it is rolled back, and its changes are forgotten. A COMMIT that
/// was sent is carried to its end.
#[derive(Debug)]
pub struct CachedTransaction<'c, DB: Backend> {
    pub(crate) hold: Hold<'c, DB>,
    pub(crate) session: Session,
    open: bool,
}

/// The connection of a transaction.
#[derive(Debug)]
pub(crate) enum Hold<'c, DB: Backend> {
    Own(Wire<DB>),
    Lent(&'c mut Wire<DB>),
}

impl<DB: Backend> Hold<'_, DB> {
    pub(crate) fn wire(&mut self) -> &mut Wire<DB> {
        match self {
            Hold::Own(wire) => wire,
            Hold::Lent(wire) => wire,
        }
    }
}

impl<DB: Backend> CachedTransaction<'static, DB> {
    pub(crate) async fn begin_own(wire: Wire<DB>, around: &Session, statement: Option<SqlStr>) -> Result<Self, Error> {
        Self::begun(Hold::Own(wire), around, statement).await
    }
}

impl<'c, DB: Backend> CachedTransaction<'c, DB> {
    pub(crate) async fn begin_lent(
        wire: &'c mut Wire<DB>,
        around: &Session,
        statement: Option<SqlStr>,
    ) -> Result<Self, Error> {
        Self::begun(Hold::Lent(wire), around, statement).await
    }

    async fn begun(mut hold: Hold<'c, DB>, around: &Session, statement: Option<SqlStr>) -> Result<Self, Error> {
        let wire = hold.wire();
        if let Some(request) = around.wants_schema_to_begin() {
            answer::<DB>(wire.get().await?, request).await;
        }
        let session = around.begin();
        wire.begin(statement).await?;
        Ok(CachedTransaction { hold, session, open: true })
    }

    /// What all handles of this database share.
    pub fn database(&self) -> &Database {
        self.session.database()
    }

    /// The connection inside. What is written through it directly is not seen.
    ///
    /// # Errors
    ///
    /// When it was lost by a statement that panicked.
    pub async fn inner(&mut self) -> Result<&mut DB::Connection, Error> {
        self.hold.wire().get().await
    }

    /// Sets a savepoint, which is gone back to when it is dropped.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn begin(&mut self) -> Result<CachedTransaction<'_, DB>, Error> {
        CachedTransaction::begin_lent(self.hold.wire(), &self.session, None).await
    }

    /// Commits the transaction, or releases the savepoint; after the outermost commit the changes are applied.
    ///
    /// # Errors
    ///
    /// What the database answers. The changes are applied then, too, because a lost answer may hide a commit. And those of the
    /// cache's store, as told at [`CachedPool`](crate::CachedPool).
    pub async fn commit(mut self) -> Result<(), Error> {
        self.hold.wire().get().await?;
        self.open = false;
        let session = self.session.clone();
        let ended = self.hold.wire().carried(|connection| {
            Box::pin(async move {
                let mut committing = session.committing();
                if let Err(refused) = committing.permission().await {
                    // That it was refused says more than an error here.
                    if DB::TransactionManager::rollback(connection).await.is_err() {
                        DB::TransactionManager::start_rollback(connection);
                    }
                    let _ = committing.rolled_back().await;
                    return Err(failure(refused));
                }
                if let Err(error) = DB::TransactionManager::commit(connection).await {
                    DB::TransactionManager::start_rollback(connection);
                    return Err(error);
                }
                committing.done().await.map_err(failure)
            })
        });
        ended.await?
    }

    /// Rolls the transaction back, or goes back to the savepoint, and forgets its changes.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn rollback(mut self) -> Result<(), Error> {
        self.hold.wire().get().await?;
        self.open = false;
        let session = self.session.clone();
        let ended = self.hold.wire().carried(|connection| {
            Box::pin(async move {
                if let Err(error) = DB::TransactionManager::rollback(connection).await {
                    DB::TransactionManager::start_rollback(connection);
                    return Err(error);
                }
                session.rolled_back().await.map_err(failure)
            })
        });
        ended.await?
    }
}

impl<DB: Backend> Drop for CachedTransaction<'_, DB> {
    fn drop(&mut self) {
        if self.open {
            self.hold.wire().roll_back();
        }
    }
}
