//! What is known of one result.

use std::fmt;
use std::time::Duration;

use crate::clock::Instant;
use crate::dependency::Dependencies;
use crate::engine::MissReason;
use crate::key::Key;
use crate::store::Stored;

/// What a cache holds under one key at one moment, and why it would or would not be served; made by
/// [`Cache::explain`](crate::Cache::explain).
///
/// Its `Display` form is for people:
///
/// ```
/// use cache_core::{Cache, Dependencies, Key, column};
///
/// let cache = Cache::in_memory();
/// let key = Key::new("titles").with(&3);
/// let entry = cache.entry(key.clone()).depends_on(|| Dependencies::on("article", column("category_id").eq(3)));
/// entry.get_or_fill(|| vec![String::from("a title")]);
///
/// let explanation = cache.explain(&key);
/// assert!(explanation.is_served());
/// assert_eq!(explanation.held[0].conditions, ["article: category_id = 3"]);
/// assert!(explanation.to_string().contains("held in memory"));
///
/// cache.invalidate_table("article")?;
/// assert_eq!(cache.explain(&key).held[0].fault.map(|fault| fault.to_string()), Some("invalidated by change 1".into()));
/// # Ok::<(), cache_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// What was asked about.
    pub key: Key,
    /// The places that hold a result, the one first that is looked into first. None: it was never kept, was evicted or
    /// deleted, or a look-up has found it out since it became invalid.
    pub held: Vec<Held>,
    /// Whether a shared store was asked and did not answer, so that it may hold more.
    pub unanswered: bool,
}

/// A result in one place.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Held {
    /// Where.
    pub place: HeldIn,
    /// How long ago it was made; `None` if it cannot be read. In a shared store it is as exact as the clocks of the machines
    /// agree.
    pub age: Option<Duration>,
    /// How much of its time to live is left; `None` if it has none.
    pub remaining: Option<Duration>,
    /// How much of the time is left in which it has to be hit again; `None` if there is no such limit, or only the store
    /// knows.
    pub idle: Option<Duration>,
    /// What it weighs, in bytes: as it was weighed when it was kept, or the bytes in the shared store.
    pub weight: u64,
    /// What it depends on, if this process has made it.
    pub dependencies: Option<Dependencies>,
    /// The same as text, one for each conjunction. Where another process has made it, a table with columns and operators
    /// takes the place of conditions: shared stores keep no values.
    pub conditions: Vec<String>,
    /// How many stamps it hangs on; all of them have to stand.
    pub stamps: usize,
    /// Why it would not be served; `None` if it would. In this process [`MissReason::Invalidated`] tells the number of the
    /// invalidation that took it; of a shared store it is only known that there was one ([`MissReason::Outdated`]).
    pub fault: Option<MissReason>,
}

/// A place that holds results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeldIn {
    /// The embedded store of this process.
    Memory,
    /// The near cache of this process, above a shared store.
    Near,
    /// The shared store.
    Shared,
}

impl Explanation {
    /// Whether a call at that moment would have been a hit.
    pub fn is_served(&self) -> bool {
        self.held.iter().any(|held| held.fault.is_none())
    }
}

impl Held {
    /// What is kept in this process.
    pub(crate) fn here(place: HeldIn, stored: &Stored, now: Instant, fault: Option<MissReason>) -> Self {
        let over = match &stored.idle {
            _ if stored.expires.is_some_and(|deadline| deadline <= now) => Some(MissReason::Expired),
            Some(idle) if idle.left(now).is_none() => Some(MissReason::Idle),
            _ => None,
        };
        let dependencies = &stored.dependencies;
        Held {
            place,
            age: Some(stored.made.age(now)),
            remaining: stored.expires.map(|deadline| deadline.since(now)),
            idle: stored.idle.as_ref().map(|idle| idle.left(now).unwrap_or_default()),
            weight: stored.weight,
            conditions: dependencies.conjunctions().iter().map(ToString::to_string).collect(),
            dependencies: Some(dependencies.clone()),
            stamps: stored.proof.as_ref().map_or(stored.stamps.len(), |proof| proof.footprint.len()),
            fault: fault.or(over),
        }
    }
}

impl fmt::Display for HeldIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HeldIn::Memory => "memory",
            HeldIn::Near => "the near cache",
            HeldIn::Shared => "the shared store",
        })
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.key)?;
        if self.held.is_empty() {
            f.write_str("not held")?;
        }
        for (at, held) in self.held.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{held}")?;
        }
        if self.unanswered { f.write_str("\nthe shared store did not answer") } else { Ok(()) }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "held in {}", self.place)?;
        if let Some(age) = self.age {
            write!(f, ", made {} ago", Rounded(age))?;
        }
        if let Some(remaining) = self.remaining {
            write!(f, ", ends in {}", Rounded(remaining))?;
        }
        if let Some(idle) = self.idle {
            write!(f, ", unless hit within {}", Rounded(idle))?;
        }
        write!(f, ", {} bytes; ", self.weight)?;
        match self.fault {
            None => write!(f, "valid, {} stamps stand", self.stamps)?,
            Some(fault) => write!(f, "not served: {fault}")?,
        }
        for condition in &self.conditions {
            write!(f, "\n  depends on {condition}")?;
        }
        Ok(())
    }
}

/// A time for people: milliseconds below a second, else seconds and larger units.
struct Rounded(Duration);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds == 0 {
            return write!(f, "{}ms", self.0.as_millis());
        }
        let units =
            [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
        let mut written =
            units.into_iter().skip_while(|(count, _)| *count == 0).take(2).filter(|(count, _)| *count > 0);
        if let Some((count, unit)) = written.next() {
            write!(f, "{count}{unit}")?;
        }
        written.try_for_each(|(count, unit)| write!(f, " {count}{unit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_to_two_units() {
        for (time, text) in [
            (Duration::ZERO, "0ms"),
            (Duration::from_millis(999), "999ms"),
            (Duration::from_millis(1999), "1s"),
            (Duration::from_secs(897), "14m 57s"),
            (Duration::from_secs(3600), "1h"),
            (Duration::from_secs(3601), "1h"),
            (Duration::from_secs(90_061), "1d 1h"),
        ] {
            assert_eq!(Rounded(time).to_string(), text);
        }
    }
}
