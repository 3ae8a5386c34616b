//! The bounded disjunctive normal form.
//!
//! A predicate becomes at most [`MAX_CLAUSES`] clauses, each with one test a column. What would pass
//! the bound is widened instead: a factor of a product is left out, or a union is replaced by what its
//! clauses have in common. Widening only makes a predicate hold for more rows.

use super::condition::{Both, Condition, MAX_VALUES, Test};
use super::{Column, Predicate};
use crate::change::Row;
use crate::value::Value;

/// Most conjunctions that one table contributes to a set of dependencies.
pub const MAX_CLAUSES: usize = 64;

/// Nesting beyond this depth is taken for [`Predicate::Any`].
const MAX_DEPTH: usize = 128;

/// Conditions that hold together: one test a column, sorted by column.
pub(crate) type Clause = Vec<Condition>;

impl Predicate {
    /// The normal form; no clause at all means *never*, a clause without conditions means *any row*.
    pub(crate) fn clauses(&self) -> Vec<Clause> {
        normal(self.clone(), 0)
    }

    /// Partial row images that together cover every row the predicate may select.
    ///
    /// An image names the columns whose value is certain; a row without columns covers any row. An empty
    /// list means that no row can be selected.
    ///
    /// ```
    /// use cache_core::{column, Row};
    /// let images = (column("a").is_in([1, 2]) & column("b").lt(5)).images();
    /// assert_eq!(images, [Row::from([("a", 1)]), Row::from([("a", 2)])]);
    /// ```
    pub fn images(&self) -> Vec<Row> {
        let mut images = Vec::new();
        for clause in self.clauses() {
            images.extend(clause_images(clause));
            if images.len() > MAX_VALUES {
                return vec![Row::new()];
            }
        }
        images
    }
}

fn clause_images(clause: Clause) -> Vec<Row> {
    let mut rows = vec![Row::new()];
    for Condition { column, test } in clause {
        match test {
            Test::IsNull => rows.iter_mut().for_each(|row| row.set(column.clone(), Value::Null)),
            Test::In(values) if rows.len() * values.len() <= MAX_CLAUSES => {
                rows = rows
                    .iter()
                    .flat_map(|row| {
                        values.iter().map(|value| {
                            let mut row = row.clone();
                            row.set(column.clone(), value.clone());
                            row
                        })
                    })
                    .collect();
            }
            _ => {}
        }
    }
    rows
}

fn normal(predicate: Predicate, depth: usize) -> Vec<Clause> {
    if depth > MAX_DEPTH {
        return vec![Clause::new()];
    }
    match predicate {
        Predicate::Any => vec![Clause::new()],
        Predicate::Never => Vec::new(),
        Predicate::Test(condition) => vec![vec![condition]],
        Predicate::Not(inner) => match *inner {
            Predicate::Not(inner) => normal(*inner, depth + 1),
            inner => normal(inner.negated(), depth + 1),
        },
        Predicate::All(parts) => product(parts.into_iter().map(|part| normal(part, depth + 1)).collect()),
        Predicate::Either(parts) => {
            let parts = merge_equalities(parts);
            simplify(parts.into_iter().flat_map(|part| normal(part, depth + 1)).collect())
        }
    }
}

/// `a = 1 OR a = 2 OR ..` in one pass, so that a long chain costs no pairwise work.
fn merge_equalities(parts: Vec<Predicate>) -> Vec<Predicate> {
    let mut lists: Vec<(Column, Vec<Value>)> = Vec::new();
    let mut rest = Vec::new();
    for part in parts {
        match part {
            Predicate::Test(Condition { column, test: Test::In(values) }) => {
                match lists.iter_mut().find(|(known, _)| *known == column) {
                    Some((_, list)) => list.extend(values),
                    None => lists.push((column, values)),
                }
            }
            other => rest.push(other),
        }
    }
    for (column, values) in lists {
        if let Some(test) = Test::any_of(values) {
            rest.push(Predicate::Test(Condition { column, test }));
        }
    }
    rest
}

fn product(mut factors: Vec<Vec<Clause>>) -> Vec<Clause> {
    if factors.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    factors.sort_by_key(Vec::len);
    let mut clauses = vec![Clause::new()];
    for factor in factors {
        if clauses.len() * factor.len() > MAX_CLAUSES {
            continue;
        }
        let pairs = clauses.iter().flat_map(|left| factor.iter().map(move |right| both(left, right)));
        clauses = pairs.flatten().collect();
        if clauses.is_empty() {
            return clauses;
        }
    }
    simplify(clauses)
}

