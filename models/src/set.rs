//! A few indices.

/// A set of tables or of writers, by index; at most eight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Set(u8);

impl Set {
    /// No index at all.
    pub const EMPTY: Set = Set(0);

    /// The indices below `count`.
    pub const fn below(count: usize) -> Set {
        Set(((1u16 << count) - 1) as u8)
    }

    /// One index.
    pub const fn one(index: usize) -> Set {
        Set(1 << index)
    }

    /// Whether the index is in.
    pub const fn contains(self, index: usize) -> bool {
        self.0 >> index & 1 == 1
    }

    /// Whether nothing is in.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Puts an index in.
    pub fn insert(&mut self, index: usize) {
        self.0 |= 1 << index;
    }

    /// Takes an index out.
    pub fn remove(&mut self, index: usize) {
        self.0 &= !(1 << index);
    }

    /// What is in either.
    pub const fn union(self, other: Set) -> Set {
        Set(self.0 | other.0)
    }

    /// What is in this one alone.
    pub const fn without(self, other: Set) -> Set {
        Set(self.0 & !other.0)
    }

    /// The indices, ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..8).filter(move |index| self.contains(*index))
    }

    /// Every subset, the empty one and the whole included.
    pub fn subsets(self) -> impl Iterator<Item = Set> {
        (0..=self.0).filter(move |bits| bits & !self.0 == 0).map(Set)
    }
}
