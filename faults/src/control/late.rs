//! Entries carry the stamp of their condition, which a write replaces; but the stamp is read after the work. A write
//! between the two is taken for one that the result has seen.

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::Keys;

pub(super) async fn lookup(mut redis: MultiplexedConnection, keys: &Keys) -> Result<Option<String>, String> {
    let found: (Option<String>, Option<String>) =
        redis.mget(&[&keys.entry, &keys.condition]).await.map_err(|error| error.to_string())?;
    let (Some(entry), stamp) = found else { return Ok(None) };
    let Some((made_under, text)) = entry.split_once('|') else { return Ok(None) };
    Ok((made_under == stamp.unwrap_or_default()).then(|| text.to_owned()))
}

pub(super) async fn keep(mut redis: MultiplexedConnection, keys: &Keys, text: &str) -> Result<(), String> {
    let stamp: Option<String> = redis.get(&keys.condition).await.map_err(|error| error.to_string())?;
    let entry = format!("{}|{text}", stamp.unwrap_or_default());
    redis.set(&keys.entry, entry).await.map_err(|error| error.to_string())
}

pub(super) async fn invalidate(mut redis: MultiplexedConnection, condition: &str) -> Result<(), String> {
    redis.incr(condition, 1).await.map_err(|error| error.to_string())
}
