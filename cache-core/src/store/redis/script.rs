//! Scripts, run by their digest, and sent whole to servers that do not know them.

use std::sync::LazyLock;

use redis::{Cmd, Value};

use super::link::{Answered, Group, Links};
use crate::store::shared::Fault;

/// A script that servers run; one table's part of an operation.
pub(super) struct Script {
    code: &'static str,
    digest: String,
}

impl Script {
    fn new(code: &'static str) -> Self {
        Script { code, digest: redis::Script::new(code).get_hash().to_owned() }
    }
}

pub(super) static FILL: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/fill.lua")));
pub(super) static ANNOUNCE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/announce.lua")));
pub(super) static VOID: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/void.lua")));
pub(super) static RELEASE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/release.lua")));
pub(super) static RENEW: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/renew.lua")));

/// One run of a script.
pub(super) struct Call {
    script: &'static Script,
    keys: Vec<String>,
    arguments: Vec<String>,
}

impl Call {
    pub(super) fn new(script: &'static Script, keys: Vec<String>, arguments: Vec<String>) -> Self {
        Call { script, keys, arguments }
    }

    fn command(&self, whole: bool) -> Cmd {
        let mut command = match whole {
            true => redis::cmd("EVAL"),
            false => redis::cmd("EVALSHA"),
        };
        command.arg(if whole { self.script.code } else { &self.script.digest });
        command.arg(self.keys.len());
        self.keys.iter().chain(&self.arguments).for_each(|part| _ = command.arg(part));
        command
    }
}

/// Runs of scripts in one slot, one after the other.
pub(super) struct Calls {
    pub(super) slot: u16,
    pub(super) calls: Vec<Call>,
}

impl Calls {
    pub(super) fn one(slot: u16, call: Call) -> Self {
        Calls { slot, calls: vec![call] }
    }

    fn group(&self, whole: bool) -> Group {
        Group { slot: self.slot, commands: self.calls.iter().map(|call| call.command(whole)).collect() }
    }
}

/// Runs scripts; result i belongs to calls i.
///
/// Where a server does not know a script, all calls to that slot are run again: they can be repeated.
pub(super) async fn run(links: &Links, calls: &[Calls]) -> Vec<Result<Answered, Fault>> {
    let answers = links.run(calls.iter().map(|calls| calls.group(false)).collect()).await;
    let mut answers: Vec<Result<Answered, Fault>> =
        answers.into_iter().map(|answer| answer.map_err(Fault::from)).collect();
    let unknown: Vec<usize> =
        answers.iter().enumerate().filter(|(_, answer)| is_unknown(answer)).map(|(at, _)| at).collect();
    if unknown.is_empty() {
        return answers;
    }
    let again = links.run(unknown.iter().map(|at| calls[*at].group(true)).collect()).await;
    for (at, answer) in unknown.into_iter().zip(again) {
        answers[at] = answer.map_err(Fault::from);
    }
    answers
}

fn is_unknown(answer: &Result<Answered, Fault>) -> bool {
    let Ok(answer) = answer else { return false };
    answer.values.iter().any(|value| matches!(value, Value::ServerError(error) if error.code() == "NOSCRIPT"))
}
