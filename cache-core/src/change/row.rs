//! Row images.

use std::fmt;

use crate::dependency::{Column, is_unordered};
use crate::value::Value;

/// The image of a row, possibly partial: a column that is absent may hold anything.
///
/// ```
/// use cache_core::{Row, Value};
/// let row = Row::from([("id", Value::from(7)), ("title", Value::Null)]);
/// assert_eq!(row.get(&"id".into()), Some(&Value::from(7)));
/// assert_eq!(row.get(&"price".into()), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Row {
    columns: Vec<(Column, Value)>,
}

impl Row {
    /// An image that knows no column: any row.
    pub fn new() -> Self {
        Row::default()
    }

    /// This image with one more column known.
    #[must_use]
    pub fn with(mut self, column: impl Into<Column>, value: impl Into<Value>) -> Self {
        self.set(column, value);
        self
    }

    /// Sets a column's value. A NaN leaves the column unknown, since databases disagree on what equals it.
    pub fn set(&mut self, column: impl Into<Column>, value: impl Into<Value>) {
        let (column, value) = (column.into(), value.into());
        if is_unordered(&value) {
            self.remove(&column);
            return;
        }
        match self.position(&column) {
            Ok(at) => self.columns[at].1 = value,
            Err(at) => self.columns.insert(at, (column, value)),
        }
    }

    /// Makes a column unknown.
    pub fn remove(&mut self, column: &Column) -> Option<Value> {
        let at = self.position(column).ok()?;
        Some(self.columns.remove(at).1)
    }

    /// A column's value; `None` means that it may be anything.
    pub fn get(&self, column: &Column) -> Option<&Value> {
        let at = self.position(column).ok()?;
        Some(&self.columns[at].1)
    }

    /// The known columns, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Column, &Value)> {
        self.columns.iter().map(|(column, value)| (column, value))
    }

    /// Whether no column is known.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    fn position(&self, column: &Column) -> Result<usize, usize> {
        self.columns.binary_search_by(|(known, _)| known.cmp(column))
    }
}

impl<C: Into<Column>, V: Into<Value>> FromIterator<(C, V)> for Row {
    fn from_iter<I: IntoIterator<Item = (C, V)>>(columns: I) -> Self {
        let mut row = Row::new();
        for (column, value) in columns {
            row.set(column, value);
        }
        row
    }
}

impl<C: Into<Column>, V: Into<Value>, const N: usize> From<[(C, V); N]> for Row {
    fn from(columns: [(C, V); N]) -> Self {
        columns.into_iter().collect()
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("(any row)");
        }
        f.write_str("(")?;
        for (at, (column, value)) in self.columns.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{column} = {value}")?;
        }
        f.write_str(")")
    }
}
