//! What is promised, by letter.

use std::fmt;

/// A promise that a configuration keeps or breaks.
///
/// "Acknowledged" means that the writer's `commit` has returned success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Property {
    /// `P`, fresh after acknowledgement: a read that starts after a write was acknowledged returns at least that write.
    Fresh,
    /// `L`, linearizable: a read returns at least what was acknowledged, or returned by anybody, before it started.
    Linearizable,
    /// `T`, untorn: a hit never mixes two transactions.
    Untorn,
    /// `B`, nothing rots: an entry is valid and stale only while somebody is still going to invalidate it, that is a
    /// live writer or, where there is one, the outbox.
    NothingRots,
    /// `F`, never stale: no entry is valid and stale at any moment. Implies `B`.
    NeverStale,
    /// `O`, own writes: a process reads at least its own commits once they have returned, however they returned.
    OwnWrites,
    /// `D`, bounded: a near hit misses no write that was acknowledged longer ago than the bound.
    Bounded,
    /// `Q`, right in the end: when nothing is on the way any more, what the near cache may serve is current.
    Quiescent,
}

impl Property {
    /// All of them, in the order in which they are printed.
    pub const ALL: [Property; 8] = [
        Property::Fresh,
        Property::Linearizable,
        Property::Untorn,
        Property::NothingRots,
        Property::NeverStale,
        Property::OwnWrites,
        Property::Bounded,
        Property::Quiescent,
    ];

    /// The letter by which tables and tests name it.
    pub const fn letter(self) -> &'static str {
        match self {
            Property::Fresh => "P",
            Property::Linearizable => "L",
            Property::Untorn => "T",
            Property::NothingRots => "B",
            Property::NeverStale => "F",
            Property::OwnWrites => "O",
            Property::Bounded => "D",
            Property::Quiescent => "Q",
        }
    }

    /// The property of that letter.
    pub fn of_letter(letter: &str) -> Option<Property> {
        Property::ALL.into_iter().find(|property| property.letter() == letter)
    }
}

impl fmt::Display for Property {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.letter())
    }
}

/// The letters of some properties in their printed order, or `-` for none.
pub fn letters(properties: &[Property]) -> String {
    if properties.is_empty() { "-".to_owned() } else { properties.iter().map(|property| property.letter()).collect() }
}
