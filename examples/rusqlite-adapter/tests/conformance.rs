//! The suite that every adapter passes.

use std::time::Duration;

use cache_core::Cache;
use cache_core::testing::conformance::{self, Adapter, Argument, Client, Dialect, Failure, Features, Shop};
use cache_sql::adapter::Database;
use rusqlite::Connection;
use rusqlite::types::Value;
use rusqlite_adapter::CachedConnection;

struct Rusqlite;

impl Adapter for Rusqlite {
    type Shop = File;

    fn name(&self) -> String {
        "rusqlite on SQLite".to_owned()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn features(&self) -> Features {
        Features::default().with_savepoints().with_text()
    }

    async fn open(&self, script: &[String]) -> Result<File, Failure> {
        let folder = tempfile::tempdir()?;
        let plain = Connection::open(folder.path().join("shop.db"))?;
        plain.pragma_update(None, "journal_mode", "WAL")?;
        plain.execute_batch(&script.join(";"))?;
        let database = Database::new(cache_sql::Dialect::Sqlite, &Cache::in_memory());
        Ok(File { database, folder })
    }
}

struct File {
    database: Database,
    folder: tempfile::TempDir,
}

impl Shop for File {
    type Client = Handle;

    fn cache(&self) -> &Cache {
        self.database.cache()
    }

    async fn client(&self) -> Result<Handle, Failure> {
        let connection = Connection::open(self.folder.path().join("shop.db"))?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "foreign_keys", true)?;
        Ok(Handle(CachedConnection::new(connection, &self.database)))
    }
}

struct Handle(CachedConnection);

impl Client for Handle {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn raw(&mut self, sql: &str, arguments: &[Argument]) -> Result<Vec<String>, Failure> {
        let binds: Vec<Value> = arguments.iter().map(bind).collect();
        Ok(self.0.cached(sql, &binds).all()?)
    }

    async fn lines(&mut self, sql: &str) -> Result<Vec<String>, Failure> {
        Ok(self.0.rows(sql, &[])?)
    }

    async fn execute(&mut self, sql: &str) -> Result<(), Failure> {
        Ok(self.0.execute_batch(sql)?)
    }

    async fn begin(&mut self) -> Result<(), Failure> {
        Ok(self.0.begin()?)
    }

    async fn commit(&mut self) -> Result<(), Failure> {
        Ok(self.0.commit()?)
    }

    async fn roll_back(&mut self) -> Result<(), Failure> {
        Ok(self.0.roll_back()?)
    }
}

fn bind(argument: &Argument) -> Value {
    match argument {
        Argument::Int(number) => Value::Integer((*number).into()),
        Argument::Text(text) => Value::Text(text.clone()),
    }
}

#[test]
fn it_conforms() {
    conformance::block_on(conformance::run(&Rusqlite)).assert();
}
