//! What an argument is: a connection, or part of the key.
//!
//! `(&Probe(&argument)).role()` is found by method resolution: [`ViaConnection`] where it applies, [`ViaKey`] elsewhere.

use std::fmt;

use crate::cache::CacheId;
use crate::context::{Connection, ReadPoint};
use crate::key::{CacheKey, KeyWriter};

/// An argument that is asked what it is.
pub struct Probe<'a, T: ?Sized>(pub &'a T);

/// The role of connections.
pub struct ConnectionRole<'a, T: ?Sized>(&'a T);

/// The role of everything else.
pub struct KeyRole<'a, T: ?Sized>(&'a T);

/// What a connection says about reads through it.
#[derive(Clone, Copy, Debug, Default)]
pub struct State {
    pub(super) bypass: bool,
    pub(super) read_point: Option<ReadPoint>,
    pub(super) cache: Option<CacheId>,
}

/// Chosen for connections.
pub trait ViaConnection {
    /// The connection's type.
    type Argument: ?Sized;

    /// The role of a connection.
    fn role(&self) -> ConnectionRole<'_, Self::Argument>;
}

impl<T: Connection + ?Sized> ViaConnection for Probe<'_, T> {
    type Argument = T;

    fn role(&self) -> ConnectionRole<'_, T> {
        ConnectionRole(self.0)
    }
}

/// Chosen for everything else.
pub trait ViaKey {
    /// The argument's type.
    type Argument: ?Sized;

    /// The role of a part of the key.
    fn role(&self) -> KeyRole<'_, Self::Argument>;
}

impl<T: ?Sized> ViaKey for &Probe<'_, T> {
    type Argument = T;

    fn role(&self) -> KeyRole<'_, T> {
        KeyRole(self.0)
    }
}

impl<T: Connection + ?Sized> ConnectionRole<'_, T> {
    /// A connection is no part of a key.
    pub fn part(self, _: &mut KeyWriter) {}

    /// What the connection says.
    pub fn state(self) -> State {
        without_place(self.0)
    }
}

impl<T: ?Sized> KeyRole<'_, T> {
    /// Writes the argument to the key.
    pub fn part(self, key: &mut KeyWriter)
    where
        T: CacheKey,
    {
        key.part(self.0);
    }

    /// Nothing is known, so nothing is said.
    pub fn state(self) -> State {
        State::default()
    }
}

/// What needs no place in the key.
#[diagnostic::on_unimplemented(
    message = "two calls that differ in this argument would share one result",
    label = "an argument without a place",
    note = "a connection needs no place once it is wrapped: pass the adapter's `CachedConnection` instead of `{Self}`",
    note = "anything else: use it in the queryset, add it to `extra`, or name it in `ignore(..)`"
)]
pub trait NeedsNoPlace {
    /// What a connection says.
    fn state(&self) -> State;
}

#[diagnostic::do_not_recommend]
impl<T: Connection + ?Sized> NeedsNoPlace for T {
    fn state(&self) -> State {
        State { bypass: self.bypass(), read_point: self.read_point(), cache: self.cache_id() }
    }
}

/// The place where an argument without a place is refused.
pub fn without_place<T: NeedsNoPlace + ?Sized>(argument: &T) -> State {
    argument.state()
}

/// What a queryset may use although the key ignores it.
#[diagnostic::on_unimplemented(
    message = "two calls that differ in this argument read different rows and would share one result",
    label = "used in the queryset, so it cannot be ignored",
    note = "remove it from `ignore(..)`, or add what tells its values apart to `extra`"
)]
pub trait IgnoredInQueryset {}

#[diagnostic::do_not_recommend]
impl<T: Connection + ?Sized> IgnoredInQueryset for T {}

/// The place where an argument is refused that is ignored and used in the queryset.
pub fn ignored_in_queryset<T: IgnoredInQueryset + ?Sized>(_: &T) {}

/// What a queryset can be built from, beside the call that it belongs to.
#[diagnostic::on_unimplemented(
    message = "the queryset takes an argument of type `{Self}`, which the function's body needs as well",
    label = "used in the queryset, and not `Clone`",
    note = "implement `Clone` for `{Self}`, or take the argument by reference"
)]
pub trait QuerysetArgument: Clone {}

#[diagnostic::do_not_recommend]
impl<T: Clone> QuerysetArgument for T {}

/// A copy of an argument for the queryset.
pub fn queryset_argument<T: QuerysetArgument>(argument: &T) -> T {
    argument.clone()
}

macro_rules! debug {
    ($($name:ident),*) => {$(
        impl<T: ?Sized> fmt::Debug for $name<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}<{}>", stringify!($name), std::any::type_name::<T>())
            }
        }
    )*};
}

debug!(Probe, ConnectionRole, KeyRole);
