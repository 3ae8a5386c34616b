//! What a shared store promises.

use std::time::Duration;

/// How results in a shared store are kept fresh: what is promised, and what it costs.
///
/// | mode | promise | round trips: hit, miss, write |
/// |---|---|---|
/// | [`Mode::Ttl`] | results go by time alone | 1, 1, 0 |
/// | [`Mode::Fresh`] | a read that starts after a write was acknowledged sees it | 1, 2, 1 after COMMIT |
/// | [`Mode::Strict`] | also: nobody sees new, then old; a crash leaves nothing stale | 1, 2, 1 before and 1 after COMMIT |
///
/// The mode belongs to the data: all processes that write the same tables use the same one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Time only: changes drop nothing.
    Ttl,
    /// Changes are told after COMMIT and before the write is acknowledged. A writer that dies in between leaves results
    /// stale until their time to live is over, or until the outbox is swept.
    #[default]
    Fresh,
    /// Changes are announced before COMMIT, and a write that cannot be announced is refused. Results that an announced change
    /// may concern are neither served nor stored until its fate is known, or until the lease is over.
    Strict(Strict),
}

/// The settings of [`Mode::Strict`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Strict {
    pub(crate) lease: Duration,
    pub(crate) wait: Option<Duration>,
    pub(crate) fence: bool,
}

impl Strict {
    /// A lease of five seconds, without replicas.
    pub fn new() -> Self {
        Strict { lease: Duration::from_secs(5), wait: None, fence: false }
    }

    /// The longest time between an announcement and the end of its COMMIT.
    ///
    /// COMMIT is not sent when half of it is over. After a crash the rows that were announced are not cached for this
    /// long; nor is anything for this long, and a second, after a restart or failover of the store.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Has every announcement wait until all replicas have it, at most this long; one that does not get there is
    /// refused. So a failover loses none of them, whichever replica takes over.
    pub fn wait(mut self, at_most: Duration) -> Self {
        self.wait = Some(at_most);
        self
    }

    /// Has every hit ask the primary for a write permission as well, which one that was cut off from its replicas
    /// does not have (`min-replicas-to-write`).
    pub fn fence(mut self) -> Self {
        self.fence = true;
        self
    }

    /// The time after an announcement within which COMMIT has to be sent.
    pub(crate) fn commit_budget(&self) -> Duration {
        self.lease / 2
    }
}

impl Default for Strict {
    fn default() -> Self {
        Strict::new()
    }
}
