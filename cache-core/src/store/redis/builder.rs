//! How a store is connected.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::doctor;
use super::link::Links;
use super::open::Here;
use super::runtime;
use super::settings::{Settings, Topology};
use super::space::Limits;
use super::store::RedisStore;
use crate::error::{Error, ErrorKind};
use crate::near::NearMode;
use crate::store::shared::{Fault, Mode};

/// Where a [`RedisStore`] is, how to get in, and what it promises.
///
/// ```no_run
/// # async fn connect() -> Result<(), cache_core::Error> {
/// use std::time::Duration;
/// use cache_core::{Mode, RedisStore, Strict};
///
/// let store = RedisStore::builder()
///     .sentinel(["redis://10.0.0.1", "redis://10.0.0.2", "redis://10.0.0.3"], "main")
///     .username("shop")
///     .password("from the environment")
///     .mode(Mode::Strict(Strict::new().fence()))
///     .timeout(Duration::from_millis(100))
///     .connect()
///     .await?;
/// # let _ = store;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use]
pub struct RedisStoreBuilder {
    place: Place,
    username: Option<String>,
    password: Option<String>,
    database: Option<u32>,
    tls: Tls,
    client_name: Option<String>,
    timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    rehandshake: Option<Duration>,
    limits: Limits,
    stamp_ttl: Option<Duration>,
    slack: Option<Duration>,
    here: Here,
}

#[derive(Clone)]
enum Place {
    Server(String),
    Cluster(Vec<String>),
    Sentinel { sentinels: Vec<String>, name: String },
}

#[derive(Clone, Debug, Default)]
struct Tls {
    authorities: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
    insecure: bool,
    primary: Option<bool>,
}

/// As many as the conjunctions of one entry in a table, which may each be of a shape of their own.
const MOST_SHAPES: u32 = 256;

const SWEEP_PAUSE: Duration = Duration::from_secs(3600);

impl RedisStoreBuilder {
    pub(super) fn new() -> Self {
        RedisStoreBuilder {
            place: Place::Server("redis://127.0.0.1".to_owned()),
            username: None,
            password: None,
            database: None,
            tls: Tls::default(),
            client_name: None,
            timeout: None,
            connect_timeout: None,
            rehandshake: None,
            limits: Limits {
                mode: Mode::default(),
                stamp_ttl: Duration::ZERO,
                shapes: MOST_SHAPES,
                sweep_pause: SWEEP_PAUSE,
                slack: Duration::from_secs(1),
            },
            stamp_ttl: None,
            slack: None,
            here: Here::default(),
        }
    }

    /// One server, as in [`RedisStore::connect`]. Without this and the next two it is `redis://127.0.0.1`.
    pub fn url(mut self, url: impl AsRef<str>) -> Self {
        self.place = Place::Server(url.as_ref().to_owned());
        self
    }

    /// A cluster, found through any of these nodes.
    pub fn cluster<U: AsRef<str>>(mut self, nodes: impl IntoIterator<Item = U>) -> Self {
        self.place = Place::Cluster(nodes.into_iter().map(|url| url.as_ref().to_owned()).collect());
        self
    }

    /// Whichever server these sentinels call the primary of `name`. Users and passwords in the URLs are the sentinels' own.
    pub fn sentinel<U: AsRef<str>>(mut self, sentinels: impl IntoIterator<Item = U>, name: impl Into<String>) -> Self {
        let sentinels = sentinels.into_iter().map(|url| url.as_ref().to_owned()).collect();
        self.place = Place::Sentinel { sentinels, name: name.into() };
        self
    }

    /// The user, instead of the one in the URL; it needs a password.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// The password, instead of the one in the URL.
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// The number of the database, instead of the one in the URL. A cluster has none but 0.
    pub fn database(mut self, database: u32) -> Self {
        self.database = Some(database);
        self
    }

    /// Whether a primary that sentinels name is spoken to in TLS; without this it is if the sentinels are. Single
    /// servers and nodes of a cluster say it by their URLs: `rediss://`.
    pub fn tls(mut self, wanted: bool) -> Self {
        self.tls.primary = Some(wanted);
        self
    }

    /// A file of PEM certificates of authorities that are trusted, instead of those that the system trusts.
    pub fn tls_authorities(mut self, file: impl Into<PathBuf>) -> Self {
        self.tls.authorities = Some(file.into());
        self
    }

    /// PEM files of the certificate chain and the private key by which servers know this client.
    pub fn tls_identity(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls.identity = Some((certificate.into(), key.into()));
        self
    }

    /// Takes any server for the right one: whoever is in the network's path can then read and write the cache.
    pub fn tls_insecure(mut self) -> Self {
        self.tls.insecure = true;
        self
    }

    /// For how long the role and the identity of a server are believed before they are asked for again, one second without
    /// this: a demoted primary is found out after that at the latest.
    pub fn rehandshake(mut self, interval: Duration) -> Self {
        self.rehandshake = Some(interval);
        self
    }

    /// What `CLIENT LIST` shows; `cache` without this.
    pub fn client_name(mut self, name: impl Into<String>) -> Self {
        self.client_name = Some(name.into());
        self
    }

