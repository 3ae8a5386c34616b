//! One connection, which may be away for a while.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use cache_sql::adapter::Session;
use cache_sql::adapter::detached::Detached;
use futures::channel::oneshot;
use futures::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::{Error, SqlStr};
use sqlx_core::transaction::TransactionManager;

use crate::backend::Backend;

/// A connection that statements take with them when they have to be carried to their end.
///
/// While a statement whose caller went away still runs, the connection is with it, and whoever wants it next waits.
pub(crate) struct Wire<DB: Backend> {
    here: Option<Held<DB>>,
    coming: Option<oneshot::Receiver<Held<DB>>>,
    due: Due,
    left: Left,
}

/// Rollbacks of transactions that were dropped while the connection was away.
type Due = Arc<AtomicUsize>;

/// The session of a handle that was dropped.
type Left = Arc<OnceLock<Session>>;

struct Held<DB: Backend> {
    line: Line<DB>,
    due: Due,
    left: Left,
}

enum Line<DB: Backend> {
    Pooled(PoolConnection<DB>),
    Own(Box<DB::Connection>),
}

impl<DB: Backend> Wire<DB> {
    pub(crate) fn pooled(connection: PoolConnection<DB>) -> Self {
        Self::new(Line::Pooled(connection))
    }

    pub(crate) fn own(connection: DB::Connection) -> Self {
        Self::new(Line::Own(Box::new(connection)))
    }

    fn new(line: Line<DB>) -> Self {
        let due = Due::default();
        let left = Left::default();
        let held = Held { line, due: Arc::clone(&due), left: Arc::clone(&left) };
        Wire { here: Some(held), coming: None, due, left }
    }

    async fn held(&mut self) -> Result<&mut Held<DB>, Error> {
        if let Some(coming) = &mut self.coming {
            let held = coming.await;
            self.coming = None;
            self.here = held.ok();
        }
        let held = self.here.as_mut().ok_or(Error::WorkerCrashed)?;
        held.unwind();
        Ok(held)
    }

    /// The connection, as soon as it is back.
    pub(crate) async fn get(&mut self) -> Result<&mut DB::Connection, Error> {
        self.held().await.map(Held::connection)
    }

    /// Runs `work` to its end, even when this future is dropped meanwhile.
    pub(crate) async fn carried<T: Send + 'static>(
        &mut self,
        work: impl for<'x> FnOnce(&'x mut DB::Connection) -> BoxFuture<'x, T> + Send + 'static,
    ) -> Result<T, Error> {
        self.held().await?;
        let (back, coming) = oneshot::channel();
        let mut lent = Lent { held: self.here.take(), back: Some(back) };
        self.coming = Some(coming);
        let work = async move {
            let Some(held) = &mut lent.held else { return Err(Error::WorkerCrashed) };
            let result = work(held.connection()).await;
            drop(lent);
            Ok(result)
        };
        Detached::new(work).await
    }

    /// Begins a transaction or a savepoint; abandoned meanwhile, it is rolled back.
    pub(crate) async fn begin(&mut self, statement: Option<SqlStr>) -> Result<(), Error> {
        let caller = Caller::default();
        let left = Arc::clone(&caller.0);
        self.carried(|connection| {
            Box::pin(async move {
                DB::TransactionManager::begin(connection, statement).await?;
                if left.load(Ordering::SeqCst) {
                    DB::TransactionManager::start_rollback(connection);
                }
                Ok(())
            })
        })
        .await?
    }

    /// The connection is not needed any more: its session says whether its pool may have it back, once no statement runs.
    pub(crate) fn leave(&self, session: &Session) {
        let _ = self.left.set(session.clone());
    }

    /// Rolls the innermost transaction or savepoint back, at the latest before the next statement.
    pub(crate) fn roll_back(&mut self) {
        self.due.fetch_add(1, Ordering::SeqCst);
        if let Some(coming) = &mut self.coming
            && let Ok(Some(held)) = coming.try_recv()
        {
            self.here = Some(held);
            self.coming = None;
        }
        if let Some(held) = &mut self.here {
            held.unwind();
        }
    }
}

/// Whether a caller has gone away.
#[derive(Default)]
struct Caller(Arc<AtomicBool>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<DB: Backend> Held<DB> {
    fn connection(&mut self) -> &mut DB::Connection {
        match &mut self.line {
            Line::Pooled(connection) => connection,
            Line::Own(connection) => connection,
        }
    }

    fn unwind(&mut self) {
        for _ in 0..self.due.swap(0, Ordering::SeqCst) {
            DB::TransactionManager::start_rollback(self.connection());
        }
    }
}

impl<DB: Backend> Drop for Held<DB> {
    /// Nobody waits for it: a pool must not get it back with an open transaction.
    fn drop(&mut self) {
        self.unwind();
        if let Line::Pooled(connection) = &mut self.line
            && self.left.get().is_some_and(Session::is_unsettled)
        {
            connection.close_on_drop();
        }
    }
}

/// A connection that gives itself back.
struct Lent<DB: Backend> {
    held: Option<Held<DB>>,
    back: Option<oneshot::Sender<Held<DB>>>,
}

impl<DB: Backend> Drop for Lent<DB> {
    fn drop(&mut self) {
        if let (Some(mut held), Some(back)) = (self.held.take(), self.back.take()) {
            held.unwind();
            let _ = back.send(held);
        }
    }
}

impl<DB: Backend> fmt::Debug for Wire<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("here", &self.here.is_some()).finish_non_exhaustive()
    }
}
