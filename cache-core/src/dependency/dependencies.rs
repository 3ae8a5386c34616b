//! What a result depends on.

use std::collections::BTreeMap;
use std::fmt;
use std::ops;
use std::sync::{Arc, OnceLock};

use super::normal::{Clause, simplify};
use super::{Column, Conjunction, Predicate, Table, column};
use crate::change::Change;
use crate::value::Value;

/// The invalidation set of a result: conjunctions of conditions over tables, and free tags.
///
/// A change of a row invalidates the result when the row, as it was or as it became, may satisfy all
/// conditions of one of the conjunctions. A set is bounded: a table contributes at most 64 conjunctions and a
/// condition at most 256 values; whatever would pass that is widened, at last to the whole table.
///
/// A clone shares the conjunctions.
///
/// ```
/// use cache_core::{column, Change, Dependencies, Row};
///
/// let dependencies = Dependencies::on("article", column("category_id").eq(3)) | Dependencies::table("author");
/// assert!(dependencies.may_match(&Change::inserted("article", Row::from([("category_id", 3)]))));
/// assert!(!dependencies.may_match(&Change::inserted("article", Row::from([("category_id", 4)]))));
/// ```
#[derive(Clone)]
pub struct Dependencies {
    set: Arc<Set>,
}

#[derive(Clone, Default, PartialEq)]
struct Set {
    conjunctions: Vec<Conjunction>,
    uncacheable: Option<Arc<str>>,
}

impl Dependencies {
    fn from_set(set: Set) -> Self {
        Dependencies { set: Arc::new(set) }
    }

    /// Rows that satisfy any of these.
    pub(crate) fn of(conjunctions: impl IntoIterator<Item = Conjunction>) -> Self {
        let sets = conjunctions.into_iter().map(|one| Self::from_clauses(one.table, vec![one.conditions]));
        sets.collect()
    }

    fn from_clauses(table: Table, clauses: Vec<Clause>) -> Self {
        let conjunctions =
            clauses.into_iter().map(|conditions| Conjunction { table: table.clone(), conditions }).collect();
        Self::from_set(Set { conjunctions, uncacheable: None })
    }

    /// No dependency: the result goes by time or by name only.
    pub fn none() -> Self {
        static NONE: OnceLock<Dependencies> = OnceLock::new();
        NONE.get_or_init(|| Self::from_set(Set::default())).clone()
    }

    /// Any row of a table.
    pub fn table(table: impl Into<Table>) -> Self {
        Self::from_clauses(table.into(), vec![Clause::new()])
    }

    /// The rows of a table that may satisfy `predicate`.
    pub fn on(table: impl Into<Table>, predicate: Predicate) -> Self {
        Self::from_clauses(table.into(), predicate.clauses())
    }

    /// The one row with these values, usually the primary key.
    pub fn row<C: Into<Column>, V: Into<Value>>(
        table: impl Into<Table>,
        key: impl IntoIterator<Item = (C, V)>,
    ) -> Self {
        let tests = key.into_iter().map(|(name, value)| column(name).eq(value)).collect();
        Self::on(table, Predicate::All(tests))
    }

    /// A free tag, invalidated by name.
    pub fn tag(name: impl AsRef<str>) -> Self {
        Self::from_clauses(Table::tag(name.as_ref()), vec![Clause::new()])
    }

    /// A result that must not be stored, and why: it locks rows, draws random numbers, reads the clock.
    pub fn uncacheable(reason: impl Into<Arc<str>>) -> Self {
        Self::from_set(Set { conjunctions: Vec::new(), uncacheable: Some(reason.into()) })
    }

    /// This set. Querysets of every kind answer to this method, so that `#[cached_as]` can call it on any of them.
    pub fn dependencies(&self) -> Dependencies {
        self.clone()
    }

    /// The conjunctions, sorted by table; free tags among them.
    pub fn conjunctions(&self) -> &[Conjunction] {
        &self.set.conjunctions
    }

