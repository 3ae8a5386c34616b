//! How a listener is set up.

use std::sync::Arc;
use std::time::Duration;

use cache_core::Cache;
use cache_sql::adapter::Database;

use crate::link::Link;
use crate::status::Shared;
use crate::task::Task;
use crate::{Error, Listener};

/// What happens to results of watched tables when the connection is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnGap {
    /// They are dropped once the connection is back. Until then they are served, however old they are.
    #[default]
    DropAfterwards,
    /// They are dropped when the loss is noticed, at every attempt to connect again, and once the connection is back: while
    /// it is down a result is served for no longer than the pause between two attempts, which grows to ten seconds.
    DropThroughout,
}

/// A [`Listener`] that is not yet started.
#[derive(Debug)]
#[must_use = "it does nothing until `start` is called"]
pub struct Builder {
    url: String,
    pub(crate) cache: Cache,
    pub(crate) on_gap: OnGap,
    pub(crate) heartbeat: Duration,
    pub(crate) databases: Vec<Database>,
}

impl Builder {
    pub(crate) fn new(url: &str, cache: &Cache) -> Self {
        let url = url.to_owned();
        Builder {
            url,
            cache: cache.clone(),
            on_gap: OnGap::default(),
            heartbeat: Duration::from_secs(10),
            databases: Vec::new(),
        }
    }

    /// What happens to results when the connection is lost.
    pub fn on_gap(mut self, on_gap: OnGap) -> Self {
        self.on_gap = on_gap;
        self
    }

    /// How often the connection is asked whether it is still there: a loss that nothing tells of is noticed after this time
    /// and another thirty seconds at the latest. Ten seconds unless set.
    pub fn heartbeat(mut self, every: Duration) -> Self {
        self.heartbeat = every.max(Duration::from_millis(1));
        self
    }

    /// A wrapped database whose knowledge of the schema is to be renewed when definitions are told.
    pub fn database(mut self, database: &Database) -> Self {
        self.databases.push(database.clone());
        self
    }

    /// Connects, and listens in a task of the current tokio runtime.
    ///
    /// What the cache holds of watched tables is dropped: nobody knows what was written before.
    ///
    /// # Errors
    ///
    /// The address is not understood, the database cannot be reached, or its schema cannot be read.
    pub async fn start(self) -> Result<Listener, Error> {
        let config = Link::parse(&self.url)?;
        let status = Arc::new(Shared::default());
        let (task, handle) = Task::start(self, config, Arc::clone(&status)).await?;
        Ok(Listener::new(task, handle, status))
    }
}
