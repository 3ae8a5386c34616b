//! Which node of a cluster serves which slot.

use std::pin::pin;

use futures_util::future::{Either, select};
use redis::Value;

use super::address::Address;
use super::connect::{Connector, Role};
use super::fault::{Fault, FaultKind};
use super::slot::SLOTS;

/// Slots from the first to the last, and the nodes that have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) primary: Address,
    pub(super) replicas: Vec<Address>,
}

/// Asks the nodes one after the other, until one tells.
pub(super) async fn ranges(connector: &Connector, nodes: &[Address]) -> Result<Vec<Range>, Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    for node in nodes {
        match ask(connector, node).await {
            Ok(ranges) if !ranges.is_empty() => return Ok(ranges),
            Ok(_) => faults.push(Fault::new(FaultKind::Server, node, "no slot is assigned to any node")),
            Err(fault) => faults.push(fault),
        }
    }
    let kind = faults.iter().map(Fault::kind).find(|kind| *kind == FaultKind::Refused);
    let told = faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("; ");
    Err(Fault::nowhere(
        kind.unwrap_or(FaultKind::Unreachable),
        format!("no node tells the slots of the cluster: {told}"),
    ))
}

async fn ask(connector: &Connector, node: &Address) -> Result<Vec<Range>, Fault> {
    let (line, driver) = connector.connect(node, Role::Data, None).await?;
    let mut command = redis::cmd("CLUSTER");
    command.arg("SLOTS");
    let within = tokio::time::timeout(connector.settings.connect_timeout, line.ask(&[command]));
    let answer = match select(pin!(within), driver).await {
        Either::Left((Ok(answer), _)) => answer,
        Either::Left((Err(_), _)) => return Err(Fault::new(FaultKind::TimedOut, node, "no answer in time")),
        Either::Right(_) => return Err(Fault::new(FaultKind::Unreachable, node, "the connection was lost")),
    };
    match answer.map(|values| values.into_iter().next().unwrap_or(Value::Nil)) {
        Ok(Value::ServerError(error)) => {
            let details = error.details().unwrap_or_default();
            let remedy = if details.contains("cluster support disabled") { "; name it as a single server" } else { "" };
            Err(Fault::new(FaultKind::Refused, node, format!("{} {details}{remedy}", error.code())))
        }
        Ok(value) => read(node, &value)
            .ok_or_else(|| Fault::new(FaultKind::Server, node, "the reply to CLUSTER SLOTS is malformed")),
        Err(error) => Err(Fault::new(FaultKind::Unreachable, node, error.to_string())),
    }
}

/// Reads the reply to `CLUSTER SLOTS`: for each range first slot, last slot, and its nodes, of which the primary is
/// the first.
fn read(asked: &Address, reply: &Value) -> Option<Vec<Range>> {
    let Value::Array(ranges) = reply else { return None };
    ranges
        .iter()
        .map(|range| {
            let Value::Array(parts) = range else { return None };
            let [Value::Int(first), Value::Int(last), nodes @ ..] = &**parts else { return None };
            let mut nodes = nodes.iter().map(|node| address(asked, node)).collect::<Option<Vec<_>>>()?.into_iter();
            let (first, last) = (u16::try_from(*first).ok()?, u16::try_from(*last).ok()?);
            let primary = nodes.next()?;
            let range = Range { first, last, primary, replicas: nodes.collect() };
            (first <= last && last < SLOTS).then_some(range)
        })
        .collect()
}

fn address(asked: &Address, node: &Value) -> Option<Address> {
    let Value::Array(parts) = node else { return None };
    let [host, Value::Int(port), ..] = &**parts else { return None };
    let host = match host {
        Value::BulkString(host) => str::from_utf8(host).ok()?,
        Value::SimpleString(host) => host,
        Value::Nil => "",
        _ => return None,
    };
    Some(asked.neighbour(host, u16::try_from(*port).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: i64, last: i64, host: Value, port: i64) -> Value {
        let primary = Value::Array(vec![host, Value::Int(port), Value::BulkString(b"id".into())]);
        let replica = Value::Array(vec![Value::BulkString(b"replica".into()), Value::Int(1)]);
        Value::Array(vec![Value::Int(first), Value::Int(last), primary, replica])
    }

    #[test]
    fn a_range_has_its_primary() {
        let asked = Address::tcp("seed", 7000, true);
        let reply = Value::Array(vec![
            range(0, 99, Value::BulkString(b"one".into()), 7001),
            range(100, 16383, Value::Nil, 7002),
        ]);
        let ranges = read(&asked, &reply).unwrap();
        let replicas = vec![Address::tcp("replica", 1, true)];
        assert_eq!(ranges[0], Range { first: 0, last: 99, primary: Address::tcp("one", 7001, true), replicas });
        assert_eq!(ranges[1].primary, Address::tcp("seed", 7002, true));
    }

    #[test]
    fn nonsense_is_refused() {
        let asked = Address::tcp("seed", 7000, false);
        for range in [
            range(0, 16384, Value::Nil, 1),
            range(9, 8, Value::Nil, 1),
            range(-1, 8, Value::Nil, 1),
            range(0, 8, Value::Int(1), 1),
            range(0, 8, Value::Nil, 70000),
            Value::Nil,
        ] {
            assert_eq!(read(&asked, &Value::Array(vec![range])), None);
        }
    }
}