/// One clause that holds where both hold; `None` where no row can pass.
fn both(left: &Clause, right: &Clause) -> Option<Clause> {
    let mut clause = left.clone();
    for condition in right {
        match clause.binary_search_by(|known| known.column.cmp(&condition.column)) {
            Ok(at) => match clause[at].test.clone().and(condition.test.clone()) {
                Both::Never => return None,
                Both::Test(test) => clause[at].test = test,
            },
            Err(at) => clause.insert(at, condition.clone()),
        }
    }
    Some(clause)
}

/// A union of clauses without repetition, within the bounds.
pub(crate) fn simplify(mut clauses: Vec<Clause>) -> Vec<Clause> {
    if clauses.iter().any(Vec::is_empty) {
        return vec![Clause::new()];
    }
    if clauses.len() > 1 {
        merge_lists(&mut clauses);
        absorb(&mut clauses);
    }
    if clauses.len() > MAX_CLAUSES {
        return vec![hull(&clauses)];
    }
    clauses
}

/// Clauses that differ in one list of values only become one clause with the joined list.
fn merge_lists(clauses: &mut Vec<Clause>) {
    clauses.sort_by(|a, b| signature(a).cmp(signature(b)));
    let mut merged: Vec<Clause> = Vec::with_capacity(clauses.len());
    for clause in clauses.drain(..) {
        let target = merged.iter_mut().rev().take(MAX_CLAUSES).find_map(|known| {
            let at = only_difference(known, &clause)?;
            Some((known, at))
        });
        match target {
            Some((known, at)) => {
                if let (Test::In(all), Test::In(more)) = (&mut known[at].test, &clause[at].test) {
                    let mut all = std::mem::take(all);
                    match &more[..] {
                        [one] => {
                            if let Err(place) = all.binary_search(one) {
                                all.insert(place, one.clone());
                            }
                        }
                        more => all.extend(more.iter().cloned()),
                    }
                    known[at].test = match more.len() {
                        1 if all.len() <= MAX_VALUES => Test::In(all),
                        _ => Test::any_of(all).unwrap_or(Test::IsNotNull),
                    };
                }
            }
            None => merged.push(clause),
        }
    }
    *clauses = merged;
}

fn signature(clause: &Clause) -> impl Iterator<Item = &str> {
    clause.iter().map(|condition| condition.column.as_str())
}

fn only_difference(a: &Clause, b: &Clause) -> Option<usize> {
    if a.len() != b.len() || !signature(a).eq(signature(b)) {
        return None;
    }
    let mut differences = (0..a.len()).filter(|at| a[*at].test != b[*at].test);
    let at = differences.next()?;
    let lists = matches!((&a[at].test, &b[at].test), (Test::In(_), Test::In(_)));
    (lists && differences.next().is_none()).then_some(at)
}

/// Drops every clause that another one contains.
fn absorb(clauses: &mut Vec<Clause>) {
    clauses.sort_by_key(Vec::len);
    if clauses.len() > 4 * MAX_CLAUSES {
        return;
    }
    let mut kept: Vec<Clause> = Vec::with_capacity(clauses.len());
    for clause in clauses.drain(..) {
        if !kept.iter().any(|wider| contains(wider, &clause)) {
            kept.push(clause);
        }
    }
    *clauses = kept;
}

/// Whether every row that passes `narrow` passes `wide`, as far as equal tests tell.
fn contains(wide: &Clause, narrow: &Clause) -> bool {
    wide.iter().all(|condition| {
        narrow.iter().any(|other| {
            other.column == condition.column
                && match (&condition.test, &other.test) {
                    (Test::In(all), Test::In(some)) => some.iter().all(|value| all.binary_search(value).is_ok()),
                    (Test::IsNotNull, test) => test.rejects_null(),
                    (a, b) => a == b,
                }
        })
    })
}

/// What too many clauses have in common: lists of a column that all of them name.
fn hull(clauses: &[Clause]) -> Clause {
    let Some(first) = clauses.first() else { return Clause::new() };
    let mut common = Clause::new();
    for Condition { column, .. } in first {
        let mut values = Vec::new();
        let mut not_null = true;
        let mut lists = true;
        for clause in clauses {
            match clause.iter().find(|condition| condition.column == *column).map(|condition| &condition.test) {
                Some(Test::In(more)) => values.extend(more.iter().cloned()),
                Some(test) => {
                    lists = false;
                    not_null &= test.rejects_null();
                }
                None => {
                    lists = false;
                    not_null = false;
                }
            }
        }
        let test = match Test::any_of(values) {
            Some(test) if lists => Some(test),
            _ => not_null.then_some(Test::IsNotNull),
        };
        common.extend(test.map(|test| Condition { column: column.clone(), test }));
    }
    common
}
