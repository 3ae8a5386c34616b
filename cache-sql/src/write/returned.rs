//! What the rows that a write returned say of its changes.

use cache_core::{Change, Row};

use super::action::{Action, Conflict, after, assigned_columns, before, inserted};
use super::image::Images;
use crate::bind::Binds;
use crate::catalogue::{Catalogue, Event, TableInfo};

/// More pairs of a selected image and a returned row than this are not worth telling apart.
const MAX_PAIRS: usize = 1_024;

impl Action {
    /// The changes as told by the returned rows; `None` where these do not tell more than the text.
    ///
    /// `all` says that no further row was written. Where it is not so, the text has to show that there can be
    /// one row only: an update by the whole primary key, an insertion of a single row.
    pub(crate) fn returned(
        &self,
        binds: Binds<'_>,
        catalogue: &Catalogue,
        rows: &[Row],
        all: bool,
    ) -> Option<Vec<Change>> {
        let info = catalogue.table(self.table()?).filter(|info| !info.replaces)?;
        if !catalogue.returns_all(self.table()?) {
            return None;
        }
        let images = Images { table: self.table()?, binds, catalogue: Some(catalogue) };
        let mut changes = Vec::new();
        match self {
            Action::Update { table, filter, assignments, replaces: false } => {
                let selected = before(&images, filter);
                let assigned = assigned_columns(&images, assignments)?;
                if !is_complete(info, &selected, rows, all) {
                    return None;
                }
                for row in rows {
                    let found = images.known(row.clone());
                    let kept: Row = found
                        .iter()
                        .filter(|(column, _)| !assigned.contains(column))
                        .map(|(column, value)| (column.clone(), value.clone()))
                        .collect();
                    for origin in origins(&selected, &kept) {
                        let mut earlier = kept.clone();
                        overlay(&mut earlier, origin);
                        let mut later = after(&images, &earlier, None, assignments)?;
                        overlay(&mut later, &found);
                        if earlier.is_empty() || later.is_empty() {
                            return None;
                        }
                        changes.push(Change::updated(table, earlier, later));
                    }
                }
                // Triggers fire for rows that are then left alone, too.
                images.reach(Event::Update(Some(assigned)), &mut changes);
            }
            Action::Delete { table, filter } => {
                let selected = before(&images, filter);
                if !is_complete(info, &selected, rows, all) {
                    return None;
                }
                for row in rows {
                    let kept = images.known(row.clone());
                    for origin in origins(&selected, &kept) {
                        let mut earlier = kept.clone();
                        overlay(&mut earlier, origin);
                        if earlier.is_empty() {
                            return None;
                        }
                        changes.push(Change::deleted(table, earlier));
                    }
                }
                images.reach(Event::Delete, &mut changes);
            }
            Action::Insert { table, columns, rows: values, queried, conflict: Conflict::Stays } => {
                let written = inserted(&images, columns, values.as_deref());
                let is_single = matches!(values.as_deref(), Some([_]));
                if !(all || is_single && !queried || rows.is_empty()) {
                    return None;
                }
                let tells_less =
                    |row: &Row| written.iter().any(|text| text.iter().any(|(column, _)| row.get(column).is_none()));
                if !is_single && rows.iter().any(tells_less) {
                    return None;
                }
                for row in rows {
                    let mut later = if is_single { written.first().cloned().unwrap_or_default() } else { Row::new() };
                    overlay(&mut later, &images.known(row.clone()));
                    if later.is_empty() {
                        return None;
                    }
                    changes.push(Change::inserted(table, later));
                }
                images.reach(Event::Insert, &mut changes);
            }
            _ => return None,
        }
        Some(changes)
    }
}

/// Whether these are all rows that were written, in a number that is worth telling apart.
fn is_complete(info: &TableInfo, selected: &[Row], rows: &[Row], all: bool) -> bool {
    (all || rows.is_empty() || matches!(selected, [row] if info.is_keyed_by(row)))
        && rows.len().saturating_mul(selected.len()) <= MAX_PAIRS
}

/// The images of the rows that the text selects which a returned row may have had: if it looks like none of them,
/// nothing is taken from these.
fn origins<'a>(selected: &'a [Row], kept: &'a Row) -> Vec<&'a Row> {
    let found: Vec<&Row> = selected.iter().filter(|selected| agree(selected, kept)).collect();
    if found.is_empty() { vec![kept] } else { found }
}

/// Whether two images may be of one row.
fn agree(a: &Row, b: &Row) -> bool {
    a.iter().all(|(column, value)| b.get(column).is_none_or(|other| other == value || other.class() != value.class()))
}

fn overlay(row: &mut Row, known: &Row) {
    for (column, value) in known.iter() {
        row.set(column, value.clone());
    }
}
