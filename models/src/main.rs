//! Checks configurations by name and prints a table: `cargo xtask model`.

use std::process::ExitCode;

use clap::Parser;
use models::configurations::{Configuration, Size, all};
use models::property::letters;
use models::verdict::Verdict;

#[derive(Parser)]
#[command(name = "models", about = "Checks the models of the protocol")]
struct Arguments {
    /// The configurations; without a name all small ones.
    names: Vec<String>,
    /// Without a name: all of them.
    #[arg(long)]
    full: bool,
    /// A shortest way to each violation.
    #[arg(long)]
    traces: bool,
    /// The table in Markdown.
    #[arg(long)]
    markdown: bool,
    /// On how many threads.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

impl Arguments {
    fn chosen(&self) -> Result<Vec<Configuration>, String> {
        let mut configurations = all();
        if let Some(unknown) = self.names.iter().find(|name| configurations.iter().all(|one| one.name != **name)) {
            let names: Vec<&str> = configurations.iter().map(|one| one.name).collect();
            return Err(format!("there is no configuration `{unknown}`; there are {}", names.join(", ")));
        }
        configurations.retain(|one| match self.names.is_empty() {
            true => self.full || one.size == Size::Small,
            false => self.names.iter().any(|name| name == one.name),
        });
        Ok(configurations)
    }

    fn heading(&self) {
        if self.markdown {
            println!("| configuration | breaks | states | depth | seconds | because |");
            println!("|---|---|---:|---:|---:|---|");
        } else {
            println!(
                "{:<42} {:<6} {:>10} {:>5} {:>7}  because",
                "configuration", "breaks", "states", "depth", "seconds"
            );
        }
    }

    fn row(&self, one: &Configuration, verdict: &Verdict) {
        let breaks = letters(&verdict.violated);
        let Verdict { states, depth, seconds, .. } = verdict;
        if self.markdown {
            println!("| `{}` | {breaks} | {states} | {depth} | {seconds:.1} | {} |", one.name, one.because);
        } else {
            println!("{:<42} {breaks:<6} {states:>10} {depth:>5} {seconds:>7.1}  {}", one.name, one.because);
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let chosen = match arguments.chosen() {
        Ok(chosen) => chosen,
        Err(message) => {
            eprintln!("models: {message}");
            return ExitCode::FAILURE;
        }
    };
    let mut surprises = Vec::new();
    arguments.heading();
    for one in &chosen {
        let verdict = one.check(arguments.threads);
        arguments.row(one, &verdict);
        if arguments.traces {
            for property in &verdict.violated {
                println!("  {property} is broken by");
                let steps = one.shortest(*property).unwrap_or_default();
                steps.iter().enumerate().for_each(|(index, step)| println!("  {:>4}. {step}", index + 1));
            }
        }
        surprises.extend(one.surprise(&verdict));
    }
    surprises.iter().for_each(|surprise| eprintln!("models: {surprise}"));
    if surprises.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
