//! The project's own commands: `cargo xtask test`, `bench`, `faults`, `model`, `oracle`.

mod bench;
mod faults;
mod model;
mod oracle;
mod services;
mod step;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Format, lints, documentation, every test, the scheduler tests and the example's scripted visit.
    Test {
        /// Leave out what needs a program that is not part of a Rust toolchain, and say so.
        #[arg(long)]
        no_services: bool,
    },
    /// Ratios against peers, measured in one run.
    Bench {
        /// One JSON object a line instead of a table.
        #[arg(long)]
        json: bool,
        /// Only the benchmarks whose name contains this.
        filter: Option<String>,
    },
    /// Reads and writes of several processes under faults, checked: `cargo xtask faults -- --help` tells how.
    Faults {
        /// The arguments of the suite.
        #[arg(last = true, allow_hyphen_values = true)]
        escaped: Vec<String>,
        /// The same without `--` in front.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// The protocol, searched exhaustively: each configuration keeps and breaks exactly what is expected of it.
    Model {
        /// The configurations; without a name all small ones.
        names: Vec<String>,
        /// Without a name: all of them, which takes minutes.
        #[arg(long)]
        full: bool,
    },
    /// Random queries and writes on a real database: a result that changed must have been invalidated.
    Oracle {
        /// How many pairs of a query and a write.
        #[arg(long, default_value_t = 1_000_000)]
        pairs: u64,
        /// The seed of the random choices.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The database; a throw-away server is started for those that need one.
        #[arg(long, default_value = "sqlite", value_parser = ["sqlite", "postgres", "mysql"])]
        dialect: String,
        /// Also asks the database for the rows of the same writes, and counts what that brings beside.
        #[arg(long)]
        exact: bool,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Test { no_services } => test::run(no_services),
        Command::Bench { json, filter } => bench::run(json, filter.as_deref()),
        Command::Faults { escaped, arguments } => faults::run(&[escaped, arguments].concat()),
        Command::Model { names, full } => model::run(&names, full),
        Command::Oracle { pairs, seed, dialect, exact } => oracle::run(pairs, seed, &dialect, exact),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
