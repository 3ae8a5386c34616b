//! Near caches.

use super::{Configuration, Size, Subject};
use crate::near::{NearCache, PingLease, Wait};

pub(super) fn all() -> Vec<Configuration> {
    let bounded = NearCache::bounded;
    let pushes = || NearCache { lease: PingLease::None, losses: 0, ..bounded() };
    let linear = || NearCache { intents: true, wait: Wait::BeforeCommitting, ..bounded() };
    let near = |name, size, subject, violated, because| Configuration {
        name,
        subject: Subject::Near(subject),
        ablates: None,
        size,
        violated,
        because,
    };
    let longer = |near: NearCache| NearCache { writes: 2, ..near };
    vec![
        near("near-pushes", Size::Small, pushes(), "PLD", "right in the end; a push may take any time"),
        near(
            "near-pushes-connection-lost",
            Size::Small,
            NearCache { losses: 1, ..pushes() },
            "PLD",
            "everything is dropped once the loss is noticed, and that may take any time",
        ),
        near(
            "near-pushes-kept-after-loss",
            Size::Small,
            NearCache { losses: 1, drops_on_loss: false, ..pushes() },
            "PLDQ",
            "the push was lost with the connection",
        )
        .of("near-pushes-connection-lost"),
        near("near-bounded", Size::Small, bounded(), "PL", "D, also over a dead connection; own writes at once"),
        near(
            "near-without-placeholder",
            Size::Small,
            NearCache { placeholder: false, ..bounded() },
            "PLODQ",
            "the push overtakes the answer",
        )
        .of("near-bounded"),
        near(
            "near-without-ping-lease",
            Size::Small,
            NearCache { lease: PingLease::None, ..bounded() },
            "PLD",
            "nobody knows that the connection is dead",
        )
        .of("near-bounded"),
        near(
            "near-lease-from-last-ping",
            Size::Small,
            NearCache { lease: PingLease::FromLast, ..bounded() },
            "PLD",
            "a pong leaves before the pushes of its turn",
        )
        .of("near-bounded"),
        near(
            "near-own-writes-by-push",
            Size::Small,
            NearCache { drops_own: false, ..bounded() },
            "PLO",
            "the push of the own write has not come yet",
        )
        .of("near-bounded"),
        near(
            "near-wait-before-acknowledging",
            Size::Small,
            NearCache { wait: Wait::BeforeAcknowledging, ..bounded() },
            "L",
            "fresh after acknowledgement without asking on a hit, for slower writes",
        ),
        near("near-linear", Size::Small, linear(), "", "intents, and the bound waited for before COMMIT"),
        near("near-bounded-longer", Size::Large, longer(bounded()), "PL", "two writes"),
        near("near-linear-longer", Size::Large, longer(linear()), "", "two writes"),
        near(
            "near-linear-without-wait",
            Size::Small,
            NearCache { wait: Wait::None, ..linear() },
            "PL",
            "what mode Bounded promises",
        )
        .of("near-linear"),
    ]
}
