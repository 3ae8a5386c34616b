//! Checking that what is kept is right: what was declared against what was read, what is kept against what would be made anew.
//!
//! Its switches are no part of the protocol, and those of the standard library: a scheduler has nothing to interleave in them.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How much of what a cache believes is checked, and what happens when it was wrong.
///
/// **Declarations.** While a function with declared querysets runs on a miss, whatever it reads through wrapped connections is compared with what
/// it has declared, nested results included. A table or condition that no declaration covers is an error that names it: the result would
/// outlive a change there. [`Verify::panic`] panics once the body is over, for tests; [`Verify::log`] raises the event
/// [`Event::Undeclared`](super::Event::Undeclared) and does not keep the result, for production. What cannot be proved to be covered counts as
/// missing.
///
/// **Results.** With [`Verify::compare`] a hit runs the body as well. Where its result is another one than what was kept, the event
/// [`Event::Differs`](super::Event::Differs) is raised, the entry is dropped, and the caller gets the fresh value. A write that is committed, and
/// that the cache is just being told of, looks like a difference, too.
///
/// It is said for one function (`verify = ".."`), for a cache ([`CacheBuilder::verify`](crate::CacheBuilder::verify)), or for the whole process
/// ([`Verify::everywhere`]); the strongest counts, except that [`Verify::off`] of a function frees it.
///
/// ```
/// use cache_core::{Cache, Verify};
///
/// let cache = Cache::builder().verify(Verify::log().one_in(1_000)).build();
/// let _tests = Verify::panic().everywhere();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Verify {
    off: bool,
    declarations: Option<(Severity, NonZeroU32)>,
    results: Option<NonZeroU32>,
}

/// What happens when something was read that was not declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Log,
    Panic,
}

/// Whether results are compared anywhere: the one look that a hit has to pay for.
static COMPARES: AtomicBool = AtomicBool::new(false);

/// What the guards of the process ask for.
static EVERYWHERE: Mutex<Vec<(u64, Verify)>> = Mutex::new(Vec::new());

static TURN: AtomicU64 = AtomicU64::new(0);

impl Verify {
    /// Nothing is checked, whatever the cache or the process say.
    pub fn off() -> Self {
        Verify { off: true, ..Verify::default() }
    }

    /// A read that was not declared panics when the body is over.
    pub fn panic() -> Self {
        Verify { declarations: Some((Severity::Panic, NonZeroU32::MIN)), ..Verify::default() }
    }

    /// A read that was not declared is an event, and the result is not kept.
    pub fn log() -> Self {
        Verify { declarations: Some((Severity::Log, NonZeroU32::MIN)), ..Verify::default() }
    }

    /// Hits run the body as well.
    pub fn compare() -> Self {
        Verify { results: Some(NonZeroU32::MIN), ..Verify::default() }.noted()
    }

    /// Only one in so many misses, or hits, is checked, at random; 0 counts as 1.
    pub fn one_in(mut self, calls: u32) -> Self {
        let calls = NonZeroU32::new(calls).unwrap_or(NonZeroU32::MIN);
        self.declarations = self.declarations.map(|(severity, _)| (severity, calls));
        self.results = self.results.map(|_| calls);
        self
    }

    /// Both: the more severe and the more frequent of each.
    pub fn with(self, other: Verify) -> Self {
        let declarations = match (self.declarations, other.declarations) {
            (Some((one, often)), Some((two, seldom))) => Some((one.max(two), often.min(seldom))),
            (one, two) => one.or(two),
        };
        let results = self.results.into_iter().chain(other.results).min();
        Verify { off: self.off || other.off, declarations, results }
    }

    /// Checks this much in the whole process, until the guard is dropped: one line for a suite of tests.
    ///
    /// It concerns all caches, all threads and all tasks; a static keeps it for good.
    ///
    /// ```
    /// use std::sync::LazyLock;
    /// use cache_core::{Verify, VerifyGuard};
    ///
    /// static VERIFIED: LazyLock<VerifyGuard> = LazyLock::new(|| Verify::panic().everywhere());
    /// LazyLock::force(&VERIFIED);
    /// ```
    pub fn everywhere(self) -> VerifyGuard {
        let number = TURN.fetch_add(1, Ordering::Relaxed);
        everywhere().push((number, self.noted()));
        VerifyGuard { number }
    }

    pub(crate) fn noted(self) -> Self {
        if self.results.is_some() {
            COMPARES.store(true, Ordering::Relaxed);
        }
        self
    }

    /// What counts for a function that says `own`, in a cache that says `of_cache`.
    fn effective(own: Option<Verify>, of_cache: Verify) -> Verify {
        let own = own.unwrap_or_default();
        if own.off {
            return own;
        }
        let others = everywhere().iter().fold(of_cache, |all, (_, one)| all.with(*one));
        if others.off { own } else { own.with(others) }
    }

    /// What is to happen when this miss reads what was not declared; `None` where this one is not checked.
    pub(crate) fn declarations(own: Option<Verify>, of_cache: Verify) -> Option<Severity> {
        let (severity, calls) = Verify::effective(own, of_cache).declarations?;
        is_due(calls).then_some(severity)
    }

    /// Whether hits may have to be compared.
    #[inline]
    pub(crate) fn compares() -> bool {
        COMPARES.load(Ordering::Relaxed)
    }

    /// Whether the body runs for this hit, too.
    pub(crate) fn results(own: Option<Verify>, of_cache: Verify) -> bool {
        Verify::compares() && Verify::effective(own, of_cache).results.is_some_and(is_due)
    }
}

/// A stretch in which the whole process checks; made by [`Verify::everywhere`].
#[derive(Debug)]
#[must_use = "the stretch ends when the guard is dropped"]
pub struct VerifyGuard {
    number: u64,
}

impl Drop for VerifyGuard {
    fn drop(&mut self) {
        everywhere().retain(|(number, _)| *number != self.number);
    }
}

fn everywhere() -> std::sync::MutexGuard<'static, Vec<(u64, Verify)>> {
    EVERYWHERE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One in so many calls, without a rhythm that the calls could share.
fn is_due(calls: NonZeroU32) -> bool {
    if calls == NonZeroU32::MIN {
        return true;
    }
    let turn = TURN.fetch_add(1, Ordering::Relaxed);
    let mut mixed = turn.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    ((mixed ^ (mixed >> 32)) >> 32).is_multiple_of(u64::from(calls.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every(calls: u32) -> NonZeroU32 {
        NonZeroU32::new(calls).unwrap()
    }

    #[test]
    fn the_strongest_counts() {
        let both = Verify::log().one_in(100).with(Verify::panic().one_in(1_000)).with(Verify::compare());
        assert_eq!(both.declarations, Some((Severity::Panic, every(100))));
        assert_eq!(both.results, Some(every(1)));
    }

    #[test]
    fn a_function_can_be_freed() {
        assert_eq!(Verify::declarations(Some(Verify::off()), Verify::panic()), None);
        assert!(!Verify::results(Some(Verify::off()), Verify::compare()));
        assert_eq!(Verify::declarations(None, Verify::panic()), Some(Severity::Panic));
        assert!(Verify::results(Some(Verify::compare()), Verify::default()));
    }

    #[test]
    fn one_in_so_many_is_about_that_many() {
        let due = (0..10_000).filter(|_| is_due(every(10))).count();
        assert!((500..2_000).contains(&due), "{due} of 10000");
    }
}
