//! The FROM clause.

use std::sync::Arc;

use cache_core::Table;
use cache_core::dependency::query::{Formula, JoinKind, Relation};
use sqlparser::ast::{Join, JoinConstraint, JoinOperator, ObjectName, TableAlias, TableFactor, TableWithJoins};

use super::query::{Lowering, Shape, name_of};
use super::scope::Scope;
use crate::Dialect;
use crate::functions::is_pure;
use crate::pattern::Pattern;

type Tree = Relation<Pattern>;

/// The sources of a FROM clause in the order in which joins apply, and their scope.
///
/// Conditions of joins are lowered once all names are known, hence the two passes.
pub(crate) fn place(lowering: &Lowering<'_>, from: &[TableWithJoins], hidden: &[String], shape: &mut Shape) -> Scope {
    let mut scope = Scope::default();
    let mut trees = Vec::new();
    let mut place = Placing { lowering, hidden, shape, scope: &mut scope };
    for item in from {
        trees.push(place.item(item));
    }
    let mut whole: Option<Tree> = None;
    for tree in trees {
        whole = Some(match (whole, lowering.dialect) {
            (None, _) => tree.conditions(lowering, &scope, None),
            // In SQLite a comma binds no weaker than JOIN.
            (Some(left), Dialect::Sqlite) => tree.conditions(lowering, &scope, Some(left)),
            (Some(left), _) => left.join(JoinKind::Cross, tree.conditions(lowering, &scope, None), Formula::Any),
        });
    }
    shape.relation = whole.unwrap_or(Relation::Nested);
    scope
}

/// A tree of sources whose join conditions are not lowered yet.
enum Sketch<'a> {
    Leaf(Tree),
    Chain(Box<Sketch<'a>>, Vec<(&'a JoinOperator, Sketch<'a>)>),
}

impl Sketch<'_> {
    fn conditions(self, lowering: &Lowering<'_>, scope: &Scope, before: Option<Tree>) -> Tree {
        match self {
            Sketch::Leaf(tree) => match before {
                Some(left) => left.join(JoinKind::Cross, tree, Formula::Any),
                None => tree,
            },
            Sketch::Chain(first, joins) => {
                let mut left = first.conditions(lowering, scope, None);
                if let Some(before) = before {
                    left = before.join(JoinKind::Cross, left, Formula::Any);
                }
                for (operator, right) in joins {
                    let right = right.conditions(lowering, scope, None);
                    let (kind, constraint) = kind(operator);
                    let on = match constraint {
                        Some(JoinConstraint::On(condition)) => lowering.formula(condition, scope),
                        _ => Formula::Any,
                    };
                    left = left.join(kind, right, on);
                }
                left
            }
        }
    }
}

fn kind(operator: &JoinOperator) -> (JoinKind, Option<&JoinConstraint>) {
    match operator {
        JoinOperator::Join(on)
        | JoinOperator::Inner(on)
        | JoinOperator::CrossJoin(on)
        | JoinOperator::StraightJoin(on) => (JoinKind::Inner, Some(on)),
        JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => (JoinKind::Left, Some(on)),
        JoinOperator::Right(on) | JoinOperator::RightOuter(on) => (JoinKind::Right, Some(on)),
        JoinOperator::FullOuter(on) => (JoinKind::Full, Some(on)),
        // Whatever else there is: nothing is concluded from it.
        _ => (JoinKind::Full, None),
    }
}

struct Placing<'a, 'b> {
    lowering: &'a Lowering<'b>,
    hidden: &'a [String],
    shape: &'a mut Shape,
    scope: &'a mut Scope,
}

