//! A write with open binds, and the changes it makes once they are known.

use cache_core::dependency::query::Normal;
use cache_core::{Change, Column, Row, Table, Value};

use super::image::{Images, changes_of_table};
use crate::bind::{Binds, Operand};
use crate::catalogue::{Catalogue, Event, Fault};
use crate::pattern::Pattern;

/// More rows than this in one INSERT count as any row.
const MAX_ROWS: usize = 1_024;

/// One write of one table.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Insert {
        table: Table,
        columns: Columns,
        /// `None` where the rows come from elsewhere.
        rows: Option<Vec<Vec<Option<Operand>>>>,
        /// The one row stands for all that a query gives.
        queried: bool,
        conflict: Conflict,
    },
    Update {
        table: Table,
        filter: Normal<Pattern>,
        assignments: Vec<(Column, Assigned)>,
        /// Rows in the way are deleted.
        replaces: bool,
    },
    Delete {
        table: Table,
        filter: Normal<Pattern>,
    },
    AnyRow {
        table: Table,
    },
    /// Any row of a table of this name, which may be one that the catalogue does not know.
    Elsewhere {
        table: Table,
    },
    /// Any row of any table.
    Everything,
}

#[derive(Clone, Debug)]
pub(crate) enum Columns {
    Named(Vec<Column>),
    /// All columns of the table, in its order.
    Positional,
}

/// What becomes of a row that is in the way of a new one.
#[derive(Clone, Debug)]
pub(crate) enum Conflict {
    /// It stays as it is.
    Stays,
    /// It is deleted.
    Replaced,
    /// It is updated; the columns say where it equals the new row, if that is known.
    Updated { equal: Vec<Column>, assignments: Vec<(Column, Assigned)> },
}

#[derive(Clone, Debug)]
pub(crate) enum Assigned {
    Operand(Operand),
    /// The column of the row that could not be inserted.
    Excluded(Column),
    Unknown,
}

impl Action {
    /// The table that it writes, if that is one.
    pub(crate) fn table(&self) -> Option<&Table> {
        match self {
            Action::Everything => None,
            Action::Insert { table, .. }
            | Action::Update { table, .. }
            | Action::Delete { table, .. }
            | Action::AnyRow { table }
            | Action::Elsewhere { table } => Some(table),
        }
    }

    /// Whether rows may be written that the triggers of the known tables do not see: those that make way for others.
    pub(crate) fn replaces(&self) -> bool {
        match self {
            Action::Insert { conflict, .. } => matches!(conflict, Conflict::Replaced),
            Action::Update { replaces, .. } => *replaces,
            Action::Elsewhere { .. } => true,
            _ => false,
        }
    }

    pub(crate) fn changes(&self, binds: Binds<'_>, catalogue: Option<&Catalogue>, changes: &mut Vec<Change>) {
        let Some(table) = self.table() else { return changes.push(Change::everything()) };
        let images = Images { table, binds, catalogue };
        if !images.are_known() {
            return changes_of_table(table, catalogue, changes);
        }
        match self {
            Action::Everything => {}
            Action::AnyRow { table } | Action::Elsewhere { table } => changes_of_table(table, catalogue, changes),
            Action::Insert { table, columns, rows, conflict, .. } => {
                let rows = inserted(&images, columns, rows.as_deref());
                changes.extend(rows.iter().map(|row| match row.is_empty() {
                    true => Change::table(table),
                    false => Change::inserted(table, row.clone()),
                }));
                images.reach(Event::Insert, changes);
                match conflict {
                    Conflict::Stays => {}
                    Conflict::Replaced => changes_of_table(table, catalogue, changes),
                    Conflict::Updated { equal, assignments } => {
                        let updated = rows.iter().map(|row| upserted(&images, row, equal, assignments));
                        match updated.collect::<Option<Vec<Change>>>() {
                            Some(updated) => changes.extend(updated),
                            None => changes.push(Change::table(table)),
                        }
                        images.reach(Event::Update(assigned_columns(&images, assignments)), changes);
                    }
                }
            }
            Action::Update { table, filter, assignments, replaces } => {
                let mut any = false;
                for before in before(&images, filter) {
                    any = true;
                    if before.is_empty() {
                        changes.push(Change::table(table));
                        continue;
                    }
                    match after(&images, &before, None, assignments) {
                        Some(after) if !after.is_empty() => changes.push(Change::updated(table, before, after)),
                        _ => changes.push(Change::table(table)),
                    }
                }
                if any {
                    images.reach(Event::Update(assigned_columns(&images, assignments)), changes);
                }
                if any && *replaces {
                    changes_of_table(table, catalogue, changes);
                }
            }
            Action::Delete { table, filter } => {
                let mut any = false;
                for before in before(&images, filter) {
                    any = true;
                    if before.is_empty() {
                        changes.push(Change::table(table));
                    } else {
                        changes.push(Change::deleted(table, before));
                    }
                }
                if any {
                    images.reach(Event::Delete, changes);
                }
            }
        }
    }
}

