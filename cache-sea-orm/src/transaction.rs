//! Transactions: changes wait for the commit, a rollback forgets them.

use std::fmt;
use std::pin::Pin;

use cache_sql::adapter::detached::Detached;
use cache_sql::adapter::{Applying, Outcome, Session};
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    AccessMode, ConnectionTrait, DbBackend, DbErr, IsolationLevel, TransactionError, TransactionOptions,
    TransactionSession, TransactionTrait,
};

use crate::connection::{CachedConnection, acknowledged, failure};
use crate::outbox::{self, Board};

impl<C: ConnectionTrait + Send + 'static> CachedConnection<C> {
    fn within<T>(&self, transaction: T, session: Session) -> CachedConnection<T> {
        let has_outbox = session.database().has_outbox();
        let share = self.share.filter(|_| has_outbox);
        let board = share.map(|share| Board::new(share(&self.inner))).or_else(|| self.board.clone());
        CachedConnection { inner: transaction, session, share: None, begin: None, board }
    }
}

impl<C: ConnectionTrait> CachedConnection<C> {
    /// A session for a transaction that may read what others have not committed: the session is told as if by a statement.
    async fn begins_at(&self, level: Option<IsolationLevel>) -> Session {
        let session = self.begins().await;
        let dirty = matches!(level, Some(IsolationLevel::ReadUncommitted));
        // Elsewhere there are no such reads.
        if dirty && self.inner.get_database_backend() == DbBackend::MySql {
            let said = session.announce("SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED", Vec::new);
            drop(said.over(Outcome::Done, None));
        }
        session
    }
}

#[async_trait]
impl<C> TransactionTrait for CachedConnection<C>
where
    C: ConnectionTrait + TransactionTrait + Send + 'static,
    C::Transaction:
        ConnectionTrait + TransactionTrait<Transaction = C::Transaction> + TransactionSession + Send + Sync + 'static,
{
    type Transaction = CachedConnection<C::Transaction>;

    async fn begin(&self) -> Result<Self::Transaction, DbErr> {
        let session = self.begins().await;
        Ok(self.within(self.inner.begin().await?, session))
    }

    async fn begin_with_config(
        &self,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<Self::Transaction, DbErr> {
        let session = self.begins_at(isolation_level).await;
        Ok(self.within(self.inner.begin_with_config(isolation_level, access_mode).await?, session))
    }

    async fn begin_with_options(&self, options: TransactionOptions) -> Result<Self::Transaction, DbErr> {
        let session = self.begins_at(options.isolation_level).await;
        Ok(self.within(self.inner.begin_with_options(options).await?, session))
    }

    async fn transaction<F, T, E>(&self, callback: F) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Self::Transaction) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>> + Send,
        T: Send,
        E: fmt::Display + fmt::Debug + Send,
    {
        finish(self.begin().await.map_err(TransactionError::Connection)?, callback).await
    }

    async fn transaction_with_config<F, T, E>(
        &self,
        callback: F,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Self::Transaction) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>> + Send,
        T: Send,
        E: fmt::Display + fmt::Debug + Send,
    {
        let transaction = self.begin_with_config(isolation_level, access_mode).await;
        finish(transaction.map_err(TransactionError::Connection)?, callback).await
    }
}

/// Runs a closure in a transaction: commit on `Ok`, rollback on `Err`.
async fn finish<X, F, T, E>(transaction: X, callback: F) -> Result<T, TransactionError<E>>
where
    X: TransactionSession + Send + Sync,
    F: for<'c> FnOnce(&'c X) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>> + Send,
    T: Send,
    E: fmt::Display + fmt::Debug + Send,
{
    match callback(&transaction).await {
        Ok(value) => {
            transaction.commit().await.map_err(TransactionError::Connection)?;
            Ok(value)
        }
        Err(error) => {
            transaction.rollback().await.map_err(TransactionError::Connection)?;
            Err(TransactionError::Transaction(error))
        }
    }
}

#[async_trait]
impl<C: ConnectionTrait + TransactionSession + Send + 'static> TransactionSession for CachedConnection<C> {
    async fn commit(self) -> Result<(), DbErr> {
        let CachedConnection { inner, session, board, .. } = self;
        // A COMMIT that was sent is carried to its end: nobody could tell its outcome otherwise.
        Detached::new(async move {
            let mut committing = session.committing();
            let note = board.and_then(|board| Some((board, committing.note()?)));
            let left = match &note {
                Some((_, note)) => outbox::leave(&inner, note).await,
                None => Ok(()),
            };
            let permitted = match left {
                Ok(()) => committing.permission().await.map_err(failure),
                failed => failed,
            };
            if let Err(refused) = permitted {
                // That it was refused says more than an error here, after which the connection is closed.
                let _ = inner.rollback().await;
                let forgotten = committing.rolled_back();
                return acknowledged(Err(refused), forgotten).await;
            }
            let result = inner.commit().await;
            let applying = match result {
                Ok(()) => committing.done(),
                Err(_) => {
                    drop(committing);
                    Applying::none()
                }
            };
            let answer = acknowledged(result, applying).await;
            if let (Some((board, note)), Ok(())) = (note, &answer) {
                board.wipe(note);
            }
            answer
        })
        .await
    }

    async fn rollback(self) -> Result<(), DbErr> {
        let CachedConnection { inner, session, .. } = self;
        let result = inner.rollback().await;
        acknowledged(result, session.rolled_back()).await
    }
}

impl<C: ConnectionTrait + TransactionSession + Send + 'static> CachedConnection<C> {
    /// Commits the transaction; on the outermost level its changes are applied afterwards.
    ///
    /// # Errors
    ///
    /// What the database answers. The changes are applied then, too, because a lost answer may hide a
    /// commit. And [`DbErr::Custom`] as told at [`CachedConnection`]: the transaction is committed, and the cache could not be told, or
    /// it could not be told before, and the transaction was rolled back.
    pub async fn commit(self) -> Result<(), DbErr> {
        TransactionSession::commit(self).await
    }

    /// Rolls the transaction back and forgets its changes.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn rollback(self) -> Result<(), DbErr> {
        TransactionSession::rollback(self).await
    }
}
