//! What is cached of a table by itself, and how.

use std::str::FromStr;
use std::time::Duration;

use super::lifetime;
use super::operation::{Operation, Operations};
use crate::error::{Error, ErrorKind};

/// How a result that is cached automatically is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// The time to live; without one the result lives until a change or eviction takes it.
    pub ttl: Option<Duration>,
    /// Rows that are read by their key are kept by their key.
    pub instance: bool,
    /// The children of a row are kept by their foreign key.
    pub collections: bool,
    /// A row that was saved takes its place among the rows that are kept by key at once.
    pub write_through: bool,
}

impl Policy {
    /// What both allow: the shorter time, and the flags that both have.
    fn and(self, other: Policy) -> Policy {
        Policy {
            ttl: match (self.ttl, other.ttl) {
                (Some(one), Some(another)) => Some(one.min(another)),
                (one, another) => one.or(another),
            },
            instance: self.instance && other.instance,
            collections: self.collections && other.collections,
            write_through: self.write_through && other.write_through,
        }
    }
}

/// What is cached of a table without anybody asking for it, and how.
///
/// Its text form is its operations and, if it has one, its time to live, with commas between them.
///
/// ```
/// use std::time::Duration;
/// use cache_core::{Operations, Profile};
///
/// let profile = Profile::new(Operations::GET | Operations::COUNT).ttl(Duration::from_secs(900));
/// assert_eq!("get, count, 15m".parse::<Profile>()?, profile);
/// # Ok::<(), cache_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    operations: Operations,
    policy: Policy,
}

impl Profile {
    /// The profile that caches these operations.
    #[must_use]
    pub fn new(operations: Operations) -> Self {
        Profile { operations, policy: Policy::default() }
    }

    /// The profile that caches nothing: no query that reads such a table is cached automatically.
    #[must_use]
    pub fn none() -> Self {
        Profile::default()
    }

    /// The time to live of results. Without one the cache's own holds.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.policy.ttl = Some(ttl);
        self
    }

    /// Whether rows that are read by their key are kept by their key; no by default.
    #[must_use]
    pub fn instance(mut self, kept: bool) -> Self {
        self.policy.instance = kept;
        self
    }

    /// Whether the children of a row are kept by their foreign key; no by default.
    #[must_use]
    pub fn collections(mut self, kept: bool) -> Self {
        self.policy.collections = kept;
        self
    }

    /// Whether a row that was saved takes its place among the rows that are kept by key at once; no by default.
    ///
    /// It needs [`Profile::instance`].
    #[must_use]
    pub fn write_through(mut self, put: bool) -> Self {
        self.policy.write_through = put;
        self
    }

    pub(super) fn with_operations(mut self, operations: Operations) -> Self {
        self.operations = operations;
        self
    }

    /// The operations that are cached.
    pub fn operations(&self) -> Operations {
        self.operations
    }

    /// How the results of an operation are kept, if they are.
    #[inline]
    pub fn policy(&self, operation: Operation) -> Option<Policy> {
        self.operations.contains(operation).then_some(self.policy)
    }

    /// What both profiles allow.
    pub(super) fn and(self, other: Profile) -> Profile {
        let operations = self.operations & other.operations;
        if operations.is_empty() {
            return Profile::none();
        }
        Profile { operations, policy: self.policy.and(other.policy) }
    }

    /// The profile with a time to live, if it caches anything and names none.
    pub(super) fn or_ttl(mut self, ttl: Duration) -> Profile {
        if !self.operations.is_empty() {
            self.policy.ttl = self.policy.ttl.or(Some(ttl));
        }
        self
    }

    /// What about the profile contradicts itself.
    pub(super) fn fault(&self) -> Option<&'static str> {
        if self.operations.is_empty() && self.policy != Policy::default() {
            return Some(
                "it caches nothing, so a time to live or a flag has no meaning; name operations, or drop them",
            );
        }
        if self.policy.ttl == Some(Duration::ZERO) {
            return Some("with no time to live at all nothing is kept; write `none`");
        }
        if self.policy.write_through && !self.policy.instance {
            return Some("`write_through` puts saved rows among those kept by key; set `instance` as well");
        }
        None
    }

    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut ttl = None;
        let mut words = Vec::new();
        for item in text.split(',').map(str::trim) {
            if !item.starts_with(|c: char| c.is_ascii_digit()) {
                words.push(item);
            } else if ttl.replace(lifetime::parse(item)?).is_some() {
                return Err(format!("`{text}` has two times to live; keep one"));
            }
        }
        if words.is_empty() {
            return Err(format!("`{text}` names no operation; write `all, {}`", text.trim()));
        }
        let mut profile = Profile::new(Operations::of_words(words)?);
        profile.policy.ttl = ttl;
        Ok(profile)
    }
}

/// Words of [`Operations`] and at most one time, with commas between them: `get, count, 15m`, `all`, `none`.
impl FromStr for Profile {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Profile::read(text).map_err(|fault| Error::new(ErrorKind::Parse, fault))
    }
}
