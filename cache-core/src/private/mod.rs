//! What the code written by the macros calls. Not for use by hand, and outside of all promises.

mod audit;
mod codec;
mod depends;
mod each;
mod equality;
mod function;
mod grace;
mod handed;
mod kept;
mod owned;
mod policy;
mod probe;
mod run;
mod site;
mod tags;
mod weight;

pub use codec::{ViaSerde, Without};
pub use depends::{Depends, given};
pub use each::{Each, ViaItself, ViaOption};
pub use equality::{Equality, Incomparable, ViaPartialEq};
pub use function::{invalidate_all, invalidate_all_async};
pub use grace::{
    Fails, Given, Graces, KeptArgument, TimesOut, ViaDebug, ViaDisplay, ViaSilence, fails, kept, lent, timed_out,
};
pub use kept::{
    ErrPolicy, ErrSomePolicy, KeptError, MayBeNone, MayBeNoneOrFail, MayFail, OkSomePolicy, SomePolicy, with_err,
    with_err_without_none, without_none,
};
pub use owned::{run_owned, run_owned_async};
pub use policy::{Cacheable, PlainPolicy, PlainReturn, Policy, ResultPolicy, ResultReturn, Returns};
pub use probe::{
    ConnectionRole, IgnoredInQueryset, KeyRole, NeedsNoPlace, Probe, QuerysetArgument, State, ViaConnection, ViaKey,
    ignored_in_queryset, queryset_argument, without_place,
};
pub use run::{Call, cache, refresh, refresh_async, run, run_async};
pub use site::Site;
pub use tags::{Tags, tags};
pub use weight::{Items, Stored, ViaItems, ViaOk, ViaShallow, ViaWeigh};
