//! From the shape of a query to what its result depends on.
//!
//! The rules are per source. A row of a source can only matter if it passes every *filter point* that
//! governs the source: the WHERE clause, the condition of every inner join above it, and the condition of
//! an outer join on whose NULL-extended side it stands. The condition of an outer join says nothing
//! about the preserved side, and that of a full join nothing about either.
//!
//! A source that is NULL-extended below a filter point also matters there by its *absence*: a row that
//! finds no partner is replaced by NULLs. If those NULLs may pass the filter, then any row matters there.

use super::super::{Condition, Dependencies, Predicate, Table};
use super::{Atom, Formula, JoinKind, Normal, OnSource, QueryShape, Relation, Source};

/// The rows of one table that a query may have read.
#[derive(Clone, Debug)]
pub struct Restriction<A> {
    /// The table.
    pub table: Table,
    /// What a row has to satisfy to matter.
    pub formula: Normal<A>,
}

/// Mistakes that can be planted to prove that a test catches them.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Filters NULL-extended rows as if they were there.
    TrustsExtendedRows,
    /// Lets the condition of an outer join restrict its preserved side.
    RestrictsPreservedSide,
    /// Lets the condition of a full join restrict its sides.
    RestrictsFullJoin,
    /// Leaves out what is unknown before it negates.
    NegatesLate,
    /// Overlooks queries inside the query.
    ForgetsParts,
    /// Takes OR for AND.
    JoinsAlternatives,
}

impl QueryShape<Condition> {
    /// What the result of this query depends on.
    pub fn project(&self) -> Dependencies {
        let mut all: Dependencies = self
            .restrictions()
            .iter()
            .map(|restriction| {
                let predicate = restriction.formula.predicate(&mut |condition: &Condition, negated| {
                    let test = Predicate::Test(condition.clone());
                    if negated { !test } else { test }
                });
                Dependencies::on(&restriction.table, predicate)
            })
            .collect();
        if let Some(reason) = self.reason() {
            all = all.union(Dependencies::uncacheable(reason.clone()));
        }
        all
    }
}

impl<A: Atom> QueryShape<A> {
    /// The rows of each source that may matter, for this query and all inside it.
    pub fn restrictions(&self) -> Vec<Restriction<A>> {
        self.restrictions_with(None)
    }

    /// Why this query, or one inside it, must not be stored.
    pub fn reason(&self) -> Option<&std::sync::Arc<str>> {
        self.uncacheable.as_ref().or_else(|| self.parts.iter().find_map(QueryShape::reason))
    }

    #[doc(hidden)]
    pub fn restrictions_with(&self, fault: Option<Fault>) -> Vec<Restriction<A>> {
        let mut found = Vec::new();
        self.collect(fault, &mut found);
        found
    }

    fn collect(&self, fault: Option<Fault>, found: &mut Vec<Restriction<A>>) {
        let mut projection =
            Projection { formulas: self.sources.iter().map(|_| None).collect::<Vec<Option<Vec<_>>>>(), fault };
        let standing = projection.visit(&self.relation);
        projection.filter(&self.filter, &standing);
        for (table, formulas) in self.sources.iter().zip(projection.formulas) {
            let formula = formulas.map_or(Normal::Any, Normal::all);
            if !matches!(formula, Normal::Never) {
                found.push(Restriction { table: table.clone(), formula });
            }
        }
        if fault != Some(Fault::ForgetsParts) {
            self.parts.iter().for_each(|part| part.collect(fault, found));
        }
    }
}

/// A source and whether it may be NULL-extended at some height of the tree.
type Standing = (Source, bool);

struct Projection<A> {
    /// By source: what governs it; `None` for one that the tree does not place.
    formulas: Vec<Option<Vec<Normal<A>>>>,
    fault: Option<Fault>,
}

impl<A: Atom> Projection<A> {
    fn visit(&mut self, relation: &Relation<A>) -> Vec<Standing> {
        match relation {
            Relation::Nested => Vec::new(),
            Relation::Table(source) => {
                if let Some(slot) = self.formulas.get_mut(source.0) {
                    slot.get_or_insert_default();
                }
                vec![(*source, false)]
            }
            Relation::Join { kind, left, right, on } => {
                let left = self.visit(left);
                let right = self.visit(right);
                let (govern_left, govern_right) = self.governed(*kind);
                if govern_left {
                    self.filter(on, &left);
                }
                if govern_right {
                    self.filter(on, &right);
                }
                let extend_left = matches!(kind, JoinKind::Right | JoinKind::Full);
                let extend_right = matches!(kind, JoinKind::Left | JoinKind::Full);
                let left = left.into_iter().map(|(source, extended)| (source, extended || extend_left));
                let right = right.into_iter().map(|(source, extended)| (source, extended || extend_right));
                left.chain(right).collect()
            }
        }
    }

    fn governed(&self, kind: JoinKind) -> (bool, bool) {
        let preserved = self.fault == Some(Fault::RestrictsPreservedSide);
        let full = self.fault == Some(Fault::RestrictsFullJoin);
        match kind {
            JoinKind::Inner | JoinKind::Cross => (true, true),
            JoinKind::Left => (preserved, true),
            JoinKind::Right => (true, preserved),
            JoinKind::Full => (full, full),
        }
    }

