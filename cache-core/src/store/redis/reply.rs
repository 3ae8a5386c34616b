//! What servers answer, taken for what it should be.

use redis::{ServerError, Value};

use super::link;
use crate::store::shared::{Fault, FaultKind};

impl From<link::Fault> for Fault {
    fn from(fault: link::Fault) -> Self {
        let kind = match fault.kind() {
            link::FaultKind::Unreachable => FaultKind::Unreachable,
            link::FaultKind::TimedOut => FaultKind::TimedOut,
            link::FaultKind::Refused => FaultKind::Refused,
            link::FaultKind::Moved | link::FaultKind::NotPrimary => FaultKind::Moved,
            link::FaultKind::Overloaded => FaultKind::BreakerOpen,
            link::FaultKind::Server => FaultKind::Server,
        };
        Fault::new(kind, fault.to_string())
    }
}

/// The replies of one group, one after the other.
pub(super) struct Replies {
    values: std::vec::IntoIter<Value>,
}

impl Replies {
    pub(super) fn new(values: Vec<Value>) -> Self {
        Replies { values: values.into_iter() }
    }

    /// The next reply.
    ///
    /// # Errors
    ///
    /// When it is an error, or there is none.
    pub(super) fn next(&mut self) -> Result<Value, Fault> {
        match self.values.next() {
            Some(Value::ServerError(error)) => Err(refused(&error)),
            Some(value) => Ok(value),
            None => Err(senseless("a reply is missing")),
        }
    }

    pub(super) fn array(&mut self, length: usize) -> Result<Vec<Value>, Fault> {
        let values = array(self.next()?)?;
        if values.len() == length { Ok(values) } else { Err(senseless("an array of another length was expected")) }
    }
}

pub(super) fn array(value: Value) -> Result<Vec<Value>, Fault> {
    match value {
        Value::Array(values) => Ok(values),
        Value::ServerError(error) => Err(refused(&error)),
        _ => Err(senseless("an array was expected")),
    }
}

/// The nonces or stamps of an array, in its order; 0 for those that are missing.
pub(super) fn numbers(values: &[Value]) -> Vec<u64> {
    values.iter().map(number).collect()
}

/// A nonce or a stamp; 0 for one that is missing, and for what is none.
pub(super) fn number(value: &Value) -> u64 {
    match value {
        Value::Int(number) => u64::try_from(*number).unwrap_or(0),
        value => text(value).and_then(|text| text.parse().ok()).unwrap_or(0),
    }
}

pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => str::from_utf8(bytes).ok(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text),
        _ => None,
    }
}

pub(super) fn count(value: &Value) -> Result<u64, Fault> {
    match value {
        Value::Int(number) => Ok(u64::try_from(*number).unwrap_or(0)),
        _ => Err(senseless("a number was expected")),
    }
}

pub(super) fn senseless(what: &str) -> Fault {
    Fault::new(FaultKind::Server, format!("the server's reply makes no sense: {what}"))
}

/// An error reply with what to do about it.
pub(super) fn refused(error: &ServerError) -> Fault {
    let remedy = match error.code() {
        "NOPERM" => "; the user needs the rule for access that docs/redis.md names",
        "OOM" => "; let `maxmemory-policy` evict, `volatile-lfu` for one, or raise `maxmemory`",
        "WRONGTYPE" => "; something else writes keys of this namespace",
        "NOREPLICAS" => "; the primary has fewer replicas than `min-replicas-to-write` asks for",
        "BUSY" => "; a script of somebody else runs for too long",
        "MISCONF" => "; the server cannot save, and its `stop-writes-on-bgsave-error` forbids writes",
        _ => "",
    };
    let kind = if error.code() == "NOPERM" { FaultKind::Refused } else { FaultKind::Server };
    let details = error.details().unwrap_or_default();
    Fault::new(kind, format!("the server answered {} {details}{remedy}", error.code()))
}
