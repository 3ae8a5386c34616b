//! One command line, run and timed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// A `cargo` command in the root of the workspace.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    command
}

/// Runs a command under a title; an error names the title and the way it ended.
pub fn run(title: &str, command: &mut Command) -> Result<(), String> {
    println!("\n== {title}");
    let started = Instant::now();
    let status = command
        .status()
        .map_err(|error| format!("{title}: {} cannot be started: {error}", command.get_program().to_string_lossy()))?;
    println!("== {title}: {status} after {:.0} s", started.elapsed().as_secs_f64());
    if status.success() { Ok(()) } else { Err(format!("{title} failed ({status}); its output is above")) }
}
