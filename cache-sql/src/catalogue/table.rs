//! Columns, and what a row image may say of them.

use cache_core::{Column, Table, Value};

/// A table whose definition was understood.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableInfo {
    pub(crate) columns: Vec<ColumnInfo>,
    pub(crate) primary_key: Vec<Column>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    /// A constraint says `ON CONFLICT REPLACE`: any write may delete other rows.
    pub(crate) replaces: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct ColumnInfo {
    pub(crate) name: Column,
    pub(crate) affinity: Affinity,
    /// Texts are equal when their bytes are.
    pub(crate) binary: bool,
    pub(crate) generated: bool,
    /// Another name of the row number: NULL becomes a new number.
    pub(crate) row_number: bool,
}

/// How SQLite converts what is stored in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Affinity {
    Text,
    Numeric,
    Integer,
    Real,
    Blob,
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
}

impl ColumnInfo {
    /// Whether a row image may say that this column holds `value`: the value is stored as it is and compared as it is.
    pub(crate) fn keeps(&self, value: &Value, ignore_collation: bool) -> bool {
        if self.generated {
            return false;
        }
        match (self.affinity, value) {
            (_, Value::Null) => !self.row_number,
            (Affinity::Text | Affinity::Blob, Value::Text(_)) => self.binary || ignore_collation,
            (Affinity::Numeric | Affinity::Integer | Affinity::Blob, Value::Int(_)) => true,
            (Affinity::Numeric | Affinity::Integer | Affinity::Real | Affinity::Blob, Value::Float(_)) => true,
            (
                Affinity::Text | Affinity::Blob,
                Value::Date(_) | Value::Time(_) | Value::DateTime(_) | Value::Instant(_) | Value::Uuid(_),
            ) => self.binary,
            (_, Value::Bytes(_)) => true,
            _ => false,
        }
    }
}

impl Affinity {
    /// The rules of SQLite, in their order.
    pub(crate) fn of(declared: &str) -> Self {
        let declared = declared.to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        if has(&["INT"]) {
            Affinity::Integer
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Affinity::Text
        } else if declared.is_empty() || has(&["BLOB"]) {
            Affinity::Blob
        } else if has(&["REAL", "FLOA", "DOUB"]) {
            Affinity::Real
        } else {
            Affinity::Numeric
        }
    }
}
