//! Browse the dependency graph of a Cargo workspace, with every query and every page cached.
//!
//! ```text
//! cargo run                                  # the workspace of the current folder, on http://127.0.0.1:8080
//! cargo run -- --manifest-path PATH          # any other workspace
//! cargo run -- --smoke                       # a scripted visit, a table of what it cost, and out
//!
//! redis-server --port 7000 --save '' &       # two browsers that share their results
//! cargo run -- --redis redis://127.0.0.1:7000 --port 8080 &
//! cargo run -- --redis redis://127.0.0.1:7000 --port 8081
//! ```
//!
//! The program asks `cargo metadata` for the resolved graph and imports it into SQLite through SeaORM: crates,
//! versions, dependencies with their kinds, features, and licences, categories, keywords and authors as
//! many-to-many relations. Then it serves pages from it. A second start finds the rows in the database and
//! keeps the user's stars, notes and keywords.
//!
//! What it shows, and where:
//!
//! - [`query`](crate_browser::query): one query object is cached in place with `.cached(..)`, a function of
//!   several statements carries `#[cached_as]`. Neither says anything about invalidation.
//! - [`edit`](crate_browser::edit): the writes. Plain SeaORM; the connection sees what they change.
//! - `templates/`: blocks in `{% cached_as %}` ask their questions inside, so a block that is served from the
//!   cache asks nothing. Tables are querysets there: `rows.note.filter(crate_id=id)`.
//! - [`journal`](crate_browser::journal) and the page `/activity`: which change dropped which results, and why.
//! - The foot of every page: SQL statements, hits, misses and milliseconds, and a link to the same page with
//!   the cache off.
//! - [`store`](crate_browser::store): with `--redis`, browsers of one database share what each of them has made, and
//!   what one writes none of the others shows the old way. The pages, queries and writes are the same as without.
//!   [`database`](crate_browser::database) sees to it that nobody writes to the file behind the store's back.

use clap::Parser;
use crate_browser::{args::Args, run::run};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
