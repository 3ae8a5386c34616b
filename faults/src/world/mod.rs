//! The database: rows that carry the number of commits they have been through.

mod database;
mod rows;

pub(crate) use database::{connect, prepare};
pub(crate) use rows::{item, twin};

/// How many rows the table of items has; they are counted from 0.
pub(crate) const ROWS: i32 = 48;

/// How many shelves the items are on.
pub(crate) const SHELVES: i32 = 4;

/// After how many versions an item of a moving kind changes its shelf.
const STAY: u64 = 5;

/// The version that a write leaves which is rolled back.
pub(crate) const NEVER: i64 = -1;

/// How an item is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// By one statement, outside of a transaction, where that is possible.
    Alone,
    /// In a transaction.
    Single,
    /// Together with its twin, which has the same version after each commit.
    Twins,
}

/// The kind of an item.
pub(crate) fn kind(id: i32) -> Kind {
    match id % 4 {
        0 => Kind::Alone,
        1 => Kind::Single,
        _ => Kind::Twins,
    }
}

/// Whether an item changes its shelf at all.
pub(crate) fn moves(id: i32) -> bool {
    id % 2 == 1
}

/// The shelf of an item in a version.
pub(crate) fn shelf(id: i32, version: u64) -> i32 {
    let moved = if moves(id) { version / STAY } else { 0 };
    ((id as u64 + moved) % SHELVES as u64) as i32
}

/// Whether an item is off a shelf in some version of a range.
pub(crate) fn leaves(id: i32, off: i32, mut versions: std::ops::RangeInclusive<u64>) -> bool {
    if !moves(id) {
        return shelf(id, 0) != off;
    }
    versions.end() - versions.start() > STAY || versions.any(|version| shelf(id, version) != off)
}

/// The expression of a statement for the shelf of an item in the version after the present one.
pub(crate) fn next_shelf(id: i32) -> String {
    match moves(id) {
        true => format!("({id} + (version + 1) / {STAY}) % {SHELVES}"),
        false => (id % SHELVES).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_moves_is_on_every_shelf_in_turn() {
        let shelves: Vec<i32> = (0..4 * STAY).step_by(STAY as usize).map(|version| shelf(1, version)).collect();
        assert_eq!(shelves, [1, 2, 3, 0]);
        assert!((0..100).all(|version| shelf(2, version) == 2));
    }

    #[test]
    fn an_item_leaves_a_shelf_by_a_move_only() {
        assert!(!leaves(1, 1, 0..=STAY - 1));
        assert!(leaves(1, 1, 0..=STAY));
        assert!(leaves(1, 0, 0..=0));
        assert!(leaves(1, 1, 3..=1000));
        assert!(!leaves(2, 2, 0..=1000));
    }
}
