//! Everything that has to hold before a change lands.

use crate::{services, step};

/// Runs every check; with `no_services` without those that need more than a Rust toolchain.
pub fn run(no_services: bool) -> Result<(), String> {
    if no_services {
        println!("== asked for no services: tests that need one say that they were left out ({})", services::names());
    } else {
        services::provide()?;
    }
    step::run("format", &mut step::cargo(&["fmt", "--all", "--check"]))?;
    step::run(
        "lints",
        &mut step::cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
    )?;
    step::run(
        "documentation",
        step::cargo(&["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    let mut tests = step::cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    if no_services {
        tests.env("CACHE_TESTS_NO_SERVICES", "1");
    }
    step::run("tests", &mut tests)?;
    let features = ["--no-default-features", "--features", "shuttle", "--test", "interleavings", "--locked"];
    step::run(
        "interleavings",
        step::cargo(&["test", "--package", "cache-core"]).args(features).args(["--config", "profile.test.opt-level=1"]),
    )?;
    step::run("the example's scripted visit", &mut step::cargo(&["run", "--locked", "--", "--smoke"]))?;
    println!("\n== all checks passed");
    Ok(())
}
