//! What is known of a database's schema.
//!
//! The catalogue is used where writes are analysed. It decides which columns a row image may keep, and which
//! other tables a write reaches through foreign keys, triggers and views.

mod create;
mod effects;
mod table;

use std::collections::HashMap;
use std::sync::Arc;

use cache_core::Table;

pub(crate) use effects::Event;
pub(crate) use table::{Affinity, ColumnInfo, ForeignKey, TableInfo};

/// The schema of a database, as far as invalidation is concerned.
///
/// Build it anew after every change of the schema; [`Statement::Ddl`](crate::Statement::Ddl) tells when.
///
/// ```
/// use cache_sql::Catalogue;
/// let catalogue = Catalogue::from_sqlite_schema([
///     ("table", "article", "article", "CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT)"),
/// ]);
/// assert!(catalogue.knows("article"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    tables: HashMap<Table, TableInfo>,
    /// Views and virtual tables, with the names that their definitions mention.
    derived: Vec<(Table, Vec<Table>)>,
    triggers: Vec<Trigger>,
    /// Tables with a trigger that may keep back rows which a write would return: `RAISE(IGNORE)` in a temporary one.
    withholding: Vec<Table>,
    pub(crate) fault: Option<Fault>,
}

/// One table that a trigger writes.
#[derive(Clone, Debug)]
struct Trigger {
    on: Table,
    /// `None` for every event.
    event: Option<effects::Kind>,
    written: Table,
}

/// Mistakes that can be planted to prove that a test catches them.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Takes every text for compared byte by byte.
    IgnoresCollation,
    /// Overlooks what foreign keys do.
    ForgetsCascades,
    /// Takes the image after an update for the one before it.
    ForgetsAssignments,
}

impl Catalogue {
    /// Reads the rows `(type, name, tbl_name, sql)` of `sqlite_schema`.
    ///
    /// A definition that is not understood leaves its table unknown: a write to it then counts as a write
    /// to any row. Pass the rows of `sqlite_temp_schema` and of attached databases as well, where there are any.
    pub fn from_sqlite_schema<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str, &'a str, &'a str)>) -> Self {
        create::read(rows)
    }

    /// Whether the columns of a table are known.
    pub fn knows(&self, table: impl Into<Table>) -> bool {
        self.tables.contains_key(&table.into())
    }

    #[doc(hidden)]
    #[must_use]
    #[cfg(feature = "testing")]
    pub fn with_fault(mut self, fault: Option<Fault>) -> Self {
        self.fault = fault;
        self
    }

    /// Whether writes of a table return every row that they write.
    pub(crate) fn returns_all(&self, table: &Table) -> bool {
        !self.withholding.contains(table)
    }

    /// Whether a type is an enumeration, whose values are texts.
    pub(crate) fn is_enum(&self, _type_name: &str) -> bool {
        false
    }

    /// Why results that read this relation must not be stored.
    pub(crate) fn refusal(&self, _name: &Table) -> Option<Arc<str>> {
        None
    }

    pub(crate) fn table(&self, table: &Table) -> Option<&TableInfo> {
        self.tables.get(table)
    }
}
