//! From the syntax tree of a write to actions.

use std::ops::ControlFlow;

use cache_core::{Column, Table};
use sqlparser::ast::{
    Assignment, AssignmentTarget, CascadeOption, Expr, ObjectName, Statement as Tree, TableFactor, Truncate, Visit,
    Visitor,
};

use super::action::{Action, Assigned};
use super::insert::insert;
use super::update::{delete, update};
use crate::Dialect;
use crate::catalogue::Catalogue;
use crate::lower::{Lowering, name_of};

/// The writes of a statement that is one; `None` for any other statement, and where no table can be told.
pub(crate) fn actions(lowering: &Lowering<'_>, tree: &Tree) -> Option<Vec<Action>> {
    let lowering = &Lowering { writes: true, ..*lowering };
    let found = match tree {
        Tree::Insert(insert) => self::insert(lowering, insert),
        Tree::Update(update) => self::update(lowering, update),
        Tree::Delete(delete) => self::delete(lowering, delete),
        Tree::Truncate(truncate) => Some(emptied(truncate)),
        Tree::Merge(merge) => match &merge.table {
            TableFactor::Table { name, .. } => Some(vec![any_row(name)]),
            target => relations(target),
        },
        Tree::LoadData { table_name, .. } => Some(vec![any_row(table_name)]),
        _ => None,
    }?;
    match lowering.catalogue.filter(|catalogue| catalogue.elsewhere(tree).is_some()) {
        Some(catalogue) => outside(catalogue, tree),
        None => Some(found),
    }
}

/// Writes of which a part is out of the catalogue's sight: what it says of a table may be about another of that name.
fn outside(catalogue: &Catalogue, tree: &Tree) -> Option<Vec<Action>> {
    let named = relations(tree)?;
    let named = named.iter().filter_map(Action::table).chain(catalogue.reached_from_elsewhere());
    Some(named.map(|table| Action::Elsewhere { table: table.clone() }).collect())
}

fn emptied(truncate: &Truncate) -> Vec<Action> {
    match truncate.cascade {
        // Whatever refers to a table goes with it, even what a deletion would not reach.
        Some(CascadeOption::Cascade) => vec![Action::Everything],
        _ => truncate.table_names.iter().map(|target| any_row(&target.name)).collect(),
    }
}

fn any_row(name: &ObjectName) -> Action {
    Action::AnyRow { table: table(name) }
}

pub(super) fn table(name: &ObjectName) -> Table {
    Table::from(name_of(name))
}

pub(super) fn column(name: &ObjectName) -> Column {
    Column::from(name_of(name))
}

/// Any row of every table that a piece of syntax names.
pub(super) fn relations(tree: &impl Visit) -> Option<Vec<Action>> {
    struct Search(Vec<Action>);
    impl Visitor for Search {
        type Break = ();
        fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
            self.0.push(any_row(relation));
            ControlFlow::Continue(())
        }
    }
    let mut search = Search(Vec::new());
    let _ = tree.visit(&mut search);
    (!search.0.is_empty()).then_some(search.0)
}

pub(super) fn assignments(
    lowering: &Lowering<'_>,
    assignments: &[Assignment],
    upsert: bool,
) -> Vec<(Column, Assigned)> {
    let mut found = Vec::new();
    for Assignment { target, value } in assignments {
        match target {
            AssignmentTarget::ColumnName(name) => {
                let assigned = match (lowering.constant(value), value) {
                    _ if lowering.adjusts => Assigned::Unknown,
                    (Some(operand), _) => Assigned::Operand(operand),
                    (None, Expr::CompoundIdentifier(parts)) if upsert => match &parts[..] {
                        [row, column] if row.value.eq_ignore_ascii_case("excluded") => {
                            Assigned::Excluded(Column::from(column.value.as_str()))
                        }
                        _ => Assigned::Unknown,
                    },
                    _ => Assigned::Unknown,
                };
                // A field of a composite there, a column of a table elsewhere.
                match &name.0[..] {
                    [whole, _, ..] if lowering.dialect == Dialect::Postgres => {
                        found.push((column(&ObjectName(vec![whole.clone()])), Assigned::Unknown));
                    }
                    _ => found.push((column(name), assigned)),
                }
            }
            AssignmentTarget::Tuple(names) => {
                found.extend(names.iter().map(|name| (column(name), Assigned::Unknown)));
            }
        }
    }
    found
}
