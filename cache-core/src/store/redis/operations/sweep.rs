//! What goes through all keys: an invalidation of everything, and of all entries of a function.

use std::collections::HashSet;

use redis::Value;

use super::void::Purpose;
use crate::key::FunctionId;
use crate::store::redis::keys::TableKeys;
use crate::store::redis::link::{Group, NodeId};
use crate::store::redis::nonce::nonce;
use crate::store::redis::reply::{self, Replies};
use crate::store::redis::script::{self, ANNOUNCE, Call, Calls, VOID};
use crate::store::redis::space::{Space, millis};
use crate::store::shared::{Fault, FaultKind};

const PER_SCAN: usize = 1000;

impl Space {
    /// Renews the nonces of all shapes of all tables.
    ///
    /// A scan finds every key that is there from its beginning to its end. The shapes of a table that it misses were made
    /// meanwhile, hence with nonces that no entry from before has. An announcement leaves its intent in all of them; where
    /// intents count, a table whose shapes are made meanwhile is under quarantine for longer than a lease.
    ///
    /// # Errors
    ///
    /// When a primary does not answer, or there are others than those that are known: their tables would be left out.
    pub(in crate::store::redis) async fn sweep_tables(&self, purpose: &Purpose) -> Result<(), Fault> {
        let pattern = self.keys.shapes_pattern();
        let nodes = self.links.masters();
        if self.primaries(&nodes).await? > nodes.len() {
            return Err(Fault::new(FaultKind::Moved, "the cluster has primaries that are not known yet"));
        }
        for node in nodes {
            let mut cursor = 0;
            loop {
                let (next, keys) = self.scan(&node, cursor, &pattern).await?;
                let tables = keys.iter().filter_map(|key| self.keys.of_shapes(reply::text(key)?));
                let calls = tables.map(|keys| renewal(&keys, purpose)).collect::<Result<Vec<_>, _>>()?;
                for answer in script::run(&self.links, &calls).await {
                    Replies::new(answer?.values).next()?;
                }
                cursor = next;
                if cursor == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    /// How many primaries the known ones name. Each of them knows who has taken its slots over.
    async fn primaries(&self, nodes: &[NodeId]) -> Result<usize, Fault> {
        let mut named = HashSet::new();
        for node in nodes {
            let mut ask = redis::cmd("CLUSTER");
            ask.arg("SLOTS");
            let answer = self.links.run_on(node, Group::new(0).with(ask)).await?;
            // A server that is not part of a cluster says so by an error.
            let [Value::Array(ranges)] = &answer.values[..] else { continue };
            named.extend(ranges.iter().filter_map(primary_of));
        }
        Ok(named.len())
    }

    /// Drops the entries of a function; how many there were.
    ///
    /// As above, a scan finds every entry that is there from its beginning to its end.
    ///
    /// # Errors
    ///
    /// As above.
    pub(in crate::store::redis) async fn sweep_function(&self, id: FunctionId) -> Result<u64, Fault> {
        let pattern = self.keys.entries_pattern(id);
        let nodes = self.links.masters();
        if self.primaries(&nodes).await? > nodes.len() {
            return Err(Fault::new(FaultKind::Moved, "the cluster has primaries that are not known yet"));
        }
        let mut removed = 0;
        for node in nodes {
            let mut cursor = 0;
            loop {
                let (next, keys) = self.scan(&node, cursor, &pattern).await?;
                removed += self.unlink(keys.iter().filter_map(reply::text)).await?;
                cursor = next;
                if cursor == 0 {
                    break;
                }
            }
        }
        Ok(removed)
    }

    async fn scan(&self, node: &NodeId, cursor: u64, pattern: &str) -> Result<(u64, Vec<Value>), Fault> {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(PER_SCAN);
        let answer = self.links.run_on(node, Group::new(0).with(scan)).await?;
        let mut reply = Replies::new(answer.values).array(2)?;
        let (Some(Value::Array(keys)), Some(next)) = (reply.pop(), reply.pop()) else {
            return Err(reply::senseless("a scan was expected"));
        };
        let Some(next) = reply::text(&next).and_then(|next| next.parse().ok()) else {
            return Err(reply::senseless("a cursor was expected"));
        };
        Ok((next, keys))
    }
}

/// The name of the node that serves a range: first slot, last slot, then nodes as address, port and name.
fn primary_of(range: &Value) -> Option<String> {
    let Value::Array(range) = range else { return None };
    let Value::Array(node) = range.get(2)? else { return None };
    reply::text(node.get(2)?).map(str::to_owned)
}

fn renewal(keys: &TableKeys, purpose: &Purpose) -> Result<Calls, Fault> {
    let named = vec![keys.shapes.clone(), keys.intents.clone(), keys.last_void.clone()];
    let (nonce, all) = (nonce()?.to_string(), "*".to_owned());
    let call = match purpose {
        Purpose::Announce { transaction, strict } => {
            let (lease, any_row) = (millis(strict.lease).to_string(), "|".to_owned());
            Call::new(&ANNOUNCE, named, vec![String::new(), transaction.to_string(), nonce, lease, any_row, all])
        }
        Purpose::Void { transaction } => {
            let transaction = transaction.map(|number| number.to_string()).unwrap_or_default();
            Call::new(&VOID, named, vec![String::new(), transaction, nonce, "1".to_owned(), all])
        }
    };
    Ok(Calls::one(keys.slot, call))
}
