//! The oracle alone, at any length.

use crate::step;

/// Runs the oracle; its last line tells the counts as JSON.
pub fn run(pairs: u64, seed: u64, dialect: &str, exact: bool) -> Result<(), String> {
    let (pairs, seed) = (pairs.to_string(), seed.to_string());
    let mut command =
        step::cargo(&["run", "--quiet", "--locked", "--release", "--package", "end-to-end", "--bin", "oracle", "--"]);
    command.args(["--pairs", &pairs, "--seed", &seed, "--dialect", dialect]);
    if exact {
        command.arg("--exact");
    }
    let status = command.status().map_err(|error| format!("cargo cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("the oracle found something ({status}); see above")) }
}
