//! MariaDB.

use std::sync::atomic::{AtomicU64, Ordering};

use cache_core::Cache;
use cache_core::testing::conformance::{self, Adapter, Argument, Dialect, Failure, Features, Shop};
use mysql::prelude::Queryable;
use mysql::{Conn, Params, Row, Value};
use test_servers::MariaDb;

use crate::wire::{Handle, Wire, Wrapped};

struct Driver;

impl Adapter for Driver {
    type Shop = Database;

    fn name(&self) -> String {
        "the contract on MariaDB".to_owned()
    }

    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    fn features(&self) -> Features {
        Features::default().with_savepoints().with_text()
    }

    async fn open(&self, script: &[String]) -> Result<Database, Failure> {
        static DATABASES: AtomicU64 = AtomicU64::new(0);
        let name = format!("conformance{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let url = MariaDb::shared().create_database(&name);
        let mut plain = Conn::new(url.as_str())?;
        for statement in script {
            plain.query_drop(statement)?;
        }
        Ok(Database(Wrapped::new(cache_sql::Dialect::MySql, url)))
    }
}

struct Database(Wrapped);

impl Shop for Database {
    type Client = Handle<Connection>;

    fn cache(&self) -> &Cache {
        self.0.database.cache()
    }

    async fn client(&self) -> Result<Handle<Connection>, Failure> {
        Ok(Handle::new(Connection(Conn::new(self.0.url.as_str())?), &self.0.database))
    }
}

struct Connection(Conn);

impl Wire for Connection {
    const DIALECT: Dialect = Dialect::MySql;

    fn run(&mut self, sql: &str, arguments: &[Argument]) -> Result<Vec<Vec<String>>, Failure> {
        let rows: Vec<Row> = match arguments {
            [] => self.0.query(sql)?,
            arguments => self.0.exec(sql, Params::Positional(arguments.iter().map(value).collect()))?,
        };
        let cells = |row: Row| row.unwrap().into_iter().map(mysql::from_value_opt).collect();
        Ok(rows.into_iter().map(cells).collect::<Result<_, _>>()?)
    }

    fn is_violation(error: &Failure) -> bool {
        let violations = [1022, 1048, 1062, 1169, 1216, 1217, 1451, 1452, 1586, 4025];
        match error.downcast_ref::<mysql::Error>() {
            Some(mysql::Error::MySqlError(error)) => violations.contains(&error.code),
            _ => false,
        }
    }
}

fn value(argument: &Argument) -> Value {
    match argument {
        Argument::Int(number) => (*number).into(),
        Argument::Text(text) => text.as_str().into(),
    }
}

#[test]
fn the_contract_holds_on_mariadb() {
    if test_servers::left_out() {
        return;
    }
    conformance::block_on(conformance::run(&Driver)).assert();
}
