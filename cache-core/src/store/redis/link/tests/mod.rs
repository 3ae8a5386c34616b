//! Against real servers, or without those tests where servers are left out.

mod access;
mod bulk;
mod cluster;
mod executors;
mod load;
mod loss;
mod sentinel;
mod strange;

use std::thread;
use std::time::{Duration, Instant};

use redis::{Cmd, Value};
use test_servers::{Redis, left_out};

use super::*;
use crate::store::redis::settings::Settings;

fn cmd(words: &[&str]) -> Cmd {
    let mut command = Cmd::new();
    command.arg(words);
    command
}

fn group(words: &[&str]) -> Group {
    Group::new(words.get(1).map_or(0, |key| slot(key.as_bytes()))).with(cmd(words))
}

fn bulk(text: &str) -> Value {
    Value::BulkString(text.into())
}

/// Opens with time enough on a machine that is busy.
fn open(settings: Settings) -> Result<Links, Fault> {
    hasty(settings.timeout(Duration::from_secs(20)))
}

/// Opens with the settings as they are.
fn hasty(settings: Settings) -> Result<Links, Fault> {
    super::super::runtime::block(Links::open(settings))
}

fn links(server: &Redis) -> Links {
    open(Settings::standalone(&server.url()).unwrap()).unwrap()
}

fn ask(links: &Links, words: &[&str]) -> Result<Answered, Fault> {
    let mut answers = links.block(links.run(vec![group(words)]));
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

fn value(links: &Links, words: &[&str]) -> Value {
    ask(links, words).unwrap_or_else(|fault| panic!("{words:?}: {fault}")).values.remove(0)
}

/// Tries until it gives something; the bound is for tests that fail.
fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn answered(links: &Links, words: &[&str]) -> Answered {
    eventually("an answer", || ask(links, words).ok())
}
