//! Who the primary is, as sentinels know it.

use std::collections::HashMap;
use std::pin::pin;

use futures_util::future::{Either, join_all, select};
use redis::Value;

use super::address::Address;
use super::connect::{Connector, Role};
use super::fault::{Fault, FaultKind};
use crate::store::redis::settings::Topology;

/// Asks all sentinels, and believes the one with the latest configuration: others may not have heard of a failover yet.
///
/// What it says is not believed wholly: the server must also call itself a primary.
pub(super) async fn primary(
    connector: &Connector,
    sentinels: &[Address],
    name: &str,
    tls: bool,
) -> Result<Address, Fault> {
    let answers = join_all(sentinels.iter().map(|sentinel| ask(connector, sentinel, name))).await;
    let mut faults = Vec::new();
    let mut latest: Option<Told> = None;
    for answer in answers {
        match answer {
            Ok(told) if latest.as_ref().is_none_or(|latest| latest.epoch < told.epoch) => latest = Some(told),
            Ok(_) => {}
            Err(fault) => faults.push(fault),
        }
    }
    if let Some(Told { host, port, .. }) = latest {
        return Ok(Address::tcp(&host, port, tls));
    }
    let kind = faults.iter().map(Fault::kind).find(|kind| *kind == FaultKind::Refused);
    let told = faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("; ");
    Err(Fault::nowhere(
        kind.unwrap_or(FaultKind::Unreachable),
        format!("no sentinel tells the primary `{name}`: {told}"),
    ))
}

/// Takes care that a server that has just been connected to is still the primary for the sentinels, if there are any.
///
/// One that comes back after a failover calls itself a primary until they have told it otherwise, which takes them seconds.
pub(super) async fn confirm(connector: &Connector, address: &Address) -> Result<(), Fault> {
    let Topology::Sentinel { sentinels, name, tls, .. } = &connector.settings.topology else { return Ok(()) };
    let now = primary(connector, sentinels, name, *tls).await?;
    if now == *address {
        return Ok(());
    }
    Err(Fault::new(FaultKind::NotPrimary, address, format!("the sentinels call {now} the primary `{name}`")))
}

/// What one sentinel says.
struct Told {
    host: String,
    port: u16,
    /// That of the last failover that it knows of.
    epoch: u64,
}

async fn ask(connector: &Connector, sentinel: &Address, name: &str) -> Result<Told, Fault> {
    let (line, driver) = connector.connect(sentinel, Role::Sentinel, None).await?;
    let questions = ["GET-MASTER-ADDR-BY-NAME", "MASTER"].map(|question| {
        let mut command = redis::cmd("SENTINEL");
        command.arg(question).arg(name);
        command
    });
    let within = tokio::time::timeout(connector.settings.connect_timeout, line.ask(&questions));
    let answer = match select(pin!(within), driver).await {
        Either::Left((Ok(answer), _)) => answer,
        Either::Left((Err(_), _)) => return Err(Fault::new(FaultKind::TimedOut, sentinel, "no answer in time")),
        Either::Right(_) => return Err(Fault::new(FaultKind::Unreachable, sentinel, "the connection was lost")),
    };
    let answers = answer.map_err(|error| Fault::new(FaultKind::Unreachable, sentinel, error.to_string()))?;
    let odd = || Fault::new(FaultKind::Server, sentinel, "its answer is not a host and a port");
    let mut answers = answers.into_iter();
    let (Some(place), Some(state)) = (answers.next(), answers.next()) else { return Err(odd()) };
    match place {
        Value::Nil => {
            let text = format!("it watches no primary `{name}`; check the name in the settings");
            Err(Fault::new(FaultKind::Refused, sentinel, text))
        }
        Value::ServerError(error) => {
            let text = format!("{} {}", error.code(), error.details().unwrap_or_default());
            Err(Fault::new(FaultKind::Refused, sentinel, text))
        }
        place => {
            let (host, port) = redis::from_redis_value(place).map_err(|_| odd())?;
            let state: HashMap<String, String> = redis::from_redis_value(state).unwrap_or_default();
            let epoch = state.get("config-epoch").and_then(|epoch| epoch.parse().ok()).unwrap_or(0);
            Ok(Told { host, port, epoch })
        }
    }
}
