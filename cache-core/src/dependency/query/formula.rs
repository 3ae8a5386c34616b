//! Conditions joined by AND, OR and NOT, over any kind of atom.

use super::super::{Condition, Predicate, Test};

/// What an atom answers for a NULL in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnNull {
    /// True, as `IS NULL`.
    True,
    /// False, as `IS NOT NULL`.
    False,
    /// Neither: a comparison.
    Unknown,
    /// Not known before a bind is.
    Either,
}

/// The smallest part of a formula: one column and a test of it.
///
/// [`Condition`] is one; an adapter that keeps binds open has its own.
pub trait Atom: Clone {
    /// What the atom answers for a NULL in its column.
    fn on_null(&self) -> OnNull;
}

impl Atom for Condition {
    fn on_null(&self) -> OnNull {
        match self.test() {
            Test::IsNull => OnNull::True,
            Test::IsNotNull => OnNull::False,
            _ => OnNull::Unknown,
        }
    }
}

/// Atoms joined by the three-valued logic of SQL.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula<A> {
    /// May hold for any row, and so may its negation: whatever cannot be expressed.
    Any,
    /// Never true; its negation may hold for any row.
    Never,
    /// One test.
    Atom(A),
    /// All of these hold.
    All(Vec<Formula<A>>),
    /// At least one of these holds.
    Either(Vec<Formula<A>>),
    /// This is false (not merely unknown).
    Not(Box<Formula<A>>),
}

impl<A> Formula<A> {
    /// This formula, negated.
    #[must_use]
    pub fn negated(self) -> Self {
        Formula::Not(Box::new(self))
    }

    /// This formula and another one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Formula::All(mut all), Formula::All(more)) => {
                all.extend(more);
                Formula::All(all)
            }
            (Formula::All(mut all), other) => {
                all.push(other);
                Formula::All(all)
            }
            (left, right) => Formula::All(vec![left, right]),
        }
    }
}

/// A formula whose negations stand at its atoms only.
#[derive(Clone, Debug, PartialEq)]
pub enum Normal<A> {
    /// May hold for any row.
    Any,
    /// Holds for no row.
    Never,
    /// One test.
    Is(A),
    /// One test that is false (not merely unknown).
    IsNot(A),
    /// All of these hold.
    All(Vec<Normal<A>>),
    /// At least one of these holds.
    Either(Vec<Normal<A>>),
}

impl<A: Atom> Normal<A> {
    /// Whether the formula may hold for a row whose columns are all NULL.
    pub fn may_hold_on_null(&self) -> bool {
        match self {
            Normal::Any => true,
            Normal::Never => false,
            Normal::Is(atom) => matches!(atom.on_null(), OnNull::True | OnNull::Either),
            Normal::IsNot(atom) => matches!(atom.on_null(), OnNull::False | OnNull::Either),
            Normal::All(parts) => parts.iter().all(Normal::may_hold_on_null),
            Normal::Either(parts) => parts.iter().any(Normal::may_hold_on_null),
        }
    }
}

impl<A> Normal<A> {
    /// A conjunction without superfluous parts.
    pub(super) fn all(parts: impl IntoIterator<Item = Normal<A>>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Normal::Any => {}
                Normal::Never => return Normal::Never,
                Normal::All(more) => kept.extend(more),
                part => kept.push(part),
            }
        }
        match kept.len() {
            0 => Normal::Any,
            1 => kept.swap_remove(0),
            _ => Normal::All(kept),
        }
    }

    /// A disjunction without superfluous parts.
    pub(super) fn either(parts: impl IntoIterator<Item = Normal<A>>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Normal::Any => return Normal::Any,
                Normal::Never => {}
                Normal::Either(more) => kept.extend(more),
                part => kept.push(part),
            }
        }
        match kept.len() {
            0 => Normal::Never,
            1 => kept.swap_remove(0),
            _ => Normal::Either(kept),
        }
    }

    /// The same formula with every atom rendered as a predicate.
    ///
    /// `render` gets an atom and whether it is negated.
    pub fn predicate(&self, render: &mut impl FnMut(&A, bool) -> Predicate) -> Predicate {
        match self {
            Normal::Any => Predicate::Any,
            Normal::Never => Predicate::Never,
            Normal::Is(atom) => render(atom, false),
            Normal::IsNot(atom) => render(atom, true),
            Normal::All(parts) => Predicate::All(parts.iter().map(|part| part.predicate(render)).collect()),
            Normal::Either(parts) => Predicate::Either(parts.iter().map(|part| part.predicate(render)).collect()),
        }
    }
}
