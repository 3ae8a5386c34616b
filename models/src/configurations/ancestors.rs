//! How others tie entries to rows.

use super::{Configuration, Size, changed, shared};
use crate::shared::{Binding, Bounds, Protocol, SharedStore};

pub(super) fn all() -> Vec<Configuration> {
    let stamps = SharedStore { protocol: Protocol::fresh(), bounds: Bounds::new(1, [2, 1], [&[0]]) };
    let sets = changed(&stamps, |protocol| protocol.binding = Binding::DependantSets);
    let after = changed(&stamps, |protocol| protocol.binding = Binding::StampsAfter);
    vec![
        shared("stamps", Size::Small, &stamps, "LF", "between COMMIT and invalidation others may still hit what was"),
        shared(
            "dependant-sets",
            Size::Small,
            &sets,
            "PLBF",
            "a late fill enters the set after the invalidation has emptied it",
        )
        .of("stamps"),
        shared(
            "stamps-after-work",
            Size::Small,
            &after,
            "PLBF",
            "a late fill takes the stamp made after the invalidation",
        )
        .of("stamps"),
    ]
}
