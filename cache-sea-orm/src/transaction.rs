//! Transactions: changes wait for the commit, a rollback forgets them.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cache_core::{Change, ReadPoint, Transaction as Pending};
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    AccessMode, ConnectionTrait, DbErr, IsolationLevel, TransactionError, TransactionOptions, TransactionSession,
    TransactionTrait,
};

use crate::connection::CachedConnection;
use crate::detached::Detached;
use crate::shared::Shared;

/// One level of an open transaction: the transaction itself or a savepoint in it.
#[derive(Clone, Debug)]
pub(crate) struct Open(Arc<Level>);

#[derive(Debug)]
struct Level {
    pending: Mutex<Option<Pending>>,
    read_point: ReadPoint,
    depth: usize,
    root: Arc<Root>,
}

/// What all levels of one transaction share.
#[derive(Debug)]
struct Root {
    shared: Arc<Shared>,
    /// The schema when the transaction began.
    generation: u64,
    depth: AtomicUsize,
    /// Some level has written. A level that was rolled back leaves this set: it costs a few misses.
    dirty: AtomicBool,
    /// The schema was changed in here.
    defined: AtomicBool,
    /// Levels were ended out of order, or transaction words were sent as text: nobody can tell any more
    /// what is committed when, so every step invalidates everything.
    escaped: AtomicBool,
}

impl Open {
    fn root(shared: &Arc<Shared>) -> Self {
        let root = Root {
            shared: Arc::clone(shared),
            generation: shared.schema.generation(),
            depth: AtomicUsize::new(0),
            dirty: AtomicBool::new(false),
            defined: AtomicBool::new(false),
            escaped: AtomicBool::new(false),
        };
        Level::enter(Pending::begin(&shared.cache), Arc::new(root))
    }

    fn nested(&self) -> Self {
        match &*self.0.lock() {
            Some(pending) => Level::enter(pending.nested(), Arc::clone(&self.0.root)),
            None => Self::root(&self.0.root.shared),
        }
    }

    /// A statement that writes is about to run: from now on nobody may be served through here.
    pub(crate) fn wrote(&self, rows: bool, schema: bool) {
        if schema {
            self.0.root.defined.store(true, Ordering::SeqCst);
        }
        if rows {
            self.0.root.dirty.store(true, Ordering::SeqCst);
        }
    }

    /// Notes changes for the commit.
    pub(crate) fn record(&self, changes: Vec<Change>) {
        if let Some(pending) = &*self.0.lock() {
            pending.record(changes);
        }
    }

    pub(crate) fn escape(&self) {
        self.0.root.escaped.store(true, Ordering::SeqCst);
    }

    pub(crate) fn has_escaped(&self) -> bool {
        self.0.root.escaped.load(Ordering::SeqCst)
    }

    pub(crate) fn has_defined(&self) -> bool {
        self.0.root.defined.load(Ordering::SeqCst)
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.0.root.dirty.load(Ordering::SeqCst)
    }

    pub(crate) fn read_point(&self) -> ReadPoint {
        self.0.read_point
    }
}

impl Level {
    fn enter(pending: Pending, root: Arc<Root>) -> Open {
        let depth = root.depth.fetch_add(1, Ordering::SeqCst) + 1;
        Open(Arc::new(Level { read_point: pending.read_point(), pending: Mutex::new(Some(pending)), depth, root }))
    }

    /// When the schema has changed meanwhile, the changes may reach further than was seen.
    fn reconsider(&self) {
        let root = &self.root;
        let outdated = root.generation != root.shared.schema.generation();
        if let Some(pending) = &*self.lock()
            && outdated
            && root.dirty.load(Ordering::SeqCst)
        {
            pending.record(Change::everything());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        if self.root.depth.fetch_sub(1, Ordering::SeqCst) != self.depth {
            self.root.escaped.store(true, Ordering::SeqCst);
        }
        // Before anything is applied: whoever analyses a write from now on must see the new schema.
        if self.root.defined.load(Ordering::SeqCst) {
            self.root.shared.schema.forget();
        }
        if let Some(pending) = self.lock().take() {
            // Not committed: this forgets the changes, or applies them when a COMMIT was under way.
            drop(pending);
        }
        if self.root.escaped.load(Ordering::SeqCst) && self.root.dirty.load(Ordering::SeqCst) {
            self.root.shared.apply(Change::everything());
        }
    }
}

impl<C> CachedConnection<C> {
    /// A level for a transaction about to begin. Its read point is taken now, before the database takes its
    /// snapshot.
    fn level(&self) -> Open {
        match &self.open {
            Some(open) => open.nested(),
            None => Open::root(&self.shared),
        }
    }

    fn within<T>(&self, transaction: T, open: Open) -> CachedConnection<T> {
        CachedConnection { inner: transaction, shared: Arc::clone(&self.shared), share: None, open: Some(open) }
    }
}

#[async_trait]
impl<C> TransactionTrait for CachedConnection<C>
where
    C: TransactionTrait + Send,
    C::Transaction:
        ConnectionTrait + TransactionTrait<Transaction = C::Transaction> + TransactionSession + Send + Sync + 'static,
{
    type Transaction = CachedConnection<C::Transaction>;

    async fn begin(&self) -> Result<Self::Transaction, DbErr> {
        let open = self.level();
        Ok(self.within(self.inner.begin().await?, open))
    }

    async fn begin_with_config(
        &self,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<Self::Transaction, DbErr> {
        let open = self.level();
        Ok(self.within(self.inner.begin_with_config(isolation_level, access_mode).await?, open))
    }

    async fn begin_with_options(&self, options: TransactionOptions) -> Result<Self::Transaction, DbErr> {
        let open = self.level();
        Ok(self.within(self.inner.begin_with_options(options).await?, open))
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
impl<C: TransactionSession + Send + 'static> TransactionSession for CachedConnection<C> {
    async fn commit(self) -> Result<(), DbErr> {
        let CachedConnection { inner, open, shared, .. } = self;
        // A COMMIT that was sent is carried to its end: nobody could tell its outcome otherwise.
        Detached::new(async move {
            let Some(Open(level)) = open else { return inner.commit().await };
            level.reconsider();
            if let Some(pending) = &*level.lock() {
                pending.committing();
            }
            // On an error the outcome is not known: dropping the level applies the changes.
            inner.commit().await?;
            if level.root.defined.load(Ordering::SeqCst) {
                shared.schema.forget();
            }
            level.reconsider();
            let pending = level.lock().take();
            if let Some(pending) = pending {
                shared.applied(pending.commit());
            }
            Ok(())
        })
        .await
    }

    async fn rollback(self) -> Result<(), DbErr> {
        let CachedConnection { inner, open, .. } = self;
        let result = inner.rollback().await;
        drop(open);
        result
    }
}

impl<C: TransactionSession + Send + 'static> CachedConnection<C> {
    /// Commits the transaction; on the outermost level its changes are applied afterwards.
    ///
    /// # Errors
    ///
    /// What the database answers. The changes are applied then, too, because a lost answer may hide a
    /// commit.
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
