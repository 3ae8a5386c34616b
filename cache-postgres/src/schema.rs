//! The schema as a listener knows it.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use cache_core::{Change, Table};
use cache_sql::{Catalogue, Dialect};

use crate::Error;
use crate::link::Link;

/// The watched tables, and what their columns are; the same expression is in the trigger.
const WATCHED: &str = "
SELECT n.nspname, c.relname, (
    SELECT pg_catalog.sum(pg_catalog.hashtextextended(attname::text, pg_catalog.hashint8extended(
        atttypid::bigint << 32 | (atttypmod::bigint & 4294967295), attcollation::bigint << 16 | attnum)))
    FROM pg_catalog.pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE EXISTS (
    SELECT FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
    JOIN pg_catalog.pg_namespace f ON f.oid = p.pronamespace
    WHERE t.tgrelid = c.oid AND p.proname = 'tell' AND f.nspname = 'cache_notify')";

/// A schema, and which of its tables are watched.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) catalogue: Catalogue,
    /// By schema and table: the columns.
    watched: HashMap<(String, String), String>,
    /// Differs when a definition does.
    digest: u64,
}

impl Schema {
    /// Reads all at one moment.
    pub(crate) async fn read(link: &Link) -> Result<Self, Error> {
        link.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let mut rows = link.run(Catalogue::query(Dialect::Postgres)).await?;
        let watched = link.run(WATCHED).await?;
        link.run("COMMIT").await?;
        rows.sort();
        let mut hasher = DefaultHasher::new();
        rows.hash(&mut hasher);
        let watched = watched.into_iter().filter_map(|row| {
            let [schema, table, fingerprint] = <[String; 3]>::try_from(row).ok()?;
            Some(((schema, table), fingerprint))
        });
        Ok(Schema {
            catalogue: Catalogue::read(Dialect::Postgres, rows),
            watched: watched.collect(),
            digest: hasher.finish(),
        })
    }

    /// Whether the rows of a notification have the columns that are known here.
    pub(crate) fn is_familiar(&self, name: &(String, String), fingerprint: Option<&String>) -> bool {
        self.watched.get(name).is_some_and(|known| fingerprint.is_none_or(|told| told == known))
    }

    pub(crate) fn is_same(&self, other: &Schema) -> bool {
        self.digest == other.digest
    }

    /// The watched tables, sorted.
    pub(crate) fn watched(&self) -> Vec<String> {
        let mut names: Vec<String> = self.watched.keys().map(|(schema, table)| format!("{schema}.{table}")).collect();
        names.sort();
        names
    }

    /// What may have changed when nobody knows what was written to watched tables.
    pub(crate) fn changes(&self) -> Vec<Change> {
        let tables = self.watched.keys().map(|(_, table)| Table::from(&**table));
        let mut changes: Vec<Change> = tables.flat_map(|table| self.catalogue.changes_of(table)).collect();
        changes.sort_by_key(ToString::to_string);
        changes.dedup();
        changes
    }
}
