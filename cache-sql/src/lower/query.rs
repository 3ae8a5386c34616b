//! Queries: SELECT, set operations, common table expressions.

use std::ops::ControlFlow;
use std::sync::Arc;

use cache_core::dependency::query::{Fault, Formula, JoinKind, QueryShape, Relation};
use cache_core::{Table, Value};
use sqlparser::ast::{Expr, ObjectName, Query, Select, SetExpr, Statement as Tree, Visit, Visitor};

use super::constant::{literal, members};
use super::from::place;
use crate::Dialect;
use crate::bind::Operand;
use crate::catalogue::Catalogue;
use crate::pattern::Pattern;

/// The shape of a query whose binds are open.
pub(crate) type Shape = QueryShape<Pattern>;

/// What lowering needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lowering<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) catalogue: Option<&'a Catalogue>,
    /// Functions that the caller says are pure.
    pub(crate) trusted: &'a [String],
    /// What is lowered decides what a row image says, not only which rows are read.
    pub(crate) writes: bool,
    /// Values that do not fit their column are stored as others that do.
    pub(crate) adjusts: bool,
    /// A mistake to make on purpose.
    pub(crate) fault: Option<Fault>,
}

impl Lowering<'_> {
    /// The operand that an expression stands for, when it is a constant.
    pub(crate) fn constant(&self, expression: &Expr) -> Option<Operand> {
        literal(self.dialect, self.catalogue, expression).map(|operand| self.believed(operand))
    }

    /// The elements of an array that is a constant.
    pub(crate) fn members(&self, expression: &Expr) -> Option<Vec<Operand>> {
        let operands = members(self.dialect, self.catalogue, expression)?;
        Some(operands.into_iter().map(|operand| self.believed(operand)).collect())
    }

    /// A string literal has the type of the column that it meets, except in SQLite: a row image must not take it
    /// for text where that column is not known.
    fn believed(&self, operand: Operand) -> Operand {
        match operand {
            Operand::Value(Value::Text(_))
                if self.writes && self.catalogue.is_none() && self.dialect != Dialect::Sqlite =>
            {
                Operand::Unknown
            }
            operand => operand,
        }
    }

    /// A query and everything inside it. `hidden` are the names that common table expressions take.
    pub(crate) fn query(&self, query: &Query, hidden: &[String]) -> Shape {
        let mut shape = Shape::new();
        let mut hidden = hidden.to_vec();
        if let Some(with) = &query.with {
            for table in &with.cte_tables {
                let own = table.alias.name.value.clone();
                // Elsewhere than in SQLite a name means the table itself inside its own plain definition.
                let sees_itself = with.recursive || self.dialect == Dialect::Sqlite;
                if sees_itself {
                    hidden.push(own.clone());
                }
                shape.parts.push(self.query(&table.query, &hidden));
                if !sees_itself {
                    hidden.push(own);
                }
            }
        }
        self.body(&query.body, &hidden, &mut shape);
        for subquery in Subqueries::of(&query.order_by)
            .into_iter()
            .chain(Subqueries::of(&query.limit_clause))
            .chain(Subqueries::of(&query.fetch))
        {
            shape.parts.push(self.query(&subquery, &hidden));
        }
        let reason = if !query.locks.is_empty() {
            Some("it locks the rows that it reads")
        } else if !query.pipe_operators.is_empty() || query.for_clause.is_some() || query.format_clause.is_some() {
            Some("a clause that is not understood")
        } else {
            None
        };
        if let Some(reason) = reason {
            shape.uncacheable.get_or_insert(reason.into());
        }
        shape
    }

    fn body(&self, body: &SetExpr, hidden: &[String], shape: &mut Shape) {
        let mut rest = body;
        while let SetExpr::SetOperation { left, right, .. } = rest {
            self.body(right, hidden, shape);
            rest = left;
        }
        match rest {
            SetExpr::Select(select) => shape.parts.push(self.select(select, hidden)),
            SetExpr::Query(query) => shape.parts.push(self.query(query, hidden)),
            SetExpr::Values(values) => {
                shape.parts.extend(Subqueries::of(values).iter().map(|query| self.query(query, hidden)));
            }
            SetExpr::Table(table) => {
                let name = table.table_name.clone().unwrap_or_default();
                let qualified = table.schema_name.is_some();
                if qualified || !hidden.iter().any(|hidden| hidden.eq_ignore_ascii_case(&name)) {
                    let source = shape.source(Table::from(name));
                    let placed = std::mem::replace(&mut shape.relation, Relation::Nested);
                    shape.relation = placed.join(JoinKind::Cross, Relation::Table(source), Formula::Any);
                }
            }
            SetExpr::SetOperation { .. } => {}
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                shape.uncacheable.get_or_insert("it contains a write".into());
            }
        }
    }

    fn select(&self, select: &Select, hidden: &[String]) -> Shape {
        let mut shape = Shape::new();
        let scope = place(self, &select.from, hidden, &mut shape);
        if let Some(condition) = &select.selection {
            shape.filter = self.formula(condition, &scope);
        }
        for subquery in Subqueries::of(select) {
            shape.parts.push(self.query(&subquery, hidden));
        }
        if !select.lateral_views.is_empty() || !select.connect_by.is_empty() || select.prewhere.is_some() {
            shape.uncacheable.get_or_insert("a clause that is not understood".into());
        }
        if select.into.is_some() {
            shape.uncacheable.get_or_insert("its rows go somewhere else".into());
        }
        if select.select_modifiers.as_ref().is_some_and(|modifiers| modifiers.sql_calc_found_rows) {
            shape.uncacheable.get_or_insert("it leaves a count behind for the next statement".into());
        }
        if ranks(select) {
            // Every row has a part in how many of them are relevant, and how much.
            for table in scope.tables() {
                shape.source(table);
            }
        }
        shape
    }

    /// Why a table of the database's own must not be read through the cache.
    pub(crate) fn system_table(&self, name: &ObjectName, last: &str) -> Option<Arc<str>> {
        let last = last.to_ascii_lowercase();
        let schema = name.0.iter().rev().nth(1).map(|part| part.to_string().to_ascii_lowercase()).unwrap_or_default();
        let schema = schema.trim_matches(['"', '`']);
        let own = match self.dialect {
            Dialect::Sqlite => {
                last.starts_with("sqlite_") || last.starts_with("pragma_") || matches!(&*last, "dbstat" | "fts5vocab")
            }
            Dialect::Postgres => last.starts_with("pg_") || matches!(schema, "pg_catalog" | "information_schema"),
            Dialect::MySql => matches!(schema, "information_schema" | "performance_schema" | "mysql" | "sys"),
        };
        own.then(|| format!("the system table {last}").into())
    }
}

