//! The operations of a store, one a file.

mod entries;
mod lease;
mod lookup;
mod stamp;
mod sweep;
pub(super) mod void;
mod wait;
