//! SQLite.

use cache_core::Cache;
use cache_core::testing::conformance::{
    self, Adapter, Argument, Client, Dialect, Failure, Features, Question, Shop, Write,
};
use cache_diesel::Database;
use cache_diesel::prelude::*;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::dsl::{count_star, exists, sum};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use diesel::sqlite::Sqlite;

use crate::client::client;
use crate::tables::*;

client!(SqliteConnection, Sqlite, Dialect::Sqlite, |db, row| {
    diesel::insert_into(article::table).values(row).on_conflict(article::id).do_update().set(row).execute(db)
});

struct Diesel;

impl Adapter for Diesel {
    type Shop = File;

    fn name(&self) -> String {
        "Diesel on SQLite".to_owned()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn features(&self) -> Features {
        Features::default().with_savepoints().with_text()
    }

    async fn open(&self, script: &[String]) -> Result<File, Failure> {
        let folder = tempfile::tempdir()?;
        let url = folder.path().join("shop.sqlite").to_str().ok_or("no path")?.to_owned();
        let mut plain = SqliteConnection::establish(&url)?;
        plain.batch_execute("PRAGMA journal_mode = WAL")?;
        plain.batch_execute(&script.join(";"))?;
        let database = Database::new(cache_sql::Dialect::Sqlite, &Cache::in_memory());
        Ok(File { database, url, _folder: folder })
    }
}

struct File {
    database: Database,
    url: String,
    _folder: tempfile::TempDir,
}

impl Shop for File {
    type Client = Handle;

    fn cache(&self) -> &Cache {
        self.database.cache()
    }

    async fn client(&self) -> Result<Handle, Failure> {
        let mut plain = SqliteConnection::establish(&self.url)?;
        plain.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON")?;
        let cache = self.database.cache().clone();
        Ok(Handle { conn: CachedConnection::with_database(plain, &self.database), cache })
    }
}

#[test]
fn it_conforms_on_sqlite() {
    conformance::block_on(conformance::run(&Diesel)).assert();
}
