//! PostgreSQL.

use std::sync::atomic::{AtomicU64, Ordering};

use cache_core::Cache;
use cache_core::testing::conformance::{self, Adapter, Argument, Dialect, Failure, Features, Shop};
use postgres::types::ToSql;
use postgres::{Client, NoTls, SimpleQueryMessage};
use test_servers::Postgres;

use crate::wire::{Handle, Wire, Wrapped};

struct Driver;

impl Adapter for Driver {
    type Shop = Database;

    fn name(&self) -> String {
        "the contract on PostgreSQL".to_owned()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn features(&self) -> Features {
        Features::default().with_savepoints().with_text()
    }

    async fn open(&self, script: &[String]) -> Result<Database, Failure> {
        static DATABASES: AtomicU64 = AtomicU64::new(0);
        let name = format!("conformance{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let url = Postgres::shared().create_database(&name);
        let mut plain = Client::connect(&url, NoTls)?;
        for statement in script {
            plain.batch_execute(statement)?;
        }
        Ok(Database(Wrapped::new(cache_sql::Dialect::Postgres, url)))
    }
}

struct Database(Wrapped);

impl Shop for Database {
    type Client = Handle<Connection>;

    fn cache(&self) -> &Cache {
        self.0.database.cache()
    }

    async fn client(&self) -> Result<Handle<Connection>, Failure> {
        Ok(Handle::new(Connection(Client::connect(&self.0.url, NoTls)?), &self.0.database))
    }
}

struct Connection(Client);

impl Wire for Connection {
    const DIALECT: Dialect = Dialect::Postgres;

    fn run(&mut self, sql: &str, arguments: &[Argument]) -> Result<Vec<Vec<String>>, Failure> {
        if arguments.is_empty() {
            let messages = self.0.simple_query(sql)?;
            let rows = messages.iter().filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(row),
                _ => None,
            });
            let cells = |row: &postgres::SimpleQueryRow| {
                (0..row.len()).map(|column| row.get(column).unwrap_or_default().to_owned()).collect()
            };
            return Ok(rows.map(cells).collect());
        }
        let binds: Vec<&(dyn ToSql + Sync)> = arguments
            .iter()
            .map(|argument| match argument {
                Argument::Int(number) => number as _,
                Argument::Text(text) => text as _,
            })
            .collect();
        let rows = self.0.query(sql, &binds)?;
        Ok(rows.iter().map(|row| row.try_get(0).map(|line| vec![line])).collect::<Result<_, _>>()?)
    }

    fn is_violation(error: &Failure) -> bool {
        let error = error.downcast_ref::<postgres::Error>();
        error.and_then(postgres::Error::code).is_some_and(|code| code.code().starts_with("23"))
    }
}

#[test]
fn the_contract_holds_on_postgresql() {
    if test_servers::left_out() {
        return;
    }
    conformance::block_on(conformance::run(&Driver)).assert();
}