impl Placing<'_, '_> {
    fn item<'t>(&mut self, item: &'t TableWithJoins) -> Sketch<'t> {
        let first = self.factor(&item.relation);
        if item.joins.is_empty() {
            return first;
        }
        let mut joins = Vec::new();
        for Join { relation, join_operator, .. } in &item.joins {
            joins.push((join_operator, self.factor(relation)));
        }
        Sketch::Chain(Box::new(first), joins)
    }

    fn factor<'t>(&mut self, factor: &'t TableFactor) -> Sketch<'t> {
        match factor {
            TableFactor::Table { name, alias, args, version, json_path, sample, partitions, .. } => {
                if sample.is_some() || version.is_some() {
                    self.refuse("a sample or an old version of a table".into());
                }
                if args.is_some() || json_path.is_some() {
                    return self.function(name, alias.as_ref());
                }
                let _ = partitions;
                self.table(name, alias.as_ref())
            }
            TableFactor::Derived { alias, sample, .. } => {
                if sample.is_some() {
                    self.refuse("a sample of a table".into());
                }
                self.nested(alias.as_ref())
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => self.item(table_with_joins),
            TableFactor::NestedJoin { table_with_joins, alias: Some(alias) } => {
                // Its columns are those of the alias: the names inside are out of sight.
                let mut inside = Scope::default();
                let mut placing =
                    Placing { lowering: self.lowering, hidden: self.hidden, shape: self.shape, scope: &mut inside };
                let tree = placing.item(table_with_joins).conditions(self.lowering, &inside, None);
                self.scope.add(Some(&alias.name.value), None);
                Sketch::Leaf(tree)
            }
            TableFactor::UNNEST { alias, .. } => self.nested(alias.as_ref()),
            TableFactor::Function { name, alias, .. } => self.function(name, alias.as_ref()),
            TableFactor::JsonTable { alias, .. } | TableFactor::XmlTable { alias, .. } => self.nested(alias.as_ref()),
            TableFactor::TableFunction { alias, .. } => self.nested(alias.as_ref()),
            _ => {
                self.refuse("a row source that is not understood".into());
                self.nested(None)
            }
        }
    }

    fn table<'t>(&mut self, name: &ObjectName, alias: Option<&TableAlias>) -> Sketch<'t> {
        let last = name_of(name);
        let known_as = alias.map_or(last.as_str(), |alias| &alias.name.value);
        let qualified = name.0.len() > 1;
        if !qualified && self.hidden.iter().any(|hidden| hidden.eq_ignore_ascii_case(&last)) {
            self.scope.add(Some(known_as), None);
            return Sketch::Leaf(Relation::Nested);
        }
        // The table of one row that every MySQL has.
        if !qualified && self.lowering.dialect == Dialect::MySql && last.eq_ignore_ascii_case("dual") {
            self.scope.add(Some(known_as), None);
            return Sketch::Leaf(Relation::Nested);
        }
        if let Some(reason) = self.lowering.system_table(name, &last) {
            self.refuse(reason);
        }
        let table = Table::from(last.as_str());
        let source = self.shape.source(&table);
        let renamed = alias.is_some_and(|alias| !alias.columns.is_empty());
        self.scope.add(Some(known_as), (!renamed).then_some((source, table)));
        Sketch::Leaf(Relation::Table(source))
    }

    fn function<'t>(&mut self, name: &ObjectName, alias: Option<&TableAlias>) -> Sketch<'t> {
        let last = name_of(name);
        if !is_pure(self.lowering.dialect, name, self.lowering.trusted) {
            self.refuse(format!("the table function {last}() is not known to read its arguments only").into());
        }
        let known_as = alias.map_or(last.as_str(), |alias| &alias.name.value);
        self.scope.add(Some(known_as), None);
        Sketch::Leaf(Relation::Nested)
    }

    fn nested<'t>(&mut self, alias: Option<&TableAlias>) -> Sketch<'t> {
        self.scope.add(alias.map(|alias| alias.name.value.as_str()), None);
        Sketch::Leaf(Relation::Nested)
    }

    fn refuse(&mut self, reason: Arc<str>) {
        self.shape.uncacheable.get_or_insert(reason);
    }
}