    /// Lets one filter point govern `sources`.
    fn filter(&mut self, formula: &Formula<OnSource<A>>, sources: &[Standing]) {
        if matches!(formula, Formula::Any) {
            return;
        }
        for (source, extended) in sources {
            let restricted = restrict(formula, *source, false, self.fault);
            let absent_rows_pass = *extended && restricted.may_hold_on_null();
            if absent_rows_pass && self.fault != Some(Fault::TrustsExtendedRows) {
                continue;
            }
            if let Some(slot) = self.formulas.get_mut(source.0) {
                slot.get_or_insert_default().push(restricted);
            }
        }
    }
}

/// What a formula says about one source, its negations pushed down to the atoms.
fn restrict<A: Atom>(formula: &Formula<OnSource<A>>, source: Source, negated: bool, fault: Option<Fault>) -> Normal<A> {
    let each = |parts: &[Formula<OnSource<A>>]| -> Vec<Normal<A>> {
        parts.iter().map(|part| restrict(part, source, negated, fault)).collect()
    };
    match formula {
        Formula::Any => Normal::Any,
        Formula::Never if negated => Normal::Any,
        Formula::Never => Normal::Never,
        Formula::Atom((of, atom)) if *of == source => {
            if negated {
                Normal::IsNot(atom.clone())
            } else {
                Normal::Is(atom.clone())
            }
        }
        Formula::Atom(_) => Normal::Any,
        Formula::Not(inner) => restrict(inner, source, !negated, fault),
        Formula::All(parts) if negated && fault == Some(Fault::NegatesLate) => Normal::all(each(parts)),
        Formula::Either(parts) if fault == Some(Fault::JoinsAlternatives) && !negated => Normal::all(each(parts)),
        Formula::All(parts) if !negated => Normal::all(each(parts)),
        Formula::Either(parts) if negated => Normal::all(each(parts)),
        Formula::All(parts) | Formula::Either(parts) => Normal::either(each(parts)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dependency::column;

    type Filter = Formula<OnSource<Condition>>;

    fn atom(source: Source, predicate: Predicate) -> Filter {
        match predicate {
            Predicate::Test(condition) => Formula::Atom((source, condition)),
            Predicate::Not(inner) => atom(source, *inner).negated(),
            other => panic!("{other:?} is not one test"),
        }
    }

    /// Two tables, joined, and filtered by what `filter` makes of them.
    fn joined(kind: JoinKind, on: fn(Source, Source) -> Filter, filter: fn(Source, Source) -> Filter) -> String {
        let mut shape = QueryShape::new();
        let (a, b) = (shape.source("a"), shape.source("b"));
        shape.relation = Relation::Table(a).join(kind, Relation::Table(b), on(a, b));
        shape.filter = filter(a, b);
        shape.project().to_string()
    }

    #[test]
    fn outer_joins_restrict_the_side_they_extend() {
        let on = |a, b| Formula::All(vec![atom(a, column("x").eq(1)), atom(b, column("y").eq(2))]);
        let none = |_, _| Formula::Any;
        assert_eq!(joined(JoinKind::Inner, on, none), "a: x = 1; b: y = 2");
        assert_eq!(joined(JoinKind::Left, on, none), "a; b: y = 2");
        assert_eq!(joined(JoinKind::Right, on, none), "a: x = 1; b");
        assert_eq!(joined(JoinKind::Full, on, none), "a; b");
    }

    #[test]
    fn extended_rows_must_not_pass_the_filter() {
        let none = |_, _| Formula::Any;
        assert_eq!(joined(JoinKind::Left, none, |_, b| atom(b, column("y").eq(2))), "a; b: y = 2");
        assert_eq!(joined(JoinKind::Left, none, |_, b| atom(b, column("y").ne(2))), "a; b: y IS NOT NULL");
        assert_eq!(joined(JoinKind::Left, none, |_, b| atom(b, column("y").is_null())), "a; b");
        assert_eq!(joined(JoinKind::Left, none, |_, b| atom(b, !column("y").is_not_null())), "a; b");
        assert_eq!(joined(JoinKind::Right, none, |a, _| atom(a, column("y").is_null())), "a; b");
        let either = |a, b| Formula::Either(vec![atom(a, column("x").eq(1)), atom(b, column("y").eq(2))]);
        assert_eq!(joined(JoinKind::Left, none, either), "a; b");
    }

    #[test]
    fn what_is_unknown_stays_unknown_when_negated() {
        let none = |_, _| Formula::Any;
        let filter = |a, _| Formula::All(vec![atom(a, column("x").is_null()), Formula::Any]).negated();
        assert_eq!(joined(JoinKind::Inner, none, filter), "a; b");
        let filter = |a, _| Formula::Either(vec![atom(a, column("x").is_null()), Formula::Any]).negated();
        assert_eq!(joined(JoinKind::Inner, none, filter), "a: x IS NOT NULL; b");
        assert_eq!(joined(JoinKind::Inner, none, |_, _| Formula::Never), "nothing");
        assert_eq!(joined(JoinKind::Inner, none, |_, _| Formula::Never.negated()), "a; b");
    }

    #[test]
    fn parts_count_and_unplaced_sources_are_whole() {
        let mut inner = QueryShape::<Condition>::new();
        inner.source("c");
        inner.uncacheable = Some("it reads the clock".into());
        let shape = QueryShape::of_parts(vec![inner]);
        assert_eq!(shape.project().to_string(), "not cacheable: it reads the clock; c");
        assert!(shape.restrictions_with(Some(Fault::ForgetsParts)).is_empty());
    }
}
