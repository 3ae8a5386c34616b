//! Tables, their columns and their references.

use cache_core::{Column, Row, Table, Value};

use super::stores::Stores;

/// A table whose definition was understood.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableInfo {
    pub(crate) columns: Vec<ColumnInfo>,
    pub(crate) primary_key: Vec<Column>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    /// A constraint says `ON CONFLICT REPLACE`: any write may delete other rows.
    pub(crate) replaces: bool,
    /// What is stored may be something else than what is written: a trigger or a rule comes in between.
    pub(crate) rewritten: bool,
    /// Rows that were read `FOR UPDATE` are written by nobody else until the transaction ends.
    pub(crate) locks: bool,
    /// Only the name and the references are known.
    pub(crate) unclear: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ColumnInfo {
    pub(crate) name: Column,
    pub(crate) stores: Stores,
    pub(crate) generated: bool,
    pub(crate) nullable: bool,
    /// An INSERT without names has a value for it.
    pub(crate) positional: bool,
}

/// A reference from one table to another.
#[derive(Clone, Debug)]
pub(crate) struct ForeignKey {
    pub(crate) columns: Vec<Column>,
    pub(crate) parent: Table,
    /// Empty for the parent's primary key.
    pub(crate) parent_columns: Vec<Column>,
    pub(crate) on_delete: Action,
    pub(crate) on_update: Action,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Action {
    #[default]
    Nothing,
    Cascade,
    Set,
}

impl TableInfo {
    pub(crate) fn column(&self, name: &Column) -> Option<&ColumnInfo> {
        self.columns.iter().find(|column| column.name == *name)
    }

    pub(crate) fn has(&self, name: &Column) -> bool {
        self.column(name).is_some()
    }

    /// Whether an image says the whole primary key. One that is no row number may be NULL in many rows.
    pub(crate) fn is_keyed_by(&self, row: &Row) -> bool {
        let is_given = |column| row.get(column).is_some_and(|value| *value != Value::Null);
        !self.primary_key.is_empty() && self.primary_key.iter().all(is_given)
    }

    /// A name that several columns share is known of none.
    pub(super) fn blur_twins(&mut self) {
        for at in 0..self.columns.len() {
            let name = self.columns[at].name.clone();
            if self.columns[..at].iter().any(|column| column.name == name) {
                for twin in self.columns.iter_mut().filter(|column| column.name == name) {
                    twin.stores = Stores::Unknown;
                    twin.nullable = false;
                }
            }
        }
    }
}

impl ColumnInfo {
    /// Whether a row image may say that this column holds `value`: the value is stored as it is and compared as it is.
    pub(crate) fn keeps(&self, value: &Value, ignore_collation: bool) -> bool {
        match value {
            _ if self.generated => false,
            Value::Null => self.nullable,
            value => self.stores.keeps(value, ignore_collation),
        }
    }
}
