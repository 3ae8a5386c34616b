//! The options of time and failure of a cached function.

use std::borrow::Borrow;
use std::ffi::{CStr, OsStr};
use std::fmt;
use std::path::Path;
use std::time::Duration;

use super::kept::{ErrPolicy, ErrSomePolicy, KeptError, OkSomePolicy};
use super::policy::{Cacheable, Policy, ResultPolicy};
use crate::cache::{Describe, Ends, HardTimeout, TimedOut};
use crate::engine::Grace;

/// The options of a function that returns an `R`; made only where one is used.
pub struct Graces<R> {
    pub(super) grace: Grace,
    describe: Option<Describe<R>>,
    hard_timeout: Option<HardTimeout<R>>,
}

/// What a call was given: [`Graces`], or `()` for none.
pub trait Given<R>: Sized {
    /// The options, if there are any.
    fn given(self) -> Option<Graces<R>>;
}

impl<R> Given<R> for () {
    fn given(self) -> Option<Graces<R>> {
        None
    }
}

impl<R> Given<R> for Graces<R> {
    fn given(self) -> Option<Graces<R>> {
        Some(self)
    }
}

impl<R> Graces<R> {
    /// No options yet.
    pub fn of<P: Policy<Return = R>>(_: P) -> Self {
        Graces { grace: Grace::default(), describe: None, hard_timeout: None }
    }

    /// By how much times to live are shortened at most.
    pub fn jitter(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.grace.jitter = time.into();
        self
    }

    /// How long before its end a hit refreshes an entry.
    pub fn refresh_ahead(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.grace.refresh_ahead = time.into();
        self
    }

    /// How long a stale value is served while it is refreshed.
    pub fn stale_while_revalidate(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.grace.stale_while_revalidate = time.into();
        self
    }

    /// How long a stale value is served in place of an error, and what such an error says.
    pub fn stale_if_error(mut self, time: impl Into<Option<Duration>>, describe: Option<Describe<R>>) -> Self {
        self.grace.stale_if_error = time.into();
        self.describe = describe;
        self
    }

    /// How long a caller waits before a stale value will do.
    pub fn soft_timeout(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.grace.soft_timeout = time.into();
        self
    }

    /// How long a caller waits, and what it returns then.
    pub fn hard_timeout(mut self, time: impl Into<Option<Duration>>, error: fn(TimedOut) -> R) -> Self {
        self.hard_timeout = time.into().map(|time| (time, error));
        self
    }

    pub(super) fn into_ends(self) -> Ends<R> {
        Ends { describe: self.describe, hard_timeout: self.hard_timeout }
    }
}

impl<R> fmt::Debug for Graces<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graces").field("grace", &self.grace).field("hard_timeout", &self.hard_timeout).finish()
    }
}

/// What may end in an error.
#[diagnostic::on_unimplemented(
    message = "`stale_if_error` serves the last result in place of an `Err`, and nothing is kept here by the `Ok` of a `Result`",
    label = "needs a function that returns a `Result`, without `cache_none = false` and `cache_err = true`",
    note = "return a `Result`, or remove one of the options"
)]
pub trait Fails: Copy {}

#[diagnostic::do_not_recommend]
impl<T, E> Fails for ResultPolicy<T, E> {}

/// The place where `stale_if_error` is refused.
pub fn fails<P: Fails>(_: P) {}

/// What can end in a time-out.
#[diagnostic::on_unimplemented(
    message = "`hard_timeout` ends a call with an error that this function cannot return",
    label = "needs an error that can be made from `cache_core::TimedOut`",
    note = "return a `Result<_, E>` where `E: From<cache_core::TimedOut>`"
)]
pub trait TimesOut: Policy {
    /// The error as what is returned.
    fn timed_out(timed_out: TimedOut) -> Self::Return;
}

#[diagnostic::do_not_recommend]
impl<T: Cacheable, E: From<TimedOut>> TimesOut for ResultPolicy<T, E> {
    fn timed_out(timed_out: TimedOut) -> Result<T, E> {
        Err(E::from(timed_out))
    }
}

