//! Row images, as far as the database stores what the statement says.

use cache_core::{Change, Column, Row, Table, Value};

use crate::Dialect;
use crate::bind::{Binds, Known, Operand};
use crate::catalogue::{Catalogue, Effects, Event, Fault};

/// Decides what the images of one table may say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Images<'a> {
    pub(crate) table: &'a Table,
    pub(crate) binds: Binds<'a>,
    pub(crate) catalogue: Option<&'a Catalogue>,
}

impl Images<'_> {
    /// Whether rows of this table have images at all; without a definition anything may happen to it.
    pub(crate) fn are_known(&self) -> bool {
        self.catalogue.is_none_or(|catalogue| catalogue.has_images(self.table))
    }

    pub(crate) fn has_fault(&self, fault: Fault) -> bool {
        self.catalogue.is_some_and(|catalogue| catalogue.fault == Some(fault))
    }

    /// Whether an image may say that `column` holds `value`.
    pub(crate) fn keeps(&self, column: &Column, value: &Value) -> bool {
        if self.is_row_number(column) {
            return false;
        }
        match self.catalogue {
            None => self.binds.dialect.keeps(value),
            Some(catalogue) => catalogue
                .table(self.table)
                .and_then(|table| table.column(column))
                .is_some_and(|column| column.keeps(value, self.has_fault(Fault::IgnoresCollation))),
        }
    }

    /// Whether this is a hidden name of the row number, and no column of its own.
    pub(crate) fn is_row_number(&self, column: &Column) -> bool {
        let dialect: Dialect = self.binds.dialect;
        dialect.is_row_number(column.as_str())
    }

    /// Only what may be said of this row, as the database compares it.
    pub(crate) fn known(&self, row: Row) -> Row {
        row.iter()
            .filter_map(|(column, value)| Some((column.clone(), self.binds.dialect.returned(value)?)))
            .filter(|(column, value)| self.keeps(column, value))
            .collect()
    }

    /// The value that a column gets, when that is known.
    pub(crate) fn assigned(&self, column: &Column, operand: &Operand) -> Option<Value> {
        let value = match self.binds.resolve(operand) {
            Known::Null => Value::Null,
            Known::Value(value) => self.mistaken(operand).unwrap_or(value),
            Known::Unknown => return None,
        };
        self.keeps(column, &value).then_some(value)
    }

    /// The text as it was written, under a fault that takes it for compared like this.
    fn mistaken(&self, operand: &Operand) -> Option<Value> {
        if self.binds.dialect != Dialect::MySql || !self.has_fault(Fault::IgnoresCollation) {
            return None;
        }
        match self.binds.written(operand) {
            Some(Value::Text(text)) => Some(Value::Folded(text.as_ref().into())),
            _ => None,
        }
    }

    /// The value that a new row gets in a column. NULL may stand for a number that the database chooses.
    pub(crate) fn inserted(&self, column: &Column, operand: &Operand) -> Option<Value> {
        let value = self.assigned(column, operand)?;
        let chosen = matches!(value, Value::Null) && self.catalogue.is_none();
        (!chosen).then_some(value)
    }

    /// Adds what the write of this table brings about elsewhere.
    pub(crate) fn reach(&self, event: Event, changes: &mut Vec<Change>) {
        if let Some(catalogue) = self.catalogue {
            brought_about(catalogue.effects(self.table, event), changes);
        }
    }
}

/// Any row of a table, and whatever that brings about elsewhere.
pub(crate) fn changes_of_table(table: &Table, catalogue: Option<&Catalogue>, changes: &mut Vec<Change>) {
    changes.push(Change::table(table));
    if let Some(catalogue) = catalogue {
        for event in [Event::Insert, Event::Update(None), Event::Delete] {
            brought_about(catalogue.effects(table, event), changes);
        }
    }
}

fn brought_about(effects: Effects, changes: &mut Vec<Change>) {
    if effects.everything {
        changes.push(Change::everything());
    }
    changes.extend(effects.tables.into_iter().map(Change::table));
}
