//! The models of the protocol.

use crate::step;

/// Checks the configurations of these names; without a name all small ones, or with `full` all.
pub fn run(names: &[String], full: bool) -> Result<(), String> {
    let mut command = step::cargo(&["run", "--quiet", "--locked", "--release", "--package", "models", "--"]);
    if full {
        command.arg("--full");
    }
    let status = command.args(names).status().map_err(|error| format!("cargo cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("the models are not as expected ({status}); see above")) }
}
