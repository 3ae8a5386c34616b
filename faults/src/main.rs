//! The program of the fault suite: it coordinates, and is its own worker.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use faults::Plan;

#[derive(Parser)]
#[command(name = "faults", about = "Reads and writes of several processes under faults, checked")]
struct Arguments {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    plan: Plan,
    /// One JSON object instead of a line of text.
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Role {
    /// Reads and writes as it is told through its standard input; started by the coordinator.
    #[command(hide = true)]
    Worker {
        /// What to do, as JSON.
        task: String,
    },
}

fn main() -> ExitCode {
    let Arguments { role, plan, json } = Arguments::parse();
    if let Some(Role::Worker { task }) = role {
        return faults::work(&task);
    }
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => {
            eprintln!("faults: the path of this program is not known: {error}");
            return ExitCode::from(2);
        }
    };
    match faults::run(&plan, &program) {
        Ok(report) => {
            println!("{}", if json { report.json() } else { report.to_string() });
            if report.violations() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(message) => {
            eprintln!("faults: {message}");
            ExitCode::from(2)
        }
    }
}
