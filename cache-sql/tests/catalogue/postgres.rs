//! A connection to PostgreSQL.

use cache_sql::{Analyser, Catalogue, Dialect};
use postgres::{Client, NoTls, SimpleQueryMessage};

use crate::schema::Database;

pub struct Postgres(Client);

impl Postgres {
    /// An empty database of this name on the shared server; `None` where tests run without services.
    pub fn open(name: &str) -> Option<Self> {
        if test_servers::left_out() {
            return None;
        }
        let url = test_servers::Postgres::shared().create_database(name);
        Some(Postgres(Client::connect(&url, NoTls).expect("the server accepts connections")))
    }
}

impl Database for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn run(&mut self, sql: &str) -> Result<(), String> {
        self.0.batch_execute(sql).map_err(|error| format!("{error:?}"))
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        let messages = self.0.simple_query(sql).map_err(|error| format!("{error:?}"))?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()),
            _ => None,
        });
        Ok(rows.collect())
    }

    fn catalogue(&mut self) -> Catalogue {
        let rows = self.0.query(Catalogue::query(Dialect::Postgres), &[]).expect("the schema is read");
        let rows = rows.iter().map(|row| (0..row.len()).map(|at| row.get::<_, String>(at)).collect::<Vec<_>>());
        Catalogue::read(Dialect::Postgres, rows)
    }

    fn analyser(&mut self) -> Analyser {
        Analyser::new(Dialect::Postgres).with_catalogue(self.catalogue())
    }
}
