//! Whether one set of rows surely holds another.

use std::cmp::Ordering;
use std::ops::Bound;

use super::condition::bound_value;
use super::{Condition, Conjunction, Dependencies, Test};
use crate::value::Value;

/// How many parts the lists of a conjunction are taken apart into.
const PARTS: usize = 1_024;

impl Conjunction {
    /// Whether every row that may satisfy `other` may satisfy this one as well; `false` where that cannot be told.
    pub fn covers(&self, other: &Conjunction) -> bool {
        self.table == other.table
            && self.conditions.iter().all(|wanted| {
                let mut same = other.conditions.iter().filter(|known| known.column == wanted.column);
                same.any(|known| implies(&known.test, &wanted.test))
            })
    }
}

impl Dependencies {
    /// Whether every change of a row that satisfies `conjunction` invalidates a result with these dependencies; `false` where that cannot
    /// be told.
    ///
    /// ```
    /// use cache_core::{Dependencies, column};
    ///
    /// let declared = Dependencies::on("article", column("category_id").is_in([3, 4]));
    /// let covers = |read: Dependencies| read.conjunctions().iter().all(|one| declared.covers(one));
    /// assert!(covers(Dependencies::on("article", column("category_id").eq(3) & column("stars").gt(2))));
    /// assert!(!covers(Dependencies::on("article", column("category_id").eq(5))));
    /// assert!(!covers(Dependencies::table("article")));
    /// ```
    pub fn covers(&self, conjunction: &Conjunction) -> bool {
        let of_table: Vec<&Conjunction> =
            self.conjunctions().iter().filter(|one| one.table == conjunction.table).collect();
        !of_table.is_empty() && covered(&of_table, conjunction, PARTS)
    }

    /// What of `read` is not surely [covered](Dependencies::covers).
    pub(crate) fn missing<'a>(&self, read: &'a Dependencies) -> impl Iterator<Item = &'a Conjunction> {
        read.conjunctions().iter().filter(|conjunction| !self.covers(conjunction))
    }
}

/// What no conjunction covers alone, several may cover together: `IN (1, 2)` by `= 1` and `= 2`.
fn covered(by: &[&Conjunction], conjunction: &Conjunction, parts: usize) -> bool {
    if by.iter().any(|one| one.covers(conjunction)) {
        return true;
    }
    let lists = conjunction.conditions.iter().enumerate().filter_map(|(at, condition)| match &condition.test {
        Test::In(values) if values.len() > 1 && condition.test.class().is_some() => Some((at, values)),
        _ => None,
    });
    for (at, values) in lists {
        let parts = parts / values.len();
        if parts == 0 {
            continue;
        }
        let part = |value: &Value| {
            let mut part = conjunction.clone();
            part.conditions[at] = Condition { test: Test::In(vec![value.clone()]), ..part.conditions[at].clone() };
            part
        };
        if values.iter().all(|value| covered(by, &part(value), parts)) {
            return true;
        }
    }
    false
}

/// Whether each value that may pass `known` may pass `wanted`.
///
/// A value of a class that a test does not compare with may pass it, so two tests have to be of one class; one that
/// compares with several classes lets everything pass but NULL.
fn implies(known: &Test, wanted: &Test) -> bool {
    match (known, wanted) {
        (Test::IsNull, Test::IsNull) => true,
        (Test::IsNull, _) | (_, Test::IsNull) => false,
        (_, Test::IsNotNull) => true,
        (Test::IsNotNull, _) => matches!(wanted, Test::In(_)) && wanted.class().is_none(),
        (_, Test::In(_)) if wanted.class().is_none() => true,
        _ if known.class().is_none() || known.class() != wanted.class() => false,
        (Test::In(values), _) => values.iter().all(|value| wanted.may_pass(Some(value))),
        (Test::Range { lower, upper }, Test::Range { lower: wanted_lower, upper: wanted_upper }) => {
            reaches(wanted_lower, lower, Ordering::Greater) && reaches(wanted_upper, upper, Ordering::Less)
        }
        (Test::Prefix(known), Test::Prefix(wanted)) => match (known, wanted) {
            (Value::Text(known), Value::Text(wanted)) => known.starts_with(&**wanted),
            (Value::Folded(known), Value::Folded(wanted)) => known.starts_with(&**wanted),
            (Value::Bytes(known), Value::Bytes(wanted)) => known.starts_with(wanted),
            _ => false,
        },
        _ => false,
    }
}

/// Whether the bound `known` lies within the bound `wanted`; `inside` is the order of a value within to a wanted bound.
fn reaches(wanted: &Bound<Value>, known: &Bound<Value>, inside: Ordering) -> bool {
    let (Some(limit), Some(value)) = (bound_value(wanted), bound_value(known)) else {
        return matches!(wanted, Bound::Unbounded);
    };
    match value.cmp(limit) {
        Ordering::Equal => !matches!((wanted, known), (Bound::Excluded(_), Bound::Included(_))),
        order => order == inside,
    }
}
