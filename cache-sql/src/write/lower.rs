//! From the syntax tree of a write to actions.

use std::ops::ControlFlow;

use cache_core::dependency::query::{Formula, Normal};
use cache_core::{Column, Table};
use sqlparser::ast::{
    Assignment, AssignmentTarget, ConflictTarget, Delete, Expr, FromTable, Insert, ObjectName, OnConflictAction,
    OnInsert, Query, SelectItem, SetExpr, SqliteOnConflict, Statement as Tree, TableFactor, TableObject,
    TableWithJoins, Update, UpdateTableFromKind, Visit, Visitor,
};

use super::action::{Action, Assigned, Columns, Conflict};
use crate::bind::Operand;
use crate::lower::{Lowering, Scope, Shape, literal, name_of};
use crate::pattern::Pattern;

/// The writes of a statement that is one; `None` for any other statement, and where no table can be told.
pub(crate) fn actions(lowering: &Lowering<'_>, tree: &Tree) -> Option<Vec<Action>> {
    match tree {
        Tree::Insert(insert) => self::insert(lowering, insert),
        Tree::Update(update) => self::update(lowering, update),
        Tree::Delete(delete) => self::delete(lowering, delete),
        Tree::Truncate(truncate) => Some(truncate.table_names.iter().map(|target| any_row(&target.name)).collect()),
        Tree::Merge(merge) => relations(&merge.table),
        Tree::LoadData { table_name, .. } => Some(vec![any_row(table_name)]),
        _ => None,
    }
}

/// Whether what a write returns are columns of its table under their own names.
pub(crate) fn returns_columns(tree: &Tree) -> bool {
    let (Tree::Insert(Insert { returning, .. }) | Tree::Update(Update { returning, .. })) = tree else { return false };
    let is_column = |item: &SelectItem| {
        matches!(
            item,
            SelectItem::Wildcard(_)
                | SelectItem::UnnamedExpr(Expr::Identifier(_))
                | SelectItem::UnnamedExpr(Expr::CompoundIdentifier(_))
        )
    };
    returning.as_ref().is_some_and(|items| items.iter().all(is_column))
}

/// Whether a write returns columns that its text does not name.
pub(crate) fn returns_wildcard(tree: &Tree) -> bool {
    let (Tree::Insert(Insert { returning, .. }) | Tree::Update(Update { returning, .. })) = tree else { return false };
    let is_wildcard = |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
    returning.as_ref().is_some_and(|items| items.iter().any(is_wildcard))
}

fn any_row(name: &ObjectName) -> Action {
    Action::AnyRow { table: table(name) }
}

fn table(name: &ObjectName) -> Table {
    Table::from(name_of(name))
}

fn column(name: &ObjectName) -> Column {
    Column::from(name_of(name))
}

/// Any row of every table that a piece of syntax names.
fn relations(tree: &impl Visit) -> Option<Vec<Action>> {
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

fn insert(lowering: &Lowering<'_>, insert: &Insert) -> Option<Vec<Action>> {
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
            let row = |row: &Vec<Expr>| row.iter().map(|value| literal(lowering.dialect, value)).collect();
            Some(values.rows.iter().map(|values| row(&values.content)).collect())
        }
        SetExpr::Select(select) => {
            let mut row = Vec::new();
            for item in &select.projection {
                match item {
                    SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. } => {
                        row.push(literal(lowering.dialect, value));
                    }
                    _ => return None,
                }
            }
            Some(vec![row])
        }
        _ => None,
    }
}

