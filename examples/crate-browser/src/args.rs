//! The command line.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;

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
    #[arg(long, conflicts_with_all = ["port", "database", "fresh", "cache"])]
    pub smoke: bool,

    /// Whether pages are answered from the cache.
    #[arg(long, value_name = "on|off", default_value = "on")]
    pub cache: Switch,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Answer from the cache where possible.
    On,
    /// Run every query and render every page.
    Off,
}
