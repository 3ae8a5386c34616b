//! Mode `Strict` on a store that loses nothing but keys.

use super::{Configuration, Size, changed, shared};
use crate::shared::{Bounds, Faults, Mode, Pipeline, Protocol, Reuse, SharedStore, Statements};

pub(super) fn all() -> Vec<Configuration> {
    let strict = |bounds: Bounds| SharedStore { protocol: Protocol::strict(), bounds };
    let evictions = Faults { stamp_evictions: 1, entry_evictions: 1, shape_evictions: 1, ..Faults::default() };
    let crash = Faults { crashes: 1, ..Faults::default() };
    let crash_and_shape = Faults { shape_evictions: 1, ..crash };

    let one = strict(Bounds::new(1, [2, 1], [&[0], &[0]]).with(Faults { entry_evictions: 0, ..evictions }));
    let longer = strict(Bounds::new(1, [2, 2], [&[0], &[0]]).with(evictions));
    let two = strict(Bounds::new(2, [2, 1], [&[0, 1], &[0, 1]]));
    let crashing = strict(Bounds::new(1, [2, 1], [&[0], &[0]]).with(crash));
    let rolling_back = strict(Bounds::new(1, [2, 1], [&[0], &[0]]).with(Faults { rollbacks: 1, ..Faults::default() }));
    let unannounced = changed(&crashing, |protocol| {
        protocol.mode = Mode::Fresh;
        protocol.acknowledges_outage = false;
    });
    let unreachable =
        strict(Bounds::new(1, [2, 1], [&[0], &[0]]).with(Faults { crashes: 1, outages: 1, ..Faults::default() }));
    let early = strict(Bounds::new(1, [2, 1], [&[0], &[0]]).with(Faults { early_leases: true, ..Faults::default() }));
    let early_crash = strict(Bounds::new(1, [2, 1], [&[0], &[0]]).with(Faults { early_leases: true, ..crash }));
    let early_outbox = changed(&early_crash, |protocol| protocol.outbox = true);
    let statements = changed(&strict(Bounds::new(2, [2, 1], [&[0, 1]])), |protocol| {
        protocol.statements = Statements::OnePerTable;
        protocol.check = true;
    });
    let unchecked = changed(&statements, |protocol| protocol.check = false);
    let statements_longer = SharedStore { bounds: Bounds::new(2, [1, 1], [&[0, 1], &[0, 1]]), ..statements.clone() };
    let found = changed(&strict(Bounds::new(2, [2, 1], [&[0, 1], &[1]])), |protocol| {
        protocol.statements = Statements::FoundOnTheWay;
    });
    let found_checked = changed(&found, |protocol| protocol.check = true);
    let reusing = changed(&strict(Bounds::new(1, [2, 2], [&[0]]).with(crash_and_shape)), |protocol| {
        protocol.reuse = Reuse::WithoutIntents;
        protocol.pipeline = Pipeline::IntentsLast;
    });
    let intents_first = changed(&reusing, |protocol| protocol.pipeline = Pipeline::IntentsFirst);
    let blind = changed(&reusing, |protocol| protocol.reuse = Reuse::WhenPresent);
    vec![
        shared(
            "strict",
            Size::Small,
            &one,
            "",
            "from the intent to the decision no stamp exists that matches the rows",
        ),
        shared("strict-longer", Size::Large, &longer, "", "the same, two reads each"),
        shared("strict-two-tables", Size::Large, &two, "", "two nodes, nothing atomic across them"),
        shared("strict-crash", Size::Small, &crashing, "", "dead anywhere, also with COMMIT on the way"),
        shared(
            "strict-crash-without-intents",
            Size::Small,
            &unannounced,
            "LBF",
            "nobody knows what the dead has changed",
        )
        .of("strict-crash"),
        shared(
            "strict-rollback",
            Size::Small,
            &rolling_back,
            "",
            "a release that follows no commit voids too much, no more",
        ),
        shared(
            "strict-outage",
            Size::Small,
            &unreachable,
            "",
            "acknowledged: the intent keeps fills away until its lease ends",
        ),
        shared(
            "strict-early-lease",
            Size::Small,
            &early,
            "LF",
            "a lease shorter than the commit: what mode Fresh promises",
        ),
        shared("strict-early-lease-crash", Size::Small, &early_crash, "LBF", "and dead as well: stale until its TTL")
            .of("strict-early-lease-crash-outbox"),
        shared("strict-early-lease-crash-outbox", Size::Small, &early_outbox, "LF", "or until the sweep"),
        shared(
            "strict-two-statements",
            Size::Small,
            &statements,
            "",
            "evidence checked between the query and the store: no write came between the statements",
        ),
        shared("strict-two-statements-longer", Size::Large, &statements_longer, "", "the same, two writers"),
        shared(
            "strict-two-statements-unchecked",
            Size::Small,
            &unchecked,
            "T",
            "stamps looked up before the write, the entry after the store",
        )
        .of("strict-two-statements"),
        shared(
            "strict-found-on-the-way",
            Size::Large,
            &found,
            "",
            "each stamped before its own statement, the entry fetched first",
        ),
        shared(
            "strict-found-on-the-way-checked",
            Size::Large,
            &found_checked,
            "",
            "the same, the entry fetched at any moment, the evidence checked between the last query and the store",
        ),
        shared(
            "strict-stamps-of-lookup",
            Size::Small,
            &reusing,
            "",
            "shapes, stamps, then intents, and there were none",
        ),
        shared(
            "strict-intents-read-first",
            Size::Small,
            &intents_first,
            "LBF",
            "an intent came after the look at the intents, to a table whose shape it could not see",
        )
        .of("strict-stamps-of-lookup"),
        shared(
            "strict-stamps-of-lookup-blindly",
            Size::Small,
            &blind,
            "LBF",
            "an old stamp whose shape the intent could not see",
        )
        .of("strict-stamps-of-lookup"),
    ]
}
