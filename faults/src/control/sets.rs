//! Each condition has a set of the entries that depend on it, and a write deletes those. A result that was read before the
//! write and is stored after it stays.

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, pipe};

use super::Keys;

pub(super) async fn lookup(mut redis: MultiplexedConnection, keys: &Keys) -> Result<Option<String>, String> {
    redis.get(&keys.entry).await.map_err(|error| error.to_string())
}

pub(super) async fn keep(mut redis: MultiplexedConnection, keys: &Keys, text: &str) -> Result<(), String> {
    let mut both = pipe();
    both.atomic().set(&keys.entry, text).ignore().sadd(&keys.condition, &keys.entry).ignore();
    both.query_async(&mut redis).await.map_err(|error| error.to_string())
}

pub(super) async fn invalidate(mut redis: MultiplexedConnection, condition: &str) -> Result<(), String> {
    let entries: Vec<String> = redis.smembers(condition).await.map_err(|error| error.to_string())?;
    let mut deletion = pipe();
    deletion.del(condition).ignore();
    for entry in &entries {
        deletion.del(entry).ignore();
    }
    deletion.query_async(&mut redis).await.map_err(|error| error.to_string())
}
