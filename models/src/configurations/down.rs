//! Mode `Fresh` while the store cannot be reached after COMMIT.

use super::{Configuration, Size, changed, shared};
use crate::shared::{Bounds, Faults, Protocol, SharedStore};

pub(super) fn all() -> Vec<Configuration> {
    let bounds = |crashes| {
        let faults = Faults { outages: 1, crashes, ..Faults::default() };
        Bounds::new(1, [2, 2], [&[0], &[0]]).at_home().with(faults)
    };
    let down = SharedStore { protocol: Protocol::fresh(), bounds: bounds(0) };
    let unfenced = changed(&down, |protocol| protocol.own_fence = false);
    let acknowledged = changed(&down, |protocol| protocol.acknowledges_outage = true);
    let crash = SharedStore { protocol: Protocol::fresh(), bounds: bounds(1) };
    let outbox = changed(&crash, |protocol| protocol.outbox = true);
    let two = SharedStore {
        protocol: Protocol::fresh(),
        bounds: Bounds::new(2, [2, 1], [&[0, 1], &[1]]).at_home().with(Faults { outages: 1, ..Faults::default() }),
    };
    vec![
        shared(
            "down",
            Size::Small,
            &down,
            "LF",
            "committed, not acknowledged, queued: P for all that is acknowledged, the own process bypasses",
        ),
        shared("down-two-tables", Size::Large, &two, "LF", "the same, invalidated on one of two nodes"),
        shared(
            "down-without-own-fence",
            Size::Small,
            &unfenced,
            "LFO",
            "the writer's own process hits what it has changed",
        )
        .of("down"),
        shared(
            "down-acknowledged",
            Size::Small,
            &acknowledged,
            "PLF",
            "success was reported before it was true elsewhere",
        )
        .of("down"),
        shared("down-crash", Size::Small, &crash, "LBF", "the queue dies with its process").of("down-crash-outbox"),
        shared("down-crash-outbox", Size::Small, &outbox, "LF", "the outbox outlives the process"),
    ]
}
