//! The suite that every adapter passes.

use std::time::Duration;

use cache_core::Cache;
use cache_core::testing::conformance::{self, Adapter, Argument, Client, Dialect, Failure, Features, Shop};
use cache_sql::adapter::Database;
use rusqlite::Connection;
use rusqlite::types::Value;
use rusqlite_adapter::CachedConnection;

#[derive(Default)]
struct Rusqlite {
    fault: Option<Fault>,
}

/// What an adapter may get wrong; planted to see that the suite finds it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// Some statements go past the wrapper.
    WritesUnseen,
    /// What is sent inside of a transaction counts at once, and is kept.
    SeesNoTransactions,
    /// Asks the database each time.
    NeverCaches,
}

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
        Ok(File { database, folder, fault: self.fault })
    }
}

struct File {
    database: Database,
    folder: tempfile::TempDir,
    fault: Option<Fault>,
}

impl Shop for File {
    type Client = Handle;

    fn cache(&self) -> &Cache {
        self.database.cache()
    }

    async fn client(&self) -> Result<Handle, Failure> {
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open(self.folder.path().join("shop.db"))?;
            connection.busy_timeout(Duration::from_secs(5))?;
            connection.pragma_update(None, "foreign_keys", true)?;
            Ok(connection)
        };
        let connection = CachedConnection::new(open()?, &self.database);
        Ok(Handle { connection, plain: open()?, fault: self.fault })
    }
}

struct Handle {
    connection: CachedConnection,
    plain: Connection,
    fault: Option<Fault>,
}

impl Client for Handle {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn raw(&mut self, sql: &str, arguments: &[Argument]) -> Result<Vec<String>, Failure> {
        let binds: Vec<Value> = arguments.iter().map(bind).collect();
        Ok(match self.fault {
            Some(Fault::NeverCaches) => self.connection.rows(sql, &binds)?,
            _ => self.connection.cached(sql, &binds).all()?,
        })
    }

    async fn lines(&mut self, sql: &str) -> Result<Vec<String>, Failure> {
        Ok(self.connection.rows(sql, &[])?)
    }

    async fn execute(&mut self, sql: &str) -> Result<(), Failure> {
        match self.fault {
            Some(Fault::WritesUnseen) => Ok(self.plain.execute_batch(sql)?),
            _ => Ok(self.connection.execute_batch(sql)?),
        }
    }

    async fn begin(&mut self) -> Result<(), Failure> {
        match self.fault {
            Some(Fault::SeesNoTransactions) => Ok(()),
            _ => Ok(self.connection.begin()?),
        }
    }

    async fn commit(&mut self) -> Result<(), Failure> {
        match self.fault {
            Some(Fault::SeesNoTransactions) => Ok(()),
            _ => Ok(self.connection.commit()?),
        }
    }

    async fn roll_back(&mut self) -> Result<(), Failure> {
        match self.fault {
            Some(Fault::SeesNoTransactions) => Ok(()),
            _ => Ok(self.connection.roll_back()?),
        }
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
    conformance::block_on(conformance::run(&Rusqlite::default())).assert();
}

#[test]
fn the_suite_finds_planted_faults() {
    for fault in [Fault::WritesUnseen, Fault::SeesNoTransactions, Fault::NeverCaches] {
        let adapter = Rusqlite { fault: Some(fault) };
        let chosen = |case: &str| case.starts_with("transactions::own") || case.starts_with("writes::a_row");
        let report = conformance::block_on(conformance::run_only(&adapter, chosen));
        assert!(report.failed().count() > 0, "{fault:?} was not found");
    }
}
