//! Where results are kept: in this process, or in a store that several browsers share.

use crate::{args::Sharing, failure::Failure};
use cache_core::{Cache, CacheBuilder, ErrorKind, MemoryStore, Mode, NearMode, RedisStore, Strict};
use serde::Serialize;
use std::time::Duration;

/// The bytes that results may take in this process.
const CAPACITY: u64 = 64 << 20;

/// For how long a visitor who has written waits for a store that does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where results are kept.
#[derive(Clone, Debug)]
pub enum Store {
    /// In this process.
    Here,
    /// In Redis or Valkey.
    Shared {
        /// The connected store.
        store: Box<RedisStore>,
        /// Its address, without credentials.
        address: String,
        /// How far values in this process are trusted.
        near: NearMode,
    },
}

/// What a page tells of the store.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The address, without credentials.
    address: String,
    /// Whether writes are announced before their COMMIT.
    is_strict: bool,
    /// What is kept in this process.
    near: &'static str,
    /// How old a hit may be at most that was not asked for, in milliseconds.
    bound: Option<u128>,
    /// How old it may be at this moment.
    staleness: u128,
    /// Questions and orders that were not answered since the start.
    unanswered: u64,
    /// Writes that the store has not been told of yet.
    undelivered: u64,
}

impl Store {
    /// Connects as the command line says.
    ///
    /// # Errors
    /// When the server is not reached or refuses; without a password.
    pub async fn connect(sharing: &Sharing) -> Result<Self, Failure> {
        let Some(url) = &sharing.redis else {
            return Ok(Self::Here);
        };
        let near = sharing.near.unwrap_or_default();
        let mode = if sharing.strict { Mode::Strict(Strict::new()) } else { Mode::Fresh };
        let builder = match sharing.redis_cluster {
            true => RedisStore::builder().cluster([url]),
            false => RedisStore::builder().url(url),
        };
        let builder = builder.mode(mode).near(near).near_capacity(CAPACITY).patience(PATIENCE);
        let store = builder.client_name("crate-browser").connect().await.map_err(|error| match error.kind() {
            ErrorKind::Parse => Failure::new(
                format_args!("`--redis` cannot be used ({error})"),
                "write `redis://HOST:PORT`, or `redis://:PASSWORD@HOST:PORT`",
            ),
            _ => Failure::new(
                format_args!("the store of `--redis` cannot be used ({error})"),
                "see that the server runs and the URL names it, with the password that it wants \
                 (`redis://:PASSWORD@HOST:PORT`), or go without `--redis`",
            ),
        })?;
        Ok(Self::Shared { store: Box::new(store), address: without_credentials(url), near })
    }

    /// What the owner of the servers should know.
    pub fn advice(&self) -> Vec<String> {
        match self {
            Self::Here => Vec::new(),
            Self::Shared { store, .. } => store.advice().iter().map(ToString::to_string).collect(),
        }
    }

    /// Names the store and its mode, so that two browsers can tell whether they share it; nothing when it is not shared.
    pub fn label(&self) -> Option<String> {
        let Self::Shared { address, .. } = self else { return None };
        Some(if self.is_strict() { format!("{address}, strict") } else { address.clone() })
    }

    /// A cache on it, to be given its namespace.
    pub fn cache(&self) -> CacheBuilder {
        match self {
            Self::Here => Cache::builder().store(MemoryStore::with_capacity(CAPACITY)),
            Self::Shared { store, .. } => Cache::builder().store(RedisStore::clone(store)),
        }
    }

    /// How `cache`, which is on it, fares; nothing when it is not shared.
    pub fn report(&self, cache: &Cache) -> Option<Report> {
        let Self::Shared { address, near, .. } = self else { return None };
        let counters = cache.counters();
        let (near, bound) = match near {
            NearMode::Off => ("off", None),
            NearMode::Bounded { staleness } => ("bounded", Some(staleness.as_millis())),
            _ => ("validated", None),
        };
        Some(Report {
            address: address.clone(),
            is_strict: self.is_strict(),
            near,
            bound,
            staleness: cache.staleness().as_millis(),
            unanswered: counters.unanswered,
            undelivered: counters.undelivered,
        })
    }

    fn is_strict(&self) -> bool {
        matches!(self, Self::Shared { store, .. } if matches!(store.mode(), Mode::Strict(_)))
    }
}

/// The address of a server without user and password.
///
/// ```
/// # use crate_browser::store::without_credentials;
/// assert_eq!(without_credentials("redis://ann:secret@host:6379/2"), "redis://host:6379/2");
/// ```
pub fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "an address without a scheme".to_owned();
    };
    if !scheme.contains("unix") {
        // The last one: a password may hold any sign.
        let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        return format!("{scheme}://{place}");
    }
    let (path, settings) = rest.split_once('?').unwrap_or((rest, ""));
    match settings.split('&').find(|setting| setting.starts_with("db=")) {
        Some(database) => format!("{scheme}://{path}?{database}"),
        None => format!("{scheme}://{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn an_address_keeps_its_place_and_loses_its_secrets() {
        for (url, shown) in [
            ("redis://localhost", "redis://localhost"),
            ("rediss://:hush@[::1]:7000", "rediss://[::1]:7000"),
            ("redis://ann:hu/s@h?@host/1", "redis://host/1"),
            ("redis+unix:///run/redis.sock?user=ann&pass=hush&db=3", "redis+unix:///run/redis.sock?db=3"),
            ("redis+unix:///run/redis.sock?pass=hush", "redis+unix:///run/redis.sock"),
            ("hush", "an address without a scheme"),
        ] {
            assert_eq!(without_credentials(url), shown);
        }
    }
}
