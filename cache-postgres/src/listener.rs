//! The handle of a listener.

use std::sync::Arc;

use cache_core::Cache;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::status::Shared;
use crate::{Builder, Error, Status};

/// Hears of the writes of others, and invalidates what they concern.
///
/// It works in a task until it is dropped or [shut down](Listener::shutdown). See [the crate](crate) for what is promised.
#[derive(Debug)]
pub struct Listener {
    task: JoinHandle<()>,
    requests: UnboundedSender<oneshot::Sender<()>>,
    status: Arc<Shared>,
}

impl Listener {
    pub(crate) fn new(
        task: JoinHandle<()>,
        requests: UnboundedSender<oneshot::Sender<()>>,
        status: Arc<Shared>,
    ) -> Self {
        Listener { task, requests, status }
    }

    /// Connects to a database, and listens from then on. The connection must be a session of its own: not through a
    /// pooler that shares sessions between clients, and not to a standby, which passes no notifications on.
    ///
    /// # Errors
    ///
    /// As for [`Builder::start`].
    pub async fn start(url: &str, cache: &Cache) -> Result<Self, Error> {
        Listener::builder(url, cache).start().await
    }

    /// A listener with settings.
    pub fn builder(url: &str, cache: &Cache) -> Builder {
        Builder::new(url, cache)
    }

    /// What it has done so far.
    pub fn status(&self) -> Status {
        self.status.lock().clone()
    }

    /// Waits until every write that was committed before this call has been applied.
    ///
    /// While the connection is lost it waits until that is back and the results of watched tables are dropped.
    ///
    /// # Errors
    ///
    /// The listener has ended: its runtime is shutting down.
    pub async fn catch_up(&self) -> Result<(), Error> {
        let ended = || Error::new("the listener has ended");
        let (sender, receiver) = oneshot::channel();
        self.requests.send(sender).map_err(|_| ended())?;
        receiver.await.map_err(|_| ended())
    }

    /// Ends the listener and waits for its end: nothing is invalidated by it afterwards.
    pub async fn shutdown(mut self) {
        self.task.abort();
        // It has ended in either case.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}
