//! A database with a listener, and somebody else who writes to it.

use cache_core::{Cache, Dependencies, Key};
use cache_postgres::{Builder, Listener};
use cache_sql::{Dialect, analyse};
use test_servers::Postgres;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// A plain connection, which no cache knows of.
pub async fn foreign(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// What a query depends on by its text.
pub fn reads(sql: &str) -> Dependencies {
    let dependencies = analyse(Dialect::Postgres, sql, &[]).dependencies();
    assert_eq!(dependencies.uncacheable_reason(), None, "{sql}");
    dependencies
}

pub struct Shop {
    pub url: String,
    pub foreign: Client,
    pub cache: Cache,
    pub listener: Listener,
}

impl Shop {
    /// A database made by `sql`, of which `tables` are watched.
    pub async fn open(name: &str, sql: &str, tables: &[&str]) -> Self {
        Shop::set_up(Postgres::shared().create_database(name), sql, tables, |builder| builder).await
    }

    pub async fn set_up(url: String, sql: &str, tables: &[&str], set: impl FnOnce(Builder) -> Builder) -> Self {
        cache_postgres::install(&url).await.unwrap();
        let foreign = foreign(&url).await;
        foreign.batch_execute(sql).await.unwrap();
        cache_postgres::watch(&url, tables).await.unwrap();
        let cache = Cache::in_memory();
        let listener = set(Listener::builder(&url, &cache)).start().await.unwrap();
        Shop { url, foreign, cache, listener }
    }

    pub async fn run(&self, sql: &str) {
        self.foreign.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// The first column of the first row.
    pub async fn ask(&self, sql: &str) -> String {
        let rows = self.foreign.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let found = rows.iter().find_map(|row| match row {
            SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// Stores a result under the text that it depends on.
    pub fn keep(&self, sql: &str) {
        self.cache.entry(Key::new(sql)).depends_on(|| reads(sql)).get_or_fill(|| ());
        assert!(self.keeps(sql), "{sql}");
    }

    pub fn keeps(&self, sql: &str) -> bool {
        self.cache.get::<()>(&Key::new(sql)).is_some()
    }

    /// Which results of these queries a foreign text drops.
    pub async fn dropped<'a>(&self, sql: &str, queries: &[&'a str]) -> Vec<&'a str> {
        self.listener.catch_up().await.unwrap();
        for query in queries {
            self.keep(query);
        }
        self.run(sql).await;
        self.listener.catch_up().await.unwrap();
        queries.iter().copied().filter(|query| !self.keeps(query)).collect()
    }

    /// How many notifications a foreign text sends.
    pub async fn told(&self, sql: &str) -> u64 {
        self.listener.catch_up().await.unwrap();
        let before = self.listener.status().notifications;
        self.run(sql).await;
        self.listener.catch_up().await.unwrap();
        self.listener.status().notifications - before
    }

    /// Waits for what has to become true; the test hangs visibly where it does not.
    pub async fn until(&self, happened: impl Fn(&cache_postgres::Status) -> bool) {
        while !happened(&self.listener.status()) {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}
