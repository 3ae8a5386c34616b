//! What the RETURNING clause of a write lists.

use sqlparser::ast::{
    DataType, Delete, Expr, FromTable, Insert, SelectItem, Statement as Tree, TableFactor, TableObject, TableWithJoins,
    Update,
};

use crate::Dialect;
use crate::lower::name_of;

/// The clause, and the name by which the written table is known.
fn clause(tree: &Tree) -> Option<(&[SelectItem], String)> {
    let name = |from: &TableWithJoins| match &from.relation {
        TableFactor::Table { name, alias, .. } if from.joins.is_empty() => {
            Some(alias.as_ref().map_or_else(|| name_of(name), |alias| alias.name.value.clone()))
        }
        _ => None,
    };
    let (items, name) = match tree {
        Tree::Insert(Insert { returning, table: TableObject::TableName(table), table_alias, .. }) => {
            (returning, table_alias.as_ref().map_or_else(|| name_of(table), |alias| alias.alias.value.clone()))
        }
        Tree::Update(Update { returning, table, .. }) => (returning, name(table)?),
        Tree::Delete(Delete { returning, from, tables, .. }) if tables.is_empty() => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = from;
            match &from[..] {
                [only] => (returning, name(only)?),
                _ => return None,
            }
        }
        _ => return None,
    };
    Some((items.as_deref()?, name))
}

/// Whether what a write returns are columns of its table under their own names.
///
/// An unqualified name may be a column of another table that the write reads; then its own has none of that name.
pub(crate) fn returns_columns(dialect: Dialect, tree: &Tree) -> bool {
    let Some((items, table)) = clause(tree) else { return false };
    items.iter().all(|item| match item {
        SelectItem::Wildcard(_) => true,
        SelectItem::UnnamedExpr(expression) => is_column(dialect, expression, &table),
        _ => false,
    })
}

fn is_column(dialect: Dialect, expression: &Expr, table: &str) -> bool {
    match expression {
        Expr::Identifier(_) => true,
        Expr::CompoundIdentifier(names) => match &names[..] {
            [.., qualifier, _] => qualifier.value.eq_ignore_ascii_case(table),
            _ => false,
        },
        // It keeps the column's name, and a text is not taken for the value of a column that holds no texts.
        Expr::Cast { expr, data_type: DataType::Text, format: None, .. } if dialect == Dialect::Postgres => {
            is_column(dialect, expr, table)
        }
        _ => false,
    }
}

/// Whether a write returns columns that its text does not name.
pub(crate) fn returns_wildcard(tree: &Tree) -> bool {
    let is_wildcard = |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
    clause(tree).is_some_and(|(items, _)| items.iter().any(is_wildcard))
}
