//! The mechanisms of a near cache, each a switch, and the bounds of the search.

/// A near cache in one process, above a shared store that pushes invalidations to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearCache {
    /// The bound on staleness, in ticks.
    pub bound: u8,
    /// How many writes there are, one after the other; at most [`WRITES`].
    pub writes: u8,
    /// How often the connection for pushes may be lost.
    pub losses: u8,
    /// What is fetched is kept only if no push for it came since the request was sent.
    pub placeholder: bool,
    /// Whether pings limit how long anything is served.
    pub lease: PingLease,
    /// Everything is dropped once a loss of the connection is noticed.
    pub drops_on_loss: bool,
    /// A write of this very process drops what it concerns before it is acknowledged, without waiting for the push.
    pub drops_own: bool,
    /// Writers announce themselves before COMMIT; nothing is kept that was fetched under an intent.
    pub intents: bool,
    /// How long writers wait for near caches.
    pub wait: Wait,
}

/// How many writes there may be.
pub const WRITES: usize = 2;

/// Whether pings limit how long anything is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PingLease {
    /// They do not.
    None,
    /// The bound counts from the sending of the last ping that was answered.
    FromLast,
    /// The bound counts from the sending of the ping before it.
    FromOneBefore,
}

/// How long writers wait for near caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Not at all.
    None,
    /// The bound, between invalidation and acknowledgement.
    BeforeAcknowledging,
    /// The bound, between the intent and COMMIT.
    BeforeCommitting,
}

impl NearCache {
    /// Every mechanism on, no waiting, a connection that is lost once.
    pub fn bounded() -> NearCache {
        NearCache {
            bound: 2,
            writes: 1,
            losses: 1,
            placeholder: true,
            lease: PingLease::FromOneBefore,
            drops_on_loss: true,
            drops_own: true,
            intents: false,
            wait: Wait::None,
        }
    }
}
