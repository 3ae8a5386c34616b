//! What is known of a database's schema.
//!
//! The catalogue says which columns a row image may keep, which other tables a write reaches through foreign keys,
//! triggers and views, and which relations must not be read through the cache.

mod body;
mod create;
mod document;
mod draft;
mod effects;
mod mysql;
mod outside;
mod postgres;
mod refusal;
mod sqlite;
mod stores;
mod table;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cache_core::Table;

use crate::Dialect;
pub use document::{Document, Fields, Written};
pub(crate) use effects::{Effects, Event};
pub(crate) use stores::Stores;
pub(crate) use table::{ColumnInfo, ForeignKey, TableInfo};

/// The schema of a database, as far as invalidation is concerned.
///
/// Build it anew after every change of the schema; [`Statement::Ddl`](crate::Statement::Ddl) tells when.
///
/// ```
/// use cache_sql::{Catalogue, Dialect};
/// // What an adapter has read by `Catalogue::query(Dialect::Sqlite)`.
/// let rows = [["table", "article", "article", "CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT)"]];
/// let catalogue = Catalogue::read(Dialect::Sqlite, rows.map(|row| row.map(String::from)));
/// assert!(catalogue.knows("article"));
/// ```
#[derive(Clone, Debug)]
pub struct Catalogue {
    dialect: Dialect,
    tables: HashMap<Table, TableInfo>,
    /// Every relation that the database has, and why its rows must not be cached where they must not.
    relations: HashMap<Table, Option<Arc<str>>>,
    /// Views and virtual tables, with the names that their definitions mention.
    derived: Vec<(Table, Vec<Table>)>,
    /// Views that can be written, with what lies under them.
    writable: Vec<(Table, Vec<Table>)>,
    triggers: Vec<Trigger>,
    /// Tables that share rows: partitions, and what inherits.
    families: Vec<Vec<Table>>,
    /// Tables with a trigger that may keep back rows which a write would return: `RAISE(IGNORE)` in a temporary one.
    withholding: Vec<Table>,
    enums: HashSet<Table>,
    /// The databases by whose names a table of this schema may be qualified; `None` for any.
    databases: Option<Vec<String>>,
    /// Tables that refer to tables of other databases.
    outward: Vec<Table>,
    /// Functions that users have defined; they may be called like one that is known to be pure.
    routines: HashSet<Table>,
    /// Those of them that take a row, which may be written as one of its columns.
    attributes: HashSet<Table>,
    /// Any write may write anything: a part of the schema could not be read.
    blind: bool,
    pub(crate) fault: Option<Fault>,
}

/// One table that a trigger writes.
#[derive(Clone, Debug)]
struct Trigger {
    on: Table,
    /// `None` for every event.
    event: Option<effects::Kind>,
    /// `None` for anything.
    written: Option<Table>,
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
    fn new(dialect: Dialect) -> Self {
        Catalogue {
            dialect,
            tables: HashMap::new(),
            relations: HashMap::new(),
            derived: Vec::new(),
            writable: Vec::new(),
            triggers: Vec::new(),
            families: Vec::new(),
            withholding: Vec::new(),
            enums: HashSet::new(),
            databases: None,
            outward: Vec::new(),
            routines: HashSet::new(),
            attributes: HashSet::new(),
            blind: false,
            fault: None,
        }
    }

    /// The statement that reads the schema; every column of its result is text and never NULL.
    ///
    /// It takes no binds, reads only what any user may read, and gives rows for [`Catalogue::read`].
    ///
    /// - SQLite: the main and the temporary schema, not attached databases, of which nothing is cached.
    /// - PostgreSQL, from version 12: all schemas but those of the system. Only the last part of a name counts: tables
    ///   of one name in several schemas become one, of which no more than the name is known where they differ.
    /// - MySQL from version 8, MariaDB from version 10.5: the current database; what lies in others is not cached, and its triggers are not
    ///   followed. The user needs the privilege `TRIGGER` on it,
    ///   without which triggers are out of sight; every write then counts as a write of anything. Bodies of
    ///   procedures and views that the user may not see count as doing anything, and as not to be cached.
    pub fn query(dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => sqlite::QUERY,
            Dialect::Postgres => postgres::QUERY,
            Dialect::MySql => mysql::QUERY,
        }
    }

    /// Reads the rows of [`Catalogue::query`], in any order.
    ///
    /// A row that is not understood makes what it tells of unknown: images of such a table say nothing, and where it
    /// is not even known which table is meant, every write counts as a write of anything.
    pub fn read<R>(dialect: Dialect, rows: impl IntoIterator<Item = R>) -> Self
    where
        R: AsRef<[String]>,
    {
        let rows: Vec<R> = rows.into_iter().collect();
        let rows = rows.iter().map(AsRef::as_ref);
        match dialect {
            Dialect::Sqlite => sqlite::read_rows(rows),
            Dialect::Postgres => postgres::read(rows),
            Dialect::MySql => mysql::read(rows),
        }
    }

    /// Reads the rows `(type, name, tbl_name, sql)` of `sqlite_schema`.
    ///
    /// A definition that is not understood leaves its table unknown: a write to it then counts as a write
    /// to any row. Pass the rows of `sqlite_temp_schema` and of attached databases as well, where there are any.
    pub fn from_sqlite_schema<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str, &'a str, &'a str)>) -> Self {
        sqlite::read(rows)
    }

    /// Whether the columns of a table are known.
    pub fn knows(&self, table: impl Into<Table>) -> bool {
        self.table(&table.into()).is_some()
    }

    #[doc(hidden)]
    #[must_use]
    #[cfg(feature = "testing")]
    pub fn with_fault(mut self, fault: Option<Fault>) -> Self {
        self.fault = fault;
        self
    }

    /// Why a result that reads this relation must not be cached; `None` when it may be.
    pub fn refusal(&self, name: &Table) -> Option<Arc<str>> {
        match self.relations.get(name) {
            Some(reason) => reason.clone(),
            None => Some(refusal::unknown(name)),
        }
    }

    /// Whether every type of this name is an enumeration.
    pub(crate) fn is_enum(&self, type_name: &str) -> bool {
        self.enums.contains(&Table::from(type_name))
    }

    /// Whether writes of a table return every row that they write, as they have written it.
    pub(crate) fn returns_all(&self, table: &Table) -> bool {
        !self.withholding.contains(table) && self.has_images(table)
    }

    /// Whether some trigger may keep others from running.
    pub(crate) fn withholds(&self) -> bool {
        !self.withholding.is_empty()
    }

    /// Whether it is known what rows of a table look like once they are written.
    pub(crate) fn has_images(&self, table: &Table) -> bool {
        self.table(table).is_some_and(|info| !info.rewritten)
    }

    pub(crate) fn table(&self, table: &Table) -> Option<&TableInfo> {
        self.tables.get(table).filter(|info| !info.unclear)
    }
}
