//! Waiting for replicas.

use redis::Value;

use super::void::Purpose;
use crate::store::redis::link::{Group, Links};
use crate::store::redis::reply::{self, Replies};
use crate::store::redis::space::millis;
use crate::store::shared::{Fault, FaultKind};

/// What is left to wait for after an announcement.
pub(super) struct Waiting {
    at_most: Option<u64>,
    incarnation: u64,
}

impl Waiting {
    pub(super) fn for_purpose(purpose: &Purpose) -> Self {
        let at_most = match purpose {
            Purpose::Announce { strict, .. } => strict.wait.map(millis),
            Purpose::Void { .. } => None,
        };
        Waiting { at_most, incarnation: 0 }
    }

    /// An announcement was carried out by this server.
    pub(super) fn met(&mut self, incarnation: u64) {
        self.incarnation = incarnation;
    }

    /// Waits until all replicas have the announcement, at least one.
    ///
    /// A server takes the wait of a connection to be for all that it has written when it carried out the command before, so
    /// that it does not matter on which connection the announcement came.
    ///
    /// # Errors
    ///
    /// When not all of them have it in time, or there is none.
    pub(super) async fn finish(self, links: &Links, slot: u16) -> Result<(), Fault> {
        let Some(at_most) = self.at_most else { return Ok(()) };
        let mut expected = 1;
        loop {
            let mut wait = redis::cmd("WAIT");
            wait.arg(expected).arg(at_most);
            let answer = links.run_one(Group::new(slot).with(redis::cmd("ROLE")).with(wait)).await?;
            if answer.incarnation != self.incarnation {
                return Err(Fault::new(FaultKind::Moved, "the server became another one after an announcement"));
            }
            let mut replies = Replies::new(answer.values);
            let replicas = match &replies.array(3)?[..] {
                [_, _, Value::Array(replicas)] => replicas.len() as u64,
                _ => return Err(reply::senseless("the role of a primary was expected")),
            };
            let reached = reply::count(&replies.next()?)?;
            if reached < expected {
                let text = format!("{reached} of {expected} replicas have the announcement after {at_most} ms");
                return Err(Fault::new(FaultKind::Server, text));
            }
            if replicas <= expected {
                return Ok(());
            }
            expected = replicas;
        }
    }
}
