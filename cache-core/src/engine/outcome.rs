//! Why a lookup missed, and why a result was not kept.

use std::fmt;
use std::sync::Arc;

/// Why a lookup did not serve an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissReason {
    /// There is none: never filled, evicted, or deleted by name.
    Absent,
    /// Its time to live is over.
    Expired,
    /// It was not asked for during its idle time.
    Idle,
    /// An invalidation has voided it.
    Invalidated {
        /// The number of the invalidation, as in [`Invalidation::number`](crate::observe::Invalidation).
        by: u64,
    },
    /// The entry holds a value of another type.
    WrongType,
    /// The shared store holds an entry, and what it was made from has changed since.
    Outdated,
    /// The shared store holds an entry that cannot be read: of another release, damaged, or not ours.
    Undecodable,
    /// The shared store did not answer, or has not been told yet of a change that this process made.
    Unreachable,
}

impl fmt::Display for MissReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MissReason::Absent => f.write_str("absent"),
            MissReason::Expired => f.write_str("expired"),
            MissReason::Idle => f.write_str("idle for too long"),
            MissReason::Invalidated { by } => write!(f, "invalidated by change {by}"),
            MissReason::WrongType => f.write_str("holds another type"),
            MissReason::Outdated => f.write_str("outdated by a change"),
            MissReason::Undecodable => f.write_str("cannot be read"),
            MissReason::Unreachable => f.write_str("the store did not answer"),
        }
    }
}

/// Why a result was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Something that it depends on was invalidated while it was made.
    Invalidated {
        /// The number of the invalidation.
        by: u64,
    },
    /// It was made from rows that others must not see.
    Tainted(Arc<str>),
    /// It was read from a snapshot that is older than the last invalidation of one of its tables.
    OlderSnapshot,
    /// Its key was deleted or set by name while it was made.
    Removed,
    /// Its query must not be cached.
    Uncacheable(Arc<str>),
    /// The caller's policy does not keep it: an error, or a time to live of zero.
    NotKept,
    /// The shared store did not answer, or has not been told yet of a change that this process made.
    Unreachable,
    /// A change has been announced that may concern it.
    Announced,
    /// It was made of rows that it does not depend on; see [`Verify`](crate::Verify).
    Undeclared(Arc<str>),
    /// The shared store holds bytes, and the value could not be turned into any.
    Unencodable(Arc<str>),
}

impl Refusal {
    /// Whether callers that waited for the result may still take it, provided that it was begun after they came.
    pub(crate) fn is_shareable(&self) -> bool {
        matches!(
            self,
            Refusal::Invalidated { .. }
                | Refusal::Removed
                | Refusal::NotKept
                | Refusal::Unreachable
                | Refusal::Announced
                | Refusal::Unencodable(_)
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Invalidated { by } => write!(f, "overtaken by change {by}"),
            Refusal::Tainted(reason) => write!(f, "not for others: {reason}"),
            Refusal::OlderSnapshot => f.write_str("read from a snapshot older than the last change"),
            Refusal::Removed => f.write_str("its key was deleted or set meanwhile"),
            Refusal::Uncacheable(reason) => write!(f, "not cacheable: {reason}"),
            Refusal::NotKept => f.write_str("not kept"),
            Refusal::Unreachable => f.write_str("the store did not answer"),
            Refusal::Announced => f.write_str("a change is announced that may concern it"),
            Refusal::Undeclared(missing) => write!(f, "read and not declared: {missing}"),
            Refusal::Unencodable(reason) => write!(f, "cannot be encoded: {reason}"),
        }
    }
}