fn assignments(lowering: &Lowering<'_>, assignments: &[Assignment], upsert: bool) -> Vec<(Column, Assigned)> {
    let mut found = Vec::new();
    for Assignment { target, value } in assignments {
        match target {
            AssignmentTarget::ColumnName(name) => {
                let assigned = match (literal(lowering.dialect, value), value) {
                    (Some(operand), _) => Assigned::Operand(operand),
                    (None, Expr::CompoundIdentifier(parts)) if upsert => match &parts[..] {
                        [row, column] if row.value.eq_ignore_ascii_case("excluded") => {
                            Assigned::Excluded(Column::from(column.value.as_str()))
                        }
                        _ => Assigned::Unknown,
                    },
                    _ => Assigned::Unknown,
                };
                found.push((column(name), assigned));
            }
            AssignmentTarget::Tuple(names) => {
                found.extend(names.iter().map(|name| (column(name), Assigned::Unknown)));
            }
        }
    }
    found
}

/// The one table that a write names, its alias, and the rest of what it reads.
struct Target<'a> {
    name: &'a ObjectName,
    alias: Option<&'a str>,
    others: Vec<&'a TableWithJoins>,
}

fn target<'a>(from: &'a TableWithJoins, others: Vec<&'a TableWithJoins>) -> Option<Target<'a>> {
    match &from.relation {
        TableFactor::Table { name, alias, args: None, .. } if from.joins.is_empty() => {
            Some(Target { name, alias: alias.as_ref().map(|alias| alias.name.value.as_str()), others })
        }
        _ => None,
    }
}

/// What the WHERE clause asks of the target's rows; `None` when it selects none.
fn filter(lowering: &Lowering<'_>, target: &Target<'_>, selection: Option<&Expr>) -> Option<Normal<Pattern>> {
    let Some(selection) = selection else { return Some(Normal::Any) };
    let mut shape = Shape::new();
    let table = table(target.name);
    let source = shape.source(&table);
    let name = name_of(target.name);
    let mut scope = Scope::default();
    scope.add(Some(target.alias.unwrap_or(&name)), Some((source, table)));
    for other in &target.others {
        names(other, &mut scope);
    }
    let formula = lowering.formula(selection, &scope);
    shape.relation = cache_core::dependency::query::Relation::Table(source);
    shape.filter = if matches!(formula, Formula::Any) { Formula::Any } else { formula };
    shape.restrictions().into_iter().next().map(|restriction| restriction.formula)
}

/// The names of further sources, which tell an unqualified column of the target from others.
fn names(from: &TableWithJoins, scope: &mut Scope) {
    let factors = std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation));
    for factor in factors {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                let name = name_of(name);
                scope.add(Some(alias.as_ref().map_or(name.as_str(), |alias| &alias.name.value)), None);
            }
            TableFactor::Derived { alias: Some(alias), .. } => scope.add(Some(&alias.name.value), None),
            TableFactor::NestedJoin { table_with_joins, alias: None } => names(table_with_joins, scope),
            _ => scope.add(None, None),
        }
    }
}

fn update(lowering: &Lowering<'_>, update: &Update) -> Option<Vec<Action>> {
    let others = match &update.from {
        Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) => from.iter().collect(),
        None => Vec::new(),
    };
    let before_set = matches!(update.from, Some(UpdateTableFromKind::BeforeSet(_)));
    let Some(target) = target(&update.table, others).filter(|_| !before_set) else { return relations(update) };
    let Some(filter) = filter(lowering, &target, update.selection.as_ref()) else { return Some(Vec::new()) };
    Some(vec![Action::Update {
        table: table(target.name),
        filter,
        assignments: assignments(lowering, &update.assignments, false),
        replaces: update.or == Some(SqliteOnConflict::Replace),
    }])
}

fn delete(lowering: &Lowering<'_>, delete: &Delete) -> Option<Vec<Action>> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let others: Vec<&TableWithJoins> = delete.using.iter().flatten().collect();
    let target = match &from[..] {
        [only] if delete.tables.is_empty() => target(only, others),
        _ => None,
    };
    let Some(target) = target else { return relations(delete) };
    match filter(lowering, &target, delete.selection.as_ref()) {
        Some(filter) => Some(vec![Action::Delete { table: table(target.name), filter }]),
        None => Some(Vec::new()),
    }
}