/// Whether a piece of syntax searches a full text index.
fn ranks(tree: &impl Visit) -> bool {
    struct Search;
    impl Visitor for Search {
        type Break = ();
        fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
            match expression {
                Expr::MatchAgainst { .. } => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    tree.visit(&mut Search).is_break()
}

/// The last part of a name, without quotes.
pub(crate) fn name_of(name: &ObjectName) -> String {
    name.0
        .last()
        .map(|part| match part.as_ident() {
            Some(ident) => ident.value.clone(),
            None => part.to_string(),
        })
        .unwrap_or_default()
}

/// The outermost queries inside a piece of syntax.
#[derive(Default)]
pub(crate) struct Subqueries {
    depth: usize,
    found: Vec<Query>,
}

impl Subqueries {
    pub(crate) fn of(tree: &impl Visit) -> Vec<Query> {
        let mut search = Subqueries::default();
        let _ = tree.visit(&mut search);
        search.found
    }
}

impl Visitor for Subqueries {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if self.depth == 0 {
            self.found.push(query.clone());
        }
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}

/// The statements inside a piece of syntax, which is how a query writes.
///
/// `whole` says that the piece is a statement itself.
pub(crate) fn nested_statements(tree: &impl Visit, whole: bool) -> Vec<Tree> {
    struct Search {
        itself: bool,
        found: Vec<Tree>,
    }
    impl Visitor for Search {
        type Break = ();
        fn pre_visit_statement(&mut self, statement: &Tree) -> ControlFlow<()> {
            if !std::mem::take(&mut self.itself) {
                self.found.push(statement.clone());
            }
            ControlFlow::Continue(())
        }
    }
    let mut search = Search { itself: whole, found: Vec::new() };
    let _ = tree.visit(&mut search);
    search.found
}