macro_rules! times_out {
    ($($policy:ident<$value:ty, $kept:ident>;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: Cacheable, E: From<TimedOut> + $kept> TimesOut for $policy<T, E> {
            fn timed_out(timed_out: TimedOut) -> Result<$value, E> {
                Err(E::from(timed_out))
            }
        }
    )*};
}

times_out! {
    OkSomePolicy<Option<T>, Sized>;
    ErrPolicy<T, KeptError>;
    ErrSomePolicy<Option<T>, KeptError>;
}

/// How a function that is out of time returns.
pub fn timed_out<P: TimesOut>(_: P) -> fn(TimedOut) -> <P as Policy>::Return {
    P::timed_out
}

/// Chosen for errors that can be displayed.
pub trait ViaDisplay {
    /// What is returned.
    type Return;

    /// What an error says.
    fn describe(&self) -> Option<Describe<Self::Return>>;
}

impl<T, E: fmt::Display> ViaDisplay for &&ResultPolicy<T, E> {
    type Return = Result<T, E>;

    fn describe(&self) -> Option<Describe<Result<T, E>>> {
        Some(|returned| returned.as_ref().err().map(ToString::to_string))
    }
}

/// Chosen for errors that can only be debugged.
pub trait ViaDebug {
    /// What is returned.
    type Return;

    /// What an error says.
    fn describe(&self) -> Option<Describe<Self::Return>>;
}

impl<T, E: fmt::Debug> ViaDebug for &ResultPolicy<T, E> {
    type Return = Result<T, E>;

    fn describe(&self) -> Option<Describe<Result<T, E>>> {
        Some(|returned| returned.as_ref().err().map(|error| format!("{error:?}")))
    }
}

/// Chosen for everything else.
pub trait ViaSilence {
    /// What is returned.
    type Return;

    /// Nothing is said.
    fn describe(&self) -> Option<Describe<Self::Return>>;
}

impl<P: Policy> ViaSilence for P {
    type Return = P::Return;

    fn describe(&self) -> Option<Describe<P::Return>> {
        None
    }
}

/// A borrowed argument that is kept for a run that may outlive the call.
#[diagnostic::on_unimplemented(
    message = "`stale_while_revalidate`, `refresh_ahead` and the time-outs keep the arguments for a run that may outlive the call, \
               and a borrowed `{Self}` cannot be kept",
    label = "borrowed, and not `Clone`",
    note = "derive `Clone` for `{Self}`, take it in an `Arc`, or remove the option"
)]
pub trait KeptArgument {
    /// A value of one's own.
    type Kept;

    /// Makes one.
    fn keep(&self) -> Self::Kept;

    /// Borrows from it what the body takes.
    fn lend(kept: &Self::Kept) -> &Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> KeptArgument for T {
    type Kept = T;

    fn keep(&self) -> T {
        self.clone()
    }

    fn lend(kept: &T) -> &T {
        kept
    }
}

#[diagnostic::do_not_recommend]
impl<T: Clone> KeptArgument for [T] {
    type Kept = Vec<T>;

    fn keep(&self) -> Vec<T> {
        self.to_vec()
    }

    fn lend(kept: &Vec<T>) -> &[T] {
        kept
    }
}

macro_rules! unsized_arguments {
    ($($ty:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl KeptArgument for $ty {
            type Kept = <$ty as ToOwned>::Owned;

            fn keep(&self) -> Self::Kept {
                self.to_owned()
            }

            fn lend(kept: &Self::Kept) -> &Self {
                kept.borrow()
            }
        }
    )*};
}

unsized_arguments!(str, Path, OsStr, CStr);

/// A value of one's own for a borrowed argument.
pub fn kept<T: KeptArgument + ?Sized>(argument: &T) -> T::Kept {
    argument.keep()
}

/// An argument that was kept, as the body takes it.
pub fn lent<T: KeptArgument + ?Sized>(kept: &T::Kept) -> &T {
    T::lend(kept)
}
