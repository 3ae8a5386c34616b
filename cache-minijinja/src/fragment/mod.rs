//! The runtime of cached blocks.

mod extra;
mod fragments;
mod functions;
pub(crate) mod open;
pub(crate) mod reads;
#[cfg(feature = "tokio")]
mod render;
mod request;
mod runtime;
mod text;
mod timeout;

pub use self::fragments::{Fragments, FragmentsBuilder};
#[cfg(feature = "tokio")]
pub use self::render::block_on;
