//! What a cache tells its subscribers.

use std::fmt;
use std::time::Duration;

use crate::change::Change;
use crate::dependency::{Dependencies, Table};
use crate::engine::{MissReason, Refusal};
use crate::key::Key;
use crate::shape::Named;

/// Something that happened to a cache.
///
/// Subscribers run on the thread where it happened, inside of the read or write: they should be quick.
/// A `name` is the path of the function, the name of the fragment, or what the caller of
/// [`Entry::name`](crate::Entry::name) chose.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A valid entry was served, or the value of a flight that the caller had joined.
    Hit {
        /// What was asked for.
        name: &'a str,
        /// Its key.
        key: &'a Key,
    },
    /// No valid entry was found, and the work runs.
    Miss {
        /// What was asked for.
        name: &'a str,
        /// Its key.
        key: &'a Key,
        /// Why nothing could be served.
        reason: MissReason,
    },
    /// A result was stored.
    Fill {
        /// What was asked for.
        name: &'a str,
        /// Its key.
        key: &'a Key,
        /// What the result depends on, nested results included.
        dependencies: &'a Dependencies,
        /// What it weighs, in bytes.
        weight: u64,
        /// How long the work took.
        elapsed: Duration,
    },
    /// A result was not stored.
    Refused {
        /// What was asked for.
        name: &'a str,
        /// Its key.
        key: &'a Key,
        /// Why not.
        reason: &'a Refusal,
    },
    /// The work ran without the cache: it is disabled here, or the connection has uncommitted writes.
    Bypass {
        /// What was asked for.
        name: &'a str,
        /// Its key.
        key: &'a Key,
    },
    /// A value was served that is fresh no more, as the caller's options allow.
    Stale {
        /// What was asked for.
        name: &'a str,
        /// Its key.
        key: &'a Key,
        /// How long ago it may have ceased to be fresh, at most.
        age: Duration,
        /// Why it was served.
        cause: StaleCause<'a>,
    },
    /// The work begins to run in the background, for a value that is stale or whose time is almost over.
    Refresh {
        /// What is refreshed.
        name: &'a str,
        /// Its key.
        key: &'a Key,
    },
    /// A caller has waited as long as `hard_timeout` says, and got an error or a stale value.
    TimedOut {
        /// What was asked for.
        name: &'a str,
        /// Its key.
        key: &'a Key,
    },
    /// A run in the background has panicked; callers that wait for its result run their own.
    Panicked {
        /// What was made.
        name: &'a str,
        /// Its key.
        key: &'a Key,
    },
    /// A result was made of rows that it does not depend on, as [`Verify`](super::Verify) found.
    Undeclared {
        /// What was asked for.
        name: &'a str,
        /// Its key.
        key: &'a Key,
        /// What was read and not declared.
        missing: &'a Dependencies,
    },
    /// A result that was kept is another one than the work makes now, or cannot be compared with it, as [`Verify`](super::Verify) found. One
    /// that is another was dropped.
    Differs {
        /// What was asked for.
        name: &'a str,
        /// Its key.
        key: &'a Key,
        /// How long it was kept, if it was made in this process.
        age: Option<Duration>,
        /// What it depends on; nothing where another process has made it.
        dependencies: &'a Dependencies,
        /// Whether the two could be compared: their type is `PartialEq`, or has a codec.
        compared: bool,
    },
    /// Changes were applied.
    Invalidation(&'a Invalidation<'a>),
}

/// Why a value was served that is fresh no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StaleCause<'a> {
    /// It is being refreshed in the background: `stale_while_revalidate`.
    Revalidating,
    /// The work ended in an error: `stale_if_error`. The text is the error's, where it has one.
    Failed(Option<&'a str>),
    /// The work takes too long: `soft_timeout`, or `hard_timeout` beside `stale_if_error`.
    Slow,
}

/// A batch of changes that was applied, and what it met.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Invalidation<'a> {
    /// The number of the invalidation; later ones have higher numbers.
    pub number: u64,
    /// The changes.
    pub changes: &'a [Change],
    /// The shapes whose conjunctions were voided.
    pub shapes: &'a [ShapeMet],
}

/// A shape that an invalidation met: the columns of conjunctions of one table, and how many went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShapeMet {
    /// The table; `None` when everything went.
    pub table: Option<Table>,
    /// The columns and operators.
    pub shape: String,
    /// How many conjunctions of the shape were voided.
    pub conjunctions: usize,
    /// Whether all of the shape went, because the change did not tell a column or told it in another type.
    pub whole: bool,
}

impl ShapeMet {
    pub(crate) fn new(table: &Table, shape: &impl fmt::Display, conjunctions: usize, whole: bool) -> Self {
        ShapeMet { table: Some(table.clone()), shape: shape.to_string(), conjunctions, whole }
    }

    /// Shapes under the names that a shared store has for them, where each level of a range is one.
    pub(crate) fn of_names<'a>(table: &Table, names: impl IntoIterator<Item = (&'a str, usize, bool)>) -> Vec<Self> {
        let mut met: Vec<ShapeMet> = Vec::new();
        for (name, conjunctions, whole) in names {
            let shape = Named::describe(name);
            match met.iter_mut().find(|known| known.shape == shape) {
                Some(known) => {
                    known.conjunctions += conjunctions;
                    known.whole |= whole;
                }
                None => met.push(ShapeMet { table: Some(table.clone()), shape, conjunctions, whole }),
            }
        }
        met
    }

    pub(crate) fn everything() -> Self {
        ShapeMet { table: None, shape: String::from("everything"), conjunctions: 0, whole: true }
    }
}

impl fmt::Display for ShapeMet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            Some(table) => write!(f, "{table} ({}): ", self.shape)?,
            None => return f.write_str("everything"),
        }
        if self.whole { f.write_str("all of them") } else { write!(f, "{}", self.conjunctions) }
    }
}
