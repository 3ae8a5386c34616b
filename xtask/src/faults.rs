//! The fault suite, at any length.

use crate::step;

/// Runs the fault suite with its own arguments; its last line tells what was done and found.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let mut command =
        step::cargo(&["run", "--quiet", "--locked", "--release", "--package", "faults", "--bin", "faults", "--"]);
    command.args(arguments);
    let status = command.status().map_err(|error| format!("cargo cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("the fault suite found something ({status}); see above")) }
}
