//! Events, counters and measurements.

mod counters;
mod event;
mod measure;

pub use counters::Counters;
pub(crate) use counters::Counts;
pub use event::{Event, Invalidation, ShapeMet};
pub(crate) use measure::Meter;
pub use measure::{Cost, measure, measure_async, statement};
