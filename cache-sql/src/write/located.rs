//! What is known of a write whose rows were read before it.

use cache_core::{Change, Column, Row};

use super::action::{Action, after, assigned_columns, before};
use super::image::Images;
use crate::bind::Binds;
use crate::catalogue::{Catalogue, Event, Fields, Stores, TableInfo};

/// A row as it was and, where that was asked as well, as it became.
pub(crate) type Located<'a> = (&'a Fields, Option<&'a Fields>);

impl Action {
    /// Whether the text selects one row at most: it says the whole primary key.
    pub(crate) fn is_by_key(&self, binds: Binds<'_>, catalogue: &Catalogue) -> bool {
        let (Action::Update { table, filter, .. } | Action::Delete { table, filter }) = self else { return false };
        let images = Images { table, binds, catalogue: Some(catalogue) };
        let Some(info) = catalogue.table(table) else { return false };
        matches!(&before(&images, filter)[..], [row] if info.is_keyed_by(row))
    }

    /// Whether rows became something that their text, and what they were, does not tell.
    pub(crate) fn leaves_open(&self, binds: Binds<'_>, catalogue: &Catalogue, rows: &[Fields]) -> bool {
        let Action::Update { table, assignments, .. } = self else { return false };
        let images = Images { table, binds, catalogue: Some(catalogue) };
        let Some(info) = catalogue.table(table) else { return false };
        let is_told = |column: &&Column| {
            info.column(column).is_some_and(|column| column.stores != Stores::Unknown && !column.generated)
        };
        rows.iter().any(|row| {
            let later = after(&images, &catalogue.image(table, row), None, assignments).unwrap_or_default();
            assignments.iter().map(|(column, _)| column).filter(is_told).any(|column| later.get(column).is_none())
        })
    }

    /// The columns by which rows can be found again after the write: a primary key of whole numbers that was not assigned.
    pub(crate) fn key<'a>(&self, info: &'a TableInfo) -> Option<&'a [Column]> {
        let Action::Update { assignments, .. } = self else { return None };
        let is_assigned = |column: &Column| assignments.iter().any(|(assigned, _)| assigned == column);
        let is_number = |column: &Column| {
            info.column(column).is_some_and(|column| matches!(column.stores, Stores::Int { .. }) && !column.generated)
        };
        let key = &info.primary_key[..];
        (!key.is_empty() && key.iter().all(|column| is_number(column) && !is_assigned(column))).then_some(key)
    }

    /// The changes of these rows, which are all that were written.
    pub(crate) fn located(&self, binds: Binds<'_>, catalogue: &Catalogue, rows: &[Located<'_>]) -> Option<Vec<Change>> {
        let table = self.table()?;
        let images = Images { table, binds, catalogue: Some(catalogue) };
        let (filter, assignments) = match self {
            Action::Update { filter, assignments, replaces: false, .. } => (filter, Some(&assignments[..])),
            Action::Delete { filter, .. } => (filter, None),
            _ => return None,
        };
        let selected = before(&images, filter);
        let mut changes = Vec::with_capacity(rows.len());
        for (was, now) in rows {
            let mut earlier = match &selected[..] {
                [all] => all.clone(),
                _ => Row::new(),
            };
            overlay(&mut earlier, &catalogue.image(table, was));
            if earlier.is_empty() {
                return None;
            }
            let Some(assignments) = assignments else {
                changes.push(Change::deleted(table, earlier));
                continue;
            };
            let mut later = after(&images, &earlier, None, assignments)?;
            if let Some(now) = now {
                overlay(&mut later, &catalogue.image(table, now));
            }
            if later.is_empty() {
                return None;
            }
            changes.push(Change::updated(table, earlier, later));
        }
        let event = match assignments {
            Some(assignments) => Event::Update(assigned_columns(&images, assignments)),
            None => Event::Delete,
        };
        // Triggers that belong to the statement fire without a row, too.
        let mut triggered = Vec::new();
        catalogue.triggered_by(table, &mut triggered);
        if !rows.is_empty() || !triggered.is_empty() {
            images.reach(event, &mut changes);
        }
        Some(changes)
    }
}

fn overlay(row: &mut Row, known: &Row) {
    for (column, value) in known.iter() {
        row.set(column, value.clone());
    }
}
