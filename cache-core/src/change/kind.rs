//! Changes and batches of them.

use std::fmt;

use smallvec::SmallVec;

use super::Row;
use crate::dependency::{Predicate, Table};

/// What kind of write a [`Change`] tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A row was inserted.
    Inserted,
    /// A row was updated.
    Updated,
    /// A row was deleted.
    Deleted,
    /// Rows that satisfied conditions, before as well as after, were written.
    Matching,
    /// Any rows of a table were written.
    Table,
    /// A free tag was invalidated.
    Tag,
    /// Anything may have been written.
    Everything,
}

/// One write: a table with the row image before and after it, or something coarser.
///
/// Images may be partial: a column that an image does not name may hold anything.
///
/// ```
/// use cache_core::{Change, Row};
/// let moved = Change::updated("article", Row::from([("id", 1), ("category_id", 3)]), Row::from([("id", 1), ("category_id", 4)]));
/// assert_eq!(moved.to_string(), "update article (category_id = 3, id = 1) -> (category_id = 4, id = 1)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    kind: Kind,
    table: Option<Table>,
    images: SmallVec<[Row; 2]>,
}

impl Change {
    fn new(kind: Kind, table: Option<Table>, images: impl IntoIterator<Item = Row>) -> Self {
        Change { kind, table, images: images.into_iter().collect() }
    }

    /// A row was inserted.
    pub fn inserted(table: impl Into<Table>, row: Row) -> Self {
        Self::new(Kind::Inserted, Some(table.into()), [row])
    }

    /// A row was updated from one image to another.
    pub fn updated(table: impl Into<Table>, before: Row, after: Row) -> Self {
        Self::new(Kind::Updated, Some(table.into()), [before, after])
    }

    /// A row was deleted.
    pub fn deleted(table: impl Into<Table>, row: Row) -> Self {
        Self::new(Kind::Deleted, Some(table.into()), [row])
    }

    /// Rows were written that satisfied `predicate` both before and after the write, as far as there was a row.
    ///
    /// An update that moves rows, such as `SET category_id = 4 WHERE category_id = 3`, needs a second change for the
    /// rows as they became, or a predicate on columns that the update does not write.
    pub fn matching(table: impl Into<Table>, predicate: Predicate) -> Self {
        Self::new(Kind::Matching, Some(table.into()), predicate.images())
    }

    /// Any rows of a table may have been written in any way.
    pub fn table(table: impl Into<Table>) -> Self {
        Self::new(Kind::Table, Some(table.into()), [Row::new()])
    }

    /// A free tag is invalidated.
    pub fn tag(name: impl AsRef<str>) -> Self {
        Self::new(Kind::Tag, Some(Table::tag(name.as_ref())), [Row::new()])
    }

    /// Anything may have been written.
    pub fn everything() -> Self {
        Self::new(Kind::Everything, None, [])
    }

    /// The kind of write.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The table written to; `None` for [`Change::everything`].
    pub fn table_name(&self) -> Option<&Table> {
        self.table.as_ref()
    }

    /// The image before the write, where there was a row.
    pub fn before(&self) -> Option<&Row> {
        match self.kind {
            Kind::Updated | Kind::Deleted => self.images.first(),
            _ => None,
        }
    }

    /// The image after the write, where there is a row.
    pub fn after(&self) -> Option<&Row> {
        match self.kind {
            Kind::Inserted | Kind::Updated => self.images.last(),
            _ => None,
        }
    }

    /// All images, before and after; an empty image stands for any row.
    pub fn images(&self) -> &[Row] {
        &self.images
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(table) = &self.table else { return f.write_str("anything") };
        match (self.kind, &self.images[..]) {
            (Kind::Inserted, [row]) => write!(f, "insert {table} {row}"),
            (Kind::Deleted, [row]) => write!(f, "delete {table} {row}"),
            (Kind::Updated, [before, after]) => write!(f, "update {table} {before} -> {after}"),
            (Kind::Matching, images) => {
                write!(f, "rows of {table}")?;
                for (at, image) in images.iter().enumerate() {
                    let comma = if at == 0 { " " } else { ", " };
                    write!(f, "{comma}{image}")?;
                }
                Ok(())
            }
            (Kind::Table, _) => write!(f, "any row of {table}"),
            _ => write!(f, "{table}"),
        }
    }
}

/// A batch of changes, applied together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(Vec<Change>);

impl Changes {
    /// The changes, in the order in which they were recorded.
    pub fn as_slice(&self) -> &[Change] {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The changes themselves.
    pub fn into_vec(self) -> Vec<Change> {
        self.0
    }
}

impl From<Change> for Changes {
    fn from(change: Change) -> Self {
        Changes(vec![change])
    }
}

impl From<Vec<Change>> for Changes {
    fn from(changes: Vec<Change>) -> Self {
        Changes(changes)
    }
}

impl<const N: usize> From<[Change; N]> for Changes {
    fn from(changes: [Change; N]) -> Self {
        Changes(changes.into())
    }
}

impl FromIterator<Change> for Changes {
    fn from_iter<I: IntoIterator<Item = Change>>(changes: I) -> Self {
        Changes(changes.into_iter().collect())
    }
}

impl Extend<Change> for Changes {
    fn extend<I: IntoIterator<Item = Change>>(&mut self, changes: I) {
        self.0.extend(changes);
    }
}

impl IntoIterator for Changes {
    type Item = Change;
    type IntoIter = std::vec::IntoIter<Change>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
