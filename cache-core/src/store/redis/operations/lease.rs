//! Leases: one process fills an entry, others wait.

use std::time::{Duration, Instant};

use futures_util::future::select;

use crate::store::redis::link::slot;
use crate::store::redis::reply::{self, Replies};
use crate::store::redis::script::{self, Call, Calls, RELEASE, RENEW, Script};
use crate::store::redis::space::{Space, millis};
use crate::store::shared::{Fault, SharedStore};

const FIRST_LOOK: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

impl Space {
    pub(in crate::store::redis) async fn take_lease(
        &self,
        id: [u8; 16],
        token: u64,
        life: Duration,
    ) -> Result<bool, Fault> {
        let key = self.keys.lease(id);
        let mut set = redis::cmd("SET");
        set.arg(&key).arg(token).arg("NX").arg("PX").arg(millis(life));
        Ok(self.ask(&key, set).await?.next()? != redis::Value::Nil)
    }

    pub(in crate::store::redis) async fn put_lease_off(
        &self,
        id: [u8; 16],
        token: u64,
        life: Duration,
    ) -> Result<bool, Fault> {
        self.of_holder(&RENEW, id, vec![token.to_string(), millis(life).to_string()]).await
    }

    pub(in crate::store::redis) async fn give_lease_back(&self, id: [u8; 16], token: u64) -> Result<(), Fault> {
        self.of_holder(&RELEASE, id, vec![token.to_string()]).await.map(|_| ())
    }

    async fn of_holder(&self, script: &'static Script, id: [u8; 16], arguments: Vec<String>) -> Result<bool, Fault> {
        let key = self.keys.lease(id);
        let calls = Calls::one(slot(key.as_bytes()), Call::new(script, vec![key], arguments));
        let answer =
            script::run(&self.links, &[calls]).await.pop().ok_or_else(|| reply::senseless("no answer was given"))?;
        Ok(reply::number(&Replies::new(answer?.values).next()?) == 1)
    }

    /// The token of whoever holds a lease.
    pub(in crate::store::redis) async fn holder(&self, id: [u8; 16]) -> Result<Option<u64>, Fault> {
        let key = self.keys.lease(id);
        let mut get = redis::cmd("GET");
        get.arg(&key);
        let value = self.ask(&key, get).await?.next()?;
        Ok(Some(reply::number(&value)).filter(|token| *token != 0))
    }

    /// Waits for a push that tells of a change of the lease. Where nobody pushes, it looks again and again with growing
    /// pauses.
    pub(in crate::store::redis) async fn watch_lease(&self, id: [u8; 16], at_most: Duration) {
        let key = self.keys.lease(id);
        let began = Instant::now();
        let mut pause = FIRST_LOOK;
        loop {
            let heard = self.waiting.listen(&self.links, &self.keys.leases_prefix()).await;
            let woken = self.waiting.expect(&key);
            // Asked after the promise to be woken: a change in between is heard.
            if !matches!(self.holder(id).await, Ok(Some(_))) {
                return;
            }
            let Some(left) = at_most.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) else { return };
            if heard {
                select(woken, self.sleep(left)).await;
                return;
            }
            self.sleep(pause.min(left)).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    }
}
