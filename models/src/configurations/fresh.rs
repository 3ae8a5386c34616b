//! Mode `Fresh`.

use super::{Configuration, Size, changed, shared};
use crate::shared::{Bounds, Faults, Images, Protocol, Reuse, Scan, SharedStore, Statements};

pub(super) fn all() -> Vec<Configuration> {
    let evictions = Faults { stamp_evictions: 1, entry_evictions: 1, shape_evictions: 1, ..Faults::default() };
    let shape_eviction = Faults { shape_evictions: 1, ..Faults::default() };
    let fresh = |bounds: Bounds| SharedStore { protocol: Protocol::fresh(), bounds };

    let one = fresh(Bounds::new(1, [2, 1], [&[0], &[0]]).with(evictions));
    let longer = fresh(Bounds::new(1, [2, 2], [&[0], &[0]]).with(evictions));
    let without_nonces = changed(&one, |protocol| protocol.shape_nonces = false);
    let reused = changed(&one, |protocol| protocol.reuse = Reuse::WhenPresent);
    let two = fresh(Bounds::new(2, [2, 1], [&[0, 1], &[0]]).with(Faults { stamp_evictions: 1, ..Faults::default() }));
    let torn = changed(&fresh(Bounds::new(2, [2, 1], [&[0, 1]])), |protocol| {
        protocol.statements = Statements::OnePerTable;
        protocol.check = true;
    });
    let unknown = fresh(Bounds::new(1, [2, 2], [&[0], &[0]]).knowing(Images::Unknown).with(shape_eviction));
    let narrow = changed(&unknown, |protocol| protocol.wild = false);
    let crash = fresh(Bounds::new(1, [2, 1], [&[0], &[0]]).with(Faults { crashes: 1, ..shape_eviction }));
    let outbox = changed(&crash, |protocol| protocol.outbox = true);
    let scan = fresh(Bounds::new(2, [2, 1], [&[0, 1]]).knowing(Images::EveryTable).with(shape_eviction));
    let scan_before = changed(&scan, |protocol| protocol.scan = Scan::BeforeCommit);
    let scan_longer =
        fresh(Bounds::new(2, [2, 1], [&[0, 1], &[0, 1]]).knowing(Images::EveryTable).with(shape_eviction));
    vec![
        shared(
            "fresh",
            Size::Small,
            &one,
            "LF",
            "P with every key evicted; L and F are what the mode does not promise",
        ),
        shared("fresh-longer", Size::Large, &longer, "LF", "the same, two reads each"),
        shared(
            "fresh-without-shape-nonces",
            Size::Small,
            &without_nonces,
            "PLBF",
            "shape evicted: the writer does not know the stamp, and the stamp lives on",
        )
        .of("fresh"),
        shared("fresh-stamps-of-lookup", Size::Small, &reused, "LF", "without intents the lookup's stamps are as good"),
        shared("fresh-two-tables", Size::Small, &two, "LF", "two nodes, nothing atomic across them"),
        shared("fresh-two-statements", Size::Small, &torn, "LTF", "a fill between COMMIT and invalidation may be torn"),
        shared(
            "fresh-unknown-columns",
            Size::Small,
            &unknown,
            "LF",
            "a new nonce of the shape voids all of its stamps",
        ),
        shared(
            "fresh-without-wild",
            Size::Small,
            &narrow,
            "PLBF",
            "a row image with unknown columns names no stamp: nothing is voided",
        )
        .of("fresh-unknown-columns"),
        shared("fresh-crash", Size::Small, &crash, "LBF", "dead between COMMIT and invalidation: stale until its TTL")
            .of("fresh-crash-outbox"),
        shared("fresh-crash-outbox", Size::Small, &outbox, "LF", "stale only until the sweep"),
        shared(
            "fresh-every-table",
            Size::Small,
            &scan,
            "LF",
            "a hash of shapes that the listing misses was made after COMMIT, and so were its stamps",
        ),
        shared("fresh-every-table-longer", Size::Large, &scan_longer, "LF", "the same, two writers"),
        shared(
            "fresh-every-table-listed-early",
            Size::Small,
            &scan_before,
            "PLBF",
            "a hash made between the listing and COMMIT is missed",
        )
        .of("fresh-every-table"),
    ]
}
