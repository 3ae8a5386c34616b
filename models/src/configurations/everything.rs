//! Everything at once.

use super::{Configuration, Size, changed, shared};
use crate::shared::{Bounds, Faults, Protocol, Reuse, SharedStore, Statements};

pub(super) fn all() -> Vec<Configuration> {
    let keys = Faults { crashes: 1, stamp_evictions: 1, shape_evictions: 1, ..Faults::default() };
    let all_keys = changed(
        &SharedStore { protocol: Protocol::strict(), bounds: Bounds::new(1, [2, 1], [&[0], &[0]]).with(keys) },
        |protocol| {
            protocol.check = true;
            protocol.reuse = Reuse::WithoutIntents;
        },
    );
    let nodes = Faults { crashes: 1, relapses: 1, split_brain: true, ..Faults::default() };
    let all_nodes = changed(
        &SharedStore { protocol: Protocol::strict(), bounds: Bounds::new(1, [2, 1], [&[0], &[0]]).with(nodes) },
        |protocol| protocol.reuse = Reuse::WithoutIntents,
    );
    let torn = Faults { crashes: 1, shape_evictions: 1, ..Faults::default() };
    let all_tables = changed(
        &SharedStore { protocol: Protocol::strict(), bounds: Bounds::new(2, [2, 1], [&[0, 1]]).with(torn) },
        |protocol| {
            protocol.check = true;
            protocol.reuse = Reuse::WithoutIntents;
            protocol.statements = Statements::OnePerTable;
        },
    );
    let three = SharedStore {
        protocol: Protocol::strict(),
        bounds: Bounds::new(1, [2, 1], [&[0], &[0], &[0]]).with(Faults { crashes: 1, ..Faults::default() }),
    };
    vec![
        shared("all-keys", Size::Large, &all_keys, "", "crash, evictions, the lookup's stamps, a check"),
        shared("all-nodes", Size::Large, &all_nodes, "", "crash, relapse, split brain, the lookup's stamps"),
        shared(
            "all-tables",
            Size::Large,
            &all_tables,
            "",
            "crash, evictions, two nodes, two statements, the lookup's stamps",
        ),
        shared("three-writers", Size::Large, &three, "", "a third writer brings nothing new"),
    ]
}
