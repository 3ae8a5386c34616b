//! The task that listens.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cache_core::{Change, Changes};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_postgres::Config;

use crate::backoff::Backoff;
use crate::link::{CHANNEL, Link, Notification};
use crate::message::Message;
use crate::schema::Schema;
use crate::status::Shared;
use crate::{Builder, Error, OnGap};

/// Notifications that do not fit the schema have it read again, but not more often than this; in between nothing is
/// known of what they concern.
const REREAD_PAUSE: Duration = Duration::from_secs(1);

pub(crate) type Requests = UnboundedSender<oneshot::Sender<()>>;

/// The state of the task, kept over lost connections.
#[derive(Debug)]
pub(crate) struct Task {
    settings: Builder,
    config: Config,
    status: Arc<Shared>,
    schema: Schema,
    read_at: Instant,
    requests: UnboundedReceiver<oneshot::Sender<()>>,
    /// Requests whose marks are on their way, in the order of their numbers.
    waiting: Vec<(u64, oneshot::Sender<()>)>,
    marks: u64,
}

/// A connection on which writes are told, with the channel that only this listener hears.
#[derive(Debug)]
struct Ear {
    link: Link,
    own: String,
}

impl Ear {
    /// When this returns, every write that commits is told.
    async fn open(config: &Config) -> Result<Self, Error> {
        let link = Link::connect(config).await?;
        let pid = link.run("SELECT pg_catalog.pg_backend_pid()").await?.concat().concat();
        let own = format!("{CHANNEL}_{pid}");
        link.run(&format!("SET search_path = pg_catalog; LISTEN {CHANNEL}; LISTEN {own}")).await?;
        Ok(Ear { link, own })
    }
}

impl Task {
    pub(crate) async fn start(
        settings: Builder,
        config: Config,
        status: Arc<Shared>,
    ) -> Result<(JoinHandle<()>, Requests), Error> {
        let ear = Ear::open(&config).await?;
        let schema = Schema::read(&ear.link).await?;
        let (sender, requests) = unbounded_channel();
        let mut task =
            Task { settings, config, status, schema, read_at: Instant::now(), requests, waiting: Vec::new(), marks: 0 };
        task.apply(task.schema.changes()).await?;
        task.has_read();
        task.status.lock().connected = true;
        Ok((tokio::spawn(async move { task.run(ear).await }), sender))
    }

    async fn run(&mut self, mut ear: Ear) {
        loop {
            let Err(error) = self.follow(&mut ear).await;
            tracing::warn!(%error, "the database is not listened to any more: results may be older than it");
            {
                let mut status = self.status.lock();
                status.connected = false;
                status.gaps += 1;
            }
            drop(ear);
            ear = self.reconnect().await;
            self.status.lock().connected = true;
            // What was written before these were asked was written before the tables were dropped.
            for (_, request) in self.waiting.drain(..) {
                let _ = request.send(());
            }
        }
    }

    async fn reconnect(&mut self) -> Ear {
        let mut backoff = Backoff::default();
        loop {
            if self.settings.on_gap == OnGap::DropThroughout
                && let Err(error) = self.apply(self.schema.changes()).await
            {
                tracing::error!(%error, "results of watched tables could not be dropped");
            }
            tokio::time::sleep(backoff.next()).await;
            match self.resume().await {
                Ok(ear) => return ear,
                Err(error) => tracing::warn!(%error, "the database is still not listened to"),
            }
        }
    }

    /// Listens again and drops what may have changed meanwhile.
    async fn resume(&mut self) -> Result<Ear, Error> {
        let ear = Ear::open(&self.config).await?;
        let earlier = self.schema.changes();
        self.reread(&ear).await?;
        self.apply(earlier.into_iter().chain(self.schema.changes()).collect::<Vec<_>>()).await?;
        Ok(ear)
    }

    async fn follow(&mut self, ear: &mut Ear) -> Result<std::convert::Infallible, Error> {
        let mut heartbeat = tokio::time::interval(self.settings.heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                told = ear.link.notifications.recv() => {
                    let told = told.ok_or_else(|| Error::new("the connection was closed"))?;
                    self.hear(ear, told).await?;
                }
                Some(request) = self.requests.recv() => {
                    self.marks += 1;
                    self.waiting.push((self.marks, request));
                    // Notifications come in the order of commits: with this one all earlier ones are here.
                    ear.link.run(&format!("NOTIFY {}, '{}'", ear.own, self.marks)).await?;
                }
                _ = heartbeat.tick() => {
                    ear.link.run("SELECT 1").await?;
                }
            }
        }
    }

    async fn hear(&mut self, ear: &Ear, told: Notification) -> Result<(), Error> {
        if told.channel == ear.own {
            self.answer(told.payload.parse().unwrap_or(0));
            return Ok(());
        }
        {
            let mut status = self.status.lock();
            status.notifications += 1;
            status.last_notification = Some(SystemTime::now());
        }
        match Message::parse(&told.payload) {
            Some(Message::Define) => {
                self.reread(ear).await?;
                self.redefined().await
            }
            Some(Message::Write { name, fingerprint, mut document }) => {
                if !self.schema.is_familiar(&name, fingerprint.as_ref()) {
                    if self.read_at.elapsed() < REREAD_PAUSE {
                        return self.apply(Change::everything()).await;
                    }
                    self.reread(ear).await?;
                    if !self.schema.is_familiar(&name, fingerprint.as_ref()) {
                        document.rows = None;
                    }
                }
                self.apply(self.schema.catalogue.changes(&document)).await
            }
            None => {
                let count = {
                    let mut status = self.status.lock();
                    status.not_understood += 1;
                    status.not_understood
                };
                if count == 1 {
                    let payload: String = told.payload.chars().take(200).collect();
                    tracing::error!(
                        payload,
                        "a notification was not understood: every cached result is dropped, now and \
                        whenever this happens again"
                    );
                }
                self.apply(Change::everything()).await
            }
        }
    }

    /// Reads the schema; where it is another one, nothing is known of what depends on it.
    async fn reread(&mut self, ear: &Ear) -> Result<(), Error> {
        let schema = Schema::read(&ear.link).await?;
        let is_same = schema.is_same(&self.schema);
        self.schema = schema;
        self.has_read();
        if is_same { Ok(()) } else { self.redefined().await }
    }

    fn has_read(&mut self) {
        self.read_at = Instant::now();
        let mut status = self.status.lock();
        status.schema_reads += 1;
        status.watched = self.schema.watched();
    }

    async fn redefined(&self) -> Result<(), Error> {
        for database in &self.settings.databases {
            database.forget_schema();
        }
        self.apply(Change::everything()).await
    }

    fn answer(&mut self, mark: u64) {
        let answered = self.waiting.partition_point(|(number, _)| *number <= mark);
        for (_, request) in self.waiting.drain(..answered) {
            // Whoever asked may have gone.
            let _ = request.send(());
        }
    }

    /// A failure ends the connection, so that everything is dropped when it is back.
    async fn apply(&self, changes: impl Into<Changes>) -> Result<(), Error> {
        let changes = changes.into();
        if changes.is_empty() {
            return Ok(());
        }
        self.settings.cache.invalidation(changes).await.map_err(|error| Error::caused("an invalidation failed", error))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.status.lock().connected = false;
    }
}