/// Images that cover every row the filter may select.
pub(super) fn before(images: &Images<'_>, filter: &Normal<Pattern>) -> Vec<Row> {
    let predicate = filter.predicate(&mut |pattern: &Pattern, negated| pattern.predicate(negated, &images.binds));
    let mut rows: Vec<Row> = Vec::new();
    for row in predicate.images() {
        let row = images.known(row);
        if row.is_empty() {
            return vec![row];
        }
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows
}

/// The row after its update; `None` when nothing can be said of it.
pub(super) fn after(
    images: &Images<'_>,
    before: &Row,
    excluded: Option<&Row>,
    assignments: &[(Column, Assigned)],
) -> Option<Row> {
    let mut after = before.clone();
    if images.has_fault(Fault::ForgetsAssignments) {
        return Some(after);
    }
    for (column, assigned) in assignments {
        if images.is_row_number(column) {
            return None;
        }
        let value = match assigned {
            Assigned::Operand(operand) => images.assigned(column, operand),
            Assigned::Excluded(from) => {
                let value = excluded.and_then(|row| row.get(from)).cloned();
                value.filter(|value| images.keeps(column, value))
            }
            Assigned::Unknown => None,
        };
        match value {
            Some(value) => after.set(column, value),
            None => {
                after.remove(column);
            }
        }
    }
    Some(after)
}

fn upserted(
    images: &Images<'_>,
    inserted: &Row,
    equal: &[Column],
    assignments: &[(Column, Assigned)],
) -> Option<Change> {
    if equal.is_empty() {
        return None;
    }
    let mut before = Row::new();
    for column in equal {
        match inserted.get(column) {
            // NULLs are in nobody's way, but this one may have become something else.
            Some(Value::Null) | None => return None,
            Some(value) => before.set(column, value.clone()),
        }
    }
    let after = after(images, &before, Some(inserted), assignments)?;
    Some(Change::updated(images.table, before, after))
}

pub(super) fn inserted(images: &Images<'_>, columns: &Columns, rows: Option<&[Vec<Option<Operand>>]>) -> Vec<Row> {
    let positional;
    let names: &[Column] = match (columns, images.catalogue.and_then(|catalogue| catalogue.table(images.table))) {
        (Columns::Named(names), _) => names,
        (Columns::Positional, Some(table)) => {
            let stored = table.columns.iter().filter(|column| column.positional);
            positional = stored.map(|column| column.name.clone()).collect::<Vec<_>>();
            &positional
        }
        (Columns::Positional, None) => return vec![Row::new()],
    };
    let Some(rows) = rows.filter(|rows| rows.len() <= MAX_ROWS) else { return vec![Row::new()] };
    let unclear = names.iter().any(|name| images.is_row_number(name));
    let mut found: Vec<Row> = Vec::new();
    for values in rows {
        let mut row = Row::new();
        if !unclear && values.len() == names.len() {
            for (at, (name, operand)) in names.iter().zip(values).enumerate() {
                let value = operand.as_ref().and_then(|operand| images.inserted(name, operand));
                match value.filter(|_| !names[..at].contains(name)) {
                    Some(value) => row.set(name, value),
                    None => {
                        row.remove(name);
                    }
                }
            }
        }
        if row.is_empty() {
            return vec![row];
        }
        found.push(row);
    }
    found
}

pub(super) fn assigned_columns(images: &Images<'_>, assignments: &[(Column, Assigned)]) -> Option<Vec<Column>> {
    let columns: Vec<Column> = assignments.iter().map(|(column, _)| column.clone()).collect();
    (!columns.iter().any(|column| images.is_row_number(column))).then_some(columns)
}
