//! A connection to MariaDB.

use cache_sql::{Analyser, Catalogue, Dialect};
use mysql::prelude::Queryable;
use mysql::{Conn, Opts, OptsBuilder, Row, Value};

use crate::schema::Database;

pub struct MariaDb {
    connection: Conn,
    url: String,
}

impl MariaDb {
    /// An empty database of this name on the shared server; `None` where tests run without services.
    pub fn open(name: &str) -> Option<Self> {
        if test_servers::left_out() {
            return None;
        }
        let url = test_servers::MariaDb::shared().create_database(name);
        let connection = Conn::new(Opts::from_url(&url).unwrap()).expect("the server accepts connections");
        Some(MariaDb { connection, url })
    }

    /// The catalogue as another user sees it.
    pub fn catalogue_for(&self, user: &str) -> Catalogue {
        let options = OptsBuilder::from_opts(Opts::from_url(&self.url).unwrap()).user(Some(user));
        read(&mut Conn::new(options).expect("the user may connect"))
    }
}

fn read(connection: &mut Conn) -> Catalogue {
    let prepared = connection.prep(Catalogue::query(Dialect::MySql)).expect("the schema can be read");
    let rows: Vec<Row> = connection.exec(prepared, ()).expect("the schema is read");
    let text = |value| match value {
        Value::Bytes(bytes) => String::from_utf8(bytes).expect("text"),
        other => panic!("no text: {other:?}"),
    };
    Catalogue::read(Dialect::MySql, rows.into_iter().map(|row| row.unwrap().into_iter().map(text).collect::<Vec<_>>()))
}

impl Database for MariaDb {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    fn run(&mut self, sql: &str) -> Result<(), String> {
        let mut results = self.connection.query_iter(sql).map_err(|error| error.to_string())?;
        while let Some(result) = results.iter() {
            for row in result {
                row.map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        let rows: Vec<Row> = self.connection.query(sql).map_err(|error| error.to_string())?;
        let text = |value| match value {
            Value::NULL => None,
            Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            other => Some(format!("{other:?}")),
        };
        Ok(rows.into_iter().map(|row| row.unwrap().into_iter().map(text).collect()).collect())
    }

    fn catalogue(&mut self) -> Catalogue {
        read(&mut self.connection)
    }

    fn analyser(&mut self) -> Analyser {
        Analyser::new(Dialect::MySql).with_catalogue(self.catalogue())
    }
}
