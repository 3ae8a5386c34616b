//! The oracle alone: `oracle --pairs N --seed S [--dialect sqlite|postgres|mysql] [--exact]`; the last line is the counts as JSON.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use cache_sql::Dialect;
use end_to_end::oracle::{Options, run};

fn main() -> ExitCode {
    match arguments() {
        Ok(options) => report(&options),
        Err(message) => {
            eprintln!("oracle: {message}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Options, String> {
    let mut options = Options { progress, ..Options::new(1_000_000, 1) };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--exact" {
            options.exact = true;
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || value.parse().map_err(|_| format!("{name} {value}: a whole number is needed"));
        match name.as_str() {
            "--pairs" => options.pairs = number()?,
            "--seed" => options.seed = number()?,
            "--dialect" => {
                options.dialect = match value.as_str() {
                    "sqlite" => Dialect::Sqlite,
                    "postgres" => Dialect::Postgres,
                    "mysql" => Dialect::MySql,
                    _ => return Err(format!("--dialect {value}: sqlite, postgres and mysql are known")),
                };
            }
            _ => return Err(format!("{name} is not known; --pairs, --seed, --dialect and --exact are")),
        }
    }
    Ok(options)
}

fn progress(pairs: u64) {
    static TOLD: AtomicU64 = AtomicU64::new(0);
    let step = pairs / 100_000;
    if TOLD.swap(step, Ordering::Relaxed) < step {
        eprintln!("{pairs} pairs");
    }
}

fn report(options: &Options) -> ExitCode {
    let (counts, exit) = match run(options) {
        Ok(counts) => (counts, ExitCode::SUCCESS),
        Err(miss) => {
            eprintln!("{miss}");
            (miss.counts, ExitCode::FAILURE)
        }
    };
    let dialect = match options.dialect {
        Dialect::Postgres => "postgres",
        Dialect::MySql => "mysql",
        _ => "sqlite",
    };
    let exact = match options.exact {
        true => format!(
            ",\"invalidated_exact\":{},\"needless_exact\":{},\"writes\":{},\"told\":{}",
            counts.invalidated_exact, counts.needless_exact, counts.writes, counts.told
        ),
        false => String::new(),
    };
    println!(
        "{{\"dialect\":\"{dialect}\",\"seed\":{},\"pairs\":{},\"changed\":{},\"invalidated\":{},\"missed\":{},\"needless\":{},\"by_table\":{}{exact}}}",
        options.seed, counts.pairs, counts.changed, counts.invalidated, counts.missed, counts.needless, counts.by_table
    );
    exit
}
