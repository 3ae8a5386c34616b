//! What a query reads: its sources and how they are joined.

use std::sync::Arc;

use super::super::{Condition, Table};
use super::Formula;

/// A table instance of one query; the same table named twice is two sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source(pub(super) usize);

/// An atom and the source whose column it tests.
pub type OnSource<A> = (Source, A);

/// How two relations are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// Only pairs that satisfy the join's condition.
    Inner,
    /// Every row of the left side.
    Left,
    /// Every row of the right side.
    Right,
    /// Every row of both sides.
    Full,
    /// All pairs.
    Cross,
}

/// The FROM clause as a tree.
#[derive(Clone, Debug)]
pub enum Relation<A = Condition> {
    /// No row source at all, or one without columns of its own: a derived table, a common table expression.
    Nested,
    /// A table.
    Table(Source),
    /// Two relations joined.
    Join {
        /// The kind of join.
        kind: JoinKind,
        /// The left side.
        left: Box<Relation<A>>,
        /// The right side.
        right: Box<Relation<A>>,
        /// The join's condition.
        on: Formula<OnSource<A>>,
    },
}

impl<A> Relation<A> {
    /// This relation joined with another one.
    #[must_use]
    pub fn join(self, kind: JoinKind, right: Relation<A>, on: Formula<OnSource<A>>) -> Self {
        Relation::Join { kind, left: Box::new(self), right: Box::new(right), on }
    }
}

/// One SELECT as far as invalidation is concerned: its sources, how they are joined, its filter, and the
/// queries inside it.
///
/// Every front end lowers its queries to this shape; what the result depends on is decided here alone.
///
/// ```
/// use cache_core::dependency::query::{Formula, JoinKind, QueryShape, Relation};
/// use cache_core::{Predicate, column};
///
/// let Predicate::Test(tag) = column("tag").eq("new") else { unreachable!() };
/// let mut shape = QueryShape::new();
/// let article = shape.source("article");
/// let label = shape.source("label");
/// shape.relation = Relation::Table(article).join(JoinKind::Left, Relation::Table(label), Formula::Any);
/// shape.filter = Formula::Atom((label, tag));
/// assert_eq!(shape.project().to_string(), "article; label: tag = 'new'");
/// ```
#[derive(Clone, Debug)]
pub struct QueryShape<A = Condition> {
    pub(super) sources: Vec<Table>,
    /// The FROM clause.
    pub relation: Relation<A>,
    /// The WHERE clause.
    pub filter: Formula<OnSource<A>>,
    /// Subqueries anywhere in the query, derived tables, common table expressions, arms of set operations.
    pub parts: Vec<QueryShape<A>>,
    /// Why the result must not be stored, if so.
    pub uncacheable: Option<Arc<str>>,
}

impl<A> QueryShape<A> {
    /// A query without sources.
    pub fn new() -> Self {
        QueryShape {
            sources: Vec::new(),
            relation: Relation::Nested,
            filter: Formula::Any,
            parts: Vec::new(),
            uncacheable: None,
        }
    }

    /// A query made of other queries only.
    pub fn of_parts(parts: Vec<QueryShape<A>>) -> Self {
        QueryShape { parts, ..Self::new() }
    }

    /// Adds a table instance. A source that the relation does not place depends on any row of its table.
    pub fn source(&mut self, table: impl Into<Table>) -> Source {
        self.sources.push(table.into());
        Source(self.sources.len() - 1)
    }

    /// The table of a source.
    pub fn table(&self, source: Source) -> Option<&Table> {
        self.sources.get(source.0)
    }
}

impl<A> Default for QueryShape<A> {
    fn default() -> Self {
        Self::new()
    }
}
