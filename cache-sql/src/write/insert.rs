//! From the syntax tree of an insertion to actions.

use cache_core::Column;
use sqlparser::ast::{
    ConflictTarget, Expr, Insert, OnConflictAction, OnInsert, Query, SelectItem, SetExpr, SqliteOnConflict, TableObject,
};

use super::action::{Action, Assigned, Columns, Conflict};
use super::lower::{assignments, column, relations, table};
use crate::bind::Operand;
use crate::lower::Lowering;

pub(super) fn insert(lowering: &Lowering<'_>, insert: &Insert) -> Option<Vec<Action>> {
    let TableObject::TableName(name) = &insert.table else { return relations(insert) };
    if insert.multi_table_insert_type.is_some() || insert.overwrite || insert.partitioned.is_some() {
        return relations(insert);
    }
    let (columns, rows) = if !insert.assignments.is_empty() {
        let (columns, values): (Vec<_>, Vec<_>) = assignments(lowering, &insert.assignments, false)
            .into_iter()
            .map(|(column, assigned)| match assigned {
                Assigned::Operand(operand) => (column, Some(operand)),
                _ => (column, None),
            })
            .unzip();
        (Columns::Named(columns), Some(vec![values]))
    } else {
        let columns = match &insert.columns[..] {
            [] => Columns::Positional,
            named => Columns::Named(named.iter().map(column).collect()),
        };
        (columns, insert.source.as_deref().and_then(|source| rows(lowering, source)))
    };
    // What does not fit is stored as something that does.
    let rows = rows.filter(|_| !insert.ignore);
    let conflict = match &insert.on {
        _ if insert.replace_into || insert.or == Some(SqliteOnConflict::Replace) => Conflict::Replaced,
        None => Conflict::Stays,
        Some(OnInsert::OnConflict(on)) => match (&on.action, &on.conflict_target) {
            (OnConflictAction::DoNothing, _) => Conflict::Stays,
            (OnConflictAction::DoUpdate(update), target) => Conflict::Updated {
                equal: match target {
                    Some(ConflictTarget::Columns(columns)) => {
                        columns.iter().map(|column| Column::from(column.value.as_str())).collect()
                    }
                    _ => Vec::new(),
                },
                assignments: assignments(lowering, &update.assignments, true),
            },
        },
        Some(OnInsert::DuplicateKeyUpdate(update)) => {
            Conflict::Updated { equal: Vec::new(), assignments: assignments(lowering, update, true) }
        }
        Some(_) => Conflict::Replaced,
    };
    let queried = insert.source.as_deref().is_some_and(|source| !matches!(&*source.body, SetExpr::Values(_)));
    Some(vec![Action::Insert { table: table(name), columns, rows, queried, conflict }])
}

/// The rows that a query inserts; `None` when they come from tables.
fn rows(lowering: &Lowering<'_>, source: &Query) -> Option<Vec<Vec<Option<Operand>>>> {
    match &*source.body {
        SetExpr::Values(values) => {
            let row = |row: &Vec<Expr>| row.iter().map(|value| lowering.constant(value)).collect();
            Some(values.rows.iter().map(|values| row(&values.content)).collect())
        }
        SetExpr::Select(select) => {
            let mut row = Vec::new();
            for item in &select.projection {
                match item {
                    SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. } => {
                        row.push(lowering.constant(value));
                    }
                    _ => return None,
                }
            }
            Some(vec![row])
        }
        _ => None,
    }
}
