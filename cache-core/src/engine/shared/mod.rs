//! The protocol over a store that several processes share.
//!
//! [`Seek`] is the state machine of a look-up, [`Tier`] carries it out; see [`crate::store::shared`] for what the store
//! promises.

mod examine;
mod fence;
mod keep;
mod lead;
mod lease;
mod memo;
mod seek;
mod seen;
mod tier;
mod undelivered;
mod write;

pub(crate) use keep::Parcel;
pub(crate) use lead::Leading;
pub(crate) use lease::Lease;
pub(crate) use seek::{Known, Proof};
pub(crate) use tier::{Settings, Tier};
pub(crate) use write::written;
