//! What the database needs in order to tell of writes.

use crate::Error;
use crate::link::Link;

/// The text that makes the schema `cache_notify`, for any tool that runs migrations; to be run as often as one likes.
///
/// Run by a superuser it also has definitions told: new views, changed columns, refreshed materialised views.
pub const INSTALL: &str = include_str!("../sql/install.sql");

/// The text that removes what [`INSTALL`] and [`watch`] have made.
pub const REMOVE: &str = include_str!("../sql/remove.sql");

/// Processes that start at one moment take turns.
const LOCK: &str = "SELECT pg_catalog.pg_advisory_xact_lock(7166181490338124911);";

/// Runs [`INSTALL`], in one transaction.
///
/// # Errors
///
/// The database cannot be reached, or the role may not create a schema.
pub async fn install(url: &str) -> Result<(), Error> {
    run(url, INSTALL).await
}

/// Runs [`REMOVE`], in one transaction.
///
/// # Errors
///
/// The database cannot be reached, or the role does not own what is to be removed.
pub async fn remove(url: &str) -> Result<(), Error> {
    run(url, REMOVE).await
}

/// Has the writes of these tables told; a table that is watched already stays so.
///
/// Partitions and inheriting tables that exist now are watched with their parent. Names are as in SQL: `article`,
/// `shop.article`, `"Article"`.
///
/// # Errors
///
/// The database cannot be reached, there is no such table, or the role does not own it.
pub async fn watch(url: &str, tables: &[&str]) -> Result<(), Error> {
    call(url, "watch", "regclass", tables).await
}

/// Undoes [`watch`].
///
/// # Errors
///
/// As for [`watch`].
pub async fn unwatch(url: &str, tables: &[&str]) -> Result<(), Error> {
    call(url, "unwatch", "regclass", tables).await
}

/// Watches all tables that a schema has now.
///
/// # Errors
///
/// The database cannot be reached, or the role does not own all of the tables.
pub async fn watch_all(url: &str, schema: &str) -> Result<(), Error> {
    call(url, "watch_all", "name", &[schema]).await
}

async fn call(url: &str, function: &str, argument: &str, names: &[&str]) -> Result<(), Error> {
    let calls = names.iter().map(|name| {
        let name = name.replace('\'', "''");
        format!(
            "SELECT cache_notify.{function}(pg_catalog.text(E'{}')::pg_catalog.{argument});",
            name.replace('\\', "\\\\")
        )
    });
    run(url, &calls.collect::<String>()).await
}

async fn run(url: &str, sql: &str) -> Result<(), Error> {
    let link = Link::connect(&Link::parse(url)?).await?;
    link.run(&format!("BEGIN; {LOCK} {sql}; COMMIT")).await?;
    Ok(())
}
