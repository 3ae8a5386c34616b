//! The command line.

use crate::store;
use cache_core::NearMode;
use clap::{Parser, ValueEnum};
use std::{fmt, path::PathBuf, time::Duration};

/// Browse the dependency graph of a Cargo workspace.
#[derive(Clone, Debug, Parser)]
#[command(name = "crate-browser", version)]
pub struct Args {
    /// The `Cargo.toml` to read; by default the nearest one in this folder or above.
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,

    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub port: u16,

    /// The SQLite file; by default one in the workspace's target folder.
    #[arg(long, value_name = "FILE")]
    pub database: Option<PathBuf>,

    /// Import again, forgetting the stars, notes and keywords of the last time.
    #[arg(long)]
    pub fresh: bool,

    /// Import into a temporary database, visit every page once, print what it cost, and stop.
    #[arg(long, conflicts_with_all = ["port", "database", "fresh", "cache", "redis"])]
    pub smoke: bool,

    /// Whether pages are answered from the cache.
    #[arg(long, value_name = "on|off", default_value = "on")]
    pub cache: Switch,

    /// What is shared with other browsers.
    #[command(flatten)]
    pub sharing: Sharing,
}

/// The shared store, if there is one.
#[derive(Clone, Default, clap::Args)]
pub struct Sharing {
    /// Share results through this Redis or Valkey with all browsers of the same database.
    ///
    /// redis://USER:PASSWORD@HOST:PORT/NUMBER, of which only HOST is needed, rediss:// for TLS, redis+unix:///PATH. Start every browser of the
    /// database with the same URL, and all with --strict or none; --near may differ.
    #[arg(long, value_name = "URL")]
    pub redis: Option<String>,

    /// The URL is that of a node of a cluster.
    #[arg(long, requires = "redis")]
    pub redis_cluster: bool,

    /// Announce writes before their COMMIT, and refuse those that cannot be announced.
    ///
    /// Without it the store is told after COMMIT: a browser that dies just between leaves the others an old page.
    #[arg(long, requires = "redis")]
    pub strict: bool,

    /// How far values are trusted that are kept in this process: bounded:MS, validated or off.
    ///
    /// `validated`, the default, asks the store before each use; `bounded:MS` serves them without asking, at most so many
    /// milliseconds old; `off` keeps none.
    #[arg(long, requires = "redis", value_name = "WHEN", value_parser = near)]
    pub near: Option<NearMode>,
}

impl fmt::Debug for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password.
        f.debug_struct("Sharing")
            .field("redis", &self.redis.as_deref().map(store::without_credentials))
            .field("redis_cluster", &self.redis_cluster)
            .field("strict", &self.strict)
            .field("near", &self.near)
            .finish()
    }
}

fn near(text: &str) -> Result<NearMode, String> {
    let bound = |text: &str| text.parse().ok().filter(|milliseconds| *milliseconds > 0).map(Duration::from_millis);
    match text.split_once(':') {
        None if text == "validated" => Ok(NearMode::Validated),
        None if text == "off" => Ok(NearMode::Off),
        Some(("bounded", text)) => match bound(text) {
            Some(staleness) => Ok(NearMode::Bounded { staleness }),
            None => Err("the bound is a number of milliseconds, at least 1, as in `bounded:500`".to_owned()),
        },
        _ => Err("write `bounded:MS`, `validated` or `off`".to_owned()),
    }
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Answer from the cache where possible.
    On,
    /// Run every query and render every page.
    Off,
}

#[cfg(test)]
mod tests {
    use super::{Args, near};
    use cache_core::NearMode;
    use clap::Parser;
    use std::time::Duration;

    #[test]
    fn a_bound_is_in_milliseconds() {
        assert_eq!(near("bounded:250"), Ok(NearMode::Bounded { staleness: Duration::from_millis(250) }));
        assert_eq!(near("validated"), Ok(NearMode::Validated));
        for wrong in ["bounded", "bounded:", "bounded:0", "bounded:-1", "bounded:1s", "on"] {
            assert!(near(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_about_the_shared_store_needs_its_address_and_shows_no_password() {
        for option in ["--strict", "--near=off", "--redis-cluster"] {
            assert!(Args::try_parse_from(["crate-browser", option]).is_err(), "{option}");
        }
        assert!(Args::try_parse_from(["crate-browser", "--smoke", "--redis", "redis://host"]).is_err());
        let args = Args::try_parse_from(["crate-browser", "--redis", "redis://ann:hush@host", "--strict"]).unwrap();
        assert!(!format!("{args:?}").contains("hush"));
    }
}
