//! What the code written by the macros calls. Not for use by hand, and outside of all promises.

mod codec;
mod handed;
mod policy;
mod probe;
mod run;
mod site;
mod weight;

pub use codec::{ViaSerde, Without};
pub use policy::{Cacheable, PlainPolicy, PlainReturn, Policy, ResultPolicy, ResultReturn, Returns};
pub use probe::{
    ConnectionRole, IgnoredInQueryset, KeyRole, NeedsNoPlace, Probe, QuerysetArgument, State, ViaConnection, ViaKey,
    ignored_in_queryset, queryset_argument, without_place,
};
pub use run::{Call, cache, refresh, refresh_async, run, run_async};
pub use site::Site;
pub use weight::{Items, Stored, ViaItems, ViaShallow, ViaWeigh};
