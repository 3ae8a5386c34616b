//! Intents lost, nodes that go on from an earlier state, two servers that both believe to be the primary.

use super::{Configuration, Size, changed, shared};
use crate::shared::{Bounds, Faults, Protocol, SharedStore};

pub(super) fn all() -> Vec<Configuration> {
    let relapse = Faults { relapses: 1, ..Faults::default() };
    let split = Faults { split_brain: true, ..relapse };
    let fresh = |bounds: Bounds| SharedStore { protocol: Protocol::fresh(), bounds };
    let strict = |bounds: Bounds| SharedStore { protocol: Protocol::strict(), bounds };

    let fresh_relapse = fresh(Bounds::new(1, [2, 1], [&[0], &[0]]).with(relapse));
    let fresh_without = changed(&fresh_relapse, |protocol| protocol.incarnation = false);
    let fresh_twice = fresh(Bounds::new(2, [2, 1], [&[0, 1]]).with(Faults { relapses: 2, ..relapse }));
    let fresh_split = fresh(Bounds::new(1, [2, 1], [&[0]]).with(split));
    let fresh_unfenced = changed(&fresh_split, |protocol| protocol.fence = false);

    let lost = strict(Bounds::new(1, [2, 1], [&[0], &[0]]).with(Faults {
        crashes: 1,
        intent_evictions: 1,
        ..Faults::default()
    }));
    let unnoticed = changed(&lost, |protocol| protocol.quarantine = false);
    let strict_relapse = strict(Bounds::new(1, [2, 1], [&[0]]).with(Faults { crashes: 1, ..relapse }));
    let without_quarantine = changed(&strict_relapse, |protocol| protocol.quarantine = false);
    let without_incarnation = changed(&strict_relapse, |protocol| protocol.incarnation = false);
    let relapse_longer = strict(Bounds::new(1, [2, 1], [&[0], &[0]]).with(relapse));
    let strict_split = strict(Bounds::new(1, [2, 1], [&[0]]).with(split));
    let strict_unfenced = changed(&strict_split, |protocol| protocol.fence = false);
    vec![
        shared("fresh-relapse", Size::Small, &fresh_relapse, "LF", "what an earlier incarnation has bound is void"),
        shared(
            "fresh-relapse-without-incarnation",
            Size::Small,
            &fresh_without,
            "PLBF",
            "a voided stamp comes back from the replica or the dump",
        )
        .of("fresh-relapse"),
        shared("fresh-two-relapses", Size::Large, &fresh_twice, "LF", "two nodes, each as it pleases"),
        shared("fresh-split-brain", Size::Small, &fresh_split, "LF", "the former primary refuses"),
        shared(
            "fresh-split-brain-without-fence",
            Size::Small,
            &fresh_unfenced,
            "PLBF",
            "invalidated on one of two primaries, hit on the other",
        )
        .of("fresh-split-brain"),
        shared("strict-intents-lost", Size::Small, &lost, "", "the loss is noticed, and nothing filled for a lease"),
        shared(
            "strict-intents-lost-without-quarantine",
            Size::Small,
            &unnoticed,
            "LBF",
            "filled under an intent that is gone",
        )
        .of("strict-intents-lost"),
        shared("strict-relapse", Size::Small, &strict_relapse, "", "incarnation and quarantine together"),
        shared("strict-relapse-without-quarantine", Size::Small, &without_quarantine, "LBF", "the copy has no intent")
            .of("strict-relapse"),
        shared(
            "strict-relapse-without-incarnation",
            Size::Small,
            &without_incarnation,
            "PLBF",
            "the copy has the stamp",
        )
        .of("strict-relapse"),
        shared("strict-relapse-longer", Size::Large, &relapse_longer, "", "two writers"),
        shared("strict-split-brain", Size::Small, &strict_split, "", "the former primary refuses"),
        shared("strict-split-brain-without-fence", Size::Small, &strict_unfenced, "PLBF", "the former primary serves")
            .of("strict-split-brain"),
    ]
}
