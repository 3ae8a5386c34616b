//! From the syntax tree of an update or a deletion to actions.

use cache_core::dependency::query::{Normal, Relation, Restriction};
use cache_core::{Column, Table};
use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, Expr, FromTable, ObjectName, SqliteOnConflict, TableFactor, TableWithJoins,
    Update, UpdateTableFromKind,
};

use super::action::{Action, Assigned};
use super::lower::{assignments, relations, table};
use crate::Dialect;
use crate::lower::{Lowering, Scope, Shape, name_of, place};
use crate::pattern::Pattern;

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
    shape.relation = Relation::Table(source);
    shape.filter = formula;
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

pub(super) fn update(lowering: &Lowering<'_>, update: &Update) -> Option<Vec<Action>> {
    let others = match &update.from {
        Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) => from.iter().collect(),
        None => Vec::new(),
    };
    let before_set = matches!(update.from, Some(UpdateTableFromKind::BeforeSet(_)));
    let Some(target) = target(&update.table, others).filter(|_| !before_set) else {
        return match lowering.dialect {
            Dialect::MySql if update.from.is_none() => joined_update(lowering, update).or_else(|| relations(update)),
            _ => relations(update),
        };
    };
    let Some(filter) = filter(lowering, &target, update.selection.as_ref()) else { return Some(Vec::new()) };
    Some(vec![Action::Update {
        table: table(target.name),
        filter,
        assignments: assignments(lowering, &update.assignments, false),
        replaces: update.or == Some(SqliteOnConflict::Replace),
    }])
}

pub(super) fn delete(lowering: &Lowering<'_>, delete: &Delete) -> Option<Vec<Action>> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    if lowering.dialect == Dialect::MySql
        && (delete.using.is_some() || !delete.tables.is_empty() || from.iter().any(|one| !one.joins.is_empty()))
    {
        return joined_delete(lowering, delete, from).or_else(|| relations(delete));
    }
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

/// The tables that a write of MySQL joins, and which of their rows take part.
struct Joined {
    /// The name by which each is known, and the table.
    names: Vec<(String, Table)>,
    /// A source without a name that could be a table's.
    unclear: bool,
    restrictions: Vec<Restriction<Pattern>>,
}

impl Joined {
    fn of(lowering: &Lowering<'_>, from: &[TableWithJoins], selection: Option<&Expr>) -> Self {
        let mut shape = Shape::new();
        let scope = place(lowering, from, &[], &mut shape);
        if let Some(selection) = selection {
            shape.filter = lowering.formula(selection, &scope);
        }
        let mut joined = Joined { names: Vec::new(), unclear: false, restrictions: shape.restrictions() };
        from.iter().for_each(|item| joined.name(item));
        joined
    }

    fn name(&mut self, item: &TableWithJoins) {
        for factor in std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation)) {
            match factor {
                TableFactor::Table { name, alias, args: None, .. } => {
                    let known_as = alias.as_ref().map_or_else(|| name_of(name), |alias| alias.name.value.clone());
                    self.names.push((known_as, table(name)));
                }
                TableFactor::NestedJoin { table_with_joins, alias: None } => self.name(table_with_joins),
                // Nothing can be written there, but an unqualified column may be its own.
                _ => self.unclear = true,
            }
        }
    }

    /// The table known by a name.
    fn table(&self, name: &str) -> Option<&Table> {
        let mut named = self.names.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, table) = named.next()?;
        named.next().is_none().then_some(table)
    }

    /// The only table that can have a column of this name.
    fn owner(&self, lowering: &Lowering<'_>, column: &Column) -> Option<&Table> {
        match &self.names[..] {
            [(_, only)] if !self.unclear => Some(only),
            names => {
                let mut owner = None;
                for (_, table) in names {
                    if lowering.catalogue?.table(table)?.has(column) && owner.replace(table).is_some() {
                        return None;
                    }
                }
                owner
            }
        }
    }

    /// The rows of a table that take part: `None` for none, any where the table stands in several places.
    fn filter(&self, table: &Table) -> Option<Normal<Pattern>> {
        if self.names.iter().filter(|(_, other)| other == table).count() > 1 {
            return Some(Normal::Any);
        }
        self.restrictions.iter().find(|one| one.table == *table).map(|one| one.formula.clone())
    }
}

/// `UPDATE a JOIN b ON .. SET a.x = .., b.y = ..`: each table to which something is assigned.
fn joined_update(lowering: &Lowering<'_>, update: &Update) -> Option<Vec<Action>> {
    let joined = Joined::of(lowering, std::slice::from_ref(&update.table), update.selection.as_ref());
    let mut by_table: Vec<(&Table, Vec<(Column, Assigned)>)> = Vec::new();
    for assignment in &update.assignments {
        let Assignment { target: AssignmentTarget::ColumnName(name), .. } = assignment else { return None };
        let found = assignments(lowering, std::slice::from_ref(assignment), false);
        let owner = match name.0.iter().rev().nth(1) {
            Some(qualifier) => joined.table(&name_of(&ObjectName(vec![qualifier.clone()])))?,
            None => joined.owner(lowering, &found.first()?.0)?,
        };
        match by_table.iter_mut().find(|(table, _)| *table == owner) {
            Some((_, all)) => {
                // In what order they are carried out is not told.
                let twice = |(column, _): &(Column, Assigned)| found.iter().any(|(other, _)| other == column);
                all.iter_mut().filter(|one| twice(one)).for_each(|one| one.1 = Assigned::Unknown);
                let known: Vec<Column> = all.iter().map(|(column, _)| column.clone()).collect();
                all.extend(found.into_iter().filter(|(column, _)| !known.contains(column)));
            }
            None => by_table.push((owner, found)),
        }
    }
    let action = |(table, assignments): (&Table, Vec<(Column, Assigned)>)| {
        let filter = joined.filter(table)?;
        Some(Action::Update { table: table.clone(), filter, assignments, replaces: false })
    };
    Some(by_table.into_iter().filter_map(action).collect())
}

/// `DELETE a, b FROM a JOIN b ..` and `DELETE FROM a, b USING a JOIN b ..`
fn joined_delete(lowering: &Lowering<'_>, delete: &Delete, from: &[TableWithJoins]) -> Option<Vec<Action>> {
    let named = |item: &TableWithJoins| match &item.relation {
        TableFactor::Table { name, .. } if item.joins.is_empty() => Some(name.clone()),
        _ => None,
    };
    let (targets, from) = match &delete.using {
        Some(using) => (from.iter().map(named).collect::<Option<Vec<_>>>()?, &using[..]),
        None => (delete.tables.clone(), from),
    };
    let joined = Joined::of(lowering, from, delete.selection.as_ref());
    let mut actions = Vec::new();
    for target in &targets {
        let table = joined.table(&name_of(target))?;
        if let Some(filter) = joined.filter(table) {
            actions.push(Action::Delete { table: table.clone(), filter });
        }
    }
    (!targets.is_empty()).then_some(actions)
}
