//! The protocol: lookup, fill, invalidate, without I/O.
//!
//! [`Read`] is the state machine of one cached read. It says what to do next and is told what came of it;
//! who does it, and whether by blocking or by awaiting, is not its business. Stamps are taken before the work
//! starts and looked at again before its result is kept, so a result that a write has overtaken is never stored.

mod block;
mod checked;
mod filling;
mod flight;
mod grace;
mod join;
mod outcome;
mod read;
mod removals;
pub(crate) mod shared;
mod stamp;

pub(crate) use block::block;
pub use filling::Lock;
pub(crate) use filling::{Filling, Terms};
pub(crate) use flight::{Flight, Flights, Landing, Lead, Place, Wait};
pub(crate) use grace::Grace;
pub(crate) use join::join_all;
pub use outcome::{MissReason, Refusal};
pub(crate) use read::{Next, Read, Seen};
pub(crate) use removals::Removals;
pub(crate) use stamp::Stamp;
pub use stamp::Stamps;
