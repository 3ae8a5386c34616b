//! The benchmarks.

use crate::step;

/// Builds the benchmarks with optimisation and runs those whose name contains `filter`.
pub fn run(json: bool, filter: Option<&str>) -> Result<(), String> {
    for program in ["benches", "size"] {
        let mut command = step::cargo(&[
            "run",
            "--quiet",
            "--locked",
            "--profile",
            "bench",
            "--package",
            "benches",
            "--bin",
            program,
            "--",
        ]);
        if json {
            command.arg("--json");
        }
        command.args(filter);
        let status = command.status().map_err(|error| format!("cargo cannot be started: {error}"))?;
        if !status.success() {
            return Err(format!("the benchmarks failed ({status})"));
        }
    }
    Ok(())
}
