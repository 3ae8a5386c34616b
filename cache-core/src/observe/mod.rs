//! Events, counters, measurements, and what is held of one result.

mod counters;
mod event;
mod explanation;
mod measure;
mod verify;

pub use counters::Counters;
pub(crate) use counters::Counts;
pub use event::{Event, Invalidation, ShapeMet, StaleCause};
pub use explanation::{Explanation, Held, HeldIn};
pub(crate) use measure::Meter;
pub use measure::{Cost, measure, measure_async, statement};
pub(crate) use verify::Severity;
pub use verify::{Verify, VerifyGuard};
