//! Many who miss the same key.

use super::{Configuration, Size, changed, shared};
use crate::shared::{Binding, Bounds, Faults, Joining, Lease, Protocol, SharedStore};

pub(super) fn all() -> Vec<Configuration> {
    let alone = SharedStore { protocol: Protocol::strict(), bounds: Bounds::new(1, [1, 1, 1], [&[0]]) };
    let again = changed(&alone, |protocol| protocol.joining = Joining::LooksUpAgain);
    let later = changed(&alone, |protocol| protocol.joining = Joining::TakesLaterValue);
    let any = changed(&alone, |protocol| protocol.joining = Joining::TakesAnyValue);
    let later_longer = SharedStore { bounds: Bounds::new(1, [2, 1, 1], [&[0], &[0]]), ..later.clone() };

    let lease = changed(
        &SharedStore {
            protocol: Protocol::fresh(),
            bounds: Bounds::new(1, [2, 1, 1], [&[0]]).with(Faults { lease_losses: 1, ..Faults::default() }),
        },
        |protocol| protocol.lease = Lease::Shared,
    );
    let fenced = changed(&lease, |protocol| protocol.lease = Lease::Fenced);
    let token_alone = changed(&fenced, |protocol| protocol.binding = Binding::StampsAfter);
    let strict_lease = changed(&lease, |protocol| protocol.mode = crate::shared::Mode::Strict);
    vec![
        shared("flight-joiner-looks-again", Size::Small, &again, "", "a joiner waits, then validates like anybody"),
        shared("flight-joiner-takes-later-value", Size::Small, &later, "", "the query started after the joiner came"),
        shared("flight-joiner-takes-later-value-longer", Size::Large, &later_longer, "", "the same, two writers"),
        shared(
            "flight-joiner-takes-any-value",
            Size::Small,
            &any,
            "PL",
            "the flight has queried before a write was acknowledged that the joiner came after",
        )
        .of("flight-joiner-takes-later-value"),
        shared("lease-lost", Size::Small, &lease, "LF", "a slow leader's late fill is refused by its own stamps"),
        shared("lease-lost-strict", Size::Large, &strict_lease, "", "the same in mode Strict"),
        shared(
            "lease-lost-fenced",
            Size::Small,
            &fenced,
            "LF",
            "a token compared at the store spares a useless write, no more",
        ),
        shared(
            "lease-fenced-stamps-after-work",
            Size::Small,
            &token_alone,
            "PLBF",
            "the token tells who is late, not whether a write came between",
        )
        .of("lease-lost-fenced"),
    ]
}