    /// The tables, each once.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        let mut last = None;
        let tables = self.set.conjunctions.iter().map(|conjunction| &conjunction.table);
        tables.filter(move |table| table.as_tag().is_none() && last.replace(*table) != Some(*table))
    }

    /// The free tags.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.set.conjunctions.iter().filter_map(|conjunction| conjunction.table.as_tag())
    }

    /// Why the result must not be stored, if so.
    pub fn uncacheable_reason(&self) -> Option<&str> {
        self.set.uncacheable.as_deref()
    }

    /// Whether there is neither a conjunction nor a reason not to store.
    pub fn is_empty(&self) -> bool {
        self.set.conjunctions.is_empty() && self.set.uncacheable.is_none()
    }

    /// Both sets.
    #[must_use]
    pub fn union(self, other: Dependencies) -> Dependencies {
        if other.is_empty() || Arc::ptr_eq(&self.set, &other.set) {
            return self;
        }
        if self.is_empty() {
            return other;
        }
        Self::join(&[self, other])
    }

    fn join(sets: &[Dependencies]) -> Dependencies {
        let uncacheable = sets.iter().find_map(|one| one.set.uncacheable.clone());
        let mut tables: BTreeMap<Table, Vec<Clause>> = BTreeMap::new();
        for conjunction in sets.iter().flat_map(|one| &one.set.conjunctions) {
            tables.entry(conjunction.table.clone()).or_default().push(conjunction.conditions.clone());
        }
        let conjunctions = tables
            .into_iter()
            .flat_map(|(table, clauses)| {
                simplify(clauses).into_iter().map(move |conditions| Conjunction { table: table.clone(), conditions })
            })
            .collect();
        Self::from_set(Set { conjunctions, uncacheable })
    }

    /// The same tables and tags without the conditions: any row of each.
    #[must_use]
    pub fn widened(&self) -> Dependencies {
        let tables = self.set.conjunctions.iter().map(|conjunction| Dependencies::table(conjunction.table.clone()));
        let reason = self.set.uncacheable.clone().map(Dependencies::uncacheable);
        tables.chain(reason).collect()
    }

    /// Whether a change may alter the result; unsure means yes.
    pub fn may_match(&self, change: &Change) -> bool {
        self.set.conjunctions.iter().any(|conjunction| conjunction.may_match(change))
    }
}

impl Default for Dependencies {
    fn default() -> Self {
        Self::none()
    }
}

impl PartialEq for Dependencies {
    fn eq(&self, other: &Self) -> bool {
        self.set == other.set
    }
}

impl ops::BitOr for Dependencies {
    type Output = Dependencies;

    fn bitor(self, other: Dependencies) -> Dependencies {
        self.union(other)
    }
}

impl FromIterator<Dependencies> for Dependencies {
    fn from_iter<I: IntoIterator<Item = Dependencies>>(sets: I) -> Self {
        let mut sets: Vec<Dependencies> = sets.into_iter().filter(|set| !set.is_empty()).collect();
        match sets.len() {
            0 | 1 => sets.pop().unwrap_or_default(),
            _ => Self::join(&sets),
        }
    }
}

impl Extend<Dependencies> for Dependencies {
    fn extend<I: IntoIterator<Item = Dependencies>>(&mut self, sets: I) {
        *self = std::iter::once(std::mem::take(self)).chain(sets).collect();
    }
}

impl fmt::Debug for Dependencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dependencies({self})")
    }
}

impl fmt::Display for Dependencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reason) = self.uncacheable_reason() {
            write!(f, "not cacheable: {reason}")?;
            if !self.set.conjunctions.is_empty() {
                f.write_str("; ")?;
            }
        }
        for (at, conjunction) in self.set.conjunctions.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{conjunction}")?;
        }
        if self.is_empty() { f.write_str("nothing") } else { Ok(()) }
    }
}