    /// How long an answer may take, 200 ms without this. When it is over the connection is given up, and what was asked
    /// counts as not answered.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long connecting may take, one second without this.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// What is promised; [`Mode::Fresh`] without this. All processes that share a namespace use the same.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.limits.mode = mode;
        self
    }

    /// Least life of a stamp; without this twice the [`ttl`](Self::ttl). Stamps live twice as long as the longest-lived entry that
    /// this process has stored, if that is longer; a stamp that goes takes its entries with it.
    pub fn stamp_ttl(mut self, life: Duration) -> Self {
        self.stamp_ttl = Some(life);
        self
    }

    /// Most shapes of a table, 256 without this, and at least one. What has a further one depends on the whole table, until
    /// all shapes of the table are forgotten, once an hour at most.
    pub fn max_shapes(mut self, shapes: u32) -> Self {
        self.limits.shapes = shapes.max(1);
        self
    }

    /// For how long a primary that was cut off may go on to take announcements, in [`Mode::Strict`]. Nothing is cached for
    /// the lease, this time and a second after a failover.
    ///
    /// Without this it is what the servers say: `min-replicas-max-lag` where `min-replicas-to-write` is set, the time-out of
    /// nodes in a cluster, nothing for a server without replicas, else ten seconds.
    pub fn failover_slack(mut self, slack: Duration) -> Self {
        self.slack = Some(slack);
        self
    }

    /// What is kept decoded in this process, and how far it is trusted; [`NearMode::Validated`] without this.
    pub fn near(mut self, near: NearMode) -> Self {
        self.here.near = near;
        self
    }

    /// Most bytes of decoded values in this process, 64 MiB without this.
    pub fn near_capacity(mut self, bytes: u64) -> Self {
        self.here.capacity = bytes;
        self
    }

    /// The time to live of entries that name none, where the cache names none either; a day without this.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.here.settings.ttl = ttl;
        self
    }

    /// For how long the store is told again of a committed change that it did not answer to, before the writer gets an
    /// error of kind [`ErrorKind::Undelivered`]; five seconds without this. It is told on in the background after that.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.here.settings.patience = patience;
        self
    }

    /// Keeps [`ErrorKind::Undelivered`] from writers: their writes are acknowledged although other processes may be served
    /// results of before them, for as long as those reach the store and this process does not.
    pub fn lenient(mut self) -> Self {
        self.here.settings.strict_acknowledgement = false;
        self
    }

    /// Connects, and looks at the servers' settings: see [`RedisStore::advice`]. It can be awaited by any executor.
    ///
    /// # Errors
    ///
    /// When the settings contradict each other, or no server is reached, or one refuses them: with its address and never
    /// with a password.
    pub async fn connect(self) -> Result<RedisStore, Error> {
        let settings = self.settings()?;
        let is_single = matches!(settings.topology, Topology::Standalone(_));
        let mut limits = self.limits;
        limits.stamp_ttl = self.stamp_ttl.unwrap_or(self.here.settings.ttl.saturating_mul(2));
        if let Mode::Strict(strict) = limits.mode
            && let Some(wait) = strict.wait
            && wait > settings.timeout / 2
        {
            return Err(failed(format!(
                "announcements wait {wait:?} for replicas, which is more than half of the {:?} that an answer may take: raise \
                 `timeout`, or wait less",
                settings.timeout
            )));
        }
        let links = Links::open(settings).await.map_err(|fault| failed(fault.to_string()))?;
        let findings = doctor::examine(&links, limits.mode, is_single).await;
        limits.slack = self.slack.unwrap_or(findings.slack).saturating_add(Duration::from_secs(1));
        Ok(RedisStore::new(links, limits, findings.advice, self.here))
    }

    /// Connects as [`connect`](Self::connect) does, by parking the calling thread.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub fn connect_blocking(self) -> Result<RedisStore, Error> {
        runtime::block(self.connect())
    }

    fn settings(&self) -> Result<Settings, Error> {
        let mut settings = match &self.place {
            Place::Server(url) => Settings::standalone(url)?,
            Place::Cluster(nodes) => Settings::cluster(nodes.iter().map(String::as_str))?,
            Place::Sentinel { sentinels, name } => Settings::sentinel(sentinels.iter().map(String::as_str), name)?,
        };
        match (&self.username, &self.password) {
            (username, Some(password)) => {
                let known = settings.credentials.user.clone();
                settings = settings.credentials(username.as_deref().or(known.as_deref()), password);
            }
            (Some(_), None) => return Err(failed("a user is named without a password; give it by `password`")),
            (None, None) => {}
        }
        if let Some(database) = self.database {
            settings = settings.database(database);
        }
        if let Some(authorities) = &self.tls.authorities {
            settings = settings.authorities(authorities);
        }
        if let Some((certificate, key)) = &self.tls.identity {
            settings = settings.identity(certificate, key);
        }
        if self.tls.insecure {
            settings = settings.insecure();
        }
        if let Some(wanted) = self.tls.primary {
            settings = settings.primary_tls(wanted);
        }
        if let Some(name) = &self.client_name {
            settings = settings.client_name(name);
        }
        if let Some(timeout) = self.timeout {
            settings = settings.timeout(timeout);
        }
        if let Some(timeout) = self.connect_timeout {
            settings = settings.connect_timeout(timeout);
        }
        if let Some(interval) = self.rehandshake {
            settings = settings.rehandshake(interval);
        }
        Ok(settings)
    }
}

fn failed(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Store, text)
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        failed(fault.to_string())
    }
}

impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URLs may hold passwords.
        f.debug_struct("RedisStoreBuilder")
            .field("limits", &self.limits)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}
