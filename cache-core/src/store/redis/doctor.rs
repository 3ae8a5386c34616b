//! A look at the servers' settings, when a store connects.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use redis::Value;

use super::link::{Group, Links, NodeId};
use super::reply;
use crate::store::shared::Mode;

/// Something about a server's settings that a program's owner should know of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advice {
    /// The address of the server.
    pub server: String,
    /// What was found, and what to do about it.
    pub text: String,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.server, self.text)
    }
}

pub(super) struct Findings {
    pub(super) advice: Vec<Advice>,
    /// For how long a primary that was cut off may take announcements.
    pub(super) slack: Duration,
}

/// What is assumed where a server does not tell.
const UNKNOWN_SLACK: Duration = Duration::from_secs(10);

const SETTINGS: [&str; 7] = [
    "maxmemory",
    "maxmemory-policy",
    "busy-reply-threshold",
    "lua-time-limit",
    "min-replicas-to-write",
    "min-replicas-max-lag",
    "cluster-node-timeout",
];

/// Looks at all primaries. What cannot be looked at is told, and is no failure.
pub(super) async fn examine(links: &Links, mode: Mode, is_single: bool) -> Findings {
    let mut findings = Findings { advice: Vec::new(), slack: Duration::ZERO };
    for node in links.masters() {
        let report = Report::read(links, &node).await;
        let slack = report.slack(is_single);
        findings.slack = findings.slack.max(slack);
        let texts = report.texts(mode);
        findings.advice.extend(texts.into_iter().map(|text| Advice { server: node.to_string(), text }));
    }
    findings
}

/// What one server says.
#[derive(Default)]
struct Report {
    settings: Option<HashMap<String, String>>,
    refusal: Option<String>,
    info: HashMap<String, String>,
}

impl Report {
    async fn read(links: &Links, node: &NodeId) -> Report {
        let mut report = Report::default();
        let mut ask = redis::cmd("CONFIG");
        ask.arg("GET");
        SETTINGS.iter().for_each(|name| _ = ask.arg(name));
        let sections = ["server", "replication", "memory"].map(|section| {
            let mut info = redis::cmd("INFO");
            info.arg(section);
            info
        });
        let group = sections.into_iter().fold(Group::new(0).with(ask), Group::with);
        let values = match links.run_on(node, group).await {
            Ok(answer) => answer.values,
            Err(fault) => {
                report.refusal = Some(fault.to_string());
                return report;
            }
        };
        let mut values = values.into_iter();
        match values.next() {
            Some(Value::ServerError(error)) => report.refusal = Some(error.code().to_owned()),
            Some(settings) => report.settings = Some(pairs(&settings)),
            None => {}
        }
        for section in values {
            let lines = reply::text(&section).unwrap_or_default().lines();
            report.info.extend(
                lines
                    .filter_map(|line| line.split_once(':'))
                    .map(|(name, value)| (name.to_owned(), value.trim().to_owned())),
            );
        }
        report
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.settings.as_ref()?.get(name).map(String::as_str)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.setting(name)?.parse().ok()
    }

    fn replicas(&self) -> u64 {
        self.info.get("connected_slaves").and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    fn slack(&self, is_single: bool) -> Duration {
        let in_cluster =
            ["redis_mode", "server_mode"].iter().any(|name| self.info.get(*name).is_some_and(|mode| mode == "cluster"));
        let lag = self.number("min-replicas-max-lag").filter(|_| self.number("min-replicas-to-write") > Some(0));
        match (lag, self.number("cluster-node-timeout")) {
            (Some(seconds), _) => Duration::from_secs(seconds),
            (None, Some(timeout)) if in_cluster => Duration::from_millis(timeout),
            _ if is_single && self.replicas() == 0 => Duration::ZERO,
            _ => UNKNOWN_SLACK,
        }
    }

    fn texts(&self, mode: Mode) -> Vec<String> {
        let mut texts = Vec::new();
        let is_old = |version: &str| version.split('.').next().and_then(|major| major.parse().ok()) < Some(7u32);
        if let Some(version) = self.info.get("redis_version").filter(|version| is_old(version)) {
            texts.push(format!("version {version} does not know the scripts that the store needs; use 7.0 or newer"));
        }
        self.memory(&mut texts);
        match &self.refusal {
            Some(refusal) => texts.push(format!(
                "the settings could not be looked at ({refusal}); compare them with docs/redis.md, or allow `CONFIG GET`"
            )),
            None => self.scripts(&mut texts),
        }
        if let (Mode::Strict(_), Some(_)) = (mode, &self.settings)
            && self.replicas() > 0
            && self.number("min-replicas-to-write").unwrap_or(0) == 0
        {
            texts.push(
                "it has replicas, but `min-replicas-to-write` is 0: a primary that is cut off goes on to serve and to take \
                 announcements, so that in a partition some see old results; set it to 1, and `min-replicas-max-lag` to 3"
                    .to_owned(),
            );
        }
        texts
    }

    fn memory(&self, texts: &mut Vec<String>) {
        let find = |name: &str| self.setting(name).or_else(|| self.info.get(name).map(String::as_str));
        let policy = find("maxmemory-policy").or_else(|| find("maxmemory_policy"));
        match (find("maxmemory"), policy) {
            (Some("0"), _) => texts.push(
                "`maxmemory` is 0: the server grows until the system runs out of memory; set it, and `maxmemory-policy` to \
                 volatile-lfu"
                    .to_owned(),
            ),
            (Some(_), Some("noeviction")) => texts.push(
                "`maxmemory-policy` is noeviction: when the memory is full nothing more is cached; set it to volatile-lfu"
                    .to_owned(),
            ),
            (Some(_), Some("volatile-ttl")) => texts.push(
                "`maxmemory-policy` is volatile-ttl, which evicts new entries of short life before old stamps; set it to \
                 volatile-lfu"
                    .to_owned(),
            ),
            _ => {}
        }
    }

    fn scripts(&self, texts: &mut Vec<String>) {
        let limit = self.number("busy-reply-threshold").or_else(|| self.number("lua-time-limit"));
        if let Some(limit) = limit.filter(|limit| (1..100).contains(limit)) {
            texts.push(format!(
                "`busy-reply-threshold` is {limit} ms: an invalidation of many rows may be answered by BUSY; set it to 5000"
            ));
        }
    }
}

/// A map, in either version of the protocol.
fn pairs(value: &Value) -> HashMap<String, String> {
    let pair = |name: &Value, value: &Value| Some((reply::text(name)?.to_owned(), reply::text(value)?.to_owned()));
    match value {
        Value::Map(entries) => entries.iter().filter_map(|(name, value)| pair(name, value)).collect(),
        Value::Array(values) => values
            .chunks_exact(2)
            .filter_map(|entry| match entry {
                [name, value] => pair(name, value),
                _ => None,
            })
            .collect(),
        _ => HashMap::new(),
    }
}
