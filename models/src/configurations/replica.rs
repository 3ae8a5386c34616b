//! Fills that read a lagging replica of the database.

use super::{Configuration, Size, changed, shared};
use crate::shared::{Bounds, Faults, Protocol, SharedStore, Source};

pub(super) fn all() -> Vec<Configuration> {
    let held = |protocol: Protocol, crashes| {
        let faults = Faults { crashes, ..Faults::default() };
        let bounds = Bounds::new(1, [2, 1], [&[0], &[0]]).with(faults);
        changed(&SharedStore { protocol, bounds }, |protocol| protocol.source = Source::ReplicaHeldOff)
    };
    let bare = |held: &SharedStore| changed(held, |protocol| protocol.source = Source::Replica);
    let fresh = held(Protocol::fresh(), 0);
    let strict = held(Protocol::strict(), 1);
    let lease = changed(&strict, |protocol| protocol.lease_leaves_hold_off = false);
    vec![
        shared("replica-hold-off", Size::Small, &fresh, "LF", "never staler than the replica itself"),
        shared(
            "replica-without-hold-off",
            Size::Small,
            &bare(&fresh),
            "PLBF",
            "filled with old rows after the invalidation",
        )
        .of("replica-hold-off"),
        shared("replica-hold-off-strict", Size::Small, &strict, "", "never staler than the replica itself"),
        shared(
            "replica-hold-off-strict-not-by-lease",
            Size::Small,
            &lease,
            "LBF",
            "the writer dies after COMMIT, its lease ends before the replica has the write",
        )
        .of("replica-hold-off-strict"),
        shared(
            "replica-without-hold-off-strict",
            Size::Small,
            &bare(&strict),
            "PLBF",
            "filled with old rows after the invalidation",
        )
        .of("replica-hold-off-strict"),
    ]
}
