//! What is answered, and what of it is stored.

mod answer;
mod body;
mod cache_control;
mod collect;
mod fill;
mod stored;
mod verdict;

pub(crate) use answer::answer;
pub use body::ResponseBody;
pub(crate) use fill::{Unstored, fill};
pub(crate) use stored::{CODEC, StoredResponse};
pub(crate) use verdict::Unfit;
