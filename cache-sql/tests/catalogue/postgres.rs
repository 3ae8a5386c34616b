//! A connection to PostgreSQL.

use cache_sql::{Analyser, Catalogue, Dialect};
use postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::schema::Database;
use crate::server::Server;

pub struct Postgres {
    client: Client,
    _server: Server,
}

impl Postgres {
    pub fn start() -> Option<Self> {
        let server = Server::postgres()?;
        let mut config = Config::new();
        config.host_path(server.directory()).user("postgres").dbname("postgres");
        let client = server.connect(|| config.connect(NoTls));
        Some(Postgres { client, _server: server })
    }
}

impl Database for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn run(&mut self, sql: &str) -> Result<(), String> {
        self.client.batch_execute(sql).map_err(|error| format!("{error:?}"))
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        let messages = self.client.simple_query(sql).map_err(|error| format!("{error:?}"))?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()),
            _ => None,
        });
        Ok(rows.collect())
    }

    fn catalogue(&mut self) -> Catalogue {
        let rows = self.client.query(Catalogue::query(Dialect::Postgres), &[]).expect("the schema is read");
        let rows = rows.iter().map(|row| (0..row.len()).map(|at| row.get::<_, String>(at)).collect::<Vec<_>>());
        Catalogue::read(Dialect::Postgres, rows)
    }

    fn analyser(&mut self) -> Analyser {
        Analyser::new(Dialect::Postgres).with_catalogue(self.catalogue())
    }
}
