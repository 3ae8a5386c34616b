//! Entries: keeping, putting off, dropping.

use std::time::Duration;

use redis::Cmd;

use crate::store::redis::link::{Group, slot};
use crate::store::redis::reply::{self, Replies};
use crate::store::redis::space::Space;
use crate::store::shared::{Fault, Keeping};

impl Space {
    pub(in crate::store::redis) async fn set_entry(&self, keeping: Keeping) -> Result<(), Fault> {
        let Keeping { id, bytes, ttl } = keeping;
        let key = self.keys.entry(id);
        let mut set = Cmd::with_capacity(5, bytes.len() + key.len() + 32);
        set.arg("SET").arg(&key).arg(bytes).arg("PX").arg(self.lives(ttl));
        self.ask(&key, set).await?.next().map(drop)
    }

    pub(in crate::store::redis) async fn put_off(&self, id: [u8; 16], ttl: Duration) -> Result<(), Fault> {
        let key = self.keys.entry(id);
        let mut expire = redis::cmd("PEXPIRE");
        expire.arg(&key).arg(self.lives(ttl));
        self.ask(&key, expire).await?.next().map(drop)
    }

    pub(in crate::store::redis) async fn unlink_entries(&self, ids: Vec<[u8; 16]>) -> Result<u64, Fault> {
        let names: Vec<String> = ids.into_iter().map(|id| self.keys.entry(id)).collect();
        self.unlink(names.iter().map(String::as_str)).await
    }

    /// Drops keys, each by a command of its own: in a cluster they are anywhere.
    pub(super) async fn unlink(&self, keys: impl Iterator<Item = &str>) -> Result<u64, Fault> {
        let groups = keys.map(|key| {
            let mut unlink = redis::cmd("UNLINK");
            unlink.arg(key);
            Group::new(slot(key.as_bytes())).with(unlink)
        });
        let mut removed = 0;
        for answer in self.links.run(groups.collect()).await {
            removed += reply::count(&Replies::new(answer?.values).next()?)?;
        }
        Ok(removed)
    }

    /// Sends one command about one key.
    pub(super) async fn ask(&self, key: &str, command: Cmd) -> Result<Replies, Fault> {
        let answer = self.links.run_one(Group::new(slot(key.as_bytes())).with(command)).await?;
        Ok(Replies::new(answer.values))
    }
}
