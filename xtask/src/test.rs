//! Everything that has to hold before a change lands.

use std::process::Command;

use crate::{services, step};

/// Packages that link with the client libraries of database servers.
const LINKED: [&str; 1] = ["cache-diesel"];

/// Packages that are documented with all of their features.
const ENTIRE: [&str; 3] = ["cache-diesel", "cache-postgres", "cache-sqlx"];

/// Runs every check; with `no_services` without those that need more than a Rust toolchain.
pub fn run(no_services: bool) -> Result<(), String> {
    if no_services {
        println!("== asked for no services: tests that need one say that they were left out ({})", services::names());
    } else {
        services::provide()?;
    }
    let left_out = left_out(no_services);
    step::run("format", &mut step::cargo(&["fmt", "--all", "--check"]))?;
    let lints = workspace("clippy", &left_out, &["--all-targets", "--", "-D", "warnings"]);
    step::run("lints", &mut { lints })?;
    let apart = [&left_out[..], &ENTIRE].concat();
    step::run("documentation", workspace("doc", &apart, &["--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    for package in ENTIRE.into_iter().filter(|package| !left_out.contains(package)) {
        let mut documentation = step::cargo(&["doc", "--locked", "--no-deps", "--all-features", "--package", package]);
        step::run(&format!("documentation of {package}"), documentation.env("RUSTDOCFLAGS", "-D warnings"))?;
    }
    let mut tests = workspace("test", &left_out, &["--no-fail-fast"]);
    let mut encrypted = step::cargo(&["test", "--locked", "--package", "cache-postgres", "--features", "tls"]);
    for command in [&mut tests, &mut encrypted] {
        if no_services {
            command.env("CACHE_TESTS_NO_SERVICES", "1");
        }
    }
    step::run("tests", &mut tests)?;
    step::run("encrypted connections", &mut encrypted)?;
    let features = ["--no-default-features", "--features", "shuttle", "--test", "interleavings", "--locked"];
    step::run(
        "interleavings",
        step::cargo(&["test", "--package", "cache-core"]).args(features).args(["--config", "profile.test.opt-level=1"]),
    )?;
    let near = ["--no-default-features", "--features", "shuttle", "--lib", "--locked", "near::"];
    step::run(
        "interleavings of the near cache",
        step::cargo(&["test", "--package", "cache-core"]).args(near).args(["--config", "profile.test.opt-level=1"]),
    )?;
    step::run("the example's scripted visit", &mut step::cargo(&["run", "--locked", "--", "--smoke"]))?;
    println!("\n== all checks passed");
    Ok(())
}

/// The packages that cannot be built here, which only `--no-services` allows.
fn left_out(no_services: bool) -> Vec<&'static str> {
    let missing = if no_services { services::missing_libraries() } else { Vec::new() };
    if missing.is_empty() {
        return Vec::new();
    }
    println!("== left out, because {} cannot be linked with: {}", missing.join(", "), LINKED.join(", "));
    LINKED.to_vec()
}

/// A command for the whole workspace but these packages.
fn workspace(command: &str, left_out: &[&str], arguments: &[&str]) -> Command {
    let mut command = step::cargo(&[command, "--workspace", "--locked"]);
    for package in left_out {
        command.args(["--exclude", package]);
    }
    command.args(arguments);
    command
}
